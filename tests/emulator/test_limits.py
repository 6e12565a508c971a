"""How often the service may be asked, and how often it says that it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.limits import RATES, Limiter, Tally, Verb
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, Answer, ask, order

ASKED: dict[Verb, tuple[str, str]] = {
    "CREATE": ("POST", TASKS),
    "GET": ("GET", TASKS + "/cgt-1"),
    "LIST": ("GET", TASKS),
    "DELETE": ("DELETE", TASKS + "/cgt-1"),
}
LIMITED = EmulatorConfig(limits=True)


def send(emulated: Emulator, verb: Verb, body: object = None) -> Answer:
    """One request of a sort; a create that is wrong anyway, unless a body is given."""
    method, path = ASKED[verb]
    return ask(method, emulated.base_url + path, body or ({"model": "m"} if verb == "CREATE" else None))


@pytest.mark.parametrize("verb", ["GET", "LIST", "DELETE", "CREATE"])
def test_what_comes_too_often_is_refused(tmp_path: Path, verb: Verb) -> None:
    """The last that may come is served, the next not, and after the time of the limit one is again."""
    clock, rate = VirtualClock(), RATES[verb]
    with emulator(tmp_path / "ledger", clock=clock, conditions=LIMITED) as emulated:
        statuses = [send(emulated, verb).status for _ in range(rate.most)]
        refused = send(emulated, verb)
        clock.advance(rate.seconds)
        statuses.append(send(emulated, verb).status)
    error = refused.value["error"]
    assert 429 not in statuses
    assert (refused.status, error["code"], error["type"]) == (429, rate.code, "TooManyRequests")
    assert "retry-after" not in refused.headers


def test_who_is_refused_may_be_told_when_to_come_again(tmp_path: Path) -> None:
    """In whole seconds, never too early."""
    clock = VirtualClock()
    with emulator(
        tmp_path / "ledger", clock=clock, conditions=EmulatorConfig(limits=True, retry_after=True)
    ) as emulated:
        send(emulated, "LIST")
        clock.advance(0.25)
        assert send(emulated, "LIST").headers["retry-after"] == "1"


def test_a_create_that_came_too_often_takes_no_task_on(tmp_path: Path) -> None:
    """Nobody pays for a 429."""
    with emulator(tmp_path / "ledger", clock=VirtualClock(), conditions=LIMITED) as emulated:
        body = order()
        for _ in range(RATES["CREATE"].most):
            send(emulated, "CREATE", {"model": body["model"]})
        assert (send(emulated, "CREATE", body).status, emulated.ledger) == (429, ())


def test_creates_are_limited_for_each_model() -> None:
    """Another model's are another count."""
    limiter = Limiter()
    waits = [limiter.wait("CREATE", 0.0, model) for model in ["a"] * 181 + ["b"]]
    assert waits == [0.0] * 180 + [60.0, 0.0]


def test_without_the_switch_nothing_is_refused(tmp_path: Path) -> None:
    """But all is counted."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        statuses = {send(emulated, "LIST").status for _ in range(3)}
        assert (statuses, emulated.service.traffic["LIST"].most) == ({200}, 3)


def test_traffic_is_counted_by_verb(tmp_path: Path) -> None:
    """How many in all, and how many in the busiest second."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", clock=clock) as emulated:
        for pause in (0, 0.6, 0.6, 1.0):
            clock.advance(pause)
            send(emulated, "LIST")
        send(emulated, "GET")
        found = {verb: (tally.count, tally.most) for verb, tally in emulated.service.traffic.items()}
    assert found == {"CREATE": (0, 0), "GET": (1, 1), "LIST": (4, 2), "DELETE": (0, 0)}


@given(st.lists(st.integers(0, 8), max_size=40))
def test_the_busiest_second_is_the_busiest(quarters: list[int]) -> None:
    """As counting every second that ends with a request finds it."""
    tally, now, times = Tally(), 0.0, []
    for quarter in quarters:
        now += quarter / 4
        times.append(now)
        tally.add(now)
    busiest = max((sum(end - 1 < at <= end for at in times) for end in times), default=0)
    assert (tally.count, tally.most) == (len(times), busiest)


@given(st.lists(st.integers(0, 3), max_size=60))
def test_what_is_let_pass_never_exceeds_the_limit(tenths: list[int]) -> None:
    """In any second, whatever comes."""
    limiter, now, passed = Limiter(), 0.0, Tally()
    for tenth in tenths:
        now += tenth / 8
        if not limiter.wait("LIST", now):
            passed.add(now)
    assert passed.most <= 1
