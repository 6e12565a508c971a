"""What a scene costs, by the vendor's published bills."""

from __future__ import annotations

from decimal import Decimal

import pytest

from storyboard.errors import DecisionNeeded
from storyboard.language.facts import FileFacts, Trouble
from storyboard.planning.price import NOTHING, Cost, cost_of, tokens
from tests.builders import graph_of
from tests.planning.values import ROWS, take

BEFORE = """\
storyboard: 1
assets: {harbour: {video: harbour.mp4}}
defaults: {ratio: 16:9}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
"""


def cost(scene: str, seconds: float = 0.0) -> Cost:
    """The cost of a scene that is written like that; the harbour's clip has so many seconds."""
    graph = graph_of(BEFORE + "  it: " + scene + "\n")
    facts = {"harbour.mp4": FileFacts("harbour.mp4", format="mp4", seconds=seconds)}
    return cost_of("it", graph, ROWS[graph.scene("it").model.row], facts, {})


@pytest.mark.parametrize(
    ("width", "height", "seconds", "billed"),
    [(1280, 720, 5, 108900), (864, 496, 5, 50638), (864, 496, 4, 40594), (834, 1112, 10, 218266)],
)
def test_the_published_bills(width: int, height: int, seconds: int, billed: int) -> None:
    """Tokens without video among the inputs are those of the bills that the vendor published."""
    assert tokens(width, height, seconds, None) == billed


@pytest.mark.parametrize(("seconds", "billed"), [(4, 7), (5, 9), (8, 14), (15, 25)])
def test_the_least_that_a_video_among_the_inputs_costs(seconds: int, billed: int) -> None:
    """However short the clip, at least two thirds of the output's length are billed on top."""
    assert tokens(1024, 1, seconds, 0.0) == tokens(1024, 1, billed, None)


def test_a_long_clip_is_billed_as_it_is() -> None:
    """Beyond the minimum, every second of the inputs counts."""
    assert tokens(1280, 720, 5, 10.0) == tokens(1280, 720, 15, None)


def test_a_plain_scene() -> None:
    """Five seconds of 720p in 16:9 cost 108900 tokens, at 46 yuan a million."""
    assert cost("{prompt: Waves.}") == Cost(108900, 108900, Decimal("5.0094"), Decimal("5.0094"), "CNY")


def test_the_fast_model_has_its_own_price() -> None:
    """The same scene by the fast model costs as many tokens and less money."""
    found = cost("{prompt: Waves., model: seedance-2.0-fast}")
    assert (found.low_tokens, found.low) == (108900, Decimal("4.0293"))


def test_a_video_among_the_inputs_has_another_rate() -> None:
    """An extension of five seconds by five is billed as ten, at the lower rate."""
    found = cost("{extend: dusk}")
    assert (found.low_tokens, found.high_tokens, found.low) == (195300, 195300, Decimal("5.4684"))


def test_pictures_cost_nothing() -> None:
    """A first frame changes no price."""
    assert cost("{chain: dusk}") == cost("{prompt: Waves.}")


def test_a_measured_clip() -> None:
    """A local clip counts with its measured length."""
    assert cost("{references: [harbour]}", 8.0).high_tokens == tokens(1280, 720, 13, None)


def test_a_clip_that_nobody_measured() -> None:
    """An unknown length is priced from the least to the most that the service accepts for a clip: 15.2 s."""
    found = cost("{references: [harbour]}")
    assert (found.low_tokens, found.high_tokens) == (tokens(1280, 720, 9, None), tokens(1280, 720, 20.2, None))


def cost_of_remote(stated: str, measured: float = 0.0, trouble: Trouble | None = None) -> Cost:
    """The cost of extending what lies at an address, with what its author states and what a probe measured."""
    address = "https://films.example/h.mp4"
    assets = f'{{h: {{video: "{address}"{stated}}}}}'
    graph = graph_of(f"storyboard: 1\nassets: {assets}\nscenes: {{it: {{extend: h, ratio: 16:9}}}}\n")
    facts = {address: FileFacts(address, trouble, format="mp4", seconds=measured)} if measured or trouble else {}
    return cost_of("it", graph, ROWS["seedance-2.0"], facts, {})


def test_a_stated_length_never_lowers_the_most() -> None:
    """The service bills the file itself, whatever length a storyboard states: the most is the same without it."""
    assert cost_of_remote(", duration: 2").high == cost_of_remote("").high == cost("{references: [harbour]}").high


def test_a_stated_length_raises_the_least() -> None:
    """What an author states is the best guess that there is of the least."""
    assert cost_of_remote(", duration: 10").low_tokens == tokens(1280, 720, 15, None)


def test_a_length_that_was_measured_at_an_address_counts() -> None:
    """Whatever its author states, what was measured there is both the least and the most."""
    found = cost_of_remote(", duration: 2", 10.0)
    assert (found.low_tokens, found.high_tokens) == (tokens(1280, 720, 15, None),) * 2


def test_an_address_that_gave_nothing_was_not_measured() -> None:
    """A failed probe doesn't turn a stated length into a measured one."""
    assert cost_of_remote(", duration: 2", trouble="silent").high == cost_of_remote("").high


def test_a_length_that_the_model_decides() -> None:
    """`duration: -1` is priced from the shortest to the longest."""
    found = cost("{prompt: Waves., duration: -1}")
    assert (found.low_tokens, found.high_tokens) == (tokens(1280, 720, 4, None), tokens(1280, 720, 15, None))


def test_a_shape_that_the_model_decides() -> None:
    """`ratio: adaptive` is priced from the smallest to the largest picture of the resolution."""
    found = cost("{prompt: Waves., ratio: adaptive}")
    areas = [width * height for (name, _), (width, height) in ROWS["seedance-2.0"].pixels.items() if name == "720p"]
    assert (found.low_tokens, found.high_tokens) == (min(areas) * 121 // 1024, max(areas) * 121 // 1024)


def test_costs_add_up() -> None:
    """A sum of costs keeps low and high apart, and the currency."""
    tenth = Cost(1, 2, Decimal("0.1"), Decimal("0.2"), "CNY")
    assert NOTHING + tenth + tenth + tenth == Cost(3, 6, Decimal("0.3"), Decimal("0.6"), "CNY")


def test_currencies_are_never_added() -> None:
    """A sum of yuan and dollars is refused: exchange rates are unknown."""
    dollars = Cost(1, 1, Decimal(1), Decimal(1), "USD")
    with pytest.raises(DecisionNeeded, match="a price in CNY and one in USD"):
        cost("{prompt: Waves.}") + dollars


def test_the_rates_are_those_of_the_vendor_s_list() -> None:
    """Yuan for a million tokens without and with a video among the inputs, as the vendor's list has them."""
    listed = {
        ("seedance-2.0", "720p"): (46, 28),
        ("seedance-2.0-fast", "720p"): (37, 22),
        ("seedance-2.0-mini", "480p"): (23, 14),
        ("seedance-2.0@2026-10", "1080p"): (51, 31),
        ("seedance-2.0@2026-10", "4k"): (26, 16),
        ("seedance-2.5", "480p"): (70, 42),
        ("seedance-2.5", "1080p"): (77, 46),
    }
    found = {(name, size): ROWS[name].prices[size] for name, size in listed}
    assert {key: (price.plain, price.with_video) for key, price in found.items()} == listed


def test_a_parent_of_free_length_counts_as_measured() -> None:
    """A parent whose length the model decided counts with the whole seconds of its take."""
    graph = graph_of(BEFORE.replace("at dusk.}", "at dusk., duration: -1}") + "  it: {references: [dusk]}\n")
    found = cost_of("it", graph, ROWS["seedance-2.0"], {}, {"dusk": take("dusk", {}, 7.04)})
    assert found.high_tokens == tokens(1280, 720, 12, None)
