"""Experiments on the real service, with two small tasks, for what the vendor's description leaves open.

An answer is a value with the sentence that follows from it; these sentences are in `probe_questions`. The experiments
write no journal: their tasks belong to no project, and their IDs are printed as soon as they are known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from storyboard.errors import ProviderError, Unreachable
from storyboard.hosts import is_private
from storyboard.language.capability import Capability
from storyboard.language.scene import Parameters
from storyboard.net.client import Net, Reply
from storyboard.planning.price import Cost, tokens
from storyboard.protocols import Account, Clock, Dice
from storyboard.providers.ark import wire
from storyboard.providers.ark.probe_questions import Answer, Word
from storyboard.providers.provider import EVERYTHING, Order, TaskQuery

SEED = 12_345
SAFETY = "storyboard-probe"
SECONDS = 4
SIZE = ("480p", "16:9")
TASKS = 2
BAND = (172_802, 238_337)
"""Seconds of a task's life that are unlikely to be requested by chance: the usual life is 172,800."""
VISIBLE_WITHIN = 180.0
"""Seconds for which a new task is looked for in the list: as long as a doubt is waited with."""
LONGEST = 3 * 3600.0
"""Seconds for which the video is waited for."""
PATIENCE = 6
"""The number of attempts for a free request."""
BURST = 6
"""Lists at once, to meet a limit of one a second."""


def worst(row: Capability) -> Cost:
    """Return the maximum cost of the probes: both tasks, in full."""
    amount = TASKS * tokens(*row.pixels[SIZE], SECONDS, None)
    price = row.prices[SIZE[0]]
    money = amount * Decimal(str(price.plain)) / 1_000_000
    return Cost(amount, amount, money, money, price.currency)


def order(row: Capability, life: int) -> Order:
    """Return the cheapest task that answers all questions: four silent seconds with an unusual life."""
    asked = Parameters(
        resolution=SIZE[0],
        ratio=SIZE[1],
        duration=SECONDS,
        generate_audio=False,
        seed=SEED,
        execution_expires_after=life,
        safety_identifier=SAFETY,
    )
    return Order(row.id, "A lighthouse on a calm evening, the camera stands still.", (), asked)


class Probes:
    """The experiments. `tell` receives progress messages; `answers` are in the order in which they are found."""

    def __init__(
        self, account: Account, other: Account | None, net: Net, clock: Clock, dice: Dice, tell: Callable[[str], None]
    ) -> None:
        self._account = account
        self._other = other
        self._net = net
        self._clock = clock
        self._dice = dice
        self._tell = tell
        self._url = account.base_url + wire.TASKS
        self.answers: list[Answer] = []

    async def all(self, row: Capability) -> None:
        """Ask all questions. Raise ProviderError if that is impossible; the answers so far are in `answers`."""
        life = BAND[0] + int(self._dice.fraction() * (BAND[1] - BAND[0]))
        body = wire.encode_order(order(row, life))
        first, lag = await self._create(body)
        second = await self._submit_twin(first, body)
        listed = await self._list()
        self._check_markers(listed, [first, second], life, await self._get(first))
        self._check_order(listed, first, second, lag)
        await self._cancel(second)
        await self._check_other_key(first)
        await self._check_video(first)
        await self._check_rate_limit()

    async def _create(self, body: bytes) -> tuple[str, float]:
        """A task, and the seconds until the list has it (negative: it was not seen there)."""
        task = await self._submit(body)
        self._tell(f"task {task} was taken on")
        began = self._clock.now()
        while (waited := self._clock.now() - began) < VISIBLE_WITHIN:
            if any(row.get("id") == task for row in await self._list()):
                return task, waited
            await self._clock.sleep(1.0)
        return task, -1.0

    async def _submit(self, body: bytes) -> str:
        headers = {**_headers(self._account), "Content-Type": "application/json"}
        reply = await self._net.submit(self._url, headers | {"X-Client-Request-Id": self._dice.token()}, body)
        return wire.parse_task_id(reply.status, reply.body)

    async def _submit_twin(self, first: str, body: bytes) -> str:
        """P6: the same bytes again."""
        try:
            second = await self._submit(body)
        except ProviderError as error:
            self._note("P6", "open", {"error": error.what})
            return ""
        self._tell(f"task {second} was taken on")
        self._note("P6", "yes" if second != first else "no", {"tasks": [first, second]})
        return second if second != first else ""

    def _check_markers(
        self, listed: Sequence[Mapping[str, Any]], tasks: Sequence[str], life: int, look: Mapping[str, Any]
    ) -> None:
        """P1 and P5, of tasks that are not ended: as a list has them, and for P5 as a look at the first has it, too."""
        rows = [row for row in listed if row.get("id") in tasks and _is_under_way(row)]
        lives = {str(row.get("status")): row.get("execution_expires_after") for row in rows}
        self._note("P1", _word([value == life for value in lives.values()]), {"asked": life, "listed": lives})
        ways = {"list": rows, "look": [look] if _is_under_way(look) else []}
        seen = {way: _word([row.get("safety_identifier") == SAFETY for row in told]) for way, told in ways.items()}
        words = set(seen.values())
        self._note("P5", "no" if "no" in words else "open" if "open" in words else "yes", seen)

    def _check_order(self, listed: Sequence[Mapping[str, Any]], first: str, second: str, lag: float) -> None:
        """P2."""
        ids = [str(row.get("id")) for row in listed]
        both = bool(second) and first in ids and second in ids
        newest_first = both and ids.index(second) < ids.index(first)
        word: Word = "no" if lag < 0 or (both and not newest_first) else "yes" if both else "open"
        self._note("P2", word, {"seconds_until_listed": round(lag, 2), "samples": 1, "newest_first": newest_first})

    async def _cancel(self, second: str) -> None:
        """P9: cancel the twin at once. One that is ended is left alone: its record would go."""
        before = (await self._get(second)).get("status") if second else None
        if before not in ("queued", "running"):
            return self._note("P9", "open", {"status": before})
        reply = await self._ask("DELETE", f"{self._url}/{second}")
        after = (await self._get(second)).get("status")
        seen = {"before": before, "http": reply.status, "code": _code(reply), "after": after}
        again = f"after a day, in the console's bill: is task {second} on it?"
        return self._note("P9", "yes" if after == "cancelled" else "no", seen, again)

    async def _check_rate_limit(self) -> None:
        """P8: lists cost nothing, and more than one a second may be too many."""
        for _ in range(BURST):
            if any(answer.probe == "P8" for answer in self.answers):
                return
            self._answer_of(
                await self._net.ask("GET", self._url, _headers(self._account), wire.query_of(TaskQuery(size=1)))
            )
        if not any(answer.probe == "P8" for answer in self.answers):
            self._note("P8", "open", {"lists": BURST})

    def _answer_of(self, reply: Reply) -> None:
        """The first 429 that is met answers P8."""
        if reply.status == 429 and not any(answer.probe == "P8" for answer in self.answers):
            when = reply.headers.get("retry-after", "")
            self._note("P8", "yes" if when else "no", {"code": _code(reply), "retry_after": when[:40]})

    async def _ask(self, method: str, url: str, query: Sequence[tuple[str, str]] = ()) -> Reply:
        """A question that costs nothing, again if there is no answer for now: a task may be under way."""
        for attempt in range(1, PATIENCE + 1):
            try:
                reply = await self._net.ask(method, url, _headers(self._account), query)
                self._answer_of(reply)
                if attempt == PATIENCE or not (reply.status == 429 or reply.status >= 500):
                    return reply
            except Unreachable:
                if attempt == PATIENCE:
                    raise
            await self._clock.sleep(5.0 * attempt)
        raise AssertionError("the last attempt returns or raises")

    async def _check_other_key(self, first: str) -> None:
        """P3."""
        if self._other is None:
            return self._note("P3", "open")
        reply = await self._net.ask(
            "GET", self._url, _headers(self._other), wire.query_of(TaskQuery(tasks=(first,), size=10))
        )
        seen = any(row.get("id") == first for row in _rows(reply))
        return self._note("P3", "yes" if seen else "no", {"status": reply.status})

    async def _check_video(self, first: str) -> None:
        """P4 and P7, once there is a video."""
        self._tell(f"waiting for task {first} to end")
        task = await self._wait_for_end(first)
        if task.get("status") != "succeeded":
            self._note("P4", "open", {"status": task.get("status")})
            return self._note("P7", "open", {"status": task.get("status")})
        self._note("P4", "yes" if task.get("seed") == SEED else "no", {"asked": SEED, "seed": task.get("seed")})
        await self._clock.sleep(self._account.poll_policy.first)
        later = await self._get(first)
        one, two = _video(task), _video(later)
        if not one:
            return self._note("P7", "open")
        seen = {
            "head": await self._status("HEAD", one, {}),
            "range": await self._status("GET", one, {"Range": "bytes=0-0"}),
            "lives_seconds": (parse_qs(urlsplit(one).query).get("X-Tos-Expires") or [""])[0][:10],
        }
        again = f"after 25 hours: does `tasks get {first}` name another address, and what does the old one answer?"
        return self._note("P7", "yes" if one != two else "no", seen, again)

    async def _wait_for_end(self, task: str) -> Mapping[str, Any]:
        began = self._clock.now()
        while True:
            value = await self._get(task)
            if value.get("status") not in ("queued", "running") or self._clock.now() - began > LONGEST:
                return value
            await self._clock.sleep(self._account.poll_policy.first)

    async def _get(self, task: str) -> Mapping[str, Any]:
        reply = await self._ask("GET", f"{self._url}/{task}")
        wire.parse_task(reply.status, reply.body)  # raises where it is no task
        value = reply.json()
        return value if isinstance(value, dict) else {}

    async def _list(self) -> list[Mapping[str, Any]]:
        reply = await self._ask("GET", self._url, wire.query_of(EVERYTHING))
        wire.parse_page(reply.status, reply.body)  # raises where it is no page
        return _rows(reply)

    async def _status(self, method: str, url: str, headers: Mapping[str, str]) -> int:
        """Return the status of the file server without a key; 0 if it gave no answer of a readable size, or is not a
        server from which a video would be fetched."""
        if self._account.realm == "real" and (is_private(url) or not url.startswith("https://")):
            return 0
        try:
            return (await self._net.ask(method, url, headers)).status
        except ProviderError:
            return 0

    def _note(self, probe: str, word: Word, seen: Mapping[str, Any] | None = None, again: str = "") -> None:
        self.answers.append(Answer(probe, word, seen or {}, again))


def _headers(account: Account) -> dict[str, str]:
    return {"Authorization": f"Bearer {account.key.reveal()}", "Accept": "application/json"}


def _rows(reply: Reply) -> list[Mapping[str, Any]]:
    value = reply.json()
    items = value.get("items") if isinstance(value, dict) else None
    return [row for row in items if isinstance(row, dict)] if isinstance(items, list) else []


def _code(reply: Reply) -> str:
    value = reply.json()
    error = value.get("error") if isinstance(value, dict) else None
    return str(error.get("code", ""))[:80] if isinstance(error, dict) else ""


def _video(task: Mapping[str, Any]) -> str:
    content = task.get("content")
    url = content.get("video_url") if isinstance(content, dict) else None
    return url if isinstance(url, str) else ""


def _is_under_way(task: Mapping[str, Any]) -> bool:
    return task.get("status") in ("queued", "running")


def _word(found: Sequence[bool]) -> Word:
    return "open" if not found else "yes" if all(found) else "no"
