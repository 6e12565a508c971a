"""What a task would cost: by the formula, with the minimum for videos, in the ledger from the beginning."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.emulator.billing import PRICES, price_of, tokens_of
from storyboard.emulator.validation import MODELS
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import create, look, order, video
from tests.media import video as film
from tests.servers import answering, http

P480, P720 = (864, 496), (1280, 720)
PRO, FAST = "doubao-seedance-2-0-260128", "doubao-seedance-2-0-fast-260128"


@pytest.mark.parametrize(
    ("size", "seconds", "tokens"),
    [(P720, 5, 108_900), (P480, 5, 50_638), (P480, 4, 40_594), (P720, 4, 87_300), ((834, 1112), 10, 218_266)],
)
def test_without_a_video_it_is_what_was_billed(size: tuple[int, int], seconds: int, tokens: int) -> None:
    """The published samples."""
    assert tokens_of(size, seconds, None) == tokens


@pytest.mark.parametrize(
    ("seconds", "handed", "billed"), [(4, 0, 7), (5, 2, 9), (5, 4, 9), (5, 6.5, 11.5), (8, 2, 14), (15, 2, 25)]
)
def test_a_video_counts_two_thirds_of_the_output_at_least(seconds: int, handed: float, billed: float) -> None:
    """The published rows."""
    assert tokens_of(P720, seconds, handed) == int(900 * (24 * billed + 1))


@pytest.mark.parametrize(
    ("model", "handed", "price"), [(PRO, None, 46.0), (PRO, 0.0, 28.0), (FAST, None, 37.0), (FAST, 4.0, 22.0)]
)
def test_a_million_tokens_cost_what_the_table_says(model: str, handed: float | None, price: float) -> None:
    """In CNY; with a video less for each, though more of them."""
    assert price_of(model, 1_000_000, handed) == price


def test_every_model_that_is_taken_on_has_a_price() -> None:
    """A new one in the refusals' table needs one here."""
    assert set(MODELS) <= set(PRICES)


def test_the_ledger_says_what_a_task_will_cost(tmp_path: Path) -> None:
    """From the create on; an endpoint costs what the model behind it costs."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        for model in (PRO, FAST, "ep-20261001-abcde"):
            create(emulated.base_url, order(model=model))
        found = [(row["tokens"], row["price"]) for row in emulated.ledger]
    assert found == [(40_594, 1.867324), (40_594, 1.501978), (40_594, 1.867324)]


def test_a_video_of_this_machine_is_measured(tmp_path: Path) -> None:
    """Six seconds of it count, more than two thirds of the output; one that lies elsewhere counts the least."""
    clock = VirtualClock()
    content = film(tmp_path / "source.mp4", frames=144, size=P480).read_bytes()
    with answering(http(content)) as server, emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        tasks = [
            create(emulated.base_url, order("Extend video 1.", video(url)))
            for url in (f"{server.origin}/source.mp4", "https://media.invalid/source.mp4")
        ]
        rows = [row["tokens"] for row in emulated.ledger]
        clock.advance(80)
        used = [look(emulated.base_url, task)["usage"]["total_tokens"] for task in tasks]
    assert rows == used == [tokens_of(P480, 4, 6.0), tokens_of(P480, 4, 0.0)]
