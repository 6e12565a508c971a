"""Each fault that a server can have, between the real client and the emulator, and the class of its error.

The executor's tests show what a run then does. A case fails if its fault did not occur.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from storyboard.emulator.faults import Fault
from storyboard.errors import (
    Gone,
    KeyRefused,
    MediaTrouble,
    ModelRefused,
    Moderated,
    NotFound,
    Overdue,
    ProviderError,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    StoryboardError,
    UnknownOutcome,
    Unreachable,
    Unusable,
)
from storyboard.language.scene import Parameters
from storyboard.net import client as net
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.connect import connect
from storyboard.providers.provider import Order, Provider, Task
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from storyboard.world.media import decode_check, mp4, probe
from tests.servers import Sunk

HURRIED = net.Patience(seconds=0.2, least=4096, whole=5.0, ask=0.4)
"""For those who would keep us waiting for ever."""
ORDER = Order(
    "doubao-seedance-2-0-260128",
    "A lighthouse. " * 20,
    (),
    Parameters(resolution="480p", ratio="16:9", duration=4, generate_audio=False),
)
INTENT = "0123456789abcdef0123456789abcdef"


@dataclass
class Talk:
    """A client, an emulator with faults, and a folder for files."""

    ark: Provider
    emulated: Emulator
    folder: Path
    clock: VirtualClock

    async def create(self) -> str:
        """A new task's id."""
        return await self.ark.submit(self.ark.body(ORDER), INTENT)

    async def look(self) -> Task:
        """A new task, an hour later."""
        task = await self.create()
        self.clock.advance(3600)
        return await self.ark.get_task(task)

    async def list(self) -> int:
        """How many tasks there are."""
        return (await self.ark.list()).total

    async def cancel(self) -> None:
        """Cancel a new task at once."""
        await self.ark.cancel(await self.create())

    async def fetch(self) -> Path:
        """A new task's video, in a file."""
        task = await self.look()
        assert task.video is not None
        sink, path = Sunk(), self.folder / f"{task.id}.mp4"
        await self.ark.fetch(task.video, sink)
        path.write_bytes(sink.content)
        return path

    async def take(self) -> float:
        """Seconds of a new task's video, looked at as the executor does, and to its end."""
        path = await self.fetch()
        mp4.check(path)
        decode_check.check(path)
        return probe.video(path).seconds


Doing = Callable[[Talk], Awaitable[Any]]


def come(folder: Path, fault: Fault, doing: Doing) -> Any:
    """Return the result, a value or the error; the fault has to have occurred."""
    clock = VirtualClock()

    async def talked(emulated: Emulator) -> Any:
        way = net.Net(HURRIED if fault.does in ("drip", "endless") else net.Patience())
        try:
            ark = connect("ark", Account(emulated.base_url, Secret("sk-secret"), 3, PollPolicy(0.1, 1.0)), way)
            return await doing(Talk(ark, emulated, folder, clock))
        except StoryboardError as error:
            return error
        finally:
            await way.close()

    drips = fault.does == "drip"  # the emulator's clock times the drops: a real one, so that the client waits
    with emulator(folder / "ledger.jsonl", speed=1e6, clock=None if drips else clock, faults=[fault]) as emulated:
        came = asyncio.run(talked(emulated))
    assert sum(emulated.fired.values()) > 0, "the fault did not fire"
    return came


def no(status: int, code: str = "", message: str = "", **more: Any) -> Fault:
    """A create that is refused."""
    return Fault("create", does="refuse", status=status, code=code, message=message or "no", **more)


def yes(**more: Any) -> Fault:
    """A create that is taken on, and answered otherwise."""
    return Fault("create", does="answer", **more)


CLASSES: dict[str, tuple[Fault, Doing, type[ProviderError] | type[MediaTrouble]]] = {
    "7 the answer never comes": (Fault("create", does="drop"), Talk.create, UnknownOutcome),
    "7 the answer comes too late": (Fault("create", does="hang_up", reset=True), Talk.create, UnknownOutcome),
    "8 the body is cut off": (Fault("create", does="reset", after=10), Talk.create, UnknownOutcome),
    "9 a look is not answered": (Fault("get", does="drop"), Talk.look, Unreachable),
    "11 a parameter is refused": (no(400, "InvalidParameter"), Talk.create, Rejected),
    "12 the prompt is refused": (no(400, "InputTextSensitiveContentDetected"), Talk.create, Moderated),
    "12 a picture is refused": (no(400, "InputImageSensitiveContentDetected"), Talk.create, Moderated),
    "13 the key is refused": (no(401, "AuthenticationError"), Talk.create, KeyRefused),
    "14 the account is overdue": (no(403, "AccountOverdueError"), Talk.create, Overdue),
    "14 payment is required": (no(402, "PaymentRequired"), Talk.create, Overdue),
    "14 the service is overdue": (no(403, "OperationDenied.ServiceOverdue"), Talk.create, Overdue),
    "15 access is denied": (no(403, "AccessDenied"), Talk.create, ModelRefused),
    "16 the model is not open": (no(404, "ModelNotOpen"), Talk.create, ModelRefused),
    "16 there is no such model": (no(404, "InvalidEndpointOrModel.NotFound"), Talk.create, ModelRefused),
    "17 a known task is not found": (Fault("get", does="missing", seconds=7200), Talk.look, NotFound),
    "18 the method is refused": (no(405, "MethodNotAllowed"), Talk.create, Rejected),
    "18 the type is refused": (no(415, "UnsupportedMediaType"), Talk.create, Rejected),
    "19 408": (yes(status=408), Talk.create, UnknownOutcome),
    "19 499": (yes(status=499), Talk.create, UnknownOutcome),
    "19 502": (yes(status=502, shape="html"), Talk.create, UnknownOutcome),
    "19 503": (yes(status=503), Talk.create, UnknownOutcome),
    "19 504": (yes(status=504, shape="empty"), Talk.create, UnknownOutcome),
    "20 409": (yes(status=409), Talk.create, UnknownOutcome),
    "21 a running task is deleted": (
        Fault("delete", does="refuse", status=409, code="InvalidAction.RunningTaskDeletion"),
        Talk.cancel,
        Rejected,
    ),
    "22 the body is too large": (no(413, "RequestTooLarge"), Talk.create, Rejected),
    "23 422": (no(422, "UnprocessableEntity"), Talk.create, Rejected),
    "24 too many a minute": (no(429, "RateLimitExceeded.EndpointRPMExceeded"), Talk.create, RateLimited),
    "24 overloaded": (no(429, "ServerOverloaded"), Talk.create, RateLimited),
    "24 a burst": (no(429, "RequestBurstTooFast"), Talk.create, RateLimited),
    "24 a bare 429": (no(429, shape="empty"), Talk.create, RateLimited),
    "25 a limit is set": (no(429, "SetLimitExceeded"), Talk.create, QuotaUsedUp),
    "25 the free quota": (no(429, "QuotaExceeded", "your free trial quota is used up"), Talk.create, QuotaUsedUp),
    "26 500": (yes(status=500, code="InternalServiceError"), Talk.create, UnknownOutcome),
    "27 a look is a 503": (Fault("get", does="refuse", status=503), Talk.look, Unusable),
    "27 a list is a 500": (Fault("list", does="refuse", status=500), Talk.list, Unusable),
    "28 a yes in HTML": (yes(status=200, shape="html"), Talk.create, UnknownOutcome),
    "28 an empty yes": (yes(status=200, shape="empty"), Talk.create, UnknownOutcome),
    "28 a yes in no JSON": (yes(status=200, shape="malformed"), Talk.create, UnknownOutcome),
    "28 a look at a portal": (Fault("get", does="answer", status=200, shape="html"), Talk.look, Unusable),
    "29 no id": (Fault("create", does="without", fields=["id"]), Talk.create, UnknownOutcome),
    "29 an odd id": (Fault("create", does="set", fields={"id": "../x"}), Talk.create, UnknownOutcome),
    "30 a look is cut off": (Fault("get", does="cut"), Talk.look, Unreachable),
    "30 a yes is cut off": (Fault("create", does="cut"), Talk.create, UnknownOutcome),
    "30 a video is cut off": (Fault("file", does="cut"), Talk.fetch, Unusable),
    "31 a video without a length": (Fault("file", does="cut", length="none"), Talk.fetch, Unusable),
    "32 a look that drips": (Fault("get", does="drip", every=0.05), Talk.look, Unreachable),
    "32 a video that drips": (Fault("file", does="drip", bytes=64, every=0.05), Talk.fetch, Unusable),
    "33 a look without an end": (Fault("get", does="endless"), Talk.look, Unreachable),
    "33 a huge header": (Fault("get", does="huge_header"), Talk.look, Unreachable),
    "34 a packed bomb": (Fault("get", does="gzip_bomb"), Talk.look, Unreachable),
    "45 a video's address has died": (Fault("file", does="refuse", status=403, shape="xml"), Talk.fetch, Gone),
    "46 a video was fetched too often": (
        Fault("file", each="1-", name="cap", does="refuse", status=403, shape="xml"),
        Talk.fetch,
        Gone,
    ),
    "47 a video is a 503": (Fault("file", does="refuse", status=503), Talk.fetch, Unusable),
    "48 a video is a page": (Fault("file", does="answer", status=200, shape="html"), Talk.fetch, Unusable),
    "49 a video is cut at the service": (Fault("file", does="cut", length="short"), Talk.take, MediaTrouble),
    "50 bits of a video are flipped": (Fault("file", does="flip", count=3000), Talk.take, MediaTrouble),
}


@pytest.mark.row(7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29)
@pytest.mark.row(30, 31, 32, 33, 34, 45, 46, 47, 48, 49, 50)
@pytest.mark.parametrize("case", CLASSES)
def test_a_fault_has_its_class(tmp_path: Path, case: str) -> None:
    """Not sent, refused, perhaps accepted, unavailable: each has its own class."""
    fault, doing, sort = CLASSES[case]
    assert type(come(tmp_path, fault, doing)) is sort


TASKS: dict[str, tuple[Fault, Callable[[Task], Any], Any]] = {
    "35 never ends": (Fault("get", does="stands", status="running"), lambda task: task.status, "running"),
    "36 goes back": (Fault("get", does="stands", status="queued"), lambda task: task.status, "queued"),
    "37 expired": (
        Fault("get", does="stands", status="expired"),
        lambda task: (task.status, task.error),
        ("expired", ""),
    ),
    "38 cancelled": (Fault("get", does="stands", status="cancelled"), lambda task: task.status, "cancelled"),
    "39 its video is refused": (
        Fault("get", does="stands", status="failed", code="OutputVideoSensitiveContentDetected", message="no"),
        lambda task: (task.status, task.error, "refused" in task.hint),
        ("failed", "OutputVideoSensitiveContentDetected: no", True),
    ),
    "40 it is of another type": (
        Fault("get", does="stands", status="failed", code="InvalidParameter.TaskTypeMismatch", message="no"),
        lambda task: (task.status, task.error),
        ("failed", "InvalidParameter.TaskTypeMismatch: no"),
    ),
    "41 a status that nobody knows": (
        Fault("get", does="stands", status="pondering"),
        lambda task: (task.status, task.word),
        ("unknown", "pondering"),
    ),
    "42 no video": (Fault("get", does="set", fields={"content.video_url": None}), lambda task: task.video, None),
    "42 no content": (Fault("get", does="set", fields={"content": None}), lambda task: task.video, None),
    "43 no usage": (Fault("get", does="without", fields=["usage"]), lambda task: task.tokens, None),
    "43 usage as text": (Fault("get", does="numbers_as_text"), lambda task: task.tokens is not None, True),
    "44 another length": (Fault("get", does="set", fields={"duration": 9}), lambda task: task.duration, 9),
    "44 another ratio": (Fault("get", does="set", fields={"ratio": "1:1"}), lambda task: task.ratio, "1:1"),
}


@pytest.mark.row(35, 36, 37, 38, 39, 40, 41, 42, 43, 44)
@pytest.mark.parametrize("case", TASKS)
def test_an_odd_task_is_read_as_far_as_it_goes(tmp_path: Path, case: str) -> None:
    """A reply about a task can only make a value."""
    fault, reading, expected = TASKS[case]
    assert reading(come(tmp_path, fault, Talk.look)) == expected


@pytest.mark.row(24)
@pytest.mark.parametrize(
    ("header", "seconds"), [("30", 30.0), ("99999999", 600.0), ("-5", 0.0), ("NaN", 0.0), ("", 0.0)]
)
def test_an_answer_that_asks_for_patience_gets_some(tmp_path: Path, header: str, seconds: float) -> None:
    """So many seconds, but no more than ten minutes, and none for what makes no sense."""
    refused = come(tmp_path, no(429, "RateLimitExceeded", retry_after=header), Talk.create)
    assert isinstance(refused, RateLimited)
    assert refused.after == seconds


@pytest.mark.row(51)
def test_another_tasks_video_is_another(tmp_path: Path) -> None:
    """A swapped video is complete: only the different length of its task reveals it."""

    async def swapped(talk: Talk) -> tuple[float, int | None]:
        longer = Order(ORDER.model, "A harbour.", (), Parameters(resolution="480p", ratio="16:9", duration=6))
        first = await talk.ark.submit(talk.ark.body(longer), "f" * 32)
        second = await talk.create()
        talk.clock.advance(3600)
        task = await talk.ark.get_task(second)
        await talk.ark.get_task(first)
        assert task.video is not None
        sink, path = Sunk(), tmp_path / "video.mp4"
        await talk.ark.fetch(task.video, sink)
        path.write_bytes(sink.content)
        return round(probe.video(path).seconds, 1), task.duration

    assert come(tmp_path, Fault("file", does="other_video"), swapped) == (6.0, 4)
