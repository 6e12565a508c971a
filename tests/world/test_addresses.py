"""Signed addresses: private, and forgotten in time."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storyboard.protocols import Address
from storyboard.world.addresses import MARGIN, MOST_DEAD, Addresses, TaskAddresses

ROW = TaskAddresses(Address("https://files.example/v.mp4?s=1"), Address("https://files.example/f.png?s=2"), 10_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a task's addresses were put."""
    path = tmp_path / "addresses.jsonl"
    Addresses(path).put("cgt-1", ROW)
    return path


def test_the_file_is_for_its_owner_only(path: Path) -> None:
    """An address gives access to the video."""
    assert path.stat().st_mode & 0o777 == 0o600


def test_addresses_come_back(path: Path) -> None:
    """In a later process too."""
    assert Addresses(path).alive("cgt-1", 0.0) == ROW


def test_a_video_may_have_no_frame(path: Path) -> None:
    """Then there is none afterwards either."""
    row = TaskAddresses(ROW.video, None, 10_000.0)
    Addresses(path).put("cgt-2", row)
    assert Addresses(path).alive("cgt-2", 0.0) == row


@pytest.mark.parametrize(
    ("now", "alive"), [(10_000.0 - MARGIN, True), (10_000.0 - MARGIN + 1, False), (10_001.0, False)]
)
def test_an_address_must_live_a_while_to_be_handed_on(path: Path, now: float, alive: bool) -> None:
    """It is fetched later, by another program."""
    assert (Addresses(path).alive("cgt-1", now) is not None) is alive


@pytest.mark.parametrize(
    ("origin", "alive"),
    [("https://files.example", True), ("https://files.example:1", False), ("http://127.0.0.1:8801", False)],
)
def test_an_address_may_have_to_be_of_one_origin(path: Path, origin: str, alive: bool) -> None:
    """An emulator that was started anew has another port."""
    assert (Addresses(path).alive("cgt-1", 0.0, origin) is not None) is alive


def test_the_tasks_that_are_alive(path: Path) -> None:
    """By time and by origin."""
    addresses = Addresses(path)
    addresses.put("cgt-2", TaskAddresses(ROW.video, None, 100_000.0))
    found = [addresses.tasks_alive(now) for now in (0.0, 10_000.0, 100_000.0)]
    assert found == [frozenset({"cgt-1", "cgt-2"}), frozenset({"cgt-2"}), frozenset()]


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "7", '{"cgt-1": 3}', '{"cgt-1": {"video": 1}}', '{"cgt-1": {"video": "https://a"}}']
)
def test_a_file_that_cannot_be_read_is_an_empty_one(path: Path, content: str) -> None:
    """Each address can be asked for again."""
    path.write_text(content)
    assert Addresses(path).alive("cgt-1", 0.0) is None


def test_a_row_of_another_shape_is_in_nobodys_way(path: Path) -> None:
    """It is no address, and what is put after it is found."""
    path.write_text(json.dumps({"task": "cgt-0", "note": "x"}) + "\n")
    Addresses(path).put("cgt-1", ROW)
    assert Addresses(path).tasks_alive(0.0) == {"cgt-1"}


def test_what_no_longer_holds_is_left_out_some_day(path: Path) -> None:
    """An address that was asked for again and again takes one line in the end."""
    addresses = Addresses(path)
    for _ in range(3 * MOST_DEAD):
        addresses.put("cgt-1", ROW)
    assert len(path.read_text().splitlines()) <= MOST_DEAD + 2
    assert (path.stat().st_mode & 0o777, Addresses(path).alive("cgt-1", 0.0)) == (0o600, ROW)
