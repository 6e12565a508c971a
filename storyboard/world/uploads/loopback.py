"""Serves local clips to a provider on this machine, under unguessable paths."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from storyboard.protocols import Address, Dice
from storyboard.world import serving


class Loopback:
    """Addresses for local files, as long as the run lives."""

    def __init__(self, origin: str, dice: Dice) -> None:
        self._origin = origin
        self._dice = dice
        self.files: dict[str, Path] = {}

    def address(self, path: Path) -> Address:
        """An address under which a provider on this machine can fetch the file, Range requests included."""
        token = self._dice.token()
        self.files[token] = path
        return Address(f"{self._origin}/{token}/{quote(path.name)}")


class _Clip(FileResponse):
    """Serve a file. One that can't be read breaks the connection off, so the client notices that it is incomplete."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        try:
            await super().__call__(scope, receive, send)
        except (OSError, RuntimeError):  # the second is what a file that isn't there comes to
            scope[serving.CONNECTION].reset()
            await asyncio.sleep(0)


@contextmanager
def open_loopback(dice: Dice) -> Iterator[Loopback]:
    """Serve until the end."""
    listening = serving.bind(0)
    uploads = Loopback(serving.address_of(listening), dice)

    async def send(request: Request) -> Response:
        path = uploads.files.get(request.path_params["token"])
        return _Clip(path) if path is not None else PlainTextResponse("", 404)

    app = Starlette(routes=[Route("/{token}/{name}", send)])
    with serving.serve_in_background(app, listening):
        yield uploads
