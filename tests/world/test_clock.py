"""Time and chance, real and obedient."""

from __future__ import annotations

import asyncio
import time

from storyboard.testing.clock import LoadedDice, VirtualClock
from storyboard.world.clock import SystemClock, SystemDice


def test_the_system_s_clock_tells_the_time() -> None:
    """Unix seconds."""
    assert abs(SystemClock().now() - time.time()) < 1


def test_the_system_s_clock_sleeps() -> None:
    """About as long as it was told."""
    began = time.monotonic()
    asyncio.run(SystemClock().sleep(0.01))
    assert 0.009 < time.monotonic() - began < 1


def test_tokens_are_new_each_time() -> None:
    """32 hexadecimal digits that don't repeat."""
    tokens = {SystemDice().token() for _ in range(100)}
    assert (len(tokens), {len(token) for token in tokens}) == (100, {32})


def test_fractions_are_from_0_up_to_1() -> None:
    """1 itself is not among them."""
    assert all(0 <= SystemDice().fraction() < 1 for _ in range(100))


def test_a_virtual_week_passes_at_once() -> None:
    """Sleeping is saying so."""
    clock = VirtualClock(0.0)
    asyncio.run(clock.sleep(7 * 86_400))
    assert clock.now() == 7 * 86_400


def test_loaded_dice_repeat_themselves() -> None:
    """Two of them fall alike, and each token is new."""
    one, other = LoadedDice(0.25), LoadedDice(0.25)
    rolls = [[(dice.token(), dice.fraction()) for _ in range(3)] for dice in (one, other)]
    assert (rolls[0] == rolls[1], len(set(rolls[0]))) == (True, 3)
