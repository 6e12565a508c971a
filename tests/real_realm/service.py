"""The service of a scenario: the emulator's app behind TLS, under the vendor's names, with a count of paid requests.

`python -m tests.real_realm.service SETTINGS` serves until its input ends. It says what happens as lines of JSON: that
it listens, each create that it takes on, and at the end what it was asked and which faults fired. A line of JSON on its
input says at which create and when to stop: that create is then never answered, or nothing follows it.
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
"""Of a create: it has arrived and isn't taken on; it is taken on (and would be billed), and isn't answered; it is
answered."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the service behaves in a scenario.

    `speed`: how much faster than life it makes videos. `list_lag`: for how many seconds a new task isn't listed.
    `list_faults`: which share of lists fails, half by a 503 and half by a reset; `first_list_fails`: the first one does
    in any case. `latency`: the most seconds that a request and its answer each take on their way. `most`: how many
    creates it takes on before it says that the account is overdue. `seed`: what is drawn by chance follows from it.
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
    """What the process is told: where its ledger and its certificate are, and how to behave."""

    ledger: str
    certificate: str
    key: str
    behaviour: Mapping[str, Any] = field(default_factory=dict)


class Protocol(H11Protocol):
    """uvicorn's own; every request's scope holds its connection, as faults of the emulator want it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's own does
        """Note the connection."""
        super().connection_made(transport)
        app, connection = self.app, Connection(transport, self.flow.drain)

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            await app({**scope, CONNECTION: connection}, receive, send)

        self.app = answer


class Counted:
    """The app around all others: it counts, tells of creates, stops where it is told to, and knows the two hosts."""

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
        """Serve a request, or the app's life."""
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
        headers[b"host"] = VIDEO_HOST.encode()  # the emulator names its files' addresses after the host it is asked by
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
        """Say what has happened to a create; if it is the one to stop at, go on only once whoever asked has gone."""
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
    """An error in the service's form."""
    body = json.dumps({"error": {"code": code, "message": code, "param": "", "type": code}}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def script_of(behaviour: Behaviour) -> Script:
    """The faults that a behaviour asks for. A list fails if either fault hits it, hence their share."""
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
    """A line for whoever started this process."""
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
        """A server that says when it serves."""

        async def startup(self, sockets: Any = None) -> None:
            """Begin to listen, and say so."""
            await super().startup(sockets)
            say(event="listening", at=clock.now())

    server = Announcing(
        uvicorn.Config(
            counted,
            host="0.0.0.0",  # noqa: S104 - of a network of its own
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
