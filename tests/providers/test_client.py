"""The client, speaking with the emulator and with servers that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest

from storyboard.errors import (
    AccountRefused,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
)
from storyboard.language.scene import Parameters
from storyboard.net import client as net
from storyboard.protocols import Account, Address, PollPolicy, Secret
from storyboard.providers.ark import wire
from storyboard.providers.ark.client import Ark
from storyboard.providers.connect import connect
from storyboard.providers.provider import Order, Provider, TaskQuery
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from storyboard.world.media import probe
from tests.media import is_complete
from tests.servers import Sunk, answering, closed_port, http

T = TypeVar("T")
INTENT = "0123456789abcdef0123456789abcdef"
ORDER = Order(
    "doubao-seedance-2-0-260128",
    "A lighthouse.",
    (),
    Parameters(resolution="480p", ratio="16:9", duration=4, generate_audio=False),
)


def speak(base_url: str, talk: Callable[[Provider], Awaitable[T]], key: str = "sk-secret") -> T:
    """Return the result of a call of the provider at an address."""

    async def whole() -> T:
        async with net.open_net() as way:
            return await talk(connect("ark", Account(base_url, Secret(key), 3, PollPolicy(0.1, 1.0)), way))

    return asyncio.run(whole())


def submitted(base_url: str) -> str:
    """The id of a task that was taken on."""
    return speak(base_url, lambda ark: ark.submit(ark.body(ORDER), INTENT))


def test_the_provider_named_ark_is_ark() -> None:
    """A name becomes an open provider."""

    async def named(ark: Provider) -> tuple[type[Provider], str]:
        return type(ark), ark.origin

    assert speak("http://127.0.0.1:8801/api/v3", named) == (Ark, "http://127.0.0.1:8801")


def test_what_is_submitted_is_taken_on(tmp_path: Path) -> None:
    """The service knows the task by the id that came back, and by our own name for the attempt."""
    with emulator(tmp_path / "ledger") as emulated:
        task = submitted(emulated.base_url)
        rows = [(row["task_id"], row["client_request_id"]) for row in emulated.ledger]
    assert rows == [(task, INTENT)]


def test_the_bytes_that_are_sent_are_the_body() -> None:
    """What was digested and written down before is what is sent."""
    with answering(http(b'{"id":"cgt-1"}')) as server:
        submitted(f"{server.origin}/api/v3")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert body == Ark(Account("http://127.0.0.1", Secret("k"), 1, PollPolicy(1, 1)), net.Net()).body(ORDER)
    assert head.startswith(b"POST /api/v3/contents/generations/tasks HTTP/1.1\r\n")


def test_a_task_is_looked_at_from_queued_to_succeeded(tmp_path: Path) -> None:
    """The life of a task as the client sees it."""
    clock = VirtualClock()
    seen = []
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        task = submitted(emulated.base_url)
        for seconds in (0, 10, 100):
            clock.advance(seconds)
            seen.append(speak(emulated.base_url, lambda ark: ark.get_task(task)).status)
    assert seen == ["queued", "running", "succeeded"]


def test_a_task_that_succeeded_says_when_its_addresses_die(tmp_path: Path) -> None:
    """A day after it ended, not after it was asked for."""
    clock = VirtualClock(1000.0)
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        task = submitted(emulated.base_url)
        clock.advance(1000)
        found = speak(emulated.base_url, lambda ark: ark.get_task(task))
    assert (found.tokens, found.created_at, found.expires) == (40594, 1000.0, 1000.0 + 80 + 86_400)


def test_a_task_that_nobody_knows_is_rejected(tmp_path: Path) -> None:
    """The service answers 404."""
    with emulator(tmp_path / "ledger") as emulated, pytest.raises(Rejected) as caught:
        speak(emulated.base_url, lambda ark: ark.get_task("cgt-1"))
    assert (caught.value.status, caught.value.code) == (404, "NotFound.Task")


def test_an_id_cannot_leave_its_place_in_the_path(tmp_path: Path) -> None:
    """Slashes and question marks in an id stay part of it."""
    with emulator(tmp_path / "ledger") as emulated, pytest.raises(Rejected) as caught:
        speak(emulated.base_url, lambda ark: ark.get_task("../tasks?page_num=1"))
    assert caught.value.status == 404


def test_a_list_holds_the_newest_first(tmp_path: Path) -> None:
    """Pages, and the number of all."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        tasks = [submitted(emulated.base_url) for _ in range(3)]
        page = speak(emulated.base_url, lambda ark: ark.list(TaskQuery(page=1, size=2)))
    assert ([task.id for task in page.tasks], page.total) == ([tasks[2], tasks[1]], 3)


def test_a_list_of_some_tasks(tmp_path: Path) -> None:
    """Several ids are asked for at once."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        tasks = [submitted(emulated.base_url) for _ in range(3)]
        page = speak(emulated.base_url, lambda ark: ark.list(TaskQuery(tasks=tuple(tasks[:2]), status="queued")))
    assert {task.id for task in page.tasks} == set(tasks[:2])


def test_a_queued_task_can_be_cancelled(tmp_path: Path) -> None:
    """It is cancelled from then on."""
    with emulator(tmp_path / "ledger", speed=1, clock=VirtualClock()) as emulated:
        task = submitted(emulated.base_url)
        speak(emulated.base_url, lambda ark: ark.cancel(task))
        status = speak(emulated.base_url, lambda ark: ark.get_task(task)).status
    assert status == "cancelled"


@pytest.mark.row(21)
def test_a_running_task_can_not_be_cancelled(tmp_path: Path) -> None:
    """The service answers 409, and the video will be billed."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        task = submitted(emulated.base_url)
        clock.advance(20)
        with pytest.raises(Rejected) as caught:
            speak(emulated.base_url, lambda ark: ark.cancel(task))
    assert (caught.value.status, caught.value.code) == (409, "InvalidAction.RunningTaskDeletion")


def test_a_video_is_fetched(tmp_path: Path) -> None:
    """What the address gives is a whole video of 24·4 + 1 pictures."""
    clock = VirtualClock()
    sink = Sunk()
    with emulator(tmp_path / "ledger", clock=clock) as emulated:
        task = submitted(emulated.base_url)
        clock.advance(60)
        address = speak(emulated.base_url, lambda ark: ark.get_task(task)).video
        assert address is not None
        speak(emulated.base_url, lambda ark: ark.fetch(address, sink))
    (tmp_path / "video.mp4").write_bytes(sink.content)
    assert (is_complete(tmp_path / "video.mp4"), probe.video(tmp_path / "video.mp4").frames) == (True, 97)


def test_a_missing_key_is_the_account_s_fault() -> None:
    """Nothing else of this account will pass either."""
    refusal = http(b'{"error":{"code":"AuthenticationError"}}', status="401 No")
    with answering(refusal) as server, pytest.raises(AccountRefused):
        submitted(server.origin)


def test_the_key_goes_to_the_service() -> None:
    """As a bearer's, in every question."""
    with answering(http(b'{"id":"cgt-1"}')) as server:
        speak(server.origin, lambda ark: ark.get_task("cgt-1"))
        assert b"authorization: bearer sk-secret" in server.requests[0].lower()


def test_no_key_goes_to_the_address_of_a_file() -> None:
    """It is signed, and its host may be any."""
    with answering(http(b"video")) as server:
        speak("http://127.0.0.1:1", lambda ark: ark.fetch(Address(f"{server.origin}/v.mp4?s=1"), Sunk()))
        assert b"sk-secret" not in server.requests[0]


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (http(b"half", length=8), "could not be fetched"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf", "doesn't say how long it is"),
        (http(b"<html>sign in</html>", "Content-Type: text/html"), "a page, not a video"),
        (http(b"<Error/>", "Content-Type: application/xml"), "a page, not a video"),
        (http(b"<Error/>", status="403 Forbidden"), "answered 403"),
        (http(b"", "Location: https://a.example/", status="302 Found"), "answered 302"),
        (b"", "could not be fetched"),
    ],
)
@pytest.mark.row(48)
def test_what_is_no_whole_video_is_refused(reply: bytes, words: str) -> None:
    """Half a file, a page, an error or a redirect is not accepted as a video."""
    with answering(reply) as server, pytest.raises(Unreachable, match=words) as caught:
        speak(server.origin, lambda ark: ark.fetch(Address(f"{server.origin}/v.mp4?Signature=abc"), Sunk()))
    assert "abc" not in str(caught.value)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Again", "308 For good"])
def test_no_redirect_is_followed(status: str) -> None:
    """Neither key nor body, address nor id ever reach the other host."""
    talks: list[Callable[[Provider, str], Awaitable[object]]] = [
        lambda ark, _: ark.submit(ark.body(ORDER), INTENT),
        lambda ark, _: ark.get_task("cgt-1"),
        lambda ark, _: ark.list(),
        lambda ark, _: ark.cancel("cgt-1"),
        lambda ark, origin: ark.fetch(Address(f"{origin}/v.mp4"), Sunk()),
    ]
    with answering(http(b"{}")) as other:
        with answering(http(b"", f"Location: {other.origin}/x", status=status)) as server:
            for talk in talks:
                with pytest.raises(ProviderError):
                    speak(server.origin, lambda ark, talk=talk: talk(ark, server.origin))  # type: ignore[misc]
        assert other.requests == []


def test_a_redirect_of_a_paid_request_leaves_it_in_doubt() -> None:
    """A gateway may have passed it on."""
    reply = http(b"", "Location: /elsewhere", status="307 Again")
    with answering(reply) as server, pytest.raises(UnknownOutcome) as caught:
        submitted(server.origin)
    assert caught.value.hint == "it sends us elsewhere: is its address the right one?"


def test_a_closed_port_was_not_sent_to() -> None:
    """It may be tried again."""
    with pytest.raises(NotSent):
        submitted(f"http://127.0.0.1:{closed_port()}/api/v3")


@pytest.mark.row(7)
def test_a_server_that_reads_and_hangs_up_leaves_the_request_in_doubt() -> None:
    """It was sent once, and its result is unknown."""
    with answering(b"") as server:
        with pytest.raises(UnknownOutcome):
            submitted(server.origin)
        assert len(server.requests) == 1


@pytest.mark.parametrize(
    "talk", [lambda ark: ark.get_task("cgt-1"), lambda ark: ark.list(), lambda ark: ark.cancel("c")]
)
@pytest.mark.row(9)
def test_questions_to_a_server_that_hangs_up_are_unreachable(talk: Callable[[Provider], Awaitable[object]]) -> None:
    """Asking again costs nothing."""
    with answering(b"") as server, pytest.raises(Unreachable):
        speak(server.origin, talk)


@pytest.mark.parametrize(
    ("asked", "query"),
    [
        ({}, "page_num=1&page_size=100"),
        (
            {"model": "ep-1", "service_tier": "flex"},
            "page_num=1&page_size=100&filter.model=ep-1&filter.service_tier=flex",
        ),
        (
            {"status": "running", "tasks": ("cgt-1", "cgt-2"), "page": 2, "size": 2},
            "page_num=2&page_size=2&filter.status=running&filter.task_ids=cgt-1&filter.task_ids=cgt-2",
        ),
    ],
)
def test_what_a_list_asks_for_on_the_wire(asked: dict[str, Any], query: str) -> None:
    """Only what is set, as the vendor's own client writes it."""
    with answering(http(b'{"total":0,"items":[]}')) as server:
        speak(server.origin, lambda ark: ark.list(TaskQuery(**asked)))
        assert server.requests[0].split(b" ")[1].decode() == f"/contents/generations/tasks?{query}"


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ((), 0),
        (("Retry-After: 30",), 30),
        (("Retry-After: 99999999",), 600),
        (("Retry-After: NaN",), 0),
        (("Retry-After: -5",), 0),
        (("Date: Tue, 24 Nov 2026 01:00:00 GMT", "Retry-After: Tue, 24 Nov 2026 01:01:00 GMT"), 60),
        (("Date: Tue, 24 Nov 2026 01:00:00 GMT", "Retry-After: Mon, 23 Nov 2026 01:01:00 GMT"), 0),
    ],
)
@pytest.mark.row(24)
def test_a_no_for_now_says_how_long_to_stay_away(headers: tuple[str, ...], after: float) -> None:
    """In seconds or by a date, within reason."""
    with answering(http(b"", *headers, status="429 Slowly")) as server, pytest.raises(RateLimited) as caught:
        submitted(server.origin)
    assert caught.value.after == after


@pytest.mark.row(22)
def test_a_request_that_is_too_large_is_never_sent() -> None:
    """The service takes 64 MB, and not a byte more."""
    with answering(http(b'{"id":"cgt-1"}')) as server:
        with pytest.raises(Rejected, match="of at most 67108864"):
            speak(server.origin, lambda ark: ark.submit(b"x" * (wire.LARGEST_BODY + 1), INTENT))
        assert server.requests == []


def test_a_request_of_the_largest_size_is_sent() -> None:
    """The bound itself is within it."""
    with answering(http(b'{"id":"cgt-1"}')) as server:
        assert speak(server.origin, lambda ark: ark.submit(b"x" * wire.LARGEST_BODY, INTENT)) == "cgt-1"
