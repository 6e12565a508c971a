"""The service's truth on disk: a service that is started anew is the same service."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from storyboard.errors import StateDamaged
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, ask, create, listed, look, order


@contextmanager
def started(folder: Path, clock: VirtualClock) -> Iterator[Emulator]:
    """The service of a folder."""
    with emulator(folder / "ledger", speed=1, clock=clock) as running:
        yield running


def test_a_service_that_was_started_anew_knows_its_tasks(tmp_path: Path) -> None:
    """And how they stand, since that is a matter of time alone."""
    clock = VirtualClock()
    with started(tmp_path, clock) as emulated:
        task = create(emulated.base_url, order())
    clock.advance(40)
    with started(tmp_path, clock) as emulated:
        assert look(emulated.base_url, task)["status"] == "running"


def test_a_service_that_was_started_anew_serves_the_same_video(tmp_path: Path) -> None:
    """Under the same address but for the port, and to the byte."""
    clock = VirtualClock()
    videos = []
    with started(tmp_path, clock) as emulated:
        task = create(emulated.base_url, order())
        clock.advance(80)
    for _ in range(2):
        with started(tmp_path, clock) as emulated:
            url = look(emulated.base_url, task)["content"]["video_url"]
            videos.append((urlsplit(url).path, urlsplit(url).query, ask("GET", url).body))
    assert videos[0] == videos[1]


def test_a_video_is_a_function_of_its_line(tmp_path: Path) -> None:
    """A service that lost its media draws the same again."""
    clock = VirtualClock()
    videos = []
    with started(tmp_path, clock) as emulated:
        task = create(emulated.base_url, order())
        clock.advance(80)
    for _ in range(2):
        with started(tmp_path, clock) as emulated:
            videos.append(ask("GET", look(emulated.base_url, task)["content"]["video_url"]).body)
        (tmp_path / "ledger.media" / f"{task}.mp4").unlink()
    assert videos[0] == videos[1]


def test_a_service_that_was_started_anew_knows_what_was_cancelled(tmp_path: Path) -> None:
    """Though its time would have come."""
    clock = VirtualClock()
    with started(tmp_path, clock) as emulated:
        task = create(emulated.base_url, order())
        ask("DELETE", f"{emulated.base_url}{TASKS}/{task}")
    clock.advance(200)
    with started(tmp_path, clock) as emulated:
        assert look(emulated.base_url, task)["status"] == "cancelled"


@pytest.mark.parametrize("torn", [b'{"task_id":"cgt-', b"{", b"\xff"])
def test_a_torn_last_line_is_cut_off(tmp_path: Path, torn: bytes) -> None:
    """It was never answered; what follows is written on a line of its own."""
    clock = VirtualClock()
    with started(tmp_path, clock) as emulated:
        tasks = [create(emulated.base_url, order("one"))]
    whole = (tmp_path / "ledger").read_bytes()
    (tmp_path / "ledger").write_bytes(whole + torn)
    with started(tmp_path, clock) as emulated:
        assert (tmp_path / "ledger").read_bytes() == whole
        tasks.append(create(emulated.base_url, order("two")))
        assert [row["task_id"] for row in emulated.ledger] == tasks


def test_a_ledger_of_nothing_but_a_torn_line_is_empty(tmp_path: Path) -> None:
    """The very first create was killed."""
    (tmp_path / "ledger").write_bytes(b'{"task_id":')
    with started(tmp_path, VirtualClock()) as emulated:
        assert emulated.ledger == ()


def test_a_torn_removal_is_cut_off(tmp_path: Path) -> None:
    """The delete was never answered."""
    clock = VirtualClock()
    with started(tmp_path, clock) as emulated:
        task = create(emulated.base_url, order())
    (tmp_path / "ledger.media" / "removed.jsonl").write_bytes(b'{"task_id":"cgt')
    with started(tmp_path, clock) as emulated:
        assert look(emulated.base_url, task)["status"] == "queued"


@pytest.mark.parametrize("content", [b"words\n", b"{}\n", b"[]\n", b'{"task_id":"cgt-1"}\n'])
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: bytes) -> None:
    """It isn't touched."""
    (tmp_path / "ledger").write_bytes(content)
    with pytest.raises(StateDamaged, match="ledger:1 is no line"), started(tmp_path, VirtualClock()):
        pass
    assert (tmp_path / "ledger").read_bytes() == content


def test_the_media_are_for_their_owner_only(tmp_path: Path) -> None:
    """The key that signs lies among them."""
    with started(tmp_path, VirtualClock()):
        media = tmp_path / "ledger.media"
        modes = [path.stat().st_mode & 0o777 for path in (media, media / "signing.key")]
    assert modes == [0o700, 0o600]


def test_a_list_is_told_while_tasks_are_taken_on(tmp_path: Path) -> None:
    """They are written down in other threads: whoever asks meanwhile sees some of them, and no error."""
    with started(tmp_path, VirtualClock()) as emulated:
        first = emulated.service.ledger.lines[create(emulated.base_url, order())]

        def taken_on() -> None:
            for number in range(1500):
                emulated.service.ledger.append(replace(first, task_id=f"cgt-{number}"))

        taking = threading.Thread(target=taken_on)
        taking.start()
        statuses = set()
        while taking.is_alive():
            statuses.add(ask("GET", emulated.base_url + TASKS + "?page_size=1").status)
        assert (statuses, listed(emulated.base_url)["total"]) == ({200}, 1501)
