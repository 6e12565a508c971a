"""Half as many slots after each temporary refusal, one more after a series of accepted tasks."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

from storyboard.executor.limiter import AdaptiveLimiter


async def _room(slots: AdaptiveLimiter) -> int:
    """How many tasks can enter at once."""
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
    """As many tasks enter as there are slots, no more and no fewer."""
    assert asyncio.run(_room(AdaptiveLimiter(5))) == 5


def test_a_no_for_now_halves_them_but_leaves_one() -> None:
    """After three refusals one slot is left; a fourth takes none."""

    async def rooms() -> list[int]:
        slots = AdaptiveLimiter(5)
        found = []
        for _ in range(4):
            async with slots:  # a task that is refused holds a slot
                slots.narrow()
            found.append(await _room(slots))
        return found

    assert asyncio.run(rooms()) == [3, 2, 1, 1]


def test_a_row_of_yeses_brings_one_back_and_never_more_than_there_were() -> None:
    """As many accepted tasks in a row as there are slots."""

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
    """Accepted tasks before a refusal don't count after it."""
    slots = AdaptiveLimiter(8)
    slots.narrow()
    for _ in range(3):
        slots.widen()
    slots.narrow()
    slots.widen()
    assert slots.open == 2


def test_whoever_is_let_in_while_he_leaves_takes_no_place_with_him() -> None:
    """If it is cancelled at that very moment, the next task gets the slot."""

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
    """A task that gives up waiting takes no slot; the next task gets it."""

    async def room() -> int:
        slots = AdaptiveLimiter(1)
        async with slots:
            late = asyncio.ensure_future(slots.__aenter__())
            await asyncio.sleep(0)
            late.cancel()
            await asyncio.wait([late])
        return await _room(slots)

    assert asyncio.run(room()) == 1
