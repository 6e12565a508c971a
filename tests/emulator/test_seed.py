"""The same seed, the same service."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.seeded_random import SeededDice
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import TASKS, ask, create, look, order


def heard(folder: Path, seed: int | None, looks: int = 1) -> tuple[list[str], list[str], str]:
    """Ids, the numbers of answers, and an address's query, of a service that is asked the same each time."""
    clock = VirtualClock()
    with emulator(folder, clock=clock, conditions=EmulatorConfig(speed=1, seed=seed)) as emulated:
        tasks, answers = [], []
        for number in range(3):
            tasks.append(create(emulated.base_url, order(str(number))))
            answers += [ask("GET", emulated.base_url + TASKS) for _ in range(looks)]
        clock.advance(80)
        query = look(emulated.base_url, tasks[0])["content"]["video_url"].partition("?")[2]
    return tasks, [answer.headers["x-request-id"] for answer in answers], query


def test_a_seed_makes_it_repeat(tmp_path: Path) -> None:
    """Ids, request ids, signatures."""
    assert heard(tmp_path / "a", 7) == heard(tmp_path / "b", 7)


def test_another_seed_is_another_service(tmp_path: Path) -> None:
    """In each of them."""
    pairs = zip(heard(tmp_path / "a", 7), heard(tmp_path / "b", 8), strict=True)
    assert all(one != other for one, other in pairs)


def test_how_often_somebody_asks_does_not_shift_the_ids(tmp_path: Path) -> None:
    """They are a row of their own."""
    assert heard(tmp_path / "a", 7, looks=1)[0] == heard(tmp_path / "b", 7, looks=3)[0]


@given(st.integers(), st.text(max_size=5))
def test_draws_are_what_dice_promise(seed: int, what: str) -> None:
    """32 hexadecimal digits; a fraction below 1; the same again."""
    dice, again = SeededDice(seed, what), SeededDice(seed, what)
    token, fraction = dice.token(), dice.fraction()
    assert (len(token), 0 <= fraction < 1) == (32, True)
    assert (again.token(), again.fraction()) == (token, fraction)
    int(token, 16)
