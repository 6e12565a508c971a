"""The ASGI app: the four endpoints in the API's shapes, the files under signed addresses, and the books for tests."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil, inf
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from storyboard.emulator import addresses, assets, billing, callbacks, footage, moderation
from storyboard.emulator.date_header import Dated
from storyboard.emulator.inputs import Found, take_in
from storyboard.emulator.ledger import Ledger, Removal
from storyboard.emulator.limits import RATES, Limiter, Tally, Verb
from storyboard.emulator.render_queue import Making
from storyboard.emulator.seeded_random import SeededDice
from storyboard.emulator.slots import replay
from storyboard.emulator.tasks import (
    AUTO_DURATION,
    Echo,
    Line,
    Standing,
    address_dies,
    history,
    is_remembered,
    model_of,
    next_change,
    reply_of,
    size_of,
)
from storyboard.emulator.validation import LIMITS, Refusal, refusal_of, refusal_of_size, roles_of
from storyboard.hosts import is_loopback
from storyboard.net.client import Net
from storyboard.protocols import Address, Clock, Dice
from storyboard.providers.ark.wire import TASKS, is_over

BASE = "/api/v3"
BEIJING = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class EmulatorConfig:
    """How the emulator behaves.

    `speed`: how much faster than life. `hold_reply`: for how many seconds it holds the answer of a create. `running`:
    how many tasks of a model run at once, the others wait (Ark: 3 for a person, 10 for a company; None: no limit).
    `limits`: does it refuse what comes too often, and does it say when to come again (`retry_after`)? `assets`: the
    ids that `asset://` may name, with their kinds; None: any. `seed`: everything that is drawn by chance follows from
    it. `date_offset`: seconds by which its `Date` is wrong. `callback_seconds`: how long a callback has to be answered;
    `calls`: are callbacks honest? `resign`: does every look sign addresses anew, for another day? `ranges`: are parts
    of a file given? `safety_identifier`: when do replies repeat it: always, or only of tasks that have ended, or never?
    Where nobody knows how Ark does, the default is what would hurt most.
    """

    speed: float = 20.0
    hold_reply: float = 0.0
    running: int | None = None
    limits: bool = False
    retry_after: bool = False
    assets: Mapping[str, str] | None = None
    seed: int | None = None
    date_offset: float = 0.0
    callback_seconds: float = callbacks.ANSWER_SECONDS
    calls: callbacks.Manner = "honest"
    resign: bool = False
    ranges: bool = False
    safety_identifier: Echo = "ended"


class Service:
    """One emulated service: a ledger, a clock, and the conditions.

    `traffic` counts what it was asked, whatever it answered; `told` are the callbacks that it made, or only noted.
    """

    def __init__(self, ledger: Ledger, clock: Clock, dice: Dice, conditions: EmulatorConfig) -> None:
        self.ledger = ledger
        self.clock = clock
        self.conditions = conditions
        self.net = Net()
        self.traffic: Mapping[Verb, Tally] = {verb: Tally() for verb in RATES}
        self.told: list[callbacks.Told] = []
        seed = conditions.seed
        self._names = dice if seed is None else SeededDice(seed, "tasks")
        self._numbers = dice if seed is None else SeededDice(seed, "answers")
        self._making = Making(ledger)
        self._heralds: set[asyncio.Task[None]] = set()
        self._taking = asyncio.Lock()
        self._origin = ""
        self._begin()

    def _begin(self) -> None:
        """Stand where the ledger says."""
        cancelled = (
            self.ledger.lines[removal.task_id] for removal in self.ledger.removed.values() if removal.cancelled
        )
        running = inf if self.conditions.running is None else self.conditions.running
        self._slots = replay(self.ledger.lines.values(), cancelled, self.conditions.speed, running)
        self._ids = set(self.ledger.lines)
        self._limiter = Limiter()

    def app(self) -> Starlette:
        """The app that answers for it."""
        task = BASE + TASKS + "/{task}"
        routes = [
            Route(BASE + TASKS, self.create, methods=["POST"]),
            Route(BASE + TASKS, self.list, methods=["GET"]),
            Route(task + "/cancel", self.create, methods=["POST"]),
            Route(task + "/stop", self.create, methods=["POST"]),
            Route(task, self.get, methods=["GET"]),
            Route(task, self.delete, methods=["DELETE"]),
            Route("/files/{task}/{name}", self.file, methods=["GET", "HEAD"]),
            Route("/__ledger", self.books, methods=["GET"]),
            Route("/__snapshot", self.snapshot, methods=["GET"]),
            Route("/__restore", self.restore, methods=["POST"]),
            Route("/__reset", self.reset, methods=["POST"]),
        ]
        app = Starlette(
            routes=routes,
            lifespan=self._life,
            middleware=[Middleware(Dated, now=lambda: self.clock.now() + self.conditions.date_offset)],
            exception_handlers={HTTPException: self._no_such_thing, 500: self._break_off},
        )
        app.router.redirect_slashes = False  # a create that is sent on might be sent twice
        return app

    @asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        await self._silence()
        await self._making.stop()
        await self.net.close()

    async def create(self, request: Request) -> Response:
        """POST: take a task on."""
        content = await _content(request)
        body = _json(content)
        early = self._meet("CREATE", request, str(body.get("model")) if isinstance(body, dict) else "")
        refused = None if early else self._refuse(content, body)
        if early:
            return early
        if refused:
            return self._refusal(refused)
        body = {key: value for key, value in body.items() if value is not None}
        media = [(index, item) for index, item in enumerate(body["content"]) if item["type"] != "text"]
        found = await take_in(media, self.ledger, self.net)
        if isinstance(found, Refusal):
            return self._refusal(found)
        line = await self._take(request, body, content, found)
        self._announce(line, told=0)
        if self.conditions.hold_reply:
            await self.clock.sleep(self.conditions.hold_reply)
        return self._answer({"id": line.task_id})

    async def get(self, request: Request) -> Response:
        """GET one: how a task stands."""
        early = self._meet("GET", request)
        line = self._state_of(request.path_params["task"])
        if early or line is None:
            return early or self._refusal(_not_found(request))
        return self._answer(self._reply(line, self._history(line)[-1], _origin(request)))

    async def list(self, request: Request) -> Response:
        """GET all: newest first, by page and filter."""
        early = self._meet("LIST", request)
        query = parse_qs(request.url.query, keep_blank_values=True)
        number, size = _count(query, "page_num", 1), _count(query, "page_size", 20)
        if early or number is None or size is None:
            wrong = "page_num" if number is None else "page_size"
            return early or self._refusal(Refusal(400, "InvalidParameter", f"{wrong} must be within [1, 500]", wrong))
        tasks = reversed(self.ledger.tasks)
        lines = [line for task in tasks if (line := self._state_of(task)) and self._is_listed(line, query)]
        shown = lines[(number - 1) * size : number * size]
        items = [self._reply(line, self._history(line)[-1], _origin(request)) for line in shown]
        return self._answer({"total": len(lines), "items": items})

    async def delete(self, request: Request) -> Response:
        """DELETE: cancel what is queued, forget what is ended."""
        early = self._meet("DELETE", request)
        line = self._state_of(request.path_params["task"])
        if early or line is None:
            return early or self._refusal(_not_found(request))
        status = self._history(line)[-1].status
        if status in ("running", "cancelled"):
            code = "InvalidAction.RunningTaskDeletion" if status == "running" else "InvalidAction"
            return self._refusal(Refusal(409, code, f"the task is currently {status} and can't be deleted"))
        self.ledger.remove(Removal(line.task_id, self.clock.now(), status == "queued"))
        if status == "queued":
            self._slots.cancel(line)
        return self._answer({})

    async def file(self, request: Request) -> Response:
        """A video or a last frame, to whoever has an address that lives; to a GET only, as the signature says."""
        task, name = request.path_params["task"], request.path_params["name"]
        line = self.ledger.lines.get(task)
        signed = addresses.sign_at(self.ledger.signing_key, task, name, request.query_params)
        if line is None or request.method == "HEAD" or signed is None or name not in addresses.FILES:
            return _deny("The request signature does not match")
        now = self._history(line)[-1]
        if now.status != "succeeded" or self.clock.now() >= address_dies(signed):
            return _deny("Request has expired")
        await self._making.made(line)
        place = self.ledger.video(task) if name == addresses.VIDEO else self.ledger.frame(task)
        return (FileResponse if self.conditions.ranges else _Whole)(place, media_type=addresses.FILES[name])

    async def books(self, request: Request) -> Response:
        """What was taken on, for whom, how it stands and what is billed; and how often the service was asked."""
        if not _is_at_home(request):
            return self._refusal(Refusal(403, "AccessDenied", "the books are shown on this machine only"))
        rows = [self._row(self.ledger.lines[task]) for task in self.ledger.tasks]
        billed = {name: sum(row[name] for row in rows if row["billed"]) for name in ("tokens", "price")}
        traffic = {verb: {"count": tally.count, "most": tally.most} for verb, tally in self.traffic.items()}
        return self._answer({"tasks": rows, "billed": billed, "traffic": traffic})

    async def reset(self, request: Request) -> Response:
        """Begin anew: nothing was ever taken on, asked or told."""
        if not _is_at_home(request):
            return self._refusal(Refusal(403, "AccessDenied", "only this machine may reset the service"))
        async with self._taking:
            await self._silence()
            await self._making.stop()
            self.ledger.forget()
            self.told.clear()
            self.traffic = {verb: Tally() for verb in RATES}
            self._begin()
        return self._answer({})

    async def snapshot(self, request: Request) -> Response:
        """How far the ledger has come, for `restore`."""
        if not _is_at_home(request):
            return self._refusal(Refusal(403, "AccessDenied", "the books are shown on this machine only"))
        return self._answer({"tasks": len(self.ledger.lines), "removals": len(self.ledger.removed)})

    async def restore(self, request: Request) -> Response:
        """Be again where a snapshot says: what was taken on and removed since never was. Counts of requests stay."""
        if not _is_at_home(request):
            return self._refusal(Refusal(403, "AccessDenied", "only this machine may restore the service"))
        kept = _json(await _content(request))
        async with self._taking:
            counts = {"tasks": len(self.ledger.lines), "removals": len(self.ledger.removed)}
            if not _is_within(kept, counts):
                return self._refusal(Refusal(400, "InvalidParameter", f"a snapshot has at most {counts}"))
            await self._silence()
            await self._making.stop()
            self.ledger.cut_back(kept["tasks"], kept["removals"])
            self._begin()
            self._resume()
        return self._answer({})

    async def _no_such_thing(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        if error.status_code == 405:
            why = f"{request.method} is not done here"
            return self._refusal(Refusal(405, "MethodNotAllowed", why))
        return self._refusal(Refusal(error.status_code, "NotFound", "there is no such path"))

    async def _break_off(self, request: Request, error: Exception) -> Response:
        """Our own fault, such as a disk that is full: the caller sees what the service would say of one of its own."""
        del request, error
        return self._refusal(Refusal(500, "InternalServiceError", "the service encountered an unexpected error"))

    def _meet(self, verb: Verb, request: Request, of: str = "") -> Response | None:
        """Count a request; an answer at once to whoever brings no key, or comes too often."""
        now = self.clock.now()
        self.traffic[verb].add(now)
        self._hear_of(_origin(request))
        if not _key(request):
            return self._refusal(Refusal(401, "AuthenticationError", "the API key is missing"))
        wait = self._limiter.wait(verb, now, of) if self.conditions.limits else 0.0
        if not wait:
            return None
        late = self._refusal(Refusal(429, RATES[verb].code, "the rate limit is exceeded, please try again later"))
        if self.conditions.retry_after:
            late.headers["Retry-After"] = str(ceil(wait))
        return late

    def _hear_of(self, origin: str) -> None:
        """Where the files are is known from the first request on: then callbacks of earlier tasks can go on."""
        if self._origin:
            return
        self._origin = origin
        self._resume()

    def _resume(self) -> None:
        """Go on telling of every task what is still to come."""
        for line in map(self.ledger.lines.__getitem__, self.ledger.tasks):
            self._announce(line, told=len(self._history(line)))

    def _refuse(self, content: bytes, body: Any) -> Refusal | None:
        """Why a create is refused, before anything is fetched for it."""
        refused = refusal_of_size(len(content)) or refusal_of(body)
        if refused:
            return refused
        verdict = moderation.verdict_of(_text(body["content"]), moderation.OF_INPUT)
        return assets.refusal_of(body["content"], self.conditions.assets) or (
            Refusal(400, verdict.code, verdict.message) if verdict else None
        )

    def _state_of(self, task: str) -> Line | None:
        line, removal = self.ledger.lines.get(task), self.ledger.removed.get(task)
        if line is None or (removal and not removal.cancelled):
            return None
        return line if is_remembered(line, self.clock.now(), removal.at if removal else None) else None

    def _history(self, line: Line) -> tuple[Standing, ...]:
        now, removal = self.clock.now(), self.ledger.removed.get(line.task_id)
        self._slots.advance(now)
        cancelled_at = removal.at if removal and removal.cancelled else None
        return history(line, now, self.conditions.speed, self._slots.starts.get(line.task_id), cancelled_at)

    def _is_listed(self, line: Line, query: Mapping[str, Sequence[str]]) -> bool:
        tasks, models = query.get("filter.task_ids"), query.get("filter.model")
        statuses, tiers = query.get("filter.status"), query.get("filter.service_tier", ["default"])
        return (
            (not tasks or line.task_id in tasks)
            and (not models or line.model in models or line.runs in models)
            and "default" in tiers
            and (not statuses or self._history(line)[-1].status in statuses)
        )

    def _reply(self, line: Line, now: Standing, origin: str) -> dict[str, Any]:
        names = [addresses.VIDEO] + ([addresses.FRAME] if line.body.get("return_last_frame") else [])
        made = names if now.status == "succeeded" else []
        at = self.clock.now() if self.conditions.resign else now.since
        signed = {name: origin + addresses.signed(self.ledger.signing_key, line.task_id, name, at) for name in made}
        fields = {addresses.VIDEO: "video_url", addresses.FRAME: "last_frame_url"}
        content = {fields[name]: url for name, url in signed.items()}
        return reply_of(line, now, content, self.conditions.safety_identifier)

    def _row(self, line: Line) -> dict[str, Any]:
        status = self._history(line)[-1].status
        names = ("task_id", "at", "model", "who", "client_request_id", "body_sha256", "tokens", "price")
        return {name: getattr(line, name) for name in names} | {"status": status, "billed": status == "succeeded"}

    async def _take(self, request: Request, body: Mapping[str, Any], content: bytes, found: Found) -> Line:
        """Write a line: from then on it is true. One at a time, so that they stand in the order of their times."""
        async with self._taking:
            line = self._line(request, body, content, found)
            self._slots.take(line)
            await asyncio.to_thread(self.ledger.append, line)
        return line

    def _line(self, request: Request, body: Mapping[str, Any], content: bytes, found: Found) -> Line:
        now, text, model = self.clock.now(), _text(body["content"]), str(body["model"])
        size = size_of(body, found.shape)
        asked = body.get("duration")
        tokens = billing.tokens_of(size, AUTO_DURATION if asked in (None, -1) else int(asked), found.handed)
        return Line(
            task_id=self._new_id(now),
            at=now,
            model=model,
            body_sha256=hashlib.sha256(content).hexdigest(),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            client_request_id=request.headers.get("x-client-request-id", ""),
            body=body,
            inputs=found.inputs,
            size=size,
            clock=self._clock_of(text, [item for item in body["content"] if item["type"] != "text"]),
            who=hashlib.sha256(_key(request).encode()).hexdigest()[:12],
            tokens=tokens,
            price=billing.price_of(model_of(model), tokens, found.handed),
        )

    def _new_id(self, now: float) -> str:
        """An id that no task has: two of one second would share one after some hundred creates."""
        while True:
            id = f"cgt-{datetime.fromtimestamp(now, UTC) + BEIJING:%Y%m%d%H%M%S}-{self._names.token()[:5]}"
            if id not in self._ids:
                self._ids.add(id)
                return id

    def _clock_of(self, text: str, media: Sequence[Mapping[str, Any]]) -> float:
        """Where a continuation's clock begins: where that of its source, one of our own videos, ended."""
        sources = [item for item, role in zip(media, roles_of(media), strict=True) if role == "reference_video"]
        if not sources or not footage.is_continuation(text):
            return 0.0
        parts = Address(sources[0]["video_url"]["url"]).bare.split("/")
        line = self.ledger.lines.get(parts[4]) if len(parts) == 6 and parts[3] == "files" else None
        return line.clock + line.seconds if line else 0.0

    def _announce(self, line: Line, told: int) -> None:
        """Tell a task's changes, from the one on that comes after so many, to whoever its create named."""
        url = line.body.get("callback_url")
        if not isinstance(url, str) or not url:
            return
        if not is_loopback(url):
            self.told.append(callbacks.Told(line.task_id, "queued", Address(url).bare, ()))
            return
        herald = asyncio.create_task(self._herald(line, url, told))
        self._heralds.add(herald)
        herald.add_done_callback(self._heralds.discard)

    async def _herald(self, line: Line, url: str, told: int) -> None:
        while True:
            past = self._history(line)
            over = is_over(past[-1].status)
            for body in callbacks.calls_for(self._bodies(line, past), told, over, self.conditions.calls):
                self.told.append(await callbacks.tell(self.net, url, body, self.conditions.callback_seconds))
            told = max(told, len(past))
            if over:
                return
            await self.clock.sleep(max(0.001, self._next_change(line) - self.clock.now()))

    def _bodies(self, line: Line, past: Sequence[Standing]) -> Sequence[Mapping[str, Any]]:
        """What is to be told of each change until now."""
        return [self._reply(line, change, self._origin) for change in past]

    def _next_change(self, line: Line) -> float:
        starts, next_start = self._slots.starts.get(line.task_id), self._slots.next_start(line)
        return next_change(line, self.clock.now(), self.conditions.speed, starts, next_start)

    async def _silence(self) -> None:
        heralds = list(self._heralds)
        for herald in heralds:
            herald.cancel()
        await asyncio.gather(*heralds, return_exceptions=True)

    def _answer(self, value: Mapping[str, Any], status: int = 200, number: str = "") -> Response:
        return JSONResponse(value, status, headers={"X-Request-Id": number or self._request_id()})

    def _request_id(self) -> str:
        return f"0217{int(self.clock.now() * 1000)}{self._numbers.token()[:16]}"

    def _refusal(self, no: Refusal) -> Response:
        number = self._request_id()
        error = {
            "code": no.code,
            "message": f"{no.message}. Request id: {number}",
            "param": no.param,
            "type": _SORTS.get(no.status, "BadRequest"),
        }
        return self._answer({"error": error}, no.status, number)


_SORTS = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    429: "TooManyRequests",
    500: "InternalServerError",
}


def _key(request: Request) -> str:
    """The key that a request brings; empty if none."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}"


def _is_at_home(request: Request) -> bool:
    """Does a program of this machine ask, rather than a page in its browser?"""
    return is_loopback(f"http://{request.headers.get('host', '')}") and "origin" not in request.headers


async def _content(request: Request) -> bytes:
    """A request's body; of one that is too large no more than it takes to know that."""
    content = bytearray()
    async for piece in request.stream():
        content += piece[: LIMITS.body_bytes + 1 - len(content)]
    return bytes(content)


def _json(content: bytes) -> Any:
    """A body's value: an empty one asks for nothing, and None is what is no JSON, or holds halves of characters."""
    try:
        value = json.loads(content or b"{}")
        if _HALF.search(content):
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return value


_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""A surrogate, which may have its other half beside it."""


def _is_within(value: Any, counts: Mapping[str, int]) -> bool:
    """Are these whole numbers, each no more than its count?"""
    return isinstance(value, dict) and all(
        type(value.get(name)) is int and 0 <= value[name] <= count for name, count in counts.items()
    )


def _text(content: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(item.get("text", "")) for item in content if item["type"] == "text")


def _not_found(request: Request) -> Refusal:
    return Refusal(404, "NotFound.Task", f"The task {request.path_params['task']} is not found")


class _Whole(FileResponse):
    """A file that is only given whole, whatever part of it is asked for."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        del self.headers["accept-ranges"]
        headers = [row for row in scope["headers"] if row[0] not in (b"range", b"if-range")]
        await super().__call__({**scope, "headers": headers}, receive, send)


def _deny(why: str) -> Response:
    return Response(addresses.refusal(why), 403, media_type="application/xml")


def _count(query: Mapping[str, Sequence[str]], name: str, default: int) -> int | None:
    text = query.get(name, [str(default)])[0]
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text) and 1 <= int(text) <= 500 else None


def service(ledger: Path, clock: Clock, dice: Dice, conditions: EmulatorConfig) -> Service:
    """The service whose truth is the ledger at that path."""
    seed = conditions.seed
    key = b"" if seed is None else SeededDice(seed, "signing").token().encode()
    return Service(Ledger(ledger, key), clock, dice, conditions)
