"""The service of a scenario: the emulator's app behind TLS, under the vendor's names, with a count of paid requests.

`python -m tests.real_realm.service SETTINGS` serves until its input ends. It prints events as lines of JSON: that it
listens, each create request that it accepts, and at the end the requests that it received and the faults that were
triggered. A line of JSON on its input sets at which create request and when to stop: that request is then never
answered, or nothing follows it.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from storyboard.emulator.app import EmulatorConfig, service
from storyboard.emulator.fault_injection import FaultInjector, verb_of
from storyboard.emulator.faults import Fault, Script
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.serving import CONNECTION, Connection
from tests.real_realm.certificates import SERVICE_HOST, VIDEO_HOST

Moment = Literal["asked", "taken", "answered"]
"""The stages of a create request: it has arrived and isn't accepted; it is accepted (and would be billed), but isn't
answered; it is answered."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The behaviour of the service in a scenario.

    `speed`: how much faster than in reality it makes videos. `list_lag`: for how many seconds a new task isn't listed.
    `list_faults`: the share of lists that fail, half by a 503 and half by a reset; `first_list_fails`: the first one
    fails in any case. `latency`: the most seconds that a request and its answer each take. `most`: how many create
    requests it accepts before it reports the account as overdue. `seed`: determines everything random.
    """

    speed: float = 40.0
    list_lag: float = 0.0
    list_faults: float = 0.0
    first_list_fails: bool = False
    latency: float = 0.0
    most: int = 64
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of the process: the paths of its ledger and its certificate, and its behaviour."""

    ledger: str
    certificate: str
    key: str
    behaviour: Mapping[str, Any] = field(default_factory=dict)


class Protocol(H11Protocol):
    """The protocol of uvicorn; every request's scope contains its connection, because the emulator's faults need it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # like uvicorn's own
        """Record the connection."""
        super().connection_made(transport)
        app, connection = self.app, Connection(transport, self.flow.drain)

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, CONNECTION: connection}, receive, send)

        self.app = answer


class Counted:
    """The app around all others: it counts, reports create requests, stops where requested, and separates the two
    hosts."""

    def __init__(self, app: ASGIApp, behaviour: Behaviour, taken: int) -> None:
        self.asked: Counter[str] = Counter()
        self.keys_sent_astray = 0
        self.stop_at: tuple[int, Moment] | None = None
        self.taken = taken
        self._app = app
        self._behaviour = behaviour
        self._drawn = random.Random(behaviour.seed)
        self._arrived = taken

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or the app's lifespan."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        verb, headers = str(verb_of(scope["method"], scope["path"])), dict(scope["headers"])
        self.asked[verb] += 1
        host = headers.get(b"host", b"").decode("latin-1")
        if verb == "file":
            self.keys_sent_astray += b"authorization" in headers
        if host != (VIDEO_HOST if verb == "file" else SERVICE_HOST):
            await refuse(send, 421, "MisdirectedRequest")
            return
        headers[b"host"] = VIDEO_HOST.encode()  # the emulator names its files' addresses after the host of the request
        scope = {**scope, "headers": list(headers.items())}
        await self._travel()
        if verb == "create":
            await self._create(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _create(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._arrived += 1
        number = self._arrived
        await self._tell(number, "asked", receive)
        if self.taken >= self._behaviour.most:
            await refuse(send, 403, "AccountOverdueError")
            return
        status = 0

        async def pass_on(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == 200:
                    self.taken += 1
                    await self._tell(number, "taken", receive)
                await self._travel()
            await send(message)

        await self._app(scope, receive, pass_on)
        if status == 200:
            await self._tell(number, "answered", receive)

    async def _tell(self, number: int, moment: Moment, receive: Receive) -> None:
        """Report the progress of a create request; if it is the one to stop at, continue only once the client has
        gone."""
        stopped = self.stop_at == (number, moment)
        say(event=moment, create=number, stopped=stopped)
        if stopped and moment != "answered":
            while (await receive())["type"] != "http.disconnect":
                pass
            await asyncio.Event().wait()

    async def _travel(self) -> None:
        if self._behaviour.latency:
            await asyncio.sleep(self._drawn.uniform(0.0, self._behaviour.latency))


async def refuse(send: Send, status: int, code: str) -> None:
    """Return an error in the service's form."""
    body = json.dumps({"error": {"code": code, "message": code, "param": "", "type": code}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def script_of(behaviour: Behaviour) -> Script:
    """Return the faults of a behaviour. A list fails if either fault hits it, hence their share."""
    each = 1 - (1 - behaviour.list_faults) ** 0.5
    faults = []
    if behaviour.list_lag:
        faults.append(Fault("list", does="lag", seconds=behaviour.list_lag))
    if behaviour.first_list_fails:
        faults.append(Fault("list", at="1", does="answer", status=503, name="list: the first"))
    if behaviour.list_faults:
        faults.append(Fault("list", chance=each, does="answer", status=503, name="list: 503"))
        faults.append(Fault("list", chance=each, does="drop", reset=True, name="list: reset"))
    return Script(tuple(faults), behaviour.seed)


def say(**told: object) -> None:
    """Print a line for the parent process."""
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve until the input ends."""
    settings = Settings(**json.loads(sys.argv[1]))
    behaviour = Behaviour(**settings.behaviour)
    clock = SystemClock()
    emulated = service(Path(settings.ledger), clock, SystemDice(), EmulatorConfig(speed=behaviour.speed))
    mischief = FaultInjector(emulated.app(), script_of(behaviour), clock)
    counted = Counted(mischief, behaviour, len(emulated.ledger.lines))

    class Announcing(uvicorn.Server):
        """A server that reports when it serves."""

        async def startup(self, sockets: Any = None) -> None:
            """Begin to listen, and report it."""
            await super().startup(sockets)
            say(event="listening", at=clock.now())

    server = Announcing(
        uvicorn.Config(
            counted,
            host="0.0.0.0",  # noqa: S104 - of a separate network
            port=443,
            http=Protocol,
            ssl_certfile=settings.certificate,
            ssl_keyfile=settings.key,
            log_level="error",
            access_log=False,
            lifespan="on",
            timeout_graceful_shutdown=1,
            server_header=False,
            date_header=False,
        )
    )

    def listen_to_input() -> None:
        for row in sys.stdin:
            told = json.loads(row)
            counted.stop_at = (told["create"], told["moment"]) if told else None
            say(event="understood")
        server.should_exit = True

    threading.Thread(target=listen_to_input, daemon=True).start()
    server.run()
    say(event="ended", asked=counted.asked, fired=mischief.fired, astray=counted.keys_sent_astray)


if __name__ == "__main__":
    main()
