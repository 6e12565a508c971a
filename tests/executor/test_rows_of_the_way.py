"""Network problems of a scene: no answer, an untrusted server, a proxy that refuses.

The real connection code meets the problem; once it is repaired, or where it can't be, the scripted provider answers. No
time passes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from storyboard.errors import NotSent, NoWayOut, ProviderError, Untrusted
from storyboard.executor.gate import RunStopped
from storyboard.executor.job import Job, Known
from storyboard.executor.perform import perform
from storyboard.executor.wait import wait_for_end
from storyboard.net import client as net
from storyboard.planning.event import Waiting
from storyboard.planning.marker import Marker
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.ark import wire
from storyboard.providers.connect import connect
from storyboard.providers.provider import Task
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Bench, Desk, bench
from tests.servers import answering, closed_port, greeted, http

JOB = Job("dusk", "", {"prompt": "words"})


async def order(marker: Marker) -> bytes:
    """A request."""
    return f"{marker}".encode()


@dataclass(slots=True)
class Away(Desk):
    """A provider that is reached only after the real connection has failed this many times, at `origin`."""

    origin_away: str = ""
    submits: int = 0
    looks_away: int = 0
    met: list[ProviderError] = field(default_factory=list)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Fail on the broken connection this many times, then submit."""
        if self.submits:
            self.submits -= 1
            await self._meet(lambda way: way.submit(f"{self.origin_away}/tasks", {}, body))
        return await Desk.submit(self, body, attempt_id)

    async def get_task(self, task: str) -> Task:
        """Do the same for a poll."""
        if self.looks_away:
            self.looks_away -= 1
            await self._meet(lambda way: way.ask("GET", f"{self.origin_away}/tasks/{task}", {}))
        return await Desk.get_task(self, task)

    async def _meet(self, doing) -> None:  # type: ignore[no-untyped-def]  # any request on a connection
        way = net.Net(net.Patience(connect=0.1))
        try:
            await doing(way)
        except ProviderError as error:
            self.met.append(error)
            raise
        finally:
            await way.close()


@dataclass(slots=True)
class Straight(Away):
    """A provider that submits like the real client."""

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send the request to the origin."""
        way = net.Net()
        try:
            account = Account(self.origin_away, Secret("sk-secret"), 1, PollPolicy(1, 1))
            return await connect("ark", account, way).submit(body, attempt_id)
        finally:
            await way.close()


def away(folder: Path, origin: str, *, submits: int = 0, looks: int = 0) -> tuple[Bench, Away]:
    """A run context with a provider that this many requests don't reach."""
    desk = Away(VirtualClock(), origin_away=origin, submits=submits, looks_away=looks)
    return bench(folder, desk), desk


@contextmanager
def _unaccepting() -> Iterator[str]:
    """A port whose queue is full: it accepts no connection."""
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket())
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(3):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@contextmanager
def _hanging_up() -> Iterator[str]:
    with greeted() as (address, heard):
        yield address.replace("http://", "https://")
        assert heard


WAYS = ("1 a name that nobody has", "2 a closed port", "3 a port that accepts nobody", "5 a greeting that is cut off")


@contextmanager
def _way(case: str) -> Iterator[str]:
    match case[0]:
        case "1":
            yield "https://nowhere.invalid"
        case "2":
            yield f"http://127.0.0.1:{closed_port()}"
        case "3":
            with _unaccepting() as origin:
                yield origin
        case _:
            with _hanging_up() as origin:
                yield origin


@pytest.mark.row(1, 2, 3, 5)
@pytest.mark.parametrize("case", WAYS)
def test_a_request_that_never_left_is_sent_when_the_way_is_open(tmp_path: Path, case: str) -> None:
    """Three requests are not sent, each with its own intent; then one is accepted, once."""
    with _way(case) as origin:
        at, desk = away(tmp_path, origin, submits=3)
        take = asyncio.run(perform(JOB, at.context, order))
    assert ([type(error) for error in desk.met], len(desk.bodies), take.task) == ([NotSent] * 3, 1, "cgt-1")
    kinds = [kind for kind in at.kinds if kind in ("intended", "not_sent", "accepted")]
    assert kinds == [*["intended", "not_sent"] * 3, "intended", "accepted"]


@pytest.mark.row(1, 2)
def test_a_network_that_is_away_is_waited_out(tmp_path: Path) -> None:
    """From the fifth minute on it is reported as offline; nothing is given up, and nothing is lost."""
    at, desk = away(tmp_path, f"http://127.0.0.1:{closed_port()}", submits=14, looks=14)
    take = asyncio.run(perform(JOB, at.context, order))
    told = [event.reason for event in at.heard if isinstance(event, Waiting)]
    offline = [words.partition(",")[0] for words in told if words.startswith("offline for ")]
    assert (len(desk.met), len(desk.bodies), take.task) == (28, 1, "cgt-1")
    assert (told[0].startswith("again in"), offline[0], len(offline) > 1) == (True, "offline for 5 min", True)


@contextmanager
def _stranger() -> Iterator[str]:
    """A server with an untrusted certificate."""
    folder = Path(__file__).parents[1] / "world"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "films.example.cert.pem", folder / "films.example.key.pem")
    with answering(http(b"{}"), context) as server:
        yield server.origin.replace("http://", "https://")
        assert server.requests == []


@pytest.mark.row(4, 76)
def test_a_stranger_in_the_services_place_stops_the_run(tmp_path: Path) -> None:
    """It receives no data, the message does not offer to trust it, and names a wrong clock as a possible cause."""
    with _stranger() as origin:
        at, desk = away(tmp_path, origin, submits=1)
        with pytest.raises(Untrusted, match="is not believed") as caught:
            asyncio.run(perform(JOB, at.context, order))
        with pytest.raises(RunStopped):
            asyncio.run(perform(JOB, at.context, order))
    assert ("clock" in caught.value.hint, "insecure" in caught.value.hint, caught.value.exit_code) == (True, False, 5)
    assert (len(desk.met), desk.bodies, at.kinds.count("intended")) == (1, [], 1)


@pytest.mark.row(4, 76)
def test_a_stranger_that_is_met_while_one_waits_loses_no_task(tmp_path: Path) -> None:
    """A machine that slept and lost its time stops waiting; the next run finds the task."""
    with _stranger() as origin:
        at, _ = away(tmp_path, origin, looks=1)
        with pytest.raises(Untrusted):
            asyncio.run(perform(JOB, at.context, order))
    attempts = at.journal.history.of("", "", "dusk")
    assert [attempt.state for attempt in attempts] == ["accepted"]
    known = Known(attempts[0].attempt_id, "cgt-1")
    assert asyncio.run(wait_for_end(JOB, known, at.context)).status == "succeeded"


@pytest.mark.row(6)
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "502 Bad Gateway"])
def test_a_proxy_that_refuses_stops_the_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: str) -> None:
    """It is a matter of settings: one request detects it, the message names the setting, and nothing was sent."""
    with answering(http(b"", status=status)) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.origin)
        at, desk = away(tmp_path, "https://ark.example", submits=1)
        with pytest.raises(NoWayOut, match=r"the proxy on the way to https://ark\.example refuses") as caught:
            asyncio.run(perform(JOB, at.context, order))
        with pytest.raises(RunStopped):
            asyncio.run(perform(JOB, at.context, order))
    assert ("HTTPS_PROXY" in caught.value.hint, caught.value.exit_code, desk.bodies) == (True, 5, [])
    assert len(proxy.requests) == 1


@pytest.mark.row(22)
def test_a_request_that_is_too_large_is_never_sent(tmp_path: Path) -> None:
    """With one byte more than the service accepts the scene is refused here, and nothing is sent."""
    with answering(http(b"{}")) as server:

        async def large(marker: Marker) -> bytes:
            del marker
            return b" " * (wire.LARGEST_BODY + 1)

        at = bench(tmp_path, Straight(VirtualClock(), origin_away=server.origin))
        with pytest.raises(ProviderError, match="the request has 67108865 bytes, of at most 67108864"):
            asyncio.run(perform(JOB, at.context, large))
    assert (server.requests, at.kinds) == ([], ["intended", "rejected"])
