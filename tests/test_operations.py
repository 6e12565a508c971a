"""Plan outside, apply inside: exactly the plan is made, or nothing is."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from storyboard import project
from storyboard.errors import PlanOutdated
from storyboard.operations.apply import apply
from storyboard.operations.options import RunOptions
from storyboard.operations.prepare import Prepared, prepare
from storyboard.planning.planner import plan
from storyboard.world.layout import layout_of
from tests.cli.command_line import run, run_command

TEXT = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
assets:
  quay: {image: quay.png}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  gulls: {prompt: Gulls., first_frame: quay}
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A storyboard of two scenes and an image."""
    (tmp_path / "quay.png").write_bytes(picture("black"))
    (tmp_path / "storyboard.yaml").write_text(TEXT, "utf-8")
    return tmp_path / "storyboard.yaml"


def picture(colour: str) -> bytes:
    """A PNG of one colour."""
    import io

    from PIL import Image

    content = io.BytesIO()
    Image.new("RGB", (864, 496), colour).save(content, "PNG")
    return content.getvalue()


def prepared(path: Path, *selection: str) -> Prepared:
    """A plan of a run on the emulator."""
    layout = layout_of(str(path), "emulated")
    loaded = project.load_validated(layout, *project.survey(layout))
    return prepare(loaded, RunOptions(selection=selection, speed=4000.0))


def test_a_plan_writes_nothing(path: Path) -> None:
    """Neither a record nor a lock nor a folder."""
    before = sorted(path.parent.iterdir())
    prepared(path)
    assert sorted(path.parent.iterdir()) == before


def test_what_was_planned_is_made(path: Path) -> None:
    """All scenes of the plan are made, and nothing else."""
    outcome = apply(prepared(path, "dusk"))
    assert (outcome.submitted, list(outcome.takes)) == (1, ["dusk"])


def edited(path: Path) -> None:
    """Another prompt."""
    path.write_text(TEXT.replace("at dusk", "at dawn"), "utf-8")


def repainted(path: Path) -> None:
    """Another image under the same name."""
    (path.parent / "quay.png").write_bytes(picture("white"))


def made_elsewhere(path: Path) -> None:
    """Another run took place in between."""
    run(path, "dusk")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (edited, "the storyboard"),
        (repainted, "a file that the storyboard names"),
        (made_elsewhere, "what was submitted and the lock"),
    ],
)
def test_a_plan_is_outdated_once_what_it_rests_on_has_changed(
    path: Path, change: Callable[[Path], None], named: str
) -> None:
    """The error names what changed, and nothing is submitted."""
    plan = prepared(path)
    change(path)
    with pytest.raises(PlanOutdated) as caught:
        apply(plan)
    assert caught.value.what == f"{named} changed since this was planned; nothing was done"


def test_a_plan_can_be_applied_once(path: Path) -> None:
    """A plan can be applied only once, because otherwise it would buy everything again."""
    plan = prepared(path, "dusk")
    apply(plan)
    with pytest.raises(PlanOutdated):
        apply(plan)


def test_a_touched_file_outdates_nothing(path: Path) -> None:
    """The content of a file matters, not its modification time."""
    plan = prepared(path, "dusk")
    path.write_text(TEXT, "utf-8")
    assert apply(plan).submitted == 1


@pytest.mark.parametrize(
    ("words", "plans"),
    [
        (("run", "--emulator", "--speed", "4000"), 1),
        (("plan", "--emulator"), 1),
        (("status", "--emulator"), 1),
        (("run", "dusk", "--emulator", "--speed", "4000"), 1),
        (("run", "state:new", "--emulator", "--speed", "4000"), 2),
    ],
)
def test_a_command_plans_once(path: Path, words: tuple[str, ...], plans: int) -> None:
    """It plans twice only if a selection names a state, which only a plan knows."""
    seen: list[str] = []

    def count(frame: FrameType, event: str, argument: Any) -> None:
        del argument
        if event == "call" and frame.f_code is plan.__code__:
            seen.append(event)

    sys.setprofile(count)
    try:
        result = run_command(*words, "-f", str(path))
    finally:
        sys.setprofile(None)
    assert (result.code, len(seen)) == (0, plans)
