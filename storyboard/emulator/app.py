"""The ASGI app: the four endpoints in the API's shapes, and the files under signed addresses."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from base64 import b64decode
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route

from storyboard.emulator import footage
from storyboard.emulator.ledger import Ledger
from storyboard.emulator.refusals import Refusal, refusal_of, roles_of
from storyboard.emulator.tasks import Line, Standing, address_dies, is_remembered, reply_of, size_of, standing
from storyboard.errors import MediaTrouble, Unreachable
from storyboard.net import Net
from storyboard.promises import Address, Clock, Dice, is_loopback
from storyboard.providers.ark.wire import ADDRESS_LIVES, TASKS
from storyboard.world.media import probe

BASE = "/api/v3"
LARGEST_BODY = 64 * 1024 * 1024
LARGEST_INPUT = 50 * 1024 * 1024
BEIJING = timedelta(hours=8)


@dataclass(frozen=True, slots=True)
class Conditions:
    """How the emulator behaves: how much faster than life, and how long it holds the answer of a create (seconds)."""

    speed: float = 20.0
    hold_reply: float = 0.0


class Service:
    """One emulated service: a ledger, a clock, and the conditions."""

    def __init__(self, ledger: Ledger, clock: Clock, dice: Dice, conditions: Conditions) -> None:
        self.ledger = ledger
        self.clock = clock
        self.dice = dice
        self.conditions = conditions
        self.net = Net()
        self._ids = set(ledger.lines)
        self._making: dict[str, asyncio.Task[None]] = {}
        self._studio = asyncio.Semaphore(2)

    def app(self) -> Starlette:
        """The app that answers for it."""
        task = BASE + TASKS + "/{task}"
        routes = [
            Route(BASE + TASKS, self.create, methods=["POST"]),
            Route(BASE + TASKS, self.list, methods=["GET"]),
            Route(task + "/cancel", self.create, methods=["POST"]),
            Route(task, self.get, methods=["GET"]),
            Route(task, self.delete, methods=["DELETE"]),
            Route("/files/{task}/{name}", self.file, methods=["GET", "HEAD"]),
        ]
        return Starlette(routes=routes, lifespan=self._life, exception_handlers={HTTPException: self._no_such_thing})

    @asynccontextmanager
    async def _life(self, app: Starlette) -> AsyncIterator[None]:
        del app
        yield
        for making in self._making.values():
            making.cancel()
        await asyncio.gather(*self._making.values(), return_exceptions=True)
        await self.net.close()

    async def create(self, request: Request) -> Response:
        """POST: take a task on."""
        refused = self._unauthorized(request)
        content = await request.body()
        body = _json(content)
        refused = refused or refusal_of(body)
        if len(content) > LARGEST_BODY:
            refused = Refusal(413, "InvalidParameter", "the request body is too large")
        if refused:
            return self._refusal(refused)
        body = {key: value for key, value in body.items() if value is not None}
        line = await self._line(body, content, request.headers.get("x-client-request-id", ""))
        if isinstance(line, Refusal):
            return self._refusal(line)
        await asyncio.to_thread(self.ledger.append, line)
        self._begin_making(line)
        if self.conditions.hold_reply:
            await self.clock.sleep(self.conditions.hold_reply)
        return self._answer({"id": line.task_id})

    async def get(self, request: Request) -> Response:
        """GET one: how a task stands."""
        refused = self._unauthorized(request)
        line = self._known(request.path_params["task"])
        if refused or line is None:
            return self._refusal(refused or _not_found(request))
        return self._answer(self._reply(line, request))

    async def list(self, request: Request) -> Response:
        """GET all: newest first, by page and filter."""
        refused = self._unauthorized(request)
        query = parse_qs(request.url.query, keep_blank_values=True)
        number, size = _count(query, "page_num", 1), _count(query, "page_size", 20)
        if refused or number is None or size is None:
            bounds = Refusal(400, "InvalidParameter", "page_num and page_size must be within [1, 500]", "page_num")
            return self._refusal(refused or bounds)
        lines = [
            line for task in reversed(self.ledger.lines) if (line := self._known(task)) and self._listed(line, query)
        ]
        shown = lines[(number - 1) * size : number * size]
        return self._answer({"total": len(lines), "items": [self._reply(line, request) for line in shown]})

    async def delete(self, request: Request) -> Response:
        """DELETE: cancel what is queued, forget what is ended."""
        refused = self._unauthorized(request)
        line = self._known(request.path_params["task"])
        if refused or line is None:
            return self._refusal(refused or _not_found(request))
        status = self._standing(line).status
        if status in ("running", "cancelled"):
            code = "InvalidAction.RunningTaskDeletion" if status == "running" else "InvalidAction"
            return self._refusal(Refusal(409, code, f"the task is currently {status} and can't be deleted"))
        self.ledger.remove(line.task_id, self.clock.now())
        return self._answer({})

    async def file(self, request: Request) -> Response:
        """A video or a last frame, to whoever has an address that lives; to a GET only, as the signature says."""
        task, name = request.path_params["task"], request.path_params["name"]
        line = self.ledger.lines.get(task)
        signature = request.query_params.get("X-Tos-Signature", "")
        genuine = line is not None and hmac.compare_digest(signature.encode(), self._signature(task, name).encode())
        alive = line is not None and self.clock.now() < address_dies(line, self.conditions.speed)
        if line is None or request.method == "HEAD" or not (genuine and alive) or name not in _FILES:
            why = "Request has expired" if genuine and not alive else "The request signature does not match"
            return Response(
                f"<Error><Code>AccessDenied</Code><Message>{why}</Message></Error>",
                403,
                media_type="application/xml",
            )
        await self._made(line)
        place = self.ledger.video(task) if name == VIDEO else self.ledger.frame(task)
        return FileResponse(place, media_type=_FILES[name])

    async def _no_such_thing(self, request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - registered for it
        del request
        return self._refusal(Refusal(error.status_code, "NotFound", "there is no such path"))

    def _unauthorized(self, request: Request) -> Refusal | None:
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return None
        return Refusal(401, "AuthenticationError", "the API key is missing")

    def _known(self, task: str) -> Line | None:
        line = self.ledger.lines.get(task)
        if line is None or not is_remembered(line, self.clock.now()):
            return None
        removed = self.ledger.removed.get(task)
        gone = removed is not None and self._standing(line).status != "cancelled"
        return None if gone else line

    def _standing(self, line: Line) -> Standing:
        removed = self.ledger.removed.get(line.task_id)
        speed = self.conditions.speed
        if removed is not None and standing(line, removed, speed).status == "queued":
            return standing(line, self.clock.now(), speed, removed)
        return standing(line, self.clock.now(), speed)

    def _listed(self, line: Line, query: Mapping[str, Sequence[str]]) -> bool:
        tasks, models = query.get("filter.task_ids"), query.get("filter.model")
        statuses, tiers = query.get("filter.status"), query.get("filter.service_tier", ["default"])
        return (
            (not tasks or line.task_id in tasks)
            and (not models or line.model in models)
            and (not statuses or self._standing(line).status in statuses)
            and "default" in tiers
        )

    def _reply(self, line: Line, request: Request) -> dict[str, Any]:
        origin = f"{request.url.scheme}://{request.url.netloc}"
        video, frame = (f"{origin}{self._signed(line, name)}" for name in _FILES)
        return reply_of(line, self._standing(line), video, frame)

    def _signed(self, line: Line, name: str) -> str:
        ended = address_dies(line, self.conditions.speed) - ADDRESS_LIVES
        query = {
            "X-Tos-Algorithm": "TOS4-HMAC-SHA256",
            "X-Tos-Credential": "emulated/cn-beijing/tos/request",
            "X-Tos-Date": f"{datetime.fromtimestamp(ended, UTC):%Y%m%dT%H%M%SZ}",
            "X-Tos-Expires": str(ADDRESS_LIVES),
            "X-Tos-Signature": self._signature(line.task_id, name),
            "X-Tos-SignedHeaders": "host",
        }
        return f"/files/{line.task_id}/{name}?{urlencode(query)}"

    def _signature(self, task: str, name: str) -> str:
        return hmac.new(self.ledger.signing_key, f"{task}/{name}".encode(), hashlib.sha256).hexdigest()

    async def _line(self, body: Mapping[str, Any], content: bytes, intent: str) -> Line | Refusal:
        now = self.clock.now()
        inputs: dict[str, str] = {}
        media = [(index, item) for index, item in enumerate(body["content"]) if item["type"] != "text"]
        for index, item in media:
            url = item[item["type"]]["url"]
            try:
                found = await self._fetched(url)
            except Unreachable as error:
                param = f"content[{index}].{item['type']}.url"
                return Refusal(400, "InvalidParameter", f"The parameter `{param}` is not valid: {error.what}", param)
            if found is not None:
                inputs[str(index)] = self.ledger.keep(found)
        text = "\n".join(str(item.get("text", "")) for item in body["content"] if item["type"] == "text")
        return Line(
            task_id=self._new_id(now),
            at=now,
            model=str(body["model"]),
            body_sha256=hashlib.sha256(content).hexdigest(),
            text_sha256=hashlib.sha256(text.encode()).hexdigest(),
            client_request_id=intent,
            body=body,
            inputs=inputs,
            size=size_of(body, await asyncio.to_thread(self._shape, media, inputs)),
            clock=self._clock_of(text, [item for _, item in media]),
        )

    def _new_id(self, now: float) -> str:
        """An id that no task has: two of one second would share one after some hundred creates."""
        while True:
            id = f"cgt-{datetime.fromtimestamp(now, UTC) + BEIJING:%Y%m%d%H%M%S}-{_suffix(self.dice.token())}"
            if id not in self._ids:
                self._ids.add(id)
                return id

    async def _fetched(self, url: str) -> bytes | None:
        """Media from this machine or out of the request itself; None for what a placeholder stands for."""
        if url.startswith("data:"):
            head, _, data = url.partition(",")
            try:
                return b64decode(data, validate=True) if head.endswith(";base64") else data.encode()
            except ValueError:
                raise Unreachable("the base64 can't be decoded") from None
        if not is_loopback(url):
            return None
        sink = _Buffer()
        got = await self.net.stream(Address(url), sink, largest=LARGEST_INPUT)
        if got.status != 200:
            raise Unreachable(f"the address answered {got.status}")
        return bytes(sink.content)

    def _shape(
        self, media: Sequence[tuple[int, Mapping[str, Any]]], inputs: Mapping[str, str]
    ) -> tuple[int, int] | None:
        """The pixels of the first picture or video that can be measured."""
        for index, item in media:
            path = self.ledger.input(inputs.get(str(index), ""))
            measure = {"image_url": probe.image, "video_url": probe.video}.get(item["type"])
            if measure is not None and path.exists():
                try:
                    found = measure(path)
                except MediaTrouble:
                    continue
                return found.width, found.height
        return None

    def _clock_of(self, text: str, media: Sequence[Mapping[str, Any]]) -> float:
        """Where a continuation's clock begins: where that of its source, one of our own videos, ended."""
        sources = [item for item, role in zip(media, roles_of(media), strict=True) if role == "reference_video"]
        if not sources or not footage.is_continuation(text):
            return 0.0
        parts = Address(sources[0]["video_url"]["url"]).bare.split("/")
        line = self.ledger.lines.get(parts[4]) if len(parts) == 6 and parts[3] == "files" else None
        return line.clock + line.seconds if line else 0.0

    def _begin_making(self, line: Line) -> asyncio.Task[None]:
        making = self._making.get(line.task_id)
        if making is None or (making.done() and making.exception() is not None):
            making = self._making[line.task_id] = asyncio.create_task(self._make(line))
        return making

    async def _make(self, line: Line) -> None:
        async with self._studio:
            await asyncio.to_thread(footage.make, line, self.ledger)

    async def _made(self, line: Line) -> None:
        await asyncio.shield(self._begin_making(line))

    def _answer(self, value: Mapping[str, Any], status: int = 200) -> Response:
        return JSONResponse(value, status, headers={"X-Request-Id": self._request_id()})

    def _request_id(self) -> str:
        return f"0217{int(self.clock.now() * 1000)}{self.dice.token()[:16]}"

    def _refusal(self, no: Refusal) -> Response:
        sorts = {
            400: "BadRequest",
            401: "Unauthorized",
            403: "Forbidden",
            404: "NotFound",
            429: "TooManyRequests",
        }
        message = f"{no.message}. Request id: {self._request_id()}"
        error = {
            "code": no.code,
            "message": message,
            "param": no.param,
            "type": sorts.get(no.status, "BadRequest"),
        }
        return self._answer({"error": error}, no.status)


class _Buffer:
    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, piece: bytes) -> None:
        self.content += piece


VIDEO, FRAME = "video.mp4", "last_frame.png"
_FILES = {VIDEO: "video/mp4", FRAME: "image/png"}


def _suffix(token: str) -> str:
    """Five lower-case letters or digits."""
    return token[:5]


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


def _not_found(request: Request) -> Refusal:
    return Refusal(404, "NotFound.Task", f"The task {request.path_params['task']} is not found")


def _count(query: Mapping[str, Sequence[str]], name: str, default: int) -> int | None:
    text = query.get(name, [str(default)])[0]
    return int(text) if text.isdecimal() and len(text) < 5 and 1 <= int(text) <= 500 else None


def service(ledger: Path, clock: Clock, dice: Dice, conditions: Conditions) -> Service:
    """The service whose truth is the ledger at that path."""
    return Service(Ledger(ledger), clock, dice, conditions)
