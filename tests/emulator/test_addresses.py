"""Signed addresses of files: to a GET only, unforged, for a day."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import ask, create, look, order

BEGAN = 1_790_856_000.0  # 2026-10-01 12:00:00 UTC


@dataclass
class Made:
    """A task that has succeeded, 80 seconds after it was taken on."""

    base_url: str
    clock: VirtualClock
    task: str
    video: str
    frame: str


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Made]:
    """A service with a video."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        task = create(emulated.base_url, order())
        clock.advance(80)
        content = look(emulated.base_url, task)["content"]
        yield Made(emulated.base_url, clock, task, content["video_url"], content["last_frame_url"])


def test_both_files_are_served_without_a_key(made: Made) -> None:
    """The signature is what opens them."""
    answers = [ask("GET", url, key="") for url in (made.video, made.frame)]
    found = [(answer.status, answer.headers["content-type"], answer.body[4:8]) for answer in answers]
    assert found == [(200, "video/mp4", b"ftyp"), (200, "image/png", b"\r\n\x1a\n")]


@pytest.mark.parametrize(("ranges", "status", "size"), [(False, 200, None), (True, 206, 4)])
def test_a_part_of_a_video_is_given_on_order(tmp_path: Path, ranges: bool, status: int, size: int | None) -> None:
    """Nobody knows whether the service does: who asks for a range gets the whole unless it is told to."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path / "ledger", clock=clock, conditions=EmulatorConfig(1.0, ranges=ranges)) as emulated:
        task = create(emulated.base_url, order())
        clock.advance(80)
        url = look(emulated.base_url, task)["content"]["video_url"]
        part, whole = ask("GET", url, headers={"Range": "bytes=4-7"}), ask("GET", url)
    assert (part.status, len(part.body)) == (status, size or len(whole.body))
    assert ("accept-ranges" in whole.headers) is ranges


def test_the_signature_covers_a_get_only(made: Made) -> None:
    """A HEAD is refused."""
    assert ask("HEAD", made.video).status == 403


@pytest.mark.parametrize("forge", ["signature", "none", "frame's", "name", "task", "date", "no date", "life"])
def test_a_forged_address_is_refused(made: Made, forge: str) -> None:
    """Whatever was changed of it."""
    url = {
        "signature": made.video.replace("X-Tos-Signature=", "X-Tos-Signature=0"),
        "none": made.video.partition("?")[0],
        "frame's": made.video.partition("?")[0] + "?" + made.frame.partition("?")[2],
        "name": made.video.replace("video.mp4", "other.mp4"),
        "task": made.video.replace(made.task, "cgt-1"),
        "date": made.video.replace("X-Tos-Date=20261001T", "X-Tos-Date=20261003T"),
        "no date": made.video.replace("X-Tos-Date=2", "X-Tos-Date=x"),
        "life": made.video.replace("X-Tos-Expires=86400", "X-Tos-Expires=864000"),
    }[forge]
    answer = ask("GET", url)
    assert (answer.status, b"The request signature does not match" in answer.body) == (403, True)


@pytest.mark.parametrize(("seconds", "status"), [(86_399, 200), (86_400, 403)])
def test_an_address_dies_a_day_after_the_task_ended(made: Made, seconds: int, status: int) -> None:
    """To the second."""
    made.clock.advance(seconds)
    assert ask("GET", made.frame).status == status


def test_a_dead_address_answers_as_a_store_of_objects_does(made: Made) -> None:
    """In XML."""
    made.clock.advance(86_400)
    answer = ask("GET", made.video)
    assert (answer.status, answer.headers["content-type"]) == (403, "application/xml")
    assert answer.body == b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"


def test_a_later_look_gives_the_same_address(made: Made) -> None:
    """It isn't signed anew, not even when it is dead."""
    made.clock.advance(86_400 * 2)
    assert look(made.base_url, made.task)["content"]["video_url"] == made.video


def test_a_service_that_signs_anew_gives_another_day(tmp_path: Path) -> None:
    """On order: the address of a later look lives from then on, the first one dies as ever."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path / "ledger", clock=clock, conditions=EmulatorConfig(1.0, resign=True)) as emulated:
        task = create(emulated.base_url, order())
        clock.advance(80)
        early = look(emulated.base_url, task)["content"]["video_url"]
        clock.advance(86_400)
        late = look(emulated.base_url, task)["content"]["video_url"]
        assert [ask("GET", url).status for url in (early, late)] == [403, 200]


def test_the_query_says_since_when_and_for_how_long(made: Made) -> None:
    """From when the task ended, for a day."""
    query = parse_qs(urlsplit(made.video).query)
    assert (query["X-Tos-Date"], query["X-Tos-Expires"]) == (["20261001T120120Z"], ["86400"])
