"""Send requests: questions, paid requests, and streams to a sink.

A question may be asked again. A paid request goes out once, over a connection of its own (a stale one that dies under
it would leave us in doubt for nothing), follows no redirect and is never repeated by a library; what came of it is
either a reply, or `NotSent`, or `UnknownOutcome`. A stream carries no key at all, has to say how long it is, and to
come at some rate.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from storyboard.errors import NotSent, NoWayOut, UnknownOutcome, Unreachable, Untrusted, Unusable
from storyboard.hosts import is_loopback
from storyboard.protocols import Address, Sink

POOL = 16
"""Connections for questions: httpx costs 17 ms of CPU a request when a thousand wait in its pool."""

FETCHES = 4
"""Streams at a time."""

LARGEST_REPLY = 8 * 1024 * 1024
PLAIN = {"Accept-Encoding": "identity"}
"""Asked of everybody: a small packed answer may unpack to a huge one."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How slow a stream may be: at least `least` bytes in each `seconds`, and all of it in `whole` seconds.

    `connect` is for a connection; `ask` for a question in all, since a server that answers byte by byte would keep us
    for ever; `answer` for the answer to a paid request: waiting is cheap, doubt is not. All are seconds.
    """

    seconds: float = 30.0
    least: int = 30 * 1024
    whole: float = 3600.0
    connect: float = 10.0
    ask: float = 60.0
    answer: float = 180.0


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, or None if it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True, slots=True)
class Streamed:
    """What came of a stream: how many bytes, how many were promised (None: nobody said), and of what sort."""

    status: int
    size: int
    promised: int | None
    content_type: str


class Net:
    """The way out. One for each run; close it at the end."""

    def __init__(self, patience: Patience = Patience()) -> None:
        self._patience = patience
        self._asking: dict[bool, httpx.AsyncClient] = {}
        self._fetching: dict[bool, httpx.AsyncClient] = {}
        self._asks = asyncio.Semaphore(POOL)
        self._fetches = asyncio.Semaphore(FETCHES)
        self._trusted: ssl.SSLContext | None = None

    async def close(self) -> None:
        """Let go of every connection."""
        for client in (*self._asking.values(), *self._fetching.values()):
            await client.aclose()

    async def ask(
        self, method: str, url: str, headers: Mapping[str, str], params: Sequence[tuple[str, str]] = ()
    ) -> Reply:
        """A question that costs nothing. Raises Unreachable if there is no answer, Untrusted if it would be asked of
        somebody else, NoWayOut if none can be asked at all."""
        try:
            client = self._client(self._asking, url, POOL)
            query = tuple(params) or None
            async with (
                self._asks,
                asyncio.timeout(self._patience.ask),
                client.stream(method, url, headers={**PLAIN, **headers}, params=query) as response,
            ):
                return await _whole(response)
        except BROKEN as error:
            nobody = Unreachable(f"{Address(url).origin} gave no answer ({name_error(error)})")
            raise _trust_error(url, error) or nobody from error

    async def submit(self, url: str, headers: Mapping[str, str], body: bytes) -> Reply:
        """A paid request, sent once. Raises NotSent if it provably never left, UnknownOutcome if nobody knows."""
        patience = self._patience
        waiting = httpx.Timeout(patience.answer + len(body) / 256_000, connect=patience.connect)
        try:
            async with (
                asyncio.timeout(2 * patience.answer + patience.connect + len(body) / 256_000),
                self._build(url, waiting, httpx.Limits(max_keepalive_connections=0)) as client,
                client.stream("POST", url, headers={**PLAIN, **headers}, content=body) as response,
            ):
                return await _whole(response)
        except (
            httpx.ConnectError,
            httpx.ConnectTimeout,
            httpx.ProxyError,
            httpx.UnsupportedProtocol,
        ) as error:
            raise _not_sent(url, error) from error
        except BROKEN as error:
            raise UnknownOutcome(f"the answer of {Address(url).origin} was lost ({name_error(error)})") from error

    async def stream(self, address: Address, sink: Sink, *, largest: int) -> Streamed:
        """The bytes at an address, into a sink. Raises Unusable if they don't come whole, are too many or too slow, or
        if nobody says how many there are; Unreachable if nobody answers, Untrusted if it is somebody else."""
        if not address.origin:
            raise Unreachable(address.bare)
        async with self._fetches:
            try:
                return await self._stream(address, sink, largest)
            except TimeoutError as error:
                raise Unusable(f"{address.bare} came too slowly") from error
            except BROKEN as error:
                sort = Unreachable if isinstance(error, _NOBODY) else Unusable
                failure = sort(f"{address.bare} could not be fetched ({name_error(error)})")
                raise _trust_error(address.reveal(), error) or failure from error

    async def _stream(self, address: Address, sink: Sink, largest: int) -> Streamed:
        patience, now = self._patience, asyncio.get_running_loop().time
        client = self._client(self._fetching, address.reveal(), FETCHES)
        size, mark, end = 0, patience.least, now() + patience.whole
        async with (
            asyncio.timeout(patience.seconds) as slow,
            client.stream("GET", address.reveal(), headers=PLAIN) as response,
        ):
            promised = _content_length(response, address)
            async for piece in response.aiter_raw():
                size += len(piece)
                if size > largest:
                    raise Unusable(f"{address.bare} is larger than {largest} bytes")
                sink.write(piece)
                if size >= mark:
                    mark = size + patience.least
                    slow.reschedule(min(now() + patience.seconds, end))
            return Streamed(response.status_code, size, promised, response.headers.get("content-type", ""))

    def _client(self, clients: dict[bool, httpx.AsyncClient], url: str, pool: int) -> httpx.AsyncClient:
        """One client for this machine, which no proxy of the environment gets to see, and one for the rest."""
        near = is_loopback(url)
        if near not in clients:
            timeout = httpx.Timeout(30.0, connect=self._patience.connect, pool=None)
            limits = httpx.Limits(max_connections=pool, max_keepalive_connections=pool)
            clients[near] = self._build(url, timeout, limits)
        return clients[near]

    def _build(self, url: str, timeout: httpx.Timeout, limits: httpx.Limits) -> httpx.AsyncClient:
        """A new client; what it trusts is read once, since that takes 20 ms. Raises NotSent."""
        try:
            self._trusted = self._trusted or httpx.create_ssl_context()
            return httpx.AsyncClient(
                verify=self._trusted, timeout=timeout, limits=limits, trust_env=not is_loopback(url)
            )
        except (ValueError, ImportError, OSError) as error:  # a proxy or a list of authorities that can't be used
            hint = "look at HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE"
            raise NoWayOut("the environment's proxy or certificates can't be used", hint) from error


BROKEN = (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, TimeoutError)
"""What a talk ends with before it is over: httpx hands on as it is what TLS finds wrong after its greeting."""

_NOBODY = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError, httpx.UnsupportedProtocol, httpx.InvalidURL)
"""What goes wrong before anybody has been asked anything."""


def _not_sent(url: str, error: Exception) -> NotSent:
    """Why a request never left: somebody who isn't who he should be is another thing than nobody."""
    origin = Address(url).origin
    if isinstance(error, httpx.ProxyError):
        return NoWayOut(f"the proxy on the way to {origin} refuses", "look at HTTPS_PROXY and ALL_PROXY")
    return _trust_error(url, error) or NotSent(f"{origin} can't be reached ({name_error(error)})", "check the network")


def _trust_error(url: str, error: Exception) -> Untrusted | None:
    """What to say of somebody who could not prove who he is; None if that isn't what went wrong."""
    cause = error.__cause__
    while cause is not None and not isinstance(cause, ssl.SSLCertVerificationError):
        cause = cause.__cause__ or cause.__context__
    if cause is None:
        return None
    hint = "look at this machine's clock, and at what stands between it and the service"
    return Untrusted(f"the certificate of {Address(url).origin} is not believed: {cause.verify_message}", hint)


@asynccontextmanager
async def open_net() -> AsyncIterator[Net]:
    """A way out that is closed at the end."""
    net = Net()
    try:
        yield net
    finally:
        await net.close()


def _content_length(response: httpx.Response, address: Address) -> int | None:
    """How many bytes will come; None where they come in chunks, of which the last says so. Raises Unusable for
    what ends where the connection does: half of it looks as whole as all of it."""
    length, chunked = response.headers.get("content-length", ""), response.headers.get("transfer-encoding", "")
    if response.status_code == 200 and not length.isdecimal() and "chunked" not in chunked.lower():
        raise Unusable(f"{address.bare} doesn't say how long it is")
    return int(length) if length.isdecimal() else None


async def _whole(response: httpx.Response) -> Reply:
    body = bytearray()
    async for piece in response.aiter_bytes():
        body += piece
        if len(body) > LARGEST_REPLY:
            raise httpx.RemoteProtocolError("the reply is too large")
    return Reply(response.status_code, {k.lower(): v for k, v in response.headers.items()}, bytes(body))


def name_error(error: Exception) -> str:
    """An error's kind in words. Never its own text, which may hold a header or a signature."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", type(error).__name__).lower()
