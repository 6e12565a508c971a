"""What attempts count against a cap: never less than what may be billed for them, never more than the cap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from storyboard.errors import OverBudget
from storyboard.planning.budget import Books, Budget, Cap, books_of, check
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Decided,
    Ended,
    Event,
    EventKind,
    Held,
    Intended,
    Recorded,
    Rejected,
    RunClosed,
    Seen,
    Stored,
    Unanswered,
)
from storyboard.planning.event_codec import Encoded, decode
from storyboard.planning.money import Money, money_of, price_of
from tests.planning.values import take

RATE = Money(Decimal(28), "CNY")
RESERVED = 1000
"""Tokens that are reserved for each attempt."""


def intended(attempt_id: str, tokens: int = RESERVED, *, reserve: str = "", rate: str = str(RATE)) -> Intended:
    """An attempt is begun."""
    most = money_of(reserve) if reserve else price_of(tokens, RATE)
    return Intended("dusk", attempt_id, reserve=most, rate=money_of(rate))


def stored(attempt_id: str, tokens: int | None) -> Stored:
    """Its video is in the store, and the service reported its tokens."""
    return Stored("dusk", attempt_id, replace(take("dusk", {}), tokens=tokens))


def read(kind: EventKind, attempt_id: str) -> Recorded:
    """An event of this kind as a journal has it, without further fields."""
    return decode(Encoded(kind, "", "dusk", attempt_id, {}))


def ended(attempt_id: str, status: str) -> Event:
    """Its task has ended."""
    return Ended("dusk", attempt_id, status=status)


def counted(*events: Recorded) -> Decimal:
    """The sum of events, in yuan."""
    return books_of(events).counted("CNY")


FULL = price_of(RESERVED, RATE).amount


@pytest.mark.parametrize("kind", ["accepted", "unknown", "adopted", "disowned", "held", "decided", "seen"])
def test_what_may_be_billed_counts_its_reserve(kind: EventKind) -> None:
    """Accepted, in doubt, adopted, held, decided about: all of it counts until its bill is known."""
    assert counted(intended("a"), read(kind, "a")) == FULL


@pytest.mark.parametrize("status", ["succeeded", "lost", "anything new"])
def test_what_ended_otherwise_than_for_nothing_counts_its_reserve(status: str) -> None:
    """Made and not fetched yet, lost, or ended with an unknown status."""
    assert counted(intended("a"), ended("a", status)) == FULL


@pytest.mark.parametrize("status", ["failed", "cancelled", "expired"])
def test_what_ended_without_a_video_counts_nothing(status: str) -> None:
    """The service bills a video that it made, and nothing else."""
    assert counted(intended("a"), ended("a", status)) == 0


@pytest.mark.parametrize("kind", ["not_sent", "rejected"])
def test_a_provable_no_counts_nothing(kind: EventKind) -> None:
    """What never left, or was refused, has no bill."""
    assert counted(intended("a"), read(kind, "a")) == 0


def test_a_stored_take_counts_its_tokens() -> None:
    """At the rate recorded in its intent, whatever the current table contains."""
    assert counted(intended("a", rate="10.7 CNY"), stored("a", 500)) == Decimal("0.00535")


def test_a_take_whose_tokens_nobody_told_counts_its_reserve() -> None:
    """An unknown bill counts as the most that it may be."""
    assert counted(intended("a"), stored("a", None)) == FULL


@pytest.mark.parametrize("tokens", [-(10**9), 2**53, 10**30, 10**400])
def test_tokens_that_no_bill_has_count_the_reserve(tokens: int) -> None:
    """They were recorded by a version that accepted them: they never lift a cap, and the record can be summed."""
    assert counted(intended("a"), stored("a", tokens)) == FULL


def test_an_event_of_no_attempt_counts_nothing() -> None:
    """The end of a run changes no sum."""
    books = books_of([RunClosed(storyboard="film", exit=0)])
    assert (books.known, books.spent, books.reserved) == (False, (), ())


def test_a_take_without_a_rate_counts_its_reserve() -> None:
    """Tokens alone are no money."""
    assert counted(intended("a", rate="0"), stored("a", 5)) == FULL


def test_what_was_let_go_and_turns_up_counts_again() -> None:
    """A task that was found after all may be billed, whatever was recorded before."""
    assert counted(intended("a"), Rejected("", "a"), Adopted("", "a")) == FULL


def test_events_of_nobody_s_attempt_count_nothing() -> None:
    """A file that is fetched once more has no intent, and no bill."""
    assert counted(stored("", 500)) == 0


def test_an_intent_without_money_counts_nothing() -> None:
    """A record that names no reserve."""
    assert counted(Intended("dusk", "a"), stored("a", 5)) == 0


def test_spent_and_reserved_are_told_apart() -> None:
    """What was billed, and what may still be billed."""
    books = books_of([intended("a"), intended("b"), stored("a", 500)])
    assert (books.spent, books.reserved, books.unsettled) == (
        (money_of("0.014 CNY"),),
        (money_of("0.028 CNY"),),
        ("b",),
    )


def test_currencies_are_kept_apart() -> None:
    """A dollar that was spent is none of a yuan's cap."""
    books = books_of([intended("a"), intended("b", reserve="9 USD")])
    assert (books.counted("CNY"), books.counted("USD")) == (FULL, Decimal(9))


def refusal(cap: str, used: str, wanted: str) -> str:
    """The message for this much more; empty if it fits."""
    try:
        check(Cap("max_cost_day", money_of(cap), "go on tomorrow"), Decimal(used), money_of(wanted))
    except OverBudget as error:
        return f"{error.what}; {error.hint}"
    return ""


def test_what_fits_exactly_fits() -> None:
    """Up to the last millionth."""
    said = [refusal("1 CNY", "0.4", wanted) for wanted in ("0.6 CNY", "0.600001 CNY")]
    assert list(map(bool, said)) == [False, True]


def test_a_refusal_has_the_numbers() -> None:
    """What it may cost, the cap and its name, what is left, and what to do."""
    expected = "it may cost ¥5.01, more than the ¥12.00 of max_cost_day, of which ¥2.00 is left; go on tomorrow"
    assert refusal("12 CNY", "10", "5.01 CNY") == expected


def test_after_a_bill_beyond_its_reserve_nothing_is_left() -> None:
    """And the remainder is never shown as negative."""
    assert "of which ¥0.00 is left" in refusal("12 CNY", "13", "1 CNY")


def test_a_price_in_another_currency_is_refused() -> None:
    """However small the amount: exchange rates are unknown."""
    said = "it is priced in USD, and max_cost_day is in CNY: currencies are never mixed; give max_cost_day in USD"
    assert refusal("1000 CNY", "0", "0.01 USD") == said


def test_what_costs_nothing_always_fits() -> None:
    """A file that is fetched, under a cap that is used up, in whatever currency."""
    assert refusal("1 CNY", "5", "0") == ""


def test_a_run_s_cap_counts_the_run_alone() -> None:
    """What earlier runs spent is the project's."""
    budget = Budget(run=Cap("--max-cost", money_of("0.03 CNY")), past=[intended("a"), stored("a", 1000)])
    budget.check(money_of("0.03 CNY"))
    assert (budget.run.counted("CNY"), budget.project.counted("CNY")) == (Decimal(0), FULL)


def test_a_project_s_cap_counts_all_that_it_ever_spent() -> None:
    """Also what is in flight since an earlier run."""
    budget = Budget(project=Cap("max_cost_project", money_of("0.05 CNY")), past=[intended("a")])
    with pytest.raises(OverBudget, match="max_cost_project"):
        budget.check(money_of("0.028 CNY"))


@dataclass(frozen=True, slots=True)
class Truth:
    """The life of a request at the service, and how many of its events are received."""

    taken: bool
    tokens: int | None
    """The tokens billed; None if the task produced no video."""
    lost: bool
    """Was the answer lost?"""
    found: bool
    """Is it found in the list after all?"""
    word: str
    """How a task without a video ends."""
    fetched: bool
    heard: int
    """The number of events received before the power fails."""

    def events(self, attempt_id: str) -> Iterator[Event]:
        """The recorded events, in their order."""
        yield intended(attempt_id)
        if not self.taken and not self.lost:
            yield Rejected("dusk", attempt_id)
            return
        if self.lost:
            yield Unanswered("dusk", attempt_id)
            yield Adopted("dusk", attempt_id) if self.taken and self.found else Held("dusk", attempt_id)
            if not (self.taken and self.found):
                yield Decided("dusk", attempt_id, choice="again")
                return
        else:
            yield Accepted("dusk", attempt_id)
        yield Seen("dusk", attempt_id)
        yield ended(attempt_id, self.word if self.tokens is None else "succeeded")
        if self.tokens is not None:
            yield stored(attempt_id, self.tokens) if self.fetched else ended(attempt_id, "lost")

    @property
    def bill(self) -> Decimal:
        """What the service bills in the end."""
        return price_of(self.tokens, RATE).amount if self.taken and self.tokens is not None else Decimal(0)


TRUTHS = st.builds(
    Truth,
    taken=st.booleans(),
    tokens=st.none() | st.integers(0, RESERVED),
    lost=st.booleans(),
    found=st.booleans(),
    word=st.sampled_from(["failed", "cancelled", "expired"]),
    fetched=st.booleans(),
    heard=st.integers(1, 8),
)


@given(
    st.lists(TRUTHS, min_size=1, max_size=12), st.lists(st.integers(0, 11), max_size=80), st.integers(0, 8 * RESERVED)
)
@example([Truth(True, 900, True, False, "failed", True, 8)] * 3, [0, 0, 0, 0, 1, 1, 1, 1, 2, 2], 2 * RESERVED)
def test_reserved_and_spent_never_exceed_the_cap(truths: list[Truth], order: list[int], limit: int) -> None:
    """Whatever happens to attempts, in whatever order, at every instant: what may be billed ≤ what is counted ≤ cap."""
    cap = price_of(limit, RATE)
    budget = Budget(run=Cap("run", cap), project=Cap("project", cap))
    lives = [list(truth.events(str(number)))[: truth.heard] for number, truth in enumerate(truths)]
    begun: set[int] = set()
    for turn in order:
        if turn >= len(lives) or not lives[turn]:
            continue
        event = lives[turn].pop(0)
        if isinstance(event, Intended):
            try:
                budget.check(event.reserve)
            except OverBudget:
                lives[turn].clear()
                continue
            begun.add(turn)
        budget.add(event)
        billed = sum((truths[number].bill for number in begun), Decimal(0))
        assert billed <= budget.project.counted("CNY") <= cap.amount
        assert budget.run.counted("CNY") == budget.project.counted("CNY")


@given(st.lists(TRUTHS, max_size=8))
def test_books_are_the_sum_of_their_entries(truths: list[Truth]) -> None:
    """Sums that are kept along the way are those that are made at the end."""
    books = Books()
    for number, truth in enumerate(truths):
        for event in list(truth.events(str(number)))[: truth.heard]:
            books.add(event)
    entries = [entry for number in range(len(truths)) if (entry := books.entry(str(number)))]
    assert books.counted("CNY") == sum((entry.counts.amount for entry in entries), Decimal(0))
