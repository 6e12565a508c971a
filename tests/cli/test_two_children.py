"""Several scenes made from one: their inputs are written at the same moment."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command_line import run

STORYBOARD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  quay: {prompt: A quay at dawn.}
  left: {chain: quay, prompt: The boat turns left.}
  right: {chain: quay, prompt: The boat turns right.}
  back: {chain: quay, prompt: The boat turns back.}
"""


def test_scenes_that_share_a_parent_are_all_made(tmp_path: Path) -> None:
    """The service stores their shared picture once, although three requests send it at the same time."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    result = run(path, "--speed", "200")
    assert (result.code, "4 tasks submitted" in result.out) == (0, True)
