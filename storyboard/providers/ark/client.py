"""Sends, receives, downloads, through `net`; what the words mean, `wire` says."""

from __future__ import annotations

import json
from dataclasses import replace
from urllib.parse import quote

from storyboard.errors import Gone, Rejected, Unusable
from storyboard.net import Net, Reply
from storyboard.promises import Account, Address, Sink, is_loopback, is_private
from storyboard.providers.ark import wire
from storyboard.providers.pacing import asked_to_wait, instant_of
from storyboard.providers.provider import EVERYTHING, Order, Page, Task, TaskQuery

LARGEST_VIDEO = 4 * 1024**3
NOTHING_THERE = (403, 404, 410)
"""What a store of objects says of an address whose signature has run out, or at which nothing lies any more."""
SHORTEST_KEY = 8
"""Characters below which a key can't be told from a word."""


class Ark:
    """Volcengine Ark, or whatever speaks like it at the account's address."""

    def __init__(self, account: Account, net: Net) -> None:
        self._account = account
        self._net = net
        self._tasks = account.base_url + wire.TASKS

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service."""
        return Address(self._account.base_url).origin

    def body(self, order: Order) -> bytes:
        """The exact bytes that would be sent."""
        return wire.encoded(order)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once; the new task's id. One that is too large is refused here, unsent."""
        if len(body) > wire.LARGEST_BODY:
            much = f"the request has {len(body)} bytes, of at most {wire.LARGEST_BODY}"
            raise Rejected(much, "give an address for a large picture or sound, instead of the file", status=413)
        headers = {**self._headers(), "Content-Type": "application/json", "X-Client-Request-Id": attempt_id}
        reply = await self._net.submit(self._tasks, headers, body)
        return wire.accepted_id(*self._said(reply))

    async def look(self, task: str) -> Task:
        """How a task stands."""
        reply = await self._net.ask("GET", f"{self._tasks}/{quote(task, safe='')}", self._headers())
        return replace(wire.task_of(*self._said(reply)), at=instant_of(reply.headers.get("date", "")))

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """The tasks of the last seven days of which every filter that is set is true."""
        reply = await self._net.ask("GET", self._tasks, self._headers(), wire.query_of(query))
        said, at = wire.page_of(*self._said(reply)), instant_of(reply.headers.get("date", ""))
        return replace(said, tasks=tuple(replace(task, at=at) for task in said.tasks), at=at)

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one."""
        reply = await self._net.ask("DELETE", f"{self._tasks}/{quote(task, safe='')}", self._headers())
        wire.check_deleted(*self._said(reply))

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The bytes at an address that a task gave; no key goes along."""
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
        """A real video comes over https from somewhere else, an emulated one from this machine."""
        if self._account.realm == "emulated":
            return is_loopback(address.reveal())
        return address.origin.startswith("https://") and not is_private(address.reveal())

    def _said(self, reply: Reply) -> tuple[int, bytes, float]:
        """What the wire wants to know of a reply: its status, its body, and for how long to stay away."""
        asked = asked_to_wait(reply.headers.get("retry-after", ""), reply.headers.get("date", ""))
        return reply.status, self._clean(reply.body), asked

    def _clean(self, body: bytes) -> bytes:
        """An answer without our key, should a server have put it there, spelt out or not: it would be written down."""
        key = self._account.key.reveal()
        if len(key) < SHORTEST_KEY:
            return body
        for form in (key, json.dumps(key)[1:-1]):
            body = _spelt(body).replace(form.encode(), b"...")
        return body

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._account.key.reveal()}", "Accept": "application/json"}


def _spelt(body: bytes) -> bytes:
    """JSON in which each letter stands for itself; what is no JSON, as it is."""
    if b"\\" not in body:
        return body
    try:
        return json.dumps(json.loads(body), ensure_ascii=False).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return body
