"""Download a file from an address that another person chose, without reaching a private network."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import httpx

from storyboard.errors import Rejected, Unreachable
from storyboard.hosts import is_public
from storyboard.net.client import BROKEN, Streamed, name_error
from storyboard.protocols import Address, Sink

Resolve = Callable[[str, int], Awaitable[tuple[str, ...]]]
"""A host's name and a port → the IP addresses that it has now."""


async def resolve_host(host: str, port: int) -> tuple[str, ...]:
    """What the machine's own resolver says. Raises Unreachable if it knows no such name."""
    try:
        rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable("its host has no address") from error
    return tuple(str(row[4][0]) for row in rows)


@dataclass(frozen=True, slots=True)
class Guard:
    """How far into the open net somebody else's address may lead us: so many bytes, so many seconds, and to which
    IP addresses. `trust` holds the certificates that are believed, the system's if None."""

    largest: int
    seconds: float
    resolve: Resolve = resolve_host
    permits: Callable[[str], bool] = is_public
    trust: ssl.SSLContext | None = None


async def download_guarded(address: Address, sink: Sink, guard: Guard) -> Streamed:
    """What lies at an address that a stranger chose: over https alone, from nobody's inner net, without a redirect.

    The host is resolved once, all that it resolves to is judged, and the connection goes to what was judged: a name
    that means another machine a moment later leads nowhere else. Nothing of ours goes along.

    Raises Unreachable if nobody answers in time, and Rejected if it can't be had as it stands.
    """
    try:
        url = httpx.URL(address.reveal())
        port = url.port or 443
    except (httpx.InvalidURL, ValueError) as error:
        raise Rejected("that is no address") from error
    if url.scheme != "https" or not url.host or url.userinfo or not 0 < port < 65_536:
        raise Rejected("only plain https addresses are fetched")
    try:
        async with asyncio.timeout(guard.seconds):
            ips = await guard.resolve(url.host, port)
            if not ips or not all(guard.permits(ip) for ip in ips):
                raise Rejected("its host lies in no open net")
            return await _from_ip(ips[0], url, sink, guard)
    except TimeoutError as error:
        raise Unreachable(f"it didn't come whole within {guard.seconds:g} s") from error
    except BROKEN as error:
        raise Unreachable(f"nobody answered as one should ({name_error(error)})") from error


async def _from_ip(ip: str, url: httpx.URL, sink: Sink, guard: Guard) -> Streamed:
    headers = {"Host": url.netloc.decode("ascii"), "Accept-Encoding": "identity", "User-Agent": "storyboard"}
    verify = guard.trust or ssl.create_default_context()
    async with (
        httpx.AsyncClient(verify=verify, trust_env=False, timeout=guard.seconds) as client,
        client.stream(
            "GET", url.copy_with(host=ip), headers=headers, extensions={"sni_hostname": url.raw_host.decode("ascii")}
        ) as response,
    ):
        if response.status_code != 200:
            where = ", which leads elsewhere" if response.is_redirect else ""
            raise Rejected(f"it answers {response.status_code}{where}")
        size = 0
        async for piece in response.aiter_raw():
            size += len(piece)
            if size > guard.largest:
                raise Rejected(f"it is larger than {guard.largest // 1024**2} MB")
            sink.write(piece)
        promised = response.headers.get("content-length", "")
        sort = response.headers.get("content-type", "")
        return Streamed(200, size, int(promised) if promised.isdecimal() else None, sort)
