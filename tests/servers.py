"""Servers that misbehave: each answers every request with the same bytes, and remembers what it was sent."""

from __future__ import annotations

import os
import socket
import socketserver
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Recorder:
    """A server's address, and the requests that reached it: heads and bodies."""

    origin: str = ""
    requests: list[bytes] = field(default_factory=list)


class Sunk:
    """Where a download goes."""

    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, piece: bytes) -> None:
        """Take the next bytes."""
        self.content += piece


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128  # whom the kernel turns away comes back after a second


@contextmanager
def answering(reply: bytes, trust: ssl.SSLContext | None = None) -> Iterator[Recorder]:
    """Answer every request with these bytes, then hang up; over TLS with a certificate's context."""
    recorder = Recorder()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            request = b""
            length = 0
            while (line := self.rfile.readline()) not in (b"\r\n", b""):
                request += line
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            recorder.requests.append(request + b"\r\n" + self.rfile.read(length))
            try:
                self.wfile.write(reply)
            except OSError:
                return

    with _Server(("127.0.0.1", 0), Handler) as server:
        if trust is not None:
            server.socket = trust.wrap_socket(server.socket, server_side=True)
        recorder.origin = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield recorder
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def dripping(head: bytes, piece: bytes, pause: float) -> Iterator[str]:
    """Answer every request with a head, and then with a piece at a time, without an end; the server's origin."""
    over = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while self.rfile.readline() not in (b"\r\n", b""):
                pass
            try:
                self.wfile.write(head)
                while not over.wait(pause):
                    self.wfile.write(piece)
            except OSError:
                return

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            over.set()
            server.shutdown()
            thread.join()


class Crowd:
    """What a server saw: how many asked at once at the most, and over how many connections."""

    def __init__(self) -> None:
        self.origin = ""
        self.now = 0
        self.most = 0
        self.connections = 0
        self.lock = threading.Lock()


@contextmanager
def counting(reply: bytes) -> Iterator[Crowd]:
    """Answer every request after a moment, keep connections open, and count how many are asked at once."""
    crowd = Crowd()
    moment = threading.Event()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with crowd.lock:
                crowd.connections += 1
            while (line := self.rfile.readline()) not in (b"", b"\r\n"):
                length = 0
                while line not in (b"", b"\r\n"):
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                    line = self.rfile.readline()
                self.rfile.read(length)
                with crowd.lock:
                    crowd.now += 1
                    crowd.most = max(crowd.now, crowd.most)
                moment.wait(0.02)
                with crowd.lock:
                    crowd.now -= 1
                try:
                    self.wfile.write(reply)
                except OSError:
                    return

    with _Server(("127.0.0.1", 0), Handler) as server:
        crowd.origin = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield crowd
        finally:
            server.shutdown()
            thread.join()


def http(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """An HTTP answer as bytes; `length` may lie."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    return "\r\n".join([*lines, "Connection: close", "", ""]).encode() + body


def closed_port() -> int:
    """A port of this machine on which nobody listens."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])


@contextmanager
def silent() -> Iterator[tuple[str, Callable[[], int]]]:
    """A server that reads and never answers: its address, and how many bytes it has heard."""
    heard = 0
    ending = threading.Event()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            nonlocal heard
            heard += len(self.request.recv(65_536))
            ending.wait(10)

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", lambda: heard
        finally:
            ending.set()
            server.shutdown()
            thread.join()


@contextmanager
def resetting(after: int) -> Iterator[str]:
    """A server that resets the connection when it has read the head and so many bytes of the body."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            read = b""
            while len(read) == 0 or len(read.partition(b"\r\n\r\n")[2]) < after:
                read += self.request.recv(65_536)
            now = struct.pack("ii", 1, 0)  # a close without lingering is a reset
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def greeted() -> Iterator[tuple[str, list[int]]]:
    """A server that hears one word and closes: its address, and how many bytes each word had."""
    heard: list[int] = []

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            heard.append(len(self.request.recv(65_536)))

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}", heard
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def garbling(begun: bytes, trust: ssl.SSLContext) -> Iterator[str]:
    """A TLS server that reads a request, begins its answer, and goes on with a record that was damaged on the way."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with trust.wrap_socket(self.request, server_side=True) as secure:
                secure.recv(65_536)
                secure.sendall(begun)
                os.write(secure.fileno(), b"\x17\x03\x03\x00\x20" + b"x" * 32)
                secure.settimeout(10)
                with suppress(OSError):
                    secure.recv(65_536)  # until the other side leaves: unread bytes would make a reset of our end

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        try:
            yield f"https://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
