"""Time and chance, real and obedient."""

from __future__ import annotations

import asyncio
import time

import pytest

from storyboard.testing.clock import LoadedDice, VirtualClock
from storyboard.world.clock import SystemClock, SystemDice


def test_the_system_s_clock_tells_the_time() -> None:
    """Unix seconds."""
    assert abs(SystemClock().now() - time.time()) < 1


def test_the_system_s_clock_sleeps() -> None:
    """About as long as requested."""
    began = time.monotonic()
    asyncio.run(SystemClock().sleep(0.01))
    assert 0.009 < time.monotonic() - began < 1


@pytest.mark.row(61)
@pytest.mark.parametrize("days", [-400, 400])
def test_a_wall_clock_that_is_set_while_we_run_is_not_believed(days: int) -> None:
    """The wall clock is read when the run begins; after that, time follows a clock that can't be set."""
    wall, passed = [1_780_000_000.0], [50.0]
    clock = SystemClock(lambda: wall[0], lambda: passed[0])
    wall[0], passed[0] = wall[0] + days * 86_400, 60.0
    assert clock.now() == 1_780_000_010.0


@pytest.mark.row(60)
def test_a_machine_that_wakes_notices_what_is_due() -> None:
    """Closed for 25 hours in the middle of a wait of ten minutes: asyncio would wait for the rest of it."""
    passed = [0.0]
    clock = SystemClock(steady=lambda: passed[0], tick=0.01)

    async def slept() -> float:
        loop = asyncio.get_running_loop()
        loop.call_later(0.03, lambda: passed.__setitem__(0, 25 * 3600.0))
        began = loop.time()
        await clock.sleep(600)
        return loop.time() - began

    assert 0.02 < asyncio.run(asyncio.wait_for(slept(), 5)) < 1


def test_a_long_wait_is_as_long_as_it_was_meant() -> None:
    """In pieces or at once."""
    began = time.monotonic()
    asyncio.run(SystemClock(tick=0.01).sleep(0.05))
    assert 0.049 < time.monotonic() - began < 1


def test_tokens_are_new_each_time() -> None:
    """32 hexadecimal digits that don't repeat."""
    tokens = {SystemDice().token() for _ in range(100)}
    assert (len(tokens), {len(token) for token in tokens}) == (100, {32})


def test_fractions_are_from_0_up_to_1() -> None:
    """1 itself is not among them."""
    assert all(0 <= SystemDice().fraction() < 1 for _ in range(100))


def test_a_virtual_week_passes_at_once() -> None:
    """A sleep advances the clock without waiting."""
    clock = VirtualClock(0.0)
    asyncio.run(clock.sleep(7 * 86_400))
    assert clock.now() == 7 * 86_400


def test_loaded_dice_repeat_themselves() -> None:
    """Two of them fall alike, and each token is new."""
    one, other = LoadedDice(0.25), LoadedDice(0.25)
    rolls = [[(dice.token(), dice.fraction()) for _ in range(3)] for dice in (one, other)]
    assert (rolls[0] == rolls[1], len(set(rolls[0]))) == (True, 3)
