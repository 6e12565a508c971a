"""Which part of a video a scene is handed."""

from __future__ import annotations

import pytest

from storyboard.language.facts import FileFacts
from storyboard.language.window import LAST_FRAME, Part, part_of, seconds_of_input
from tests.builders import graph_of
from tests.planning.values import ROWS, take

FACTS = {"harbour.mp4": FileFacts("harbour.mp4", format="mp4", seconds=7.5)}


def part(child: str, parent: str = "", facts: dict[str, FileFacts] | None = None) -> Part:
    """The part that `child` is handed of `lamp`, a scene of eight seconds, or of the harbour's clip."""
    text = (
        "storyboard: 1\nassets: {harbour: {video: harbour.mp4}}\nscenes:\n"
        f"  lamp: {{prompt: He lights the lamp., duration: 8{parent}}}\n  it: {{{child}}}\n"
    )
    graph = graph_of(text)
    return part_of(
        graph.inputs["it"][0], "it", graph, ROWS[graph.scene("it").model.row], FACTS if facts is None else facts, {}
    )


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        ("chain: lamp", LAST_FRAME),
        ("chain: {scene: lamp, at: 3}", Part(moment=3.0)),
        ("first_frame: {scene: lamp, at: first}", Part(moment=0.0)),
        ("references: [lamp]", Part()),
        ("references: [{scene: lamp, at: out}]", LAST_FRAME),
        ("references: [{scene: lamp, from: 2, to: 5}]", Part(start=2.0, end=5.0)),
        ("references: [{scene: lamp, from: 2}]", Part(start=2.0)),
        ("references: [{scene: lamp, head: 3}]", Part(start=0.0, end=3.0)),
        ("references: [{scene: lamp, tail: 3}]", Part(start=5.0)),
        ("references: [{scene: lamp, head: 8}]", Part()),
        ("references: [{scene: lamp, tail: 20}]", Part()),
        ("references: [{scene: lamp, from: 0}]", Part()),
        ("references: [{asset: harbour, tail: 2}]", Part(start=5.5)),
    ],
)
def test_a_part_is_what_the_author_says(child: str, expected: Part) -> None:
    """A window or a moment is counted in seconds of the file; one that covers all is the whole file."""
    assert part(child) == expected


@pytest.mark.parametrize(
    ("child", "expected"),
    [
        ("chain: lamp", Part(moment=6.0)),
        ("first_frame: {scene: lamp, at: first}", Part(moment=1.0)),
        ("first_frame: {scene: lamp, at: 2}", Part(moment=3.0)),
        ("references: [lamp]", Part(start=1.0, end=6.0)),
        ("references: [{scene: lamp, from: 1, to: 3}]", Part(start=2.0, end=4.0)),
        ("references: [{scene: lamp, head: 2}]", Part(start=1.0, end=3.0)),
        ("references: [{scene: lamp, tail: 2}]", Part(start=4.0, end=6.0)),
        ("references: [{scene: lamp, tail: 7}]", Part(start=1.0, end=6.0)),
        ("references: [{scene: lamp, head: 7}]", Part(start=1.0, end=6.0)),
        ("references: [{scene: lamp, from: 2, to: 5}]", Part(start=3.0, end=6.0)),
    ],
)
def test_parts_count_within_in_and_out(child: str, expected: Part) -> None:
    """Of a scene only what the film shows is handed over, and seconds count from where the film enters it."""
    assert part(child, ", in: 1, out: 6") == expected


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        (4, Part(start=5.0)),
        (5, Part(start=4.0)),
        (6, Part(start=4.0)),
        (11, Part()),
        (12, Part()),
        (15, Part()),
        (-1, Part()),
    ],
)
def test_the_tail_that_costs_nothing(duration: int, expected: Part) -> None:
    """Of a single source without a window only as much is handed over as the price's minimum pays for anyway."""
    assert part(f"extend: lamp, duration: {duration}") == expected


@pytest.mark.parametrize(
    ("duration", "length", "expected"),
    [
        (-1, 28, Part(start=8.0)),
        (30, 28, Part(start=8.0)),
        (27, 28, Part(start=10.0)),
        (15, 28, Part(start=18.0)),
    ],
)
def test_the_free_tail_is_as_long_as_the_models_row_allows(duration: int, length: int, expected: Part) -> None:
    """A model whose row has 30 s, for its output and for a clip, uses up to 20 s of a source at no cost."""
    text = f"storyboard: 1\nmodel: seedance-2.5\nscenes:\n  lamp: {{prompt: Lamp., duration: {length}}}\n"
    graph = graph_of(f"{text}  it: {{extend: lamp, duration: {duration}}}\n")
    row = ROWS[graph.scene("it").model.row]
    assert (row.longest, row.video.seconds) == (30, (2, 30))
    assert part_of(graph.inputs["it"][0], "it", graph, row, {}, {}) == expected


def test_an_author_may_pay_for_all() -> None:
    """`from: 0` uses the whole source."""
    assert part("extend: {scene: lamp, from: 0}, duration: 4") == Part()


def test_of_several_sources_none_is_shortened() -> None:
    """Two sources are handed over as they are written."""
    assert part("extend: [lamp, harbour], duration: 4") == Part()


def test_an_edit_is_handed_all() -> None:
    """What is edited isn't shortened."""
    assert part('edit: lamp, prompt: "In {lamp}, add gulls.", duration: 4') == Part()


def test_a_tail_within_out() -> None:
    """The free tail ends where the film leaves the source."""
    assert part("extend: lamp, duration: 4", ", out: 6") == Part(start=3.0, end=6.0)


def test_a_clip_that_nobody_measured_is_handed_over_whole() -> None:
    """With an unknown length, nothing is cut by it."""
    assert part("extend: harbour, duration: 4", facts={}) == Part()


def test_what_is_far_away_is_never_cut() -> None:
    """Something at an address is handed over as it is."""
    graph = graph_of('storyboard: 1\nscenes: {it: {extend: "https://f.example/a.mp4", duration: 4}}')
    assert part_of(graph.inputs["it"][0], "it", graph, ROWS[graph.scene("it").model.row], {}, {}) == Part()


@pytest.mark.parametrize(
    ("found", "suffix"),
    [
        (Part(), ""),
        (LAST_FRAME, "@last"),
        (Part(moment=0.0), "@0"),
        (Part(moment=4.5), "@4.5"),
        (Part(start=5.0), "[5-]"),
        (Part(end=3.0), "[0-3]"),
        (Part(start=2.0, end=2.5), "[2-2.5]"),
    ],
)
def test_how_a_part_is_written_in_a_key(found: Part, suffix: str) -> None:
    """Every part has one short way of being written."""
    assert found.suffix == suffix


def seconds(child: str, parent: str = "", measured: float = 0.0) -> float | None:
    """How many seconds of its first input a scene is handed."""
    graph = graph_of(f"storyboard: 1\nscenes:\n  lamp: {{prompt: Lamp.{parent}}}\n  it: {{{child}}}\n")
    takes = {"lamp": take("lamp", {}, measured)} if measured else {}
    return seconds_of_input(graph.inputs["it"][0], "it", graph, ROWS[graph.scene("it").model.row], {}, takes)


def test_own_segments_count_at_whole_seconds() -> None:
    """A segment of 24·5 + 1 pictures counts as five seconds."""
    assert seconds("references: [lamp]", measured=5.04) == 5.0


def test_a_part_counts_as_long_as_it_is() -> None:
    """A window counts with its own length."""
    assert [
        seconds("references: [{scene: lamp, tail: 2}]"),
        seconds("references: [{scene: lamp, from: 1, to: 4}]"),
    ] == [2, 3]


def test_a_length_that_the_model_decides_is_known_afterwards() -> None:
    """With `duration: -1` the length is unknown before there is a take."""
    found = [seconds("references: [lamp]", ", duration: -1", measured) for measured in (0.0, 9.04)]
    assert found == [None, 9.0]
