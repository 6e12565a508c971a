"""Half as many for each no for now, one more for a row of yeses."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from storyboard.executor.limiter import AdaptiveLimiter


async def _room(slots: AdaptiveLimiter) -> int:
    """How many can go in at once."""
    async with AsyncExitStack() as stack:
        inside = 0
        while inside < 100:
            try:
                await asyncio.wait_for(stack.enter_async_context(slots), 0.001)
            except TimeoutError:
                return inside
            inside += 1
    return inside


def test_as_many_go_in_as_there_are_places() -> None:
    """No more, and no fewer."""
    assert asyncio.run(_room(AdaptiveLimiter(5))) == 5


def test_a_no_for_now_halves_them_but_leaves_one() -> None:
    """Three times no, and one at a time is left; a fourth takes nothing."""

    async def rooms() -> list[int]:
        slots = AdaptiveLimiter(5)
        found = []
        for _ in range(4):
            async with slots:  # whoever is told no is inside
                slots.narrow()
            found.append(await _room(slots))
        return found

    assert asyncio.run(rooms()) == [3, 2, 1, 1]


def test_a_row_of_yeses_brings_one_back_and_never_more_than_there_were() -> None:
    """As many in a row as there are places."""

    async def rooms() -> list[int]:
        slots = AdaptiveLimiter(4)
        slots.narrow()
        found = []
        for _ in range(8):
            slots.widen()
            found.append(slots.open)
        return [*found, await _room(slots)]

    assert asyncio.run(rooms()) == [2, 3, 3, 3, 4, 4, 4, 4, 4]


def test_a_no_begins_the_row_anew() -> None:
    """Yeses before it don't count after it."""
    slots = AdaptiveLimiter(8)
    slots.narrow()
    for _ in range(3):
        slots.widen()
    slots.narrow()
    slots.widen()
    assert slots.open == 2


def test_whoever_is_let_in_while_he_leaves_takes_no_place_with_him() -> None:
    """Cancelled at the very moment: the next one goes in."""

    async def room() -> int:
        slots = AdaptiveLimiter(1)
        await slots.__aenter__()
        late = asyncio.ensure_future(slots.__aenter__())
        await asyncio.sleep(0)
        await slots.__aexit__()
        late.cancel()
        await asyncio.wait([late])
        return await _room(slots)

    assert asyncio.run(room()) == 1


def test_whoever_gives_up_waiting_takes_no_place() -> None:
    """The place goes to the next one."""

    async def room() -> int:
        slots = AdaptiveLimiter(1)
        async with slots:
            late = asyncio.ensure_future(slots.__aenter__())
            await asyncio.sleep(0)
            late.cancel()
            await asyncio.wait([late])
        return await _room(slots)

    assert asyncio.run(room()) == 1
