"""What `asset://` may name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.assets import read
from storyboard.errors import FileTrouble, UsageError
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import TASKS, ask, audio, create, image, order, video

FACE, CLIP, SONG = "asset-20261001000000-face1", "asset-20261001000000-clip1", "asset-20261001000000-song1"
LIBRARY = {FACE: "image", CLIP: "video", SONG: "audio"}
FACED = image(f"asset://{FACE}", "reference_image")


def test_what_is_in_the_library_may_be_named(tmp_path: Path) -> None:
    """Each as what it is."""
    media = (FACED, video(f"asset://{CLIP}"), audio(f"asset://{SONG}"))
    with emulator(tmp_path / "ledger", clock=VirtualClock(), conditions=EmulatorConfig(assets=LIBRARY)) as emulated:
        assert create(emulated.base_url, order("a", *media)).startswith("cgt-")


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (image("asset://asset-1", "reference_image"), "The specified asset asset-1 is not found."),
        (image(f"asset://{CLIP}", "reference_image"), f"The specified asset {CLIP} is not an image."),
        (video(f"asset://{FACE}"), f"The specified asset {FACE} is not a video."),
    ],
)
def test_what_is_not_in_it_is_refused(tmp_path: Path, item: dict[str, Any], why: str) -> None:
    """By its place, and nothing is taken on."""
    with emulator(tmp_path / "ledger", clock=VirtualClock(), conditions=EmulatorConfig(assets=LIBRARY)) as emulated:
        answer = ask("POST", emulated.base_url + TASKS, order("a", FACED, item))
        error = answer.value["error"]
        assert (answer.status, error["code"]) == (400, "InvalidParameter")
        assert (error["param"], why in error["message"]) == (f"content[2].{item['type']}.url", True)
        assert emulated.ledger == ()


def test_without_a_library_any_id_is_known(tmp_path: Path) -> None:
    """A storyboard with one's own assets runs here too."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        assert create(emulated.base_url, order("a", FACED)).startswith("cgt-")


def test_a_library_is_read_from_a_file(tmp_path: Path) -> None:
    """JSON."""
    (tmp_path / "assets.json").write_text('{"asset-1": "image"}')
    assert read(tmp_path / "assets.json") == {"asset-1": "image"}


@pytest.mark.parametrize("content", [b"", b"[]", b'{"asset-1": "sculpture"}', b'{"asset-1": 1}', b"\xff", b"[" * 99999])
def test_a_file_that_is_no_library_is_refused(tmp_path: Path, content: bytes) -> None:
    """In words."""
    (tmp_path / "assets.json").write_bytes(content)
    with pytest.raises(UsageError, match="is no library of assets"):
        read(tmp_path / "assets.json")


def test_a_library_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    """A folder, say."""
    with pytest.raises(FileTrouble, match="can't be read"):
        read(tmp_path)
