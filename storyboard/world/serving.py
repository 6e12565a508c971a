"""An ASGI app on a loopback socket, in a thread of its own. The only module that imports uvicorn."""

from __future__ import annotations

import asyncio
import signal
import socket
import struct
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from storyboard.errors import MachineRefuses

HOST = "127.0.0.1"
CONNECTION = "storyboard.connection"
"""The key of a request's scope for the connection below it, for an app that simulates a broken server."""


class Connection:
    """The bytes below HTTP. A caller that writes here sends no HTTP response, and has to close or reset at the end."""

    def __init__(self, transport: asyncio.Transport, room: Callable[[], Awaitable[None]]) -> None:
        self._transport = transport
        self._room = room

    async def write(self, piece: bytes) -> bool:
        """Send bytes as soon as there is room; return False if the other side has closed the connection."""
        await self._room()
        if self._transport.is_closing():
            return False
        self._transport.write(piece)
        await asyncio.sleep(0)
        return True

    def close(self) -> None:
        """End it in good order: what was written arrives."""
        self._transport.close()

    def reset(self) -> None:
        """End it with a reset (RST): what is on its way may be lost."""
        if self._transport.is_closing():
            return
        linger = struct.pack("ii", 1, 0)
        self._transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._transport.abort()


class _Protocol(H11Protocol):
    """uvicorn's own, and every request's scope holds its connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own does
        super().connection_made(transport)
        app, connection = self.app, Connection(transport, self.flow.drain)

        async def connect_socket(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, CONNECTION: connection}, receive, send)

        self.app = connect_socket


def bind(port: int, host: str = HOST) -> socket.socket:
    """Return a listening socket, on this machine alone unless another `host` is named; port 0 chooses a port.

    Raise MachineRefuses if the port is taken, or the host is not one of this machine's. The socket listens already: a
    client that connects before the server starts waits.
    """
    # named as TCP, or asyncio leaves Nagle's delay on: each answer over a kept connection then takes 40 ms longer
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or str(error)
        where = f"port {port}" if host == HOST else f"{host}:{port}"
        raise MachineRefuses(f"{where} can't be served: {why.lower()}", "name another, or 0 for any") from error
    return listening


def address_of(listening: socket.socket) -> str:
    """The origin that a bound socket serves."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(app: Any, listening: socket.socket) -> None:
    """Serve until a signal, or the end of the terminal unless that is ignored. The signal's own handler runs last."""
    server, hung_up = _server(app), threading.Event()

    def hang_up(number: int, frame: object) -> None:
        del number, frame
        hung_up.set()
        server.should_exit = True

    before = signal.getsignal(signal.SIGHUP)
    if before is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, hang_up)
    try:
        server.run(sockets=[listening])
    finally:
        signal.signal(signal.SIGHUP, before)
    if hung_up.is_set():
        signal.raise_signal(signal.SIGHUP)


@contextmanager
def serve_in_background(app: Any, listening: socket.socket) -> Iterator[str]:
    """Serve in the background; the origin. Stops at the end."""
    server = _server(app)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started and thread.is_alive():
            time.sleep(0.002)
        yield address_of(listening)
    finally:
        server.should_exit = True
        thread.join(5)
        listening.close()


def _server(app: Any) -> uvicorn.Server:
    config = uvicorn.Config(
        app,
        http=_Protocol,
        log_level="error",
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=1,
        server_header=False,
        date_header=False,  # the emulator sends its own Date: its clock may differ
    )
    return uvicorn.Server(config)
