"""The client of Ark's API: sends requests and downloads videos through `net`; `wire` has the formats."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

from storyboard.errors import Gone, Rejected, Unusable
from storyboard.hosts import is_loopback, is_private
from storyboard.net.client import Net, Reply
from storyboard.protocols import Account, Address, Sink
from storyboard.providers.ark import wire
from storyboard.providers.provider import EVERYTHING, Order, Page, Task, TaskQuery
from storyboard.providers.rate_limit import instant_of, wait_after_reply

LARGEST_VIDEO = 4 * 1024**3
NOTHING_THERE = (403, 404, 410)
"""Statuses of an object store for an address whose signature has expired, or whose object was deleted."""
SHORTEST_KEY = 8
"""Keys with fewer characters aren't removed from replies: they can't be told from a word."""


class Ark:
    """Volcengine Ark, or a service with the same API at the account's address."""

    def __init__(self, account: Account, net: Net) -> None:
        self._account = account
        self._net = net
        self._tasks = account.base_url + wire.TASKS

    @property
    def origin(self) -> str:
        """The scheme, host and port of the service."""
        return Address(self._account.base_url).origin

    def body(self, order: Order) -> bytes:
        """Return the exact bytes to be sent."""
        return wire.encode_order(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once, and return the new task's ID. Raise Rejected, unsent, if it is too large."""
        if len(body) > wire.LARGEST_BODY:
            much = f"the request has {len(body)} bytes, of at most {wire.LARGEST_BODY}"
            raise Rejected(much, "give an address for a large picture or sound, instead of the file", status=413)
        headers = {**self._headers(), "Content-Type": "application/json", "X-Client-Request-Id": attempt_id}
        reply = await self._net.submit(self._tasks, headers, body)
        return wire.parse_task_id(*self._decode(reply))

    async def get_task(self, task: str) -> Task:
        """Return a task."""
        reply = await self._net.ask("GET", f"{self._tasks}/{quote(task, safe='')}", self._headers())
        return replace(wire.parse_task(*self._decode(reply)), at=instant_of(reply.headers.get("date", "")))

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return a page of the tasks of the last seven days that match the query."""
        reply = await self._net.ask("GET", self._tasks, self._headers(), wire.query_of(query))
        said, at = wire.parse_page(*self._decode(reply)), instant_of(reply.headers.get("date", ""))
        return replace(said, tasks=tuple(replace(task, at=at) for task in said.tasks), at=at)

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one."""
        reply = await self._net.ask("DELETE", f"{self._tasks}/{quote(task, safe='')}", self._headers())
        wire.check_deleted(*self._decode(reply))

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Write the bytes at a task's address to a sink. The key isn't sent."""
        if not self._fetches_from(address):
            raise Rejected(f"the service names {address.bare}, from which nothing is fetched")
        got = await self._net.stream(address, sink, largest=LARGEST_VIDEO)
        if got.status != 200:
            sort = Gone if got.status in NOTHING_THERE else Unusable
            raise sort(f"{address.bare} answered {got.status}")
        if "html" in got.content_type or "xml" in got.content_type:
            raise Unusable(f"{address.bare} answered a page, not a video")
        if got.promised is not None and got.promised != got.size:
            raise Unusable(f"{address.bare} broke off after {got.size} of {got.promised} bytes")

    def _fetches_from(self, address: Address) -> bool:
        """Return whether a video may be fetched from an address.

        A real video comes over https from another machine, an emulated one from this machine.
        """
        if self._account.realm == "emulated":
            return is_loopback(address.reveal())
        return address.origin.startswith("https://") and not is_private(address.reveal())

    def _decode(self, reply: Reply) -> tuple[int, bytes, float]:
        """Return what `wire` needs of a reply: its status, its body, and its `Retry-After` in seconds."""
        asked = wait_after_reply(reply.headers.get("retry-after", ""), reply.headers.get("date", ""))
        return reply.status, self._without_key(reply.body), asked

    def _without_key(self, body: bytes) -> bytes:
        """Return a body without the key, in case a server repeats it, escaped or not: bodies are recorded."""
        key = self._account.key.reveal()
        if len(key) < SHORTEST_KEY:
            return body
        for form in (key, json.dumps(key)[1:-1]):
            body = _unescape(body).replace(form.encode(), b"...")
        return body

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._account.key.reveal()}", "Accept": "application/json"}


def _unescape(body: bytes) -> bytes:
    """Return JSON without escaped letters; a body that isn't JSON is returned unchanged."""
    if b"\\" not in body:
        return body
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return body
