"""The ASGI app around the emulator's own that carries a fault script out.

A request that no fault hits goes through untouched. Of one that is hit, the service's reply is caught whole, changed by
pure functions (`replies`), and written to the connection by hand, since no honest server would send it; the connection
ends with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from storyboard.emulator.app import BASE
from storyboard.emulator.faults import Fault, Script, Verb
from storyboard.emulator.faulty_replies import Reply, Seen, date_of, page_of, value_of, with_header, with_value
from storyboard.protocols import Clock
from storyboard.providers.ark.wire import TASKS
from storyboard.world.serving import CONNECTION, Connection

LARGEST_PAGE = 500


class FaultInjector:
    """An app whose requests go wrong as the script says; `fired` counts the faults that changed something."""

    def __init__(self, app: ASGIApp, script: Script, clock: Clock, tell: Callable[[str], None] | None = None) -> None:
        self.fired: Counter[str] = Counter()
        self._app = app
        self._script = script
        self._clock = clock
        self._tell = tell
        self._numbers: Counter[Verb] = Counter()
        self._times: Counter[tuple[Verb, str]] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the app's life."""
        verb = verb_of(scope["method"], scope["path"]) if scope["type"] == "http" else None
        number, firing = self._faults_that_fire(verb, scope["path"]) if verb else (0, ())
        if not firing:
            await self._app(scope, receive, send)
            return
        reply = await self._reply(firing, _Request(self._app, scope, receive, number))
        await self._deliver(reply, scope[CONNECTION], scope["method"] == "HEAD")
        while (await receive())["type"] != "http.disconnect":
            pass  # uvicorn would answer in the place of an app that returns while the connection stands

    def _faults_that_fire(self, verb: Verb, path: str) -> tuple[int, tuple[Fault, ...]]:
        self._numbers[verb] += 1
        self._times[verb, path] += 1
        number = self._numbers[verb]
        return number, self._script.firing(verb, number, self._times[verb, path])

    async def _reply(self, firing: Sequence[Fault], request: _Request) -> Reply:
        hits = [(fault, self._note(place, request)) for place, fault in enumerate(firing)]
        reply = await self._begin(hits, request)
        for fault, seen in hits:
            if fault.kind.phase in ("instead", "reply"):
                spoiled = fault.kind.act(reply, seen, **fault.given)
                self._count(fault, request, spoiled != reply)
                reply = spoiled
        return reply

    async def _begin(self, hits: Sequence[tuple[Fault, Seen]], request: _Request) -> Reply:
        """What there is before the reply is spoiled: the service's answer, or nothing if it isn't to be asked."""
        phases = {fault.kind.phase for fault, _ in hits}
        date = ("date", date_of(self._clock.now()))
        if "instead" in phases:
            await request.read(_most_read([fault for fault, _ in hits]))
            return Reply(headers=(date,))
        if "twice" in phases:
            await request.answered()
        reply = await request.answered()
        for fault, seen in hits:
            if fault.kind.phase == "twice":
                self._count(fault, request, True)
            elif fault.kind.phase == "other":
                other = await request.other_file()
                self._count(fault, request, other is not None)
                reply = other or reply
            elif fault.kind.phase == "items":
                reply = await self._list_again(fault, seen, reply, request)
        return with_header(reply, *date)

    async def _list_again(self, fault: Fault, seen: Seen, reply: Reply, request: _Request) -> Reply:
        if value_of(reply) is None:
            return reply
        items = await request.items()
        changed = fault.kind.act(items, seen, **fault.given)
        self._count(fault, request, changed != items)
        request.listed = changed
        return with_value(reply, page_of(changed, *request.page))

    def _note(self, place: int, request: _Request) -> Seen:
        seed = self._script.seed
        return Seen(self._clock.now(), request.page[0], request.filtered, seed, f"{seed}/{place}/{request.number}")

    def _count(self, fault: Fault, request: _Request, fired: bool) -> None:
        if fired:
            self.fired[fault.name] += 1
            if self._tell:
                self._tell(f"{fault.verb} {request.number}: {fault.name}")

    async def _deliver(self, reply: Reply, connection: Connection, head: bool) -> None:
        if reply.wait:
            await self._clock.sleep(reply.wait)
        if not reply.silent:
            await connection.write(reply.head)
            if not head:
                await self._deliver_body(reply, connection)
        end = connection.reset if reply.reset else connection.close
        end()

    async def _deliver_body(self, reply: Reply, connection: Connection) -> None:
        for piece in reply.pieces:
            if not await connection.write(piece):
                return
            if reply.pace[1]:
                await self._clock.sleep(reply.pace[1])


def verb_of(method: str, path: str) -> Verb | None:
    """What is asked for; None if it is nothing that a fault is for."""
    if path.startswith("/files/") and method in ("GET", "HEAD"):
        return "file"
    if not path.startswith(BASE + TASKS):
        return None
    task = path.removeprefix(BASE + TASKS)
    verbs: Mapping[str, Verb] = {"POST": "create", "GET": "get" if task else "list", "DELETE": "delete"}
    return verbs.get(method)


def _most_read(firing: Sequence[Fault]) -> int | None:
    """How much of the request is read before it is reset; None for all of it."""
    afters = [fault.given["after"] for fault in firing if fault.does == "reset"]
    return min(afters) if afters else None


class _Request:
    """A request whose body is read once, and which the app may be asked again and otherwise."""

    def __init__(self, app: ASGIApp, scope: Scope, receive: Receive, number: int) -> None:
        self.number = number
        self.listed: list[dict[str, Any]] | None = None
        self._app = app
        self._scope = scope
        self._receive = receive
        self._body: bytes | None = None
        self._query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)

    @property
    def page(self) -> tuple[int, int]:
        """Which page of a list, and how many are on one; nonsense is the service's to refuse."""
        number, size = (self._query.get(name, [word])[0] for name, word in (("page_num", "1"), ("page_size", "20")))
        return tuple(int(word) if word.isdecimal() and len(word) < 5 else 1 for word in (number, size))  # type: ignore[return-value]  # two words, two numbers

    @property
    def filtered(self) -> bool:
        """Is a list of some tasks asked for, not of all?"""
        return any(name.startswith("filter.") and name != "filter.service_tier" for name in self._query)

    async def read(self, most: int | None = None) -> bytes:
        """The body; of `most`, no more is read once there are so many bytes."""
        body, more = bytearray(), most != 0
        while more and self._body is None:
            message = await self._receive()
            body += message.get("body", b"")
            more = message.get("more_body", False) and (most is None or len(body) < most)
        self._body = bytes(body) if self._body is None else self._body
        return self._body

    async def answered(self) -> Reply:
        """What the app answers, once more if it was asked before."""
        return await _catch(self._app, self._scope, await self.read(), self._receive)

    async def items(self) -> list[dict[str, Any]]:
        """All that a list holds, not its page alone."""
        if self.listed is None:
            self.listed, number = [], 1
            while found := await self._items(number):
                self.listed += found
                number += 1
        return self.listed

    async def _items(self, number: int) -> list[dict[str, Any]]:
        query = self._query | {"page_num": [str(number)], "page_size": [str(LARGEST_PAGE)]}
        scope = {**self._scope, "query_string": urlencode(query, doseq=True).encode()}
        value = value_of(await _catch(self._app, scope, b"", self._receive))
        return list(value["items"]) if value else []

    async def other_file(self) -> Reply | None:
        """The same file of the newest other task that has one."""
        _, _, task, name = self._scope["path"].split("/", 3)
        asked = {
            "path": BASE + TASKS,
            "query_string": b"filter.status=succeeded&page_size=500",
            "headers": [(b"host", b"emulator"), (b"authorization", b"Bearer mischief")],
        }
        value = value_of(await self._otherwise(asked)) or {"items": []}
        for item in value["items"]:
            address = urlsplit(item["content"].get("video_url" if name == "video.mp4" else "last_frame_url", ""))
            if item["id"] != task and address.path:
                return await self._otherwise({"path": address.path, "query_string": address.query.encode()})
        return None

    async def _otherwise(self, changes: Mapping[str, Any]) -> Reply:
        """What the app answers to a request that differs from this one."""
        scope = {**self._scope, **changes}
        return await _catch(self._app, scope | {"raw_path": scope["path"].encode()}, b"", self._receive)


async def _catch(app: ASGIApp, scope: Scope, body: bytes, receive: Receive) -> Reply:
    """An app's whole answer to a request."""
    given = iter([{"type": "http.request", "body": body, "more_body": False}])
    start: list[Message] = []
    content = bytearray()

    async def handed() -> Message:
        return next(given, None) or await receive()

    async def taken(message: Message) -> None:
        if message["type"] == "http.response.start":
            start.append(message)
        content.extend(message.get("body", b""))

    await app({**scope}, handed, taken)
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in start[0]["headers"])
    headers = tuple(row for row in headers if row[0] not in ("content-length", "connection", "date"))
    return Reply(start[0]["status"], headers, bytes(content), len(content))
