"""The time of the next request, and that no request is sent before."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.errors import RateLimited, StoryboardError
from storyboard.language.scene import Parameters
from storyboard.net.client import open_net
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.connect import connect
from storyboard.providers.provider import Order, TaskQuery
from storyboard.providers.rate_limit import (
    LONGEST_WAIT,
    MARGIN,
    Rate,
    RateLimitedProvider,
    wait_after_reply,
    wait_for_turn,
)
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.executor.fake_provider import Desk

NOW = "Tue, 24 Nov 2026 01:00:00 GMT"
TWO = Rate(2, 10.0)


@pytest.mark.parametrize(
    ("sent", "held", "wait"),
    [
        ([], (0, 0), 0),
        ([99.0], (0, 0), 0),
        ([50.0, 60.0], (0, 0), 0),
        ([95.0, 99.0], (0, 0), 95 + 10 * MARGIN - 100),
        ([1.0, 95.0, 99.0], (0, 0), 95 + 10 * MARGIN - 100),
        ([], (90.0, 130.0), 30),
        ([95.0, 99.0], (90.0, 130.0), 30),
        ([], (90.0, 99.0), 0),
        ([], (5000.0, 5600.0), 0),
        ([5000.0, 5000.0], (0, 0), 0),
    ],
)
def test_when_the_next_may_go(sent: list[float], held: tuple[float, float], wait: float) -> None:
    """At 100, with two in any ten seconds: at once, when the window has room, or after Retry-After; times in the
    future were noted before the clock was set back."""
    assert wait_for_turn(sent, 100.0, TWO, held) == pytest.approx(wait)


@given(
    st.lists(st.floats(0, 20), min_size=1, max_size=60),
    st.integers(1, 5),
    st.floats(0.1, 10),
)
def test_no_window_ever_holds_more_than_the_rate(pauses: list[float], count: int, seconds: float) -> None:
    """Requests at any times that wait as computed never exceed the limit."""
    rate = Rate(count, seconds)
    now = 1000.0
    sent: list[float] = []
    for pause in pauses:
        now += pause
        now += wait_for_turn(sent, now, rate)
        sent.append(now)
    assert [a for a, b in zip(sent, sent[count:], strict=False) if b - a < seconds] == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", 0),
        ("0", 0),
        ("30", 30),
        (" 1.5 ", 1.5),
        ("600", 600),
        ("99999999", LONGEST_WAIT),
        ("9" * 5000, LONGEST_WAIT),
        ("-5", 0),
        ("NaN", 0),
        ("inf", 0),
        ("1e9", 0),
        ("١٢", 0),
        ("soon", 0),
        ("Tue, 24 Nov 2026 01:00:30 GMT", 30),
        ("Tue, 24 Nov 2026 00:59:00 GMT", 0),
        ("Tue, 24 Nov 2099 01:00:30 GMT", LONGEST_WAIT),
        ("Tue, 24 Nov 1899 01:00:30 GMT", 0),
        ("Tue, 99 Nov 2026 01:00:30 GMT", 0),
    ],
)
@pytest.mark.row(24)
def test_for_how_long_an_answer_asks_us_to_stay_away(header: str, seconds: float) -> None:
    """Seconds or a date, up to ten minutes; what makes no sense asks for nothing."""
    assert wait_after_reply(header, NOW) == seconds


@pytest.mark.parametrize("date", ["", "now", "Mon, 99 Foo 10000000000000000000000 99:99:99 GMT"])
def test_a_date_is_read_by_the_servers_own_clock_alone(date: str) -> None:
    """Without its `Date` it is unknown how far off another date is."""
    assert wait_after_reply("Tue, 24 Nov 2026 01:00:30 GMT", date) == 0


@given(st.text(), st.text())
def test_no_header_does_any_harm(header: str, date: str) -> None:
    """Whatever is in them: seconds from 0 to ten minutes."""
    assert 0 <= wait_after_reply(header, date) <= LONGEST_WAIT


@dataclass(slots=True)
class Noting(Desk):
    """A desk that notes when it was asked what."""

    seen: list[tuple[str, float]] = field(default_factory=list)

    async def cancel(self, task: str) -> None:
        """Note it."""
        self.seen.append((task, self.clock.now() - 1000))


def cancelled(answers: list[float], rate: Rate) -> list[float]:
    """When each of several cancels, asked for at once, went; `answers` make creates refused, with their `after`."""
    clock = VirtualClock(1000.0)
    desk = Noting(clock, answers=[RateLimited("slowly", after=after) for after in answers])
    paced = RateLimitedProvider(desk, clock, {"create": rate, "delete": rate})

    async def whole() -> None:
        for _ in answers:
            with pytest.raises(StoryboardError):
                await paced.submit(b"{}", "intent")
            await paced.turn("create")
            desk.seen.append(("create", clock.now() - 1000))
        await asyncio.gather(*(paced.cancel(str(n)) for n in range(3)))

    asyncio.run(whole())
    assert [name for name, _ in desk.seen if name != "create"] == ["0", "1", "2"]
    return [at for _, at in desk.seen]


def test_many_at_once_go_one_after_another() -> None:
    """In the order in which they came, each in its window."""
    assert cancelled([], Rate(1, 10.0)) == pytest.approx([0, 10 * MARGIN, 20 * MARGIN])


@dataclass(slots=True)
class Slow(Desk):
    """A slow service: when it receives a request, and when it answers."""

    takes: float = 0.9
    heard: list[float] = field(default_factory=list)

    async def cancel(self, task: str) -> None:
        """Receive it at last: the service is busy, and counts a request when it reaches it."""
        del task
        until = self.clock.now() + (self.takes if not self.heard else 0.0)
        while self.clock.now() < until:
            await self.clock.sleep(0.1)
        self.heard.append(self.clock.now() - 1000)


@pytest.mark.parametrize("count", [1, 3])
def test_a_busy_service_is_not_asked_too_often(count: int) -> None:
    """A question that it came to late counts from then on: the next isn't a window after it was sent."""
    clock = VirtualClock(1000.0)
    desk = Slow(clock)
    paced = RateLimitedProvider(desk, clock, {"delete": Rate(count, 1.0)})

    async def whole() -> None:
        await asyncio.gather(*(paced.cancel(str(n)) for n in range(6)))

    asyncio.run(whole())
    heard = sorted(desk.heard)
    assert len(heard) == 6
    assert [a for a, b in zip(heard, heard[count:], strict=False) if b - a < 1.0] == []


def test_who_is_asked_to_stay_away_does_so_for_everybody_who_asks_the_same() -> None:
    """A create that was refused for 30 seconds holds all creates, and nothing else."""
    assert cancelled([30.0], Rate(3, 10.0)) == pytest.approx([30, 30, 30, 30])


def test_a_list_is_made_once_a_second(tmp_path: Path) -> None:
    """The service has the whole question, and has it when it may."""
    clock = VirtualClock(1000.0)
    asked: list[str] = []

    async def whole(base_url: str) -> None:
        async with open_net() as way:
            ark = connect("ark", Account(base_url, Secret("key"), 3, PollPolicy(1, 1)), way)
            paced = RateLimitedProvider(ark, clock)
            body = paced.body(Order("doubao-seedance-2-0-260128", "Dusk.", (), Parameters(resolution="480p")))
            tasks = [await paced.submit(body, "a" * 32) for _ in range(2)]
            for _ in range(3):
                page = await paced.list(TaskQuery("", "doubao-seedance-2-0-260128", "default", tuple(tasks[:1])))
                asked.append(f"{clock.now() - 1000:.2f}: {page.total} at {paced.origin == ark.origin}")

    with emulator(tmp_path / "ledger", clock=clock) as emulated:
        asyncio.run(whole(emulated.base_url))
    assert asked == ["0.00: 1 at True", "1.05: 1 at True", "2.10: 1 at True"]
