"""Random replies: recorded ones with mutations, given to all code that reads replies.

A case depends on its seed only, so a number identifies a failing one.
"""

from __future__ import annotations

import argparse
import copy
import json
import multiprocessing
import re
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from types import FrameType
from typing import Any

from storyboard.errors import ProviderError, Rejected, UnknownOutcome, Unreachable
from storyboard.planning.money import Money, money_of, price_of
from storyboard.providers.ark import wire
from storyboard.providers.provider import Page, Task
from tests.providers.recorded import Recorded, recorded, sort_of

Reader = Callable[[int, bytes], Any]
READERS: dict[str, Reader] = {
    "create": wire.parse_task_id,
    "get": wire.parse_task,
    "list": wire.parse_page,
    "delete": wire.check_deleted,
}
DECLARED: dict[str, tuple[type[ProviderError], ...]] = {
    "create": (UnknownOutcome, Rejected),
    "get": (Unreachable, Rejected),
    "list": (Unreachable, Rejected),
    "delete": (Unreachable, Rejected),
}
"""The errors that reading the answer to each request may raise."""

RECORDED = tuple(recorded().values())
STATUSES = (100, 200, 200, 200, 200, 201, 202, 204, 302, 400, 400, 401, 403, 404, 408, 409, 429, 500, 502, 503)
KEY, SIGNATURE = "CANARY-0123456789", "SIGNATURE-0123456789"
LEAKS = (f"Bearer {KEY}", f"bearer {KEY}", f"https://a.example/v.mp4?X-Tos-Signature={SIGNATURE}")
"""Words that a careless server might repeat; planted ones must appear in the output only as part of an address."""

DEEP = "deep "
"""Text before many nested brackets."""

ODD: tuple[Any, ...] = (
    None, True, False, 0, -1, 7, 2**53, -(10**9), -(2**63), 10**30, 10**40, 10**400, 0.5, -0.0, 1e308, float("nan"),
    float("inf"), float("-inf"), "", " ", "0", "-1", "1e9", "1e30", "nan", "９", "9" * 5000, "灯塔", "\x00", "\x1b[31m",
    "\ud800", "\udfff!", "é" * 700, "cgt-1", "cgt-1/../x", "http://[", "https://a:b/", "https://a.example:99999999/",
    "succeeded", "paused", [], {}, [None], [[]], {"": None}, {"code": {}}, {"url": []}, "<html>", "null",
)  # fmt: skip
NAMES = (
    "id", "status", "content", "video_url", "last_frame_url", "usage", "completion_tokens", "total_tokens", "error",
    "failure_reason", "code", "message", "created_at", "updated_at", "execution_expires_after", "duration", "model",
    "items", "total", "", "\ud800", "__class__",
)  # fmt: skip
WHOLE: tuple[bytes, ...] = (
    b"", b" ", b"null", b"[]", b"{}", b"7", b"NaN", b'"cgt-1"', b"<html><body>Bad Gateway</body></html>",
    b"\xef\xbb\xbf{}", b"\xff\xfe{\x00}\x00", b"\x1f\x8b\x08\x00", b"\x00" * 64, b"[" * 50_000, b'{"id":' * 20_000,
    b'{"error":' * 500 + b"{}" + b"}" * 500, b'{"id":"cgt-1","updated_at":' + b"9" * 5000 + b"}",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Case:
    """The input of one execution: the request, and the status and body of its answer."""

    seed: int
    asked: str
    status: int
    body: bytes


def case_of(seed: int) -> Case:
    """Return the case with that number."""
    chance = Random(seed)
    reply = chance.choice(RECORDED)
    asked = reply.answers if chance.random() < 0.8 else chance.choice(tuple(READERS))
    status = reply.status if chance.random() < 0.6 else chance.choice(STATUSES)
    return Case(seed, asked, status, _body(reply, chance))


def _body(reply: Recorded, chance: Random) -> bytes:
    if chance.random() < 0.03:
        return chance.choice(WHOLE)
    torn = chance.random() < 0.15
    body = reply.body
    if reply.value is not None:
        value = copy.deepcopy(reply.value)
        for _ in range(chance.choice((0, 1, 1, 1, 2, 2, 3, 5))):
            value = _mutated(value, chance, () if torn else LEAKS)  # half a "Bearer" can't be recognised
        escaped = chance.random() < 0.5
        body = _deepened(json.dumps(value, ensure_ascii=escaped)).encode("utf-8", "surrogatepass")
    return _torn(body, chance) if torn else body


def _mutated(value: Any, chance: Random, leaks: tuple[str, ...]) -> Any:
    """Return the value with one change somewhere in it."""
    places = list(_places(value))
    if not places or chance.random() < 0.02:
        return _odd(value, chance)
    container, key = chance.choice(places)
    match chance.randrange(8):
        case 0:
            del container[key]
        case 1 if isinstance(container, dict):
            container[chance.choice(NAMES)] = container.pop(key)
        case 2 if isinstance(container, dict):
            container[chance.choice(NAMES)] = _odd(container[key], chance)
        case 3:
            other, place = chance.choice(places)
            container[key], other[place] = copy.deepcopy(other[place]), copy.deepcopy(container[key])
        case 4 if leaks:
            container[key] = chance.choice(leaks)
        case 5 if leaks and isinstance(container[key], str):
            container[key] += " " + chance.choice(leaks)
        case _:
            container[key] = _odd(container[key], chance)
    return value


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Return every container in a value, with each of its keys or positions."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])


def _odd(value: Any, chance: Random) -> Any:
    """Return something invalid: an odd value, the same value in another type, or the same value nested deeply."""
    match chance.randrange(8):
        case 0:
            return str(value)
        case 1:
            return [value] * chance.randrange(1, 4)
        case 2:
            return f"{DEEP}{chance.choice((50, 400, 990, 1100, 20_000))}"
        case 3:
            for _ in range(chance.choice((1, 3, 10))):
                value = {chance.choice(NAMES): value} if chance.random() < 0.5 else [value]
            return value
        case _:
            return copy.deepcopy(chance.choice(ODD))


def _deepened(text: str) -> str:
    """Return the text with deeply nested brackets in place of the placeholders, deeper than a tree that can be
    copied."""
    return re.sub(f'"{DEEP}([0-9]+)"', lambda found: "[" * int(found[1]) + "]" * int(found[1]), text)


def _torn(body: bytes, chance: Random) -> bytes:
    """Return the bytes cut short, with some overwritten, duplicated, or in another encoding."""
    at = chance.randrange(len(body) + 1)
    match chance.randrange(6):
        case 0:
            return body[:at]
        case 1:
            return body[:at] + chance.randbytes(chance.randrange(1, 9)) + body[at + 1 :]
        case 2:
            return body[:at] + body[chance.randrange(len(body) + 1) :]
        case 3:
            return body + body
        case 4:
            return body.decode("utf-8", "replace").encode("utf-16")
        case _:
            return b"\xef\xbb\xbf" + body


def words_of(value: Any) -> list[Any]:
    """Return every word of the output."""
    match value:
        case Page():
            return [repr(value), *(word for task in value.tasks for word in words_of(task))]
        case Task():
            return [value.id, value.status, value.word, value.model, repr(value), *told(value)]
        case Rejected():
            return [value.code, repr(value), *told(value)]
        case ProviderError():
            return [repr(value), *told(value)]
        case _:
            return [] if value is None else [value, repr(value)]


def told(value: Any) -> list[str]:
    """Return the words that may be shown: sentences, names, and addresses in their printed form."""
    match value:
        case Page():
            return [word for task in value.tasks for word in told(task)]
        case Task():
            shown = [value.id, value.word, value.model, value.ratio, value.resolution, value.error]
            return [*shown, value.safety_identifier, repr(value.video), repr(value.frame)]
        case ProviderError():
            return [value.what, value.hint, str(value), getattr(value, "code", "")]
        case _:
            return []


RATE = Money(Decimal(28), "CNY")


def uncounted(value: Any) -> str:
    """Return the first number of the output that can't be used to count, date or pay; empty if there is none."""
    match value:
        case Page():
            tasks = (uncounted(task) for task in value.tasks)
            return next(filter(None, tasks), "" if value.total < 2**53 else "a total of too many")
        case Task():
            numbers = (value.created_at, value.updated_at, value.expires, value.expires_after or 0, value.duration or 0)
            if not all(0 <= number < 2**54 for number in numbers):
                return f"{numbers} are no times"
            cost = price_of(value.tokens or 0, RATE)
            return "" if cost.amount >= 0 and money_of(str(cost)) == cost else f"{cost} is no cost"
        case _:
            return ""


def read(case: Case, reader: Reader) -> Any:
    """Return the result of reading the case: a value, or a declared error; any other error is raised."""
    try:
        return reader(case.status, case.body)
    except DECLARED[case.asked] as no:
        return no


def wrong_with(case: Case, outcome: Any) -> str:
    """Return what is wrong with a result; empty if nothing is."""
    for word in words_of(outcome):
        if not isinstance(word, str):
            return f"{word!r} is no string"
        try:
            word.encode("utf-8")
        except UnicodeEncodeError:
            return f"{word!a} can't be written"
    for word in told(outcome):
        if KEY in word or SIGNATURE in word:
            return f"{word!r} holds a key or a signature"
    if wrong := uncounted(outcome):
        return wrong
    if case.asked == "create" and isinstance(outcome, Rejected) and not 400 <= case.status < 500:
        return f"a {case.status} proves no refusal"
    return ""


@dataclass(slots=True)
class Tally:
    """The totals of some executions."""

    executions: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    failures: list[tuple[int, str]] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add the totals of another tally."""
        self.executions += other.executions
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.failures.extend(other.failures)


def tally(seeds: range, readers: dict[str, Reader] = READERS) -> Tally:
    """Execute the cases of these numbers."""
    found = Tally()
    for seed in seeds:
        _execute(seed, readers, found)
    return found


def _execute(seed: int, readers: dict[str, Reader], found: Tally) -> None:
    found.executions += 1
    try:
        case = case_of(seed)
        outcome = read(case, readers[case.asked])
        wrong = wrong_with(case, outcome)
    except Exception:
        found.failures.append((seed, traceback.format_exc(limit=-3)))
        return
    if wrong:
        found.failures.append((seed, f"{case.asked} {case.status}: {wrong}"))
    sort = sort_of(outcome) if isinstance(outcome, ProviderError) else type(outcome)
    name = f"{case.asked} {sort.__name__}"
    found.outcomes[name] = found.outcomes.get(name, 0) + 1


CHUNK = 1000


def _chunk(seeds: range) -> Tally:
    """Run one worker's share; a case that hangs is interrupted and reported."""
    signal.signal(signal.SIGALRM, _hung)
    found = Tally()
    for seed in seeds:
        signal.alarm(30)
        found.add(tally(range(seed, seed + 1)))
    signal.alarm(0)
    return found


def _hung(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError("it hangs")


def main() -> int:
    """Read the command line, run, print; return 1 if anything failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--executions", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0, help="the number of the first case")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    found, began, end = Tally(), time.perf_counter(), asked.seed + asked.executions
    chunks = (range(first, min(first + CHUNK, end)) for first in range(asked.seed, end, CHUNK))
    with multiprocessing.Pool(asked.processes) as pool:
        for part in pool.imap_unordered(_chunk, chunks):
            found.add(part)
    print(report(found, time.perf_counter() - began))
    return 1 if found.failures else 0


def report(found: Tally, seconds: float) -> str:
    """Return the figures as lines."""
    rows = [f"executions  {found.executions} in {seconds:.0f} s, {found.executions / seconds:.0f} a second"]
    rows += [f"{count:11} {outcome}" for outcome, count in sorted(found.outcomes.items())]
    rows += [f"failures    {len(found.failures)}", *(f"seed {seed}: {what}" for seed, what in found.failures[:10])]
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
