"""Receives callbacks: that something happened to a task, as a hint to ask again with the key.

The service signs nothing and sends no secret, so that whoever knows the address can post to it. Each address ends in a
name of its own and in the name's HMAC with a secret that never leaves this machine: what bears none is turned away
before its body is read. Of a body nothing is believed but a task's id, and that only if this run waits for the task;
it is then asked after as polling would, which goes on as if there were no callbacks. No address is ever fetched out of
a callback, and a task is hinted at so often and not more: a replay costs a few looks.
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
from storyboard.promises import Dice
from storyboard.world import serving
from storyboard.world.durable import private_folder, write_atomically
from storyboard.world.files import check_no_links
from storyboard.world.layout import Layout

LARGEST_BODY = 64 * 1024
MOST_HINTS = 16
"""Callbacks of one task that are heeded: the service sends five changes, an end up to four times."""
BODY_SECONDS = 5.0
"""How long a body may take: the service itself waits as long for an answer, and no longer."""


@dataclass(slots=True)
class Heard:
    """How many callbacks there were: `hints` were heeded; `ignored` bore our secret, but named no task that this run
    waits for, or too often; `forged` bore no secret of ours, or were no callback at all."""

    hints: int = 0
    ignored: int = 0
    forged: int = 0


class Receiver:
    """Callbacks in, hints out. `base` is the address under which the service reaches this machine."""

    def __init__(self, base: str, secret: bytes, dice: Dice, body_seconds: float = BODY_SECONDS) -> None:
        self.base = base
        self._secret = secret
        self._dice = dice
        self._body_seconds = body_seconds
        self._waited: dict[str, int] = {}
        self._tasks: dict[str, str] = {}
        self._hint: Callable[[str], object] | None = None
        self.heard = Heard()

    def address(self) -> str:
        """A new address to be called back at, for one request."""
        name = self._dice.token()
        return f"{self.base.rstrip('/')}/{name}/{self._signature(name)}"

    def connect(self, hint: Callable[[str], object]) -> None:
        """Give each hint, a task's id, to `hint` from now on; it is called from another thread."""
        self._hint = hint

    def tell(self, event: Notice) -> None:
        """Something happened in the run: this is how it is known which tasks it waits for."""
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
        """The app that hears callbacks, under whatever path a relay puts before ours."""
        return Starlette(routes=[Route("/{path:path}", self.post, methods=["POST"])])

    async def post(self, request: Request) -> Response:
        """Hear one callback."""
        if not self._genuine(request.path_params["path"]):
            self.heard.forged += 1
            return Response(status_code=404)
        content = await self._body(request)
        task = _task_in(content)
        if not task:
            self.heard.forged += 1
            return Response(status_code=413 if content is None else 400)
        self._heed(task)
        return Response(status_code=200)

    def _genuine(self, path: str) -> bool:
        *_, name, said = ("", "", *path.split("/"))
        return hmac.compare_digest(said.encode(), self._signature(name).encode())

    def _signature(self, name: str) -> str:
        return hmac.new(self._secret, name.encode(), "sha256").hexdigest()

    async def _body(self, request: Request) -> bytes | None:
        """The whole body; None if it is too large, or doesn't come."""
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

    def _heed(self, task: str) -> None:
        count = self._waited.get(task, MOST_HINTS)
        if count >= MOST_HINTS or self._hint is None:
            self.heard.ignored += 1
            return
        self._waited[task] = count + 1
        self.heard.hints += 1
        self._hint(task)


def _task_in(content: bytes | None) -> str:
    """The task that a body names; empty if it names none. Nothing else of it is looked at."""
    try:
        value: Any = json.loads(content or b"")
    except (ValueError, RecursionError):
        return ""
    id = value.get("id") if isinstance(value, dict) else None
    return id if isinstance(id, str) else ""


def secret_of(layout: Layout, dice: Dice) -> bytes:
    """The project's secret, drawn when it is first asked for: a later run hears of an earlier one's tasks.

    Raises FileTrouble.
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
        raise FileTrouble(f"{path} is no secret that callbacks could bear", "remove it: another is drawn")
    return secret


@contextmanager
def listening(receiver: Receiver, host: str, port: int) -> Iterator[str]:
    """Hear callbacks until the end; the origin that is listened at. Raises MachineRefuses if that can't be."""
    with serving.serve_in_background(receiver.app(), serving.bind(port, host)) as origin:
        yield origin
