"""What may still be spent: the caps, and what each attempt counts against them.

From the moment its intent is recorded, an attempt counts the most that it may cost; once its video is stored, what it
was billed; nothing once a bill is ruled out. No other event changes that: an attempt that was accepted, is in doubt, is
lost or was given up may be billed. So the sum of what is spent and reserved never exceeds a cap as long as no bill is
higher than its reserve. After a higher bill, the rest of the cap is smaller by the difference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import assert_never

from storyboard.errors import OverBudget
from storyboard.planning.event import (
    Accepted,
    Adopted,
    Assigned,
    AttemptEvent,
    Decided,
    Disowned,
    Ended,
    Held,
    Intended,
    Missed,
    NotSent,
    OfAttempt,
    Recorded,
    Rejected,
    Seen,
    Stored,
    Unanswered,
)
from storyboard.planning.money import NO_MONEY, Money, price_of
from storyboard.protocols import is_count

UNBILLED = ("failed", "cancelled", "expired")
"""How a task ends for which nothing is billed (the vendor's documentation: only a finished video is)."""

_OPENS = (Accepted, Unanswered, Adopted, Disowned)
"""Events that show that an attempt may be billed, whatever was recorded before."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that may be spent.

    `name` is the option or setting that sets it; `hint`, what to do once it is reached.
    """

    name: str
    limit: Money
    hint: str = ""


def check(cap: Cap | None, counted: Decimal, wanted: Money) -> None:
    """Raise OverBudget if `wanted` doesn't fit under a cap of which `counted`, in its currency, is used already."""
    if cap is None or not wanted.amount:
        return
    limit = cap.limit
    if wanted.currency != limit.currency:
        what = f"it is priced in {wanted.currency}, and {cap.name} is in {limit.currency or 'no currency'}"
        raise OverBudget(f"{what}: currencies are never mixed", f"give {cap.name} in {wanted.currency}")
    if counted + wanted.amount > limit.amount:
        left = Money(max(Decimal(0), limit.amount - counted), limit.currency)
        rest = f", of which {left.rounded_down} is left" if counted else ""
        what = f"it may cost {wanted.rounded}, more than the {limit.rounded_down} of {cap.name}{rest}"
        raise OverBudget(what, cap.hint)


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt: what was reserved for it, the price of a million tokens, and its bill once that is known."""

    reserve: Money
    rate: Money = NO_MONEY
    bill: Money | None = None

    @property
    def counts(self) -> Money:
        """What it counts against a cap."""
        return self.reserve if self.bill is None else self.bill


class Books:
    """Attempts by intent, and their sums, by currency."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._spent: dict[str, Decimal] = {}
        self._reserved: dict[str, Decimal] = {}

    def put(self, attempt_id: str, entry: Entry) -> None:
        """Record an attempt, or its new state."""
        before = self._entries.get(attempt_id)
        if before is not None:
            self._count(before, -1)
        self._entries[attempt_id] = entry
        self._count(entry, 1)

    def _count(self, entry: Entry, sign: int) -> None:
        sums = self._reserved if entry.bill is None else self._spent
        money = entry.counts
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + sign * money.amount

    def entry(self, attempt_id: str) -> Entry | None:
        """Return the entry of an attempt, or None if it isn't recorded here."""
        return self._entries.get(attempt_id)

    @property
    def known(self) -> bool:
        """Is any attempt recorded?"""
        return bool(self._entries)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Attempts whose bill isn't known."""
        return tuple(attempt_id for attempt_id, entry in self._entries.items() if entry.bill is None)

    def counted(self, currency: str) -> Decimal:
        """Return what is spent and reserved in a currency."""
        return self._spent.get(currency, Decimal(0)) + self._reserved.get(currency, Decimal(0))

    @property
    def spent(self) -> tuple[Money, ...]:
        """What was billed, one sum for each currency."""
        return _sums(self._spent)

    @property
    def reserved(self) -> tuple[Money, ...]:
        """What may still be billed, one sum for each currency."""
        return _sums(self._reserved)

    def add(self, event: Recorded) -> Money | None:
        """Add one event. Return the bill of its attempt if the event settles it."""
        if isinstance(event, Intended):
            self.put(event.attempt_id, Entry(event.reserve, event.rate))
            return None
        if not isinstance(event, OfAttempt):
            return None
        entry = self._entries.get(event.attempt_id)
        if entry is None:
            return None
        bill = _bill(event, entry)
        if bill is not None or isinstance(event, _OPENS):
            self.put(event.attempt_id, replace(entry, bill=bill))
        return bill


def _sums(sums: dict[str, Decimal]) -> tuple[Money, ...]:
    return tuple(Money(amount, currency) for currency, amount in sums.items() if amount)


def _bill(event: AttemptEvent, entry: Entry) -> Money | None:
    """Return the bill that follows from an event; None if none does."""
    nothing = Money(Decimal(0), entry.reserve.currency)
    match event:
        case NotSent() | Rejected():
            return nothing
        case Ended(status=status) if status in UNBILLED:
            return nothing
        case Stored(take=take):
            tokens = take.tokens
            return price_of(tokens, entry.rate) if is_count(tokens) and entry.rate.currency else entry.reserve
        case Ended() | Intended() | Accepted() | Unanswered() | Adopted() | Disowned() | Assigned() | Held():
            return None
        case Decided() | Seen() | Missed():
            return None
        case _:
            assert_never(event)


def books_of(events: Iterable[Recorded]) -> Books:
    """Return the sum of events."""
    books = Books()
    for event in events:
        books.add(event)
    return books


class Budget:
    """What a run may spend: under its own cap, which counts only what it submits, and under its project's."""

    def __init__(self, run: Cap | None = None, project: Cap | None = None, past: Iterable[Recorded] = ()) -> None:
        self._run_cap = run
        self._project_cap = project
        self.run = Books()
        self.project = books_of(past)

    def check(self, wanted: Money) -> None:
        """Raise OverBudget if this much more doesn't fit."""
        for cap, books in ((self._run_cap, self.run), (self._project_cap, self.project)):
            check(cap, books.counted(wanted.currency), wanted)

    def add(self, event: Recorded) -> Money | None:
        """Add one event of this run. Return the bill of its attempt if the event settles it."""
        self.run.add(event)
        return self.project.add(event)
