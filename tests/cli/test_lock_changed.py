"""A lock that another process writes during a run: a pull, a colleague's blocks, an unfinished merge."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from storyboard import project
from storyboard.errors import PlanOutdated
from storyboard.executor.run import Outcome
from storyboard.operations.apply import apply
from storyboard.operations.options import RunOptions
from storyboard.operations.prepare import prepare
from storyboard.planning.event import Intended, Notice, Stored
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text, to_text
from storyboard.project import Loaded
from storyboard.world.layout import Layout, layout_of
from tests.cli.command_line import STORYBOARD, run
from tests.planning.values import take

THEIRS = take("theirs", {"prompt": "theirs"})


def nothing() -> None:
    """Do nothing."""


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project of four scenes, with nothing made."""
    (tmp_path / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    return layout_of(str(tmp_path / "storyboard.yaml"), "emulated")


def running(
    layout: Layout,
    *selection: str,
    asked: Callable[[], None] = nothing,
    when: str = "stored",
    told: Callable[[], None] = nothing,
) -> Outcome:
    """A run during which something is done on confirmation, and when this first happens to a scene."""
    waiting = [told]

    def tell(event: Notice) -> None:
        if getattr(event, "kind", "") == when and waiting:
            waiting.pop()()

    prepared = prepare(loaded(layout), RunOptions(speed=4000.0, selection=selection))
    asked()
    return apply(prepared, tell)


def loaded(layout: Layout) -> Loaded:
    """The storyboard of a project."""
    return project.load_validated(layout, *project.survey(layout))


def lock_on_disk(layout: Layout) -> Lockfile:
    """The lock as it is written now."""
    return from_text(layout.lock.read_text("utf-8"), layout.lock.name) if layout.lock.exists() else Lockfile()


def pull(layout: Layout) -> Callable[[], None]:
    """A colleague's take is added to the lock, which may not exist yet."""

    def pulled() -> None:
        lock = lock_on_disk(layout).with_take("", "storm", THEIRS, select=True)
        layout.lock.parent.mkdir(parents=True, exist_ok=True)
        layout.lock.write_text(to_text(lock), "utf-8")

    return pulled


def writing(layout: Layout, text: str) -> Callable[[], None]:
    """The lock is replaced."""

    def written() -> None:
        layout.lock.write_text(text, "utf-8")

    return written


def scenes(layout: Layout) -> dict[str, int]:
    """How many takes each scene has in the lock."""
    return {scene: len(block.takes) for (_, scene), block in lock_on_disk(layout).blocks.items()}


@pytest.mark.parametrize("when", ["intended", "accepted", "stored"])
def test_what_came_while_a_run_was_on_stays(layout: Layout, when: str) -> None:
    """A take pulled during a run stays in the lock, together with the run's takes."""
    outcome = running(layout, "dusk", "alone", when=when, told=pull(layout))
    assert (outcome.exit_code, scenes(layout)) == (0, {"dusk": 1, "alone": 1, "storm": 1})


def test_a_plan_is_outdated_if_the_lock_changed_while_a_person_was_asked(layout: Layout) -> None:
    """The prompt may stay open for hours: the pulled takes stay, and nothing is submitted from an outdated plan."""
    with pytest.raises(PlanOutdated) as caught:
        running(layout, "dusk", asked=pull(layout))
    assert (caught.value.what, scenes(layout)) == (
        "the lock changed since this was planned; nothing was done",
        {"storm": 1},
    )


def test_an_older_lock_that_came_takes_nothing_from_a_run(layout: Layout) -> None:
    """The takes that it had made are written again."""
    running(layout, "dusk")
    running(layout, "lamp", when="stored", told=writing(layout, to_text(Lockfile())))
    assert scenes(layout) == {"dusk": 1, "lamp": 1}


def test_a_lock_that_was_removed_is_made_anew(layout: Layout) -> None:
    """A lock removed during a run is written again with all its content."""
    running(layout, "dusk")
    running(layout, "lamp", when="stored", told=layout.lock.unlink)
    assert scenes(layout) == {"dusk": 1, "lamp": 1}


def test_a_merge_that_is_half_done_is_left_as_it_is_and_told(layout: Layout) -> None:
    """Everything is made all the same, and the next run writes it without paying again."""
    marks = "<<<<<<< mine\n{}\n"
    outcome = running(layout, "dusk", "alone", when="intended", told=writing(layout, marks))
    assert ({outcome.result(id).state for id in ("dusk", "alone")}, outcome.exit_code) == ({"done"}, 5)
    assert "storyboard.lock can't be read as a lock" in str(outcome.stopped)
    assert layout.lock.read_text("utf-8") == marks
    layout.lock.unlink()
    again = running(layout, "dusk", "alone")
    assert (again.exit_code, again.submitted, scenes(layout)) == (0, 0, {"dusk": 1, "alone": 1})


def test_a_merge_that_is_done_before_the_run_ends_is_written_to(layout: Layout) -> None:
    """What could not be written meanwhile is written at the end."""
    running(layout, "dusk")
    whole = layout.lock.read_text("utf-8")
    steps = ["<<<<<<< mine\n", whole]

    def tell(event: Notice) -> None:
        if isinstance(event, (Intended, Stored)) and steps:
            layout.lock.write_text(steps.pop(0), "utf-8")

    outcome = apply(prepare(loaded(layout), RunOptions(speed=4000.0, selection=("alone",))), tell)
    assert (outcome.exit_code, scenes(layout)) == (0, {"dusk": 1, "alone": 1})


def test_a_quiet_run_leaves_the_lock_alone(layout: Layout) -> None:
    """A run that changes nothing doesn't write the lock file."""
    assert run(layout.storyboard).code == 0
    before = layout.lock.stat()
    assert run(layout.storyboard).submitted == 0
    after = layout.lock.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_lock_that_came_in_is_written_as_every_lock(layout: Layout) -> None:
    """A merged lock keeps its content, in our form."""
    running(layout, "dusk", told=pull(layout))
    text = layout.lock.read_text("utf-8")
    assert to_text(from_text(text, "")) == text
