"""Callbacks: each change of a task is POSTed, as the body of a get, to the address that its create named.

The vendor's documents: on each change to queued, running, succeeded, failed or expired (not cancelled); if succeeded or
failed isn't answered with success within 5 seconds, it is sent again up to three times, read here as three tries. There
is no signature and no secret, and nobody has published what a real one looks like. Only addresses of this machine are
called here, the others are noted. What was sent isn't in the ledger: a service that is started anew tells of what is
still to come, from the first request on.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

from storyboard.errors import ProviderError
from storyboard.hosts import is_loopback
from storyboard.net.client import Net
from storyboard.protocols import Address

ANSWER_SECONDS = 5.0
TRIES = 3
INSISTENT = ("succeeded", "failed")
"""What is sent again."""
UNTOLD = ("cancelled",)

Manner = Literal["honest", "twice", "reversed", "forged"]
"""How changes are told: as they happen; each of them twice; all at the end, the last one first; or with a lie before
each, a success whose video lies where nobody should go."""
MANNERS: tuple[Manner, ...] = get_args(Manner)
LIE = "http://169.254.169.254/latest/meta-data/"
"""Where a forged success says that the video is: what a machine in a cloud tells its own secrets at."""


@dataclass(frozen=True, slots=True)
class Told:
    """One change that was told: to whom (without query), and what was answered, try by try; 0 is no answer in time."""

    task_id: str
    status: str
    to: str
    answers: tuple[int, ...]


def calls_for(bodies: Sequence[Mapping[str, Any]], told: int, over: bool, manner: Manner) -> list[Mapping[str, Any]]:
    """What to POST now, of a task whose changes until now have these bodies, and of which so many were told."""
    new = [body for body in bodies[told:] if body["status"] not in UNTOLD]
    match manner:
        case "twice":
            return [body for body in new for _ in range(2)]
        case "reversed":
            every = [body for body in bodies if body["status"] not in UNTOLD]
            return every[::-1] if over else []
        case "forged":
            return [one for body in new for one in (_forge(body), body)]
        case _:
            return new


def _forge(body: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**body, "status": "succeeded", "content": {"video_url": LIE, "last_frame_url": LIE}}


async def tell(net: Net, url: str, body: Mapping[str, Any], answer_seconds: float) -> Told:
    """Send one change, until it is answered with success or tried often enough."""
    status = str(body["status"])
    tries = TRIES if status in INSISTENT else 1
    answers: list[int] = []
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    while is_loopback(url) and len(answers) < tries and not (answers and 200 <= answers[-1] < 300):
        answers.append(await _send(net, url, content, answer_seconds))
    return Told(str(body["id"]), status, Address(url).bare, tuple(answers))


async def _send(net: Net, url: str, content: bytes, answer_seconds: float) -> int:
    try:
        async with asyncio.timeout(answer_seconds):
            return (await net.submit(url, {"Content-Type": "application/json"}, content)).status
    except (ProviderError, TimeoutError):
        return 0
