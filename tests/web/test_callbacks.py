"""Callbacks are hints: which ones are accepted, which are rejected, and their effect."""

from __future__ import annotations

import asyncio
import hmac
import json
import socket
import struct
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storyboard.errors import FileTrouble
from storyboard.executor.poller import Poller
from storyboard.language.scene import Parameters
from storyboard.operations.apply import with_callback_urls
from storyboard.planning.event import Accepted, Ended
from storyboard.planning.planner import plan
from storyboard.protocols import Address
from storyboard.providers.provider import Task
from storyboard.testing.clock import LoadedDice
from storyboard.web.callbacks import (
    LARGEST_BODY,
    MOST_HINTS,
    CallbackCounts,
    Receiver,
    load_secret,
    serve_callbacks,
)
from storyboard.world.layout import Layout
from tests.builders import graph_of
from tests.executor.fake_provider import Desk
from tests.http_client import ask
from tests.planning.values import key, plan_inputs

SECRET = b"0" * 64
BODY = {"id": "cgt-1", "status": "succeeded"}


class Listening:
    """A receiver that is served, its hints, and an address that it gave."""

    def __init__(self) -> None:
        self.receiver = Receiver("https://relay.example/films/", SECRET, LoadedDice(), body_seconds=0.05)
        self.hints: list[str] = []
        self.receiver.connect(self.hints.append)
        self.origin = ""

    @property
    def path(self) -> str:
        """The path of a new address, as it arrives."""
        return urlsplit(self.receiver.address()).path

    def post(self, path: str, body: object = BODY) -> int:
        """Post to a path; return the status of the answer."""
        return ask("POST", self.origin + path, body, key="").status

    def waits_for(self, task: str, attempt_id: str = "i") -> None:
        """From now on the run waits for a task."""
        self.receiver.on_event(Accepted("dusk", attempt_id, task=task))


@pytest.fixture
def there() -> Iterator[Listening]:
    """A receiver on this machine."""
    found = Listening()
    with serve_callbacks(found.receiver, "127.0.0.1", 0) as found.origin:
        yield found


def test_a_callback_of_a_task_that_is_waited_for_is_a_hint(there: Listening) -> None:
    """The relay's own path may precede ours, or be removed."""
    there.waits_for("cgt-1")
    path = there.path
    assert (there.post(path), there.post(path.removeprefix("/films"))) == (200, 200)
    assert (there.hints, there.receiver.counts) == (["cgt-1", "cgt-1"], CallbackCounts(hints=2))


def test_each_request_has_an_address_of_its_own(there: Listening) -> None:
    """Each request has its own address: a random name, and its HMAC."""
    first, second = there.receiver.address(), there.receiver.address()
    *base, name, signature = first.split("/")
    assert ("/".join(base), first != second) == ("https://relay.example/films", True)
    assert signature == hmac.new(SECRET, name.encode(), "sha256").hexdigest()


@pytest.mark.parametrize("path", ["/", "/x", f"/{'0' * 32}/{'0' * 64}", "//", "/a/%C3%A9", "/a/%ff%fe"])
def test_a_forged_callback_is_turned_away(there: Listening, path: str) -> None:
    """This includes a task that the run waits for."""
    there.waits_for("cgt-1")
    assert (there.post(path), there.hints, there.receiver.counts) == (404, [], CallbackCounts(forged=1))


def test_a_forged_body_is_not_read(there: Listening) -> None:
    """A forged request is answered before its body is sent."""
    with socket.create_connection(("127.0.0.1", urlsplit(there.origin).port or 0), timeout=20) as line:
        line.sendall(b"POST /a/b HTTP/1.1\r\nHost: x\r\nContent-Length: 999999999\r\n\r\n")
        assert line.recv(100).startswith(b"HTTP/1.1 404")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"id": 1}', b"\xff", b"[" * 10_000, b'{"task": "cgt-1"}'])
def test_what_is_no_callback_is_counted_as_forged(there: Listening, body: bytes) -> None:
    """A request that names no task counts as forged, even with a valid address."""
    there.waits_for("cgt-1")
    assert (there.post(there.path, body), there.hints, there.receiver.counts) == (400, [], CallbackCounts(forged=1))


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 200), (LARGEST_BODY + 1, 413)])
def test_a_body_has_64_kb_at_the_most(there: Listening, size: int, status: int) -> None:
    """A body may have exactly 64 KB and no more."""
    there.waits_for("cgt-1")
    content = json.dumps(BODY).encode()
    assert there.post(there.path, content + b" " * (size - len(content))) == status


def test_a_body_that_does_not_come_is_not_waited_for(there: Listening) -> None:
    """A slow sender doesn't block other requests."""
    there.waits_for("cgt-1")
    with socket.create_connection(("127.0.0.1", urlsplit(there.origin).port or 0), timeout=20) as line:
        line.sendall(f"POST {there.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{{".encode())
        assert line.recv(100).startswith(b"HTTP/1.1 413")
    assert there.hints == []


@pytest.mark.row(81)
def test_who_vanishes_in_the_middle_disturbs_nobody(there: Listening) -> None:
    """Some clients disconnect during their request or before its answer, and the next request is accepted."""
    there.waits_for("cgt-1")
    port = urlsplit(there.origin).port or 0
    whole = f"POST {there.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{{"
    for said in (b"", b"POST", whole.encode(), whole.encode()[:-20]):
        with socket.create_connection(("127.0.0.1", port), timeout=20) as line:
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # it ends with a reset
            line.sendall(said)
    assert (there.post(there.path), there.hints) == (200, ["cgt-1"])


def test_a_task_that_nobody_waits_for_is_ignored(there: Listening) -> None:
    """A hint about an unknown or finished task is ignored."""
    there.waits_for("cgt-2")
    there.receiver.on_event(Ended("dusk", "i", status="succeeded"))
    statuses = [there.post(there.path, {"id": task}) for task in ("cgt-1", "cgt-2")]
    assert (statuses, there.hints, there.receiver.counts) == ([200, 200], [], CallbackCounts(ignored=2))


def test_a_replay_costs_a_few_looks(there: Listening) -> None:
    """A replay causes a few polls at most."""
    there.waits_for("cgt-1")
    path = there.path
    for _ in range(MOST_HINTS + 3):
        there.post(path)
    assert there.receiver.counts == CallbackCounts(hints=MOST_HINTS, ignored=3)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_nothing_but_a_post_is_heard(there: Listening, method: str) -> None:
    """Only POST is accepted, even with the secret."""
    there.waits_for("cgt-1")
    assert (ask(method, there.origin + there.path, key="").status, there.hints) == (405, [])


class Still:
    """A clock that stands still: a sleep never ends."""

    def now(self) -> float:
        """Return a constant time."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Wait for ever."""
        del seconds
        await asyncio.Event().wait()


class Looking(Desk):
    """A provider that only reports the status of tasks, and records its requests."""

    looked: list[str]
    fetched: list[str]

    async def get_task(self, task: str) -> Task:
        """Return a running task, whatever was posted."""
        self.looked.append(task)
        return Task(task, "running", "running")

    async def fetch(self, address: Address, sink: object) -> None:
        """Not used."""
        del sink
        self.fetched.append(address.bare)


def test_a_hint_is_answered_with_a_look_and_with_nothing_else(there: Listening) -> None:
    """The content of the callback is not trusted, and no address in it is requested. Without the hint this clock would
    never poll, and the service's answer counts."""
    there.waits_for("cgt-1")
    lie = {**BODY, "content": {"video_url": "https://evil.example/a.mp4"}}

    async def waiting() -> Task:
        poller = Poller(desk, Still())
        loop = asyncio.get_running_loop()
        there.receiver.connect(lambda task: loop.call_soon_threadsafe(poller.hint, task))
        looking = asyncio.ensure_future(poller.look("cgt-1", 3600.0))
        await asyncio.sleep(0)
        await asyncio.to_thread(there.post, there.path, lie)
        return await asyncio.wait_for(looking, 20)

    desk = Looking(clock=Still())  # type: ignore[arg-type]  # its time is never read
    desk.looked, desk.fetched = [], []
    assert asyncio.run(waiting()) == Task("cgt-1", "running", "running")
    assert (desk.looked, desk.fetched) == (["cgt-1"], [])


def test_a_secret_is_drawn_once_and_is_nobody_else_s(tmp_path: Path) -> None:
    """A later run thus accepts calls for tasks of an earlier one."""
    layout = Layout(tmp_path / "storyboard.yaml", "real")
    dice = LoadedDice()
    first, second = load_secret(layout, dice), load_secret(layout, dice)
    mode = (layout.hidden / "callbacks.key").stat().st_mode & 0o777
    assert (first == second, len(first), mode) == (True, 64, 0o600)


def test_a_secret_that_is_none_is_told(tmp_path: Path) -> None:
    """An empty secret is reported, because it would accept every call."""
    layout = Layout(tmp_path / "storyboard.yaml", "real")
    layout.hidden.mkdir(parents=True)
    (layout.hidden / "callbacks.key").write_text("\n", "utf-8")
    with pytest.raises(FileTrouble, match="too short for a secret"):
        load_secret(layout, LoadedDice())


def test_where_to_call_back_is_in_no_scene_s_key() -> None:
    """The callback address is not part of a scene's key, and one set by the author stays."""
    graph = graph_of("""\
storyboard: 1
scenes:
  a: {prompt: x}
  b: {chain: a, prompt: y}
""")
    own = replace(graph.scene("b"), parameters=Parameters(callback_url="https://films.example/hook"))
    graph = replace(graph, storyboard=replace(graph.storyboard, scenes={**graph.storyboard.scenes, "b": own}))
    before = plan(graph, plan_inputs())
    after = with_callback_urls(before, Receiver("https://relay.example", SECRET, LoadedDice())).graph
    asked = {id: after.scene(id).parameters.callback_url or "" for id in ("a", "b")}
    assert {id: key(id, after) for id in after.order} == {id: key(id, graph) for id in graph.order}
    assert (asked["a"].startswith("https://relay.example/"), asked["b"]) == (True, "https://films.example/hook")
