"""What may still be spent: caps, and what each attempt counts against them.

From the moment when its intent is written down an attempt counts what it may cost at the most; once its video is
stored, what it was billed; nothing once there is certainly no bill for it. Whatever else is heard of it changes
nothing: taken on, in doubt, lost or given up, it may be billed. So what was spent and what is reserved
come to no more than a cap, at every instant, as long as no bill is higher than what was reserved for it; after one that
is, the rest of the cap is so much smaller.
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
from storyboard.promises import is_count

UNBILLED = ("failed", "cancelled", "expired")
"""How a task ends for which nothing is billed (the vendor's description: only a video that was made is)."""
_OPENS = (Accepted, Unanswered, Adopted, Disowned)
"""What shows that an attempt may be billed, whatever was said of it before."""


@dataclass(frozen=True, slots=True)
class Cap:
    """The most that may be spent. `name` is how whoever set it calls it; `hint`, what to do when it is reached."""

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
        rest = f", of which {left.told_left} is left" if counted else ""
        what = f"it may cost {wanted.told}, more than the {limit.told_left} of {cap.name}{rest}"
        raise OverBudget(what, cap.hint)


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt: what was reserved for it, at which rate for a million tokens, and its bill once it is known."""

    reserve: Money
    rate: Money = NO_MONEY
    bill: Money | None = None

    @property
    def counts(self) -> Money:
        """What it counts."""
        return self.reserve if self.bill is None else self.bill


class Books:
    """Attempts by their intents, and what they come to, currency by currency."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._spent: dict[str, Decimal] = {}
        self._reserved: dict[str, Decimal] = {}

    def put(self, intent: str, entry: Entry) -> None:
        """Write an attempt down, or what has become of it."""
        before = self._entries.get(intent)
        if before is not None:
            self._count(before, -1)
        self._entries[intent] = entry
        self._count(entry, 1)

    def _count(self, entry: Entry, sign: int) -> None:
        sums = self._reserved if entry.bill is None else self._spent
        money = entry.counts
        sums[money.currency] = sums.get(money.currency, Decimal(0)) + sign * money.amount

    def entry(self, intent: str) -> Entry | None:
        """An attempt that is known here."""
        return self._entries.get(intent)

    @property
    def known(self) -> bool:
        """Is there any attempt in them?"""
        return bool(self._entries)

    @property
    def unsettled(self) -> tuple[str, ...]:
        """Attempts whose bill isn't known."""
        return tuple(intent for intent, entry in self._entries.items() if entry.bill is None)

    def counted(self, currency: str) -> Decimal:
        """What was spent and is reserved in a currency."""
        return self._spent.get(currency, Decimal(0)) + self._reserved.get(currency, Decimal(0))

    @property
    def spent(self) -> tuple[Money, ...]:
        """What was billed, one sum for each currency."""
        return _sums(self._spent)

    @property
    def reserved(self) -> tuple[Money, ...]:
        """What may be billed yet, one sum for each currency."""
        return _sums(self._reserved)

    def add(self, event: Recorded) -> Money | None:
        """One more event; the bill of its attempt, if it makes it known."""
        if isinstance(event, Intended):
            self.put(event.intent, Entry(event.reserve, event.rate))
            return None
        if not isinstance(event, OfAttempt):
            return None
        entry = self._entries.get(event.intent)
        if entry is None:
            return None
        bill = _bill(event, entry)
        if bill is not None or isinstance(event, _OPENS):
            self.put(event.intent, replace(entry, bill=bill))
        return bill


def _sums(sums: dict[str, Decimal]) -> tuple[Money, ...]:
    return tuple(Money(amount, currency) for currency, amount in sums.items() if amount)


def _bill(event: AttemptEvent, entry: Entry) -> Money | None:
    """What an event makes of an attempt's bill; None if it says nothing of it."""
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
    """Add events up."""
    books = Books()
    for event in events:
        books.add(event)
    return books


class Budget:
    """What a run may spend: of its own cap, which counts what it submits itself, and of its project's."""

    def __init__(self, run: Cap | None = None, project: Cap | None = None, past: Iterable[Recorded] = ()) -> None:
        self._run_cap = run
        self._project_cap = project
        self.run = Books()
        self.project = books_of(past)

    def check(self, wanted: Money) -> None:
        """Raise OverBudget if so much more doesn't fit."""
        for cap, books in ((self._run_cap, self.run), (self._project_cap, self.project)):
            check(cap, books.counted(wanted.currency), wanted)

    def add(self, event: Recorded) -> Money | None:
        """One more event of this run; the bill of its attempt, if it makes it known."""
        self.run.add(event)
        return self.project.add(event)
