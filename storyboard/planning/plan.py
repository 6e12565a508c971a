"""Graph × facts × lock × past × wish → a plan: what is kept, what is made, and why (the rebuilder)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from storyboard.language.capability import Capabilities
from storyboard.language.facts import Facts
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, SceneVideo
from storyboard.language.scene import Scene
from storyboard.language.window import part_of
from storyboard.planning.event import Attempt, Past
from storyboard.planning.fingerprint import Components, components_of, is_pending
from storyboard.planning.lock import Lock
from storyboard.planning.price import NOTHING, Cost, cost_of
from storyboard.planning.reason import Reason, differences
from storyboard.planning.take import Take


@dataclass(frozen=True, slots=True)
class Keep:
    """The scene has a take that is good for today's inputs. `moved_from` is its old name, if it was renamed;
    `stale` says why it would be made anew, had somebody asked for that."""

    scene: str
    take: Take
    moved_from: str = ""
    stale: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Make:
    """The scene is made. `certain` is False where it is kept after all if what it is handed comes out the same.

    `resumes` is an attempt that already has a task, or one in doubt whose task is looked for by its mark, so that
    nothing is submitted; `fetches` a take of which only the
    file is missing.
    """

    scene: str
    reasons: tuple[Reason, ...]
    cost: Cost = NOTHING
    certain: bool = True
    resumes: Attempt | None = None
    fetches: Take | None = None


@dataclass(frozen=True, slots=True)
class Hold:
    """The scene can't be made before a person decides or provides something: for it, or for `above`, which it is
    made from."""

    scene: str
    why: str
    hint: str = ""
    reasons: tuple[Reason, ...] = ()
    above: str = ""
    attempt: Attempt | None = None
    """The submission that a person decides about, if it is one."""


@dataclass(frozen=True, slots=True)
class Idle:
    """The scene was not asked for and nothing that was needs it."""

    scene: str


Step: TypeAlias = "Keep | Make | Hold | Idle"


@dataclass(frozen=True, slots=True)
class World:
    """What a plan has to know besides the graph: limits, files, what was made, what is in the store.

    `uploads` says whether a local clip can be given an address; `alive` names the tasks whose own address still lives.
    """

    rows: Capabilities
    facts: Facts
    lock: Lock
    past: Past
    stored: frozenset[str]
    uploads: bool = True
    alive: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Plan:
    """A step for each scene, in the order in which they can be made."""

    graph: Graph
    steps: Mapping[str, Step]
    salvage: tuple[Attempt, ...] = ()
    """Attempts that may have a task whose video nobody asks for any more: paid for, so fetched."""
    notes: tuple[str, ...] = field(default=())

    @property
    def makes(self) -> tuple[Make, ...]:
        """What is made."""
        return tuple(step for step in self.steps.values() if isinstance(step, Make))

    @property
    def holds(self) -> tuple[Hold, ...]:
        """What waits for a person."""
        return tuple(step for step in self.steps.values() if isinstance(step, Hold))

    @property
    def intents(self) -> frozenset[str]:
        """The attempts that it goes on with, or that it waits for a person to decide about."""
        resumed = (step.resumes for step in self.makes)
        return frozenset(attempt.intent for attempt in (*resumed, *(hold.attempt for hold in self.holds)) if attempt)

    @property
    def cost(self) -> Cost:
        """What it comes to, at most if every uncertain step is made."""
        return sum((step.cost for step in self.makes), NOTHING)


def plan(graph: Graph, world: World, wanted: frozenset[str] | None = None) -> Plan:
    """What to do so that the wanted scenes (all, if None) have takes that are good for today's inputs."""
    needed = _needed(graph, wanted, world)
    steps: dict[str, Step] = {}
    takes: dict[str, Take] = {}
    orphans = orphaned(graph, world.past)
    for id in graph.order:
        if id not in needed:
            steps[id] = Idle(id)
            _hand_over(takes, id, world.lock.block(graph.storyboard.profile, id).take)
            continue
        step = _settled(id, graph, world, takes, orphans)
        if wanted is not None and id not in wanted:
            step = _left_as_it_is(id, step, graph, world)
        steps[id] = step
        orphans = without(orphans, step)
        _hand_over(takes, id, _known_take(step))
    _hold_descendants(graph, steps)
    asked = {step.resumes.intent for step in steps.values() if isinstance(step, Make) and step.resumes}
    waiting = any(isinstance(step, Make) and not step.certain for step in steps.values())
    salvage = () if waiting else tuple(a for a in world.past.unfinished if a.intent not in asked)
    return Plan(graph, steps, salvage, tuple(_notes(graph, world, takes)))


def _known_take(step: Step) -> Take | None:
    """The take that a scene will have, where that is known before anything is made."""
    return step.take if isinstance(step, Keep) else step.fetches if isinstance(step, Make) else None


def _hand_over(takes: dict[str, Take], id: str, take: Take | None) -> None:
    if take is not None:
        takes[id] = take


def _needed(graph: Graph, wanted: frozenset[str] | None, world: World) -> frozenset[str]:
    """The wanted scenes and, above them, what they are made from; a scene that has a take needs nothing above it."""
    if wanted is None:
        return frozenset(graph.order)
    needed, todo = set(wanted), list(wanted)
    while todo:
        for parent in graph.parents[todo.pop()]:
            if parent not in needed:
                needed.add(parent)
                if world.lock.block(graph.storyboard.profile, parent).take is None:
                    todo.append(parent)
    return frozenset(needed)


def _left_as_it_is(id: str, step: Step, graph: Graph, world: World) -> Step:
    """What was only needed is used as it is, if it is there at all."""
    take = world.lock.block(graph.storyboard.profile, id).take
    if isinstance(step, (Make, Hold)) and take is not None and take.digest in world.stored:
        return Keep(id, take, stale=step.reasons)
    return step


OVER = ("stored", "failed", "refused", "abandoned")
"""States of an attempt that is over: we have its video, or there is none, or somebody had it made anew."""


def orphaned(graph: Graph, past: Past) -> tuple[Attempt, ...]:
    """Attempts that are not over, of scenes that the storyboard has no more: one of them may have a new name."""
    board = graph.storyboard
    gone = (a for a in past.attempts.values() if a.profile == board.profile and a.scene not in board.scenes)
    return tuple(attempt for attempt in gone if attempt.state not in OVER)


def without(orphans: Sequence[Attempt], step: Step) -> tuple[Attempt, ...]:
    """Those that are left when a step has taken one up: it has one new name, and no two."""
    taken = step.resumes if isinstance(step, Make) else None
    return tuple(attempt for attempt in orphans if taken is None or attempt.intent != taken.intent)


def _settled(id: str, graph: Graph, world: World, takes: Mapping[str, Take], orphans: Sequence[Attempt] = ()) -> Step:
    row = world.rows[graph.scene(id).model.row]
    components = components_of(id, graph, row, world.facts, takes)
    return settle(id, graph, world, components, takes, orphans)


def settle(
    id: str,
    graph: Graph,
    world: World,
    components: Components,
    takes: Mapping[str, Take],
    orphans: Sequence[Attempt] = (),
) -> Step:
    """The step that a scene's key asks for. A run asks again when what was pending is known.

    `orphans` are attempts of scenes that are no more: a scene goes on with one of its key if it has none of its own
    that goes on.
    """
    profile = graph.storyboard.profile
    take, moved_from = _take_for(id, graph, world.lock, components)
    if take is not None:
        if take.digest in world.stored:
            return Keep(id, take, moved_from)
        reason = Reason("missing", f"its video {take.digest[:19]}… is not in the store")
        return Make(id, (reason,), fetches=take)
    same = [a for a in world.past.of(profile, id) if dict(a.components) == dict(components)]
    reasons = _reasons(id, graph, world, components, same)
    if all(attempt.state in OVER for attempt in same):
        same = [a for a in orphans if dict(a.components) == dict(components)]
    for attempt in same:
        held = _why_held(attempt)
        if held:
            return Hold(id, *held, reasons, attempt=attempt)
        if attempt.state not in OVER:
            return Make(id, reasons, resumes=attempt)
    unaddressed = _unaddressed(id, graph, world, takes)
    if unaddressed:
        return Hold(id, *unaddressed, reasons)
    row = world.rows[graph.scene(id).model.row]
    certain = not is_pending(components) or any(reason.kind != "upstream" for reason in reasons)
    return Make(id, reasons, cost_of(id, graph, row, world.facts, takes), certain)


def _take_for(id: str, graph: Graph, lock: Lock, components: Components) -> tuple[Take | None, str]:
    """A take made from just this key: the scene's own, or that of a scene whose name is gone (it was renamed)."""
    profile = graph.storyboard.profile
    take = lock.block(profile, id).made_from(components)
    if take is not None:
        return take, ""
    for (other_profile, other), block in lock.blocks.items():
        if other_profile == profile and other not in graph.storyboard.scenes:
            moved = block.made_from(components)
            if moved is not None:
                return moved, other
    return None, ""


def _reasons(
    id: str,
    graph: Graph,
    world: World,
    components: Components,
    same: list[Attempt],
) -> tuple[Reason, ...]:
    if same and same[-1].state in ("failed", "refused"):
        word = "failed" if same[-1].state == "failed" else "was refused"
        return (Reason("failed", f"the last attempt {word}: {same[-1].error or 'no reason was given'}"),)
    take = world.lock.block(graph.storyboard.profile, id).take
    if take is None:
        return (Reason("new", "it has no take yet", graph.scene(id).place),)
    return differences(id, graph, take.components, components)


IN_DOUBT = "it was submitted, but the answer was lost: it may be in the making, and be billed"


def _why_held(attempt: Attempt) -> tuple[str, str] | None:
    """Why a person has to decide about an attempt, and what can be done."""
    scene, profile = attempt.scene, attempt.profile
    match attempt.state:
        case "in doubt" if attempt.marker is None:
            return IN_DOUBT, in_doubt_hint(scene, profile)
        case "given up":
            return "its last submission was given up", again(scene, profile, paid=True)
        case "cancelled":
            return f"task {attempt.task} was cancelled; nothing was billed", again(scene, profile)
        case "lost":
            why = f"task {attempt.task} was paid for, but can't be had any more: {attempt.error}"
            return why, lost_hint(scene, profile, attempt.task)
        case _:
            return None


def deciding(scene: str, profile: str, choice: str) -> str:
    """The command that decides about a scene's submission."""
    return f"`storyboard resolve {scene} {choice}{f' --profile {profile}' if profile else ''}`"


def lost_hint(scene: str, profile: str, task: str) -> str:
    """What a person can do about a task that can't be had any more."""
    look = f"{deciding(scene, profile, f'--adopt {task}')} has it looked at once more"
    return f"{look}; {again(scene, profile, paid=True)}"


def again(scene: str, profile: str, *, paid: bool = False) -> str:
    """What a person can say to have a scene submitted again; `paid`: it may have been paid for before."""
    wish = "pay for it again" if paid else "have it made after all"
    return f"to {wish}, say {deciding(scene, profile, '--submit-again')}"


def in_doubt_hint(scene: str, profile: str) -> str:
    """What a person can do about a submission in doubt."""
    return (
        "look for it with `storyboard tasks list`, then say one of\n"
        f"  {deciding(scene, profile, '--adopt TASK')}\n"
        f"  {deciding(scene, profile, '--submit-again')} (it may be billed twice)\n"
        f"  {deciding(scene, profile, '--abandon')}"
    )


def _unaddressed(id: str, graph: Graph, world: World, takes: Mapping[str, Take]) -> tuple[str, str] | None:
    """Why a video that the scene is given can't be given an address, and what to do."""
    if world.uploads:
        return None
    for item in graph.inputs[id]:
        why = _homeless(item, id, graph, world, takes) if item.kind == "video" else ""
        if why:
            hint = "a bucket of your own will be a setting; until then name an https or asset:// address"
            if isinstance(item.origin, SceneVideo):
                hint += f", or hand over all of it: `{{scene: {item.origin.scene}, from: 0}}`"
            return (
                f"{why} has no address that the service could fetch, and videos are never sent as data",
                hint,
            )
    return None


def _homeless(item: Input, id: str, graph: Graph, world: World, takes: Mapping[str, Take]) -> str:
    if isinstance(item.origin, LocalFile):
        return item.origin.path
    if not isinstance(item.origin, SceneVideo):
        return ""
    parent = item.origin.scene
    if not part_of(item, id, graph, world.facts, takes).whole:
        return f"a part of {parent}"
    kept = takes.get(parent)
    return f"{parent} (made more than a day ago)" if kept is not None and kept.task not in world.alive else ""


def _hold_descendants(graph: Graph, steps: dict[str, Step]) -> None:
    for id in graph.order:
        held = [parent for parent in graph.parents[id] if isinstance(steps[parent], Hold)]
        if held and isinstance(steps[id], Make):
            steps[id] = Hold(id, f"it is made from {held[0]}, which is held", above=held[0])


def _notes(graph: Graph, world: World, takes: Mapping[str, Take]) -> list[str]:
    """What the plan decided by itself and an author may want to know, and what is asked for but not done yet."""
    notes = []
    if graph.storyboard.footage == "new" and any(scene.mode == "extend" for scene in graph.storyboard.scenes.values()):
        notes.append("film: footage that an extension repeats stays in it: dropping it is not done yet")
    for id in graph.order:
        scene = graph.scene(id)
        notes.extend(f"{id}: {note}" for note in _not_yet(scene))
        if scene.left_out:
            notes.append(f"{id}: {', '.join(scene.left_out)} of the defaults is left out, as the scene's mode has none")
        for item in graph.inputs[id]:
            part = part_of(item, id, graph, world.facts, takes)
            entered = graph.scene(item.origin.scene).starts if isinstance(item.origin, SceneVideo) else None
            if item.kind == "video" and item.window is None and (part.start or 0.0) > (entered or 0.0):
                source = item.names[0] if item.names else "its source"
                why = "more would cost extra; `from: 0` hands over all of it"
                notes.append(f"{id}: takes over {source} from {part.start:g} s on ({why})")
    return notes


def _not_yet(scene: Scene) -> Iterator[str]:
    """What a scene asks for and a later version does."""
    if scene.takes > 1:
        yield f"{scene.takes} takes are asked for; one is made, the others are not made yet"
