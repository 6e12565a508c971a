"""Receive the service's callbacks and use them as hints to poll a task at once.

The service signs nothing and sends no secret, so anyone who knows the address can post to it. Each address ends in a
random name and the name's HMAC with a secret that never leaves this machine; a request without a valid HMAC is refused
before its body is read. Only the task ID of a body is used, and only if this run waits for that task: the task is then
polled with the key, and polling goes on as if there were no callbacks. No address from a callback is ever fetched, and
the number of hints for a task is limited, so a replayed callback costs a few polls.
"""

from __future__ import annotations

import asyncio
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from storyboard.errors import FileTrouble
from storyboard.planning.event import Accepted, Adopted, Disowned, Ended, Notice, Seen
from storyboard.protocols import Dice
from storyboard.world import serving
from storyboard.world.durable import private_folder, write_atomically
from storyboard.world.files import check_no_links
from storyboard.world.layout import Layout

LARGEST_BODY = 64 * 1024
MOST_HINTS = 16
"""Callbacks of one task that are used: the service sends five changes, and the end up to four times."""
BODY_SECONDS = 5.0
"""Time limit for a body, in seconds: the service waits as long for a response."""


@dataclass(slots=True)
class CallbackCounts:
    """Numbers of callbacks.

    `hints` were used; `ignored` had a valid address, but named a task that this run doesn't wait for, or came too
    often; `forged` had no valid address or no valid body.
    """

    hints: int = 0
    ignored: int = 0
    forged: int = 0


class Receiver:
    """Turns callbacks into hints. `base` is the address under which the service reaches this machine."""

    def __init__(self, base: str, secret: bytes, dice: Dice, body_seconds: float = BODY_SECONDS) -> None:
        self.base = base
        self._secret = secret
        self._dice = dice
        self._body_seconds = body_seconds
        self._waited: dict[str, int] = {}
        self._tasks: dict[str, str] = {}
        self._hint: Callable[[str], object] | None = None
        self.counts = CallbackCounts()

    def address(self) -> str:
        """Return a new callback address, for one request."""
        name = self._dice.token()
        return f"{self.base.rstrip('/')}/{name}/{self._signature(name)}"

    def connect(self, hint: Callable[[str], object]) -> None:
        """Call `hint` with the task ID of each hint from now on, from another thread."""
        self._hint = hint

    def on_event(self, event: Notice) -> None:
        """Learn from an event of the run which tasks it waits for."""
        match event:
            case (
                Accepted(task=task, attempt_id=attempt_id)
                | Adopted(task=task, attempt_id=attempt_id)
                | Seen(task=task, attempt_id=attempt_id)
            ):
                if task:
                    self._waited.setdefault(task, 0)
                    self._tasks[attempt_id] = task
            case Ended(attempt_id=attempt_id) | Disowned(attempt_id=attempt_id):
                self._waited.pop(self._tasks.pop(attempt_id, ""), None)
            case _:
                pass

    def app(self) -> Starlette:
        """Return the app that receives callbacks, under any path prefix that a relay adds."""
        return Starlette(routes=[Route("/{path:path}", self.post, methods=["POST"])])

    async def post(self, request: Request) -> Response:
        """Receive one callback."""
        if not self._is_genuine(request.path_params["path"]):
            self.counts.forged += 1
            return Response(status_code=404)
        content = await self._body(request)
        task = _parse_task(content)
        if not task:
            self.counts.forged += 1
            return Response(status_code=413 if content is None else 400)
        self._accept(task)
        return Response(status_code=200)

    def _is_genuine(self, path: str) -> bool:
        *_, name, signature = ("", "", *path.split("/"))
        return hmac.compare_digest(signature.encode(), self._signature(name).encode())

    def _signature(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), "sha256").hexdigest()

    async def _body(self, request: Request) -> bytes | None:
        """Return the whole body, or None if it is too large, incomplete or late."""
        content = bytearray()
        try:
            async with asyncio.timeout(self._body_seconds):
                async for piece in request.stream():
                    content += piece
                    if len(content) > LARGEST_BODY:
                        return None
        except (TimeoutError, ClientDisconnect):
            return None
        return bytes(content)

    def _accept(self, task: str) -> None:
        count = self._waited.get(task, MOST_HINTS)
        if count >= MOST_HINTS or self._hint is None:
            self.counts.ignored += 1
            return
        self._waited[task] = count + 1
        self.counts.hints += 1
        self._hint(task)


def _parse_task(content: bytes | None) -> str:
    """Return the task ID in a body; empty if there is none. Nothing else in the body is used."""
    try:
        value: Any = json.loads(content or b"")
    except (ValueError, RecursionError):
        return ""
    id = value.get("id") if isinstance(value, dict) else None
    return id if isinstance(id, str) else ""


def load_secret(layout: Layout, dice: Dice) -> bytes:
    """Return the project's secret; create it on first use. A later run accepts callbacks of an earlier run's tasks.

    Raise FileTrouble if it can't be read or written.
    """
    layout.guard(layout.hidden)
    check_no_links(layout.hidden)
    path = private_folder(layout.hidden) / "callbacks.key"
    try:
        if not path.exists():
            write_atomically(path, f"{dice.token()}{dice.token()}\n".encode(), 0o600)
        secret = path.read_bytes().strip()
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error
    if len(secret) < 64:
        raise FileTrouble(f"{path} is too short for a secret of callbacks", "remove it; the next run creates a new one")
    return secret


@contextmanager
def serve_callbacks(receiver: Receiver, host: str, port: int) -> Iterator[str]:
    """Serve the receiver for the length of the block; yield its origin. Raise MachineRefuses if it can't listen."""
    with serving.serve_in_background(receiver.app(), serving.bind(port, host)) as origin:
        yield origin
