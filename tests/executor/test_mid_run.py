"""Changes to files and to other scenes during a run: a scene that can't be made is held, and the others are made."""

from __future__ import annotations

import asyncio
import json
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storyboard.errors import NotFound
from storyboard.executor.context import RunContext
from storyboard.executor.run import Outcome, Run
from storyboard.language.facts import FileFacts
from storyboard.planning.event import Notice, OfAttempt
from storyboard.planning.lock import Lockfile
from storyboard.planning.plan import PlanInputs
from storyboard.planning.planner import plan
from storyboard.protocols import Address, Sink
from storyboard.providers.provider import Task
from storyboard.testing.clock import VirtualClock
from storyboard.world.input_files import inspect_files
from storyboard.world.layout import Layout
from storyboard.world.media import images
from tests.builders import graph_of
from tests.executor.fake_provider import Bench, Desk, bench, video
from tests.media import BLUE, RED, picture
from tests.planning.values import ROWS, made, plan_inputs

FILM = """\
storyboard: 1
defaults: {ratio: 16:9}
scenes:
  dusk: {prompt: dusk}
  lamp: {chain: dusk, prompt: lamp}
  quay: {first_frame: art/quay.png, after: dusk, prompt: quay}
  gulls: {after: dusk, prompt: gulls}
"""


@dataclass(slots=True)
class Project:
    """A storyboard in a run context; `lock` is the lock that was written last."""

    at: Bench
    text: str = FILM
    lock: Lockfile = field(default_factory=Lockfile)

    def keep(self, lock: Lockfile) -> None:
        """Write the lock."""
        self.lock = lock

    def run(self, tell: Callable[[Notice], None] = lambda _: None, **context: object) -> Outcome:
        """Run once with the current files."""
        graph = graph_of(self.text)
        layout = Layout(self.at.context.root / "storyboard.yaml", "emulated")
        files: dict[str, FileFacts] = inspect_files(layout, ["art/quay.png"], digests=True)
        past, stored = self.at.journal.history.past, self.at.context.store.digests()
        here = PlanInputs(ROWS, files, self.lock, past, stored)
        hands: RunContext = replace(self.at.context, tell=tell, **context)  # type: ignore[arg-type]  # fields of a run context
        return asyncio.run(Run(plan(graph, here), here, hands, self.keep).walk())

    @property
    def asked(self) -> list[str]:
        """The texts of the submitted requests, in order."""
        return [json.loads(body)["content"][0]["text"] for body in self.at.desk.bodies]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The film, with its image."""
    (tmp_path / "art").mkdir()
    (tmp_path / "art" / "quay.png").write_bytes(images.png(picture(RED, (640, 360))))
    return Project(bench(tmp_path))


def upon(kind: str, scene: str, act: Callable[[], object]) -> Callable[[Notice], None]:
    """Do something the first time that this event happens to a scene."""
    waiting = [act]

    def tell(event: Notice) -> None:
        if isinstance(event, OfAttempt) and (event.kind, event.scene) == (kind, scene) and waiting:
            waiting.pop()()

    return tell


def standings(outcome: Outcome) -> dict[str, str]:
    """The standing of each scene."""
    return {unit.scene: result.state for unit, result in outcome.results.items()}


ONE_HELD = {"dusk": "done", "lamp": "done", "quay": "held", "gulls": "done"}


@pytest.mark.row(66)
@pytest.mark.parametrize("how", ["replaced", "removed"])
def test_a_picture_that_is_changed_while_the_run_is_on_holds_its_scene(project: Project, how: str) -> None:
    """The file differs from the planned one: nothing is submitted for the scene, and the others are made."""
    path = project.at.context.root / "art" / "quay.png"
    other = images.png(picture(BLUE, (640, 360)))
    act = path.unlink if how == "removed" else lambda: path.write_bytes(other)
    outcome = project.run(upon("accepted", "dusk", act))
    assert (standings(outcome), outcome.exit_code, sorted(project.asked)) == (ONE_HELD, 4, ["dusk", "gulls", "lamp"])
    path.write_bytes(other)
    assert (project.run().exit_code, project.asked[3:]) == (0, ["quay"])


def test_a_picture_that_is_only_touched_is_the_same(project: Project) -> None:
    """A file with a new modification time but equal bytes counts as unchanged."""
    path = project.at.context.root / "art" / "quay.png"
    assert project.run(upon("accepted", "dusk", lambda: path.write_bytes(path.read_bytes()))).exit_code == 0


def a_take(project: Project) -> Path:
    """The only video in the store."""
    (path,) = (project.at.context.store.folder / "sha256").glob("??/*.mp4")
    return path


def altered(path: Path) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


@pytest.mark.parametrize(
    "harm", [pytest.param(Path.unlink, marks=pytest.mark.row(67)), pytest.param(altered, marks=pytest.mark.row(68))]
)
def test_a_take_that_is_harmed_is_handed_to_nobody(project: Project, harm: Callable[[Path], object]) -> None:
    """Scenes made from it are held, and the others are made; it is not paid for again."""
    outcome = project.run(upon("stored", "dusk", lambda: harm(a_take(project))))
    expected = {"dusk": "done", "lamp": "held", "quay": "done", "gulls": "done"}
    assert (standings(outcome), outcome.exit_code, sorted(project.asked)) == (expected, 4, ["dusk", "gulls", "quay"])


class Forgetful(Desk):
    """A provider that no longer knows any task."""

    async def get_task(self, task: str) -> Task:
        """Raise NotFound: the task existed a week ago."""
        raise NotFound(f"no {task}", code="NotFound.Task", status=404)


@pytest.mark.row(67)
def test_a_take_that_nobody_has_any_more_is_not_bought_again(tmp_path: Path) -> None:
    """Neither the store nor the service has it: a person decides, and nothing is submitted for it or for what is made
    from it."""
    at = bench(tmp_path, Forgetful(VirtualClock()))
    graph = graph_of("storyboard: 1\ndefaults: {ratio: 16:9}\nscenes: {dusk: {prompt: dusk}}\n")
    lock = made(graph)
    here = plan_inputs(lock, missing=frozenset(take.digest for take in lock.block("", "dusk").takes.values()))
    outcome = asyncio.run(Run(plan(graph, here), here, at.context, lambda _: None).walk())
    held = outcome.result("dusk")
    assert (held.state, "its video is gone from the store" in held.what, at.desk.bodies) == ("held", True, [])


def test_another_video_does_not_come_in_place_of_a_take(tmp_path: Path) -> None:
    """If the task's video now differs from the lock's, this is reported, and the video does not become the scene's take
    later."""
    at = bench(tmp_path)
    graph = graph_of("storyboard: 1\ndefaults: {ratio: 16:9}\nscenes: {dusk: {prompt: dusk}}\n")
    lock = made(graph)
    here = plan_inputs(lock, missing=frozenset(take.digest for take in lock.block("", "dusk").takes.values()))
    outcome = asyncio.run(Run(plan(graph, here), here, at.context, lambda _: None).walk())
    held = outcome.result("dusk")
    assert (held.state, "the service has another one now" in held.what) == ("held", True)
    assert (at.desk.bodies, at.journal.history.past.takes) == ([], ())


class Framed(Desk):
    """A provider that delivers last frames, and an image where one is requested."""

    async def get_task(self, task: str) -> Task:
        """Return the task with its frame."""
        said = await Desk.get_task(self, task)
        return replace(said, frame=Address(f"http://127.0.0.1:1/{task}.png?signature"))

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Return the frame or the video."""
        sink.write(images.png(picture(RED, (320, 240))) if address.bare.endswith(".png") else video())


CHAIN = """\
storyboard: 1
defaults: {ratio: 16:9}
scenes:
  dusk: {prompt: dusk}
  lamp: {chain: dusk, prompt: lamp}
"""


@pytest.mark.row(78)
@pytest.mark.parametrize(("hours", "sort"), [(0, "http"), (30, "data")])
def test_a_frame_is_handed_on_however_late(tmp_path: Path, hours: float, sort: str) -> None:
    """While its address is valid, the address is used; thirty hours later the bytes from the store, because the address
    has expired."""
    at = bench(tmp_path, Framed(VirtualClock()))
    project = Project(at, CHAIN)
    outcome = project.run(upon("stored", "dusk", lambda: at.context.clock.advance(hours * 3600)))  # type: ignore[attr-defined]  # virtual
    content = json.loads(at.desk.bodies[1])["content"]
    assert (outcome.exit_code, content[1]["image_url"]["url"].partition(":")[0]) == (0, sort)


class Reframing(Framed):
    """A provider that knows its tasks for a limited time; then it has forgotten them, or has a different frame."""

    then: str = "the same"

    async def get_task(self, task: str) -> Task:
        """Return the task while it is known."""
        if self.then == "gone":
            raise NotFound(f"no {task}", code="NotFound.Task", status=404)
        return await Framed.get_task(self, task)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """Return the current frame or the video."""
        if self.then == "another" and address.bare.endswith(".png"):
            sink.write(images.png(picture(BLUE, (320, 240))))
        else:
            await Framed.fetch(self, address, sink)


def handed(project: Project) -> str:
    """Return which image the latest request contains; the video is black."""
    address = json.loads(project.at.desk.bodies[-1])["content"][1]["image_url"]["url"]
    content = b64decode(address.partition(",")[2])
    if content == images.png(picture(RED, (320, 240))):
        return "the frame"
    return "the video's" if content == images.png(images.read(content).point(lambda _: 0)) else "another"


@pytest.mark.row(67)
@pytest.mark.parametrize(
    ("then", "which"), [("the same", "the frame"), ("another", "the video's"), ("gone", "the video's")]
)
def test_a_last_frame_that_is_gone_holds_nobody(tmp_path: Path, then: str, which: str) -> None:
    """It is downloaded again while its task is known. Otherwise, or if the task has a different frame by now, the last
    picture of the video replaces it. Nothing else is paid for, and scenes made from the old frame stay valid."""
    desk = Reframing(VirtualClock())
    project = Project(bench(tmp_path, desk), CHAIN)
    assert project.run().exit_code == 0
    for path in (project.at.context.store.folder / "sha256").glob("??/*.png"):
        path.unlink()
    desk.clock.advance(30 * 3600)
    desk.then = then
    project.text = CHAIN + "  gulls: {chain: dusk, prompt: gulls}\n"
    outcome = project.run(upon("accepted", "gulls", lambda: setattr(desk, "then", "the same")))
    assert (outcome.exit_code, project.asked) == (0, ["dusk", "lamp", "gulls"])
    assert handed(project) == which
    assert (project.run().exit_code, len(project.asked)) == (0, 3)


def drawn(parents: list[int | None]) -> str:
    """A film in which each scene continues an earlier one, or none."""
    scenes = [f"  s{n}: {{{f'chain: s{of}, ' if of is not None else ''}prompt: s{n}}}" for n, of in enumerate(parents)]
    return "\n".join(["storyboard: 1", "defaults: {ratio: 16:9}", "scenes:", *scenes, ""])


def below(parents: list[int | None], failing: set[int]) -> set[str]:
    """The scenes that depend on a failed scene, over any number of steps."""
    found: set[int] = set()
    for n, of in enumerate(parents):
        if of in failing | found and n not in failing:
            found.add(n)
    return {f"s{n}" for n in found}


class Picky(Desk):
    """A provider at which some scenes fail."""

    failing: frozenset[str] = frozenset()

    async def get_task(self, task: str) -> Task:
        """Return the status for the number in the request."""
        text = json.loads(self.bodies[int(task.removeprefix("cgt-")) - 1])["content"][0]["text"]
        self.looks = ["failed" if text in self.failing else "succeeded"]
        return await Desk.get_task(self, task)


TREES = st.integers(2, 6).flatmap(
    lambda count: st.tuples(*(st.none() | st.integers(0, max(0, n - 1)) if n else st.none() for n in range(count)))
)


@pytest.mark.row(79)
@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tree=TREES, data=st.data())
def test_what_is_made_from_a_scene_that_failed_waits_for_it(
    tmp_path_factory: pytest.TempPathFactory, tree: tuple[int | None, ...], data: st.DataObject
) -> None:
    """It is not submitted, and all others are made. Once the scene succeeds, the rest follows, and nothing more."""
    parents, failing = list(tree), {data.draw(st.integers(0, len(tree) - 1))}
    desk = Picky(VirtualClock())
    desk.failing = frozenset(f"s{n}" for n in failing)
    project = Project(bench(tmp_path_factory.mktemp("film"), desk), drawn(parents))
    outcome, blocked = project.run(), below(parents, failing)
    whole = {f"s{n}" for n in range(len(parents))}
    expected = {id: "failed" if id in desk.failing else "blocked" if id in blocked else "done" for id in whole}
    assert (standings(outcome), set(project.asked), outcome.exit_code) == (expected, whole - blocked, 3)
    before, desk.failing = len(project.asked), frozenset()
    again = project.run()
    assert (again.exit_code, set(project.asked[before:])) == (0, {f"s{n}" for n in failing} | blocked)
