"""Money is reserved before a request is sent. Without money submissions stop, but downloads continue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path

import pytest

from storyboard.errors import (
    DecisionNeeded,
    MachineRefuses,
    OverBudget,
    Rejected,
    SceneFailed,
    StoryboardError,
    UnknownOutcome,
)
from storyboard.executor.context import RunContext
from storyboard.executor.job import Job
from storyboard.executor.perform import perform
from storyboard.executor.run import Outcome, Run
from storyboard.planning.budget import Budget, Cap, Entry
from storyboard.planning.event import Accepted, Intended, Notice
from storyboard.planning.event_codec import encode
from storyboard.planning.marker import Marker
from storyboard.planning.money import Money, money_of
from storyboard.planning.planner import plan
from storyboard.testing.clock import VirtualClock
from storyboard.world.spending import Spending
from tests.builders import graph_of
from tests.executor.fake_provider import Bench, Desk, bench
from tests.planning.values import plan_inputs

JOB = Job("dusk", "", {"prompt": "words"}, reserve=money_of("5 CNY"), rate=money_of("46 CNY"))


async def order(marker: Marker) -> bytes:
    """A request."""
    return str(marker).encode()


def capped(at: Bench, folder: Path, *, run: str = "100 CNY", day: str = "100 CNY") -> tuple[RunContext, Spending]:
    """A run context with this much money, and its daily budget."""
    spending = Spending(folder / "spending", at.context.clock, cap=Cap("max_cost_day", money_of(day), "go on tomorrow"))
    return replace(at.context, budget=Budget(run=Cap("--max-cost", money_of(run))), day=spending), spending


@dataclass(slots=True)
class Witness(Desk):
    """A provider that reads the daily budget on the disk when a request arrives."""

    folder: Path = Path()
    seen: tuple[Money, ...] = ()

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Read the budget, then answer."""
        self.seen = Spending(self.folder / "spending", self.clock).today().reserved
        return await Desk.submit(self, body, attempt_id)


def test_the_day_has_set_the_money_aside_when_the_request_leaves(tmp_path: Path) -> None:
    """The reservation is on the disk before the paid request is sent."""
    desk = Witness(VirtualClock(), folder=tmp_path)
    context, _ = capped(bench(tmp_path, desk), tmp_path)
    asyncio.run(perform(JOB, context, order))
    assert desk.seen == (money_of("5 CNY"),)


def test_the_intent_names_what_is_set_aside_and_the_rate(tmp_path: Path) -> None:
    """The intent contains the amount and the rate, so that a later reader can settle it with any price table."""
    at = bench(tmp_path)
    asyncio.run(perform(JOB, at.context, order))
    intended = at.heard[0]
    assert isinstance(intended, Intended)
    body = encode(intended).body
    assert (body["reserve"], body["rate"]) == ("5 CNY", "46 CNY")


def test_a_take_is_paid_with_its_tokens(tmp_path: Path) -> None:
    """100,000 tokens at 46 yuan a million cost 4.60 yuan, in the daily budget and in the run."""
    at = bench(tmp_path, Desk(VirtualClock(), made={"tokens": 100_000}))
    context, day = capped(at, tmp_path)
    asyncio.run(perform(JOB, context, order))
    assert (context.budget.run.spent, day.today().spent) == ((money_of("4.600000 CNY"),),) * 2


@pytest.mark.parametrize("caps", [{"run": "4.99 CNY"}, {"day": "4.99 CNY"}])
def test_without_enough_money_nothing_is_begun(tmp_path: Path, caps: dict[str, str]) -> None:
    """Without enough money no request is sent and no intent is recorded."""
    at = bench(tmp_path)
    context, _ = capped(at, tmp_path, **caps)
    with pytest.raises(OverBudget, match=r"it may cost ¥5\.00, more than the ¥4\.99"):
        asyncio.run(perform(JOB, context, order))
    assert (at.desk.bodies, at.journal.past) == ([], [])


def test_a_day_that_cannot_be_written_down_stops_the_submission(tmp_path: Path) -> None:
    """An amount that can't be recorded is not spent."""
    at = bench(tmp_path)
    context, _ = capped(at, tmp_path)
    (tmp_path / "spending").write_text("in the way")
    with pytest.raises(MachineRefuses):
        asyncio.run(perform(JOB, context, order))
    assert at.desk.bodies == []


def test_a_bill_that_cannot_be_written_down_loses_no_take(tmp_path: Path) -> None:
    """The daily budget keeps the reserved amount; the next run settles it."""
    at = bench(tmp_path)

    class Full(Spending):
        """A disk that is full once the task exists."""

        def settle(self, attempt_id: str, bill: Money) -> None:
            """Raise an error."""
            raise MachineRefuses(f"no room for {attempt_id}: {bill}")

    context = replace(at.context, day=Full(tmp_path / "spending", at.context.clock))
    assert asyncio.run(perform(JOB, context, order)).task == "cgt-1"


@pytest.mark.parametrize(
    ("answers", "looks", "counts"),
    [
        ([Rejected("no")], [], "0"),
        ([], ["failed"], "0"),
        ([], ["cancelled"], "0"),
        ([], ["expired"], "0"),
        ([UnknownOutcome("the answer was lost")], [], "5"),
    ],
)
def test_what_came_to_nothing_counts_nothing_and_what_is_in_doubt_counts_in_full(
    tmp_path: Path, answers: list[str | StoryboardError], looks: list[object], counts: str
) -> None:
    """A failed attempt counts nothing and an attempt in doubt counts in full, in the daily budget and in the run."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=answers, looks=looks))  # type: ignore[arg-type]  # statuses
    context, day = capped(at, tmp_path)
    with pytest.raises((DecisionNeeded, Rejected, SceneFailed, UnknownOutcome)):
        asyncio.run(perform(JOB, context, order))
    assert [context.budget.run.counted("CNY"), day.today().counted("CNY")] == [Decimal(counts)] * 2


FILM = """\
storyboard: 1
defaults: {ratio: 16:9}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  lamp: {chain: dusk, prompt: He lights the lamp.}
  gulls: {prompt: Gulls.}
  waves: {prompt: Waves.}
"""


def walked(context: RunContext) -> Outcome:
    """Run the film's plan without checking its cost first."""
    graph = graph_of(FILM)
    here = plan_inputs()
    return asyncio.run(Run(plan(graph, here), here, context, lambda _: None).walk())


@pytest.mark.row(80)
def test_running_out_holds_what_isn_t_submitted_and_fetches_what_is(tmp_path: Path) -> None:
    """Two of four scenes fit into the daily budget: both are downloaded. The others are reported with what to do, and
    the exit code is 4."""
    at = bench(tmp_path, slots=2)
    context, _ = capped(at, tmp_path, day="10.1 CNY")
    outcome = walked(context)
    standings = sorted(result.state for result in outcome.results.values())
    assert (outcome.exit_code, len(outcome.takes), len(at.desk.bodies)) == (4, 2, 2)
    assert set(standings) <= {"done", "held", "blocked"}
    told = {(result.what, result.hint) for result in outcome.results.values() if result.state == "held"}
    what = "it may cost ¥5.01, more than the ¥10.10 of max_cost_day, of which ¥0.08 is left"
    assert told == {(what, "go on tomorrow")}


@pytest.mark.row(80)
def test_another_project_s_spending_leaves_less(tmp_path: Path) -> None:
    """Money that another project reserves during this run is not available to this run."""
    at = bench(tmp_path, slots=1)
    context, day = capped(at, tmp_path, day="20.1 CNY")
    other = Spending(tmp_path / "spending", at.context.clock, cap=Cap("max_cost_day", money_of("20.1 CNY")))

    def tell(event: Notice) -> None:
        if isinstance(event, Accepted) and not day.today().entry("other"):
            other.reserve("other", money_of("12 CNY"))

    outcome = walked(replace(context, tell=tell))
    assert (len(outcome.takes), day.today().counted("CNY") <= Decimal("20.1")) == (1, True)


@pytest.mark.row(80)
def test_a_run_of_a_film_never_counts_more_than_its_cap(tmp_path: Path) -> None:
    """The count stays within the cap at each event, in the daily budget and in the run."""
    at = bench(tmp_path, Desk(VirtualClock(), answers=["cgt-1", UnknownOutcome("lost"), Rejected("no")]))
    context, day = capped(at, tmp_path, run="10.2 CNY", day="10.1 CNY")
    sums: list[Decimal] = []
    walked(
        replace(context, tell=lambda _: sums.extend((context.budget.run.counted("CNY"), day.today().counted("CNY"))))
    )
    assert Decimal(5) < max(sums) <= Decimal("10.1")


def test_an_entry_without_a_bill_counts_its_reserve() -> None:
    """An entry with a bill counts the bill instead."""
    entry = Entry(money_of("5 CNY"))
    assert [entry.counts, replace(entry, bill=money_of("4 CNY")).counts] == [money_of("5 CNY"), money_of("4 CNY")]
