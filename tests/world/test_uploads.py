"""Local clips under unguessable addresses."""

from __future__ import annotations

from pathlib import Path

import pytest

from storyboard.hosts import is_loopback
from storyboard.testing.clock import LoadedDice
from storyboard.world.clock import SystemDice
from storyboard.world.uploads import loopback
from tests.http_client import ask


def test_a_file_is_served(tmp_path: Path) -> None:
    """All of its bytes, to any client with the address, on this machine only."""
    (tmp_path / "clip.mp4").write_bytes(b"0123456789")
    with loopback.open_loopback(LoadedDice()) as uploads:
        url = uploads.address(tmp_path / "clip.mp4").reveal()
        answer = ask("GET", url)
    assert (answer.status, answer.body, is_loopback(url)) == (200, b"0123456789", True)


def test_a_part_of_a_file_is_served(tmp_path: Path) -> None:
    """The vendor's services fetch by ranges."""
    (tmp_path / "clip.mp4").write_bytes(b"0123456789")
    with loopback.open_loopback(LoadedDice()) as uploads:
        url = uploads.address(tmp_path / "clip.mp4").reveal()
        answer = ask("GET", url, headers={"Range": "bytes=2-4"})
    assert (answer.status, answer.body, answer.headers["content-range"]) == (206, b"234", "bytes 2-4/10")


@pytest.mark.parametrize("name", ["#1.mp4", "a?b.mp4", "100%.mp4", "灯塔 (2).mp4"])
def test_a_file_may_have_any_name(tmp_path: Path, name: str) -> None:
    """Signs that mean something in an address are written otherwise."""
    (tmp_path / name).write_bytes(b"clip")
    with loopback.open_loopback(LoadedDice()) as uploads:
        answer = ask("GET", uploads.address(tmp_path / name).reveal())
    assert (answer.status, answer.body) == (200, b"clip")


def test_a_file_that_can_not_be_read_breaks_off(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The client notices the incomplete transfer, and no traceback is printed."""
    (tmp_path / "clip.mp4").mkdir()
    with loopback.open_loopback(LoadedDice()) as uploads, pytest.raises(OSError, match=r"reset|closed"):
        ask("GET", uploads.address(tmp_path / "clip.mp4").reveal())
    assert capfd.readouterr().err == ""


def test_other_paths_are_not_served(tmp_path: Path) -> None:
    """Neither a wrong token, nor a path, nor the root."""
    (tmp_path / "clip.mp4").write_bytes(b"0")
    with loopback.open_loopback(LoadedDice()) as uploads:
        origin = uploads.address(tmp_path / "clip.mp4").origin
        paths = ("/0000/clip.mp4", f"/{tmp_path}/clip.mp4", "/", "/clip.mp4", "/%2e%2e/clip.mp4")
        found = [ask("GET", origin + path).status for path in paths]
    assert found == [404] * 5


def test_every_address_has_a_token_of_its_own(tmp_path: Path) -> None:
    """128 bits of chance, also for the same file."""
    (tmp_path / "clip.mp4").write_bytes(b"0")
    with loopback.open_loopback(SystemDice()) as uploads:
        tokens = {uploads.address(tmp_path / "clip.mp4").reveal().split("/")[3] for _ in range(3)}
    assert sorted(map(len, tokens)) == [32, 32, 32]
