"""Decides what a plan does, from the graph, the facts, the lock, and the past."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from typing import assert_never

from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, SceneVideo
from storyboard.language.scene import Scene
from storyboard.language.window import part_of
from storyboard.planning.advice import IN_DOUBT, again, in_doubt_hint, lost_hint
from storyboard.planning.attempt import OVER, Attempt
from storyboard.planning.fingerprint import Components, components_of, is_pending
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.price import cost_of
from storyboard.planning.reason import Reason, differences
from storyboard.planning.step import Hold, Idle, Keep, Make, Step
from storyboard.planning.take import Take
from storyboard.planning.takes import Claims, TakeMatch, shelf_of
from storyboard.planning.target import Unit


def units_of(graph: Graph) -> tuple[Unit, ...]:
    """Return the units of work, in the order in which they can be made. Only one take of each scene is made yet."""
    return tuple(Unit(id) for id in graph.order)


def plan(graph: Graph, inputs: PlanInputs, wanted: frozenset[str] | None = None) -> Plan:
    """Return what to do so that the wanted scenes (all, if None) have takes that are good for their current inputs."""
    needed = _find_needed(graph, wanted, inputs)
    claims = claims_of(graph, inputs)
    steps: dict[Unit, Step] = {}
    keys: dict[Unit, Components] = {}
    takes: dict[str, Take] = {}
    for unit, components in _in_turn(graph, inputs, takes, claims):
        id = unit.scene
        if not is_pending(components):
            keys[unit] = components
        if id not in needed:
            steps[unit] = Idle(unit)
            _claim_own(unit, inputs, components, claims)
            _hand_over(takes, id, inputs.lock.block(graph.storyboard.profile, id).take)
            continue
        step = settle(unit, graph, inputs, components, takes, claims)
        claim(step, components, claims)
        if wanted is not None and id not in wanted:
            step = _leave_as_it_is(unit, step, graph, inputs)
        steps[unit] = step
        _hand_over(takes, id, _take_of(step))
    steps = {unit: steps[unit] for unit in units_of(graph)}
    _hold_descendants(graph, steps)
    asked = {step.resumes.attempt_id for step in steps.values() if isinstance(step, Make) and step.resumes}
    waiting = any(isinstance(step, Make) and not step.certain for step in steps.values())
    own = (attempt for attempt in inputs.past.unfinished if inputs.owns(attempt))
    salvage = () if waiting else tuple(attempt for attempt in own if attempt.attempt_id not in asked)
    return Plan(graph, steps, salvage, (*inputs.notes, *_notes(graph, inputs, takes)), keys)


def claims_of(graph: Graph, inputs: PlanInputs) -> Claims:
    """Return claims on the takes of the folder, with nothing claimed yet."""
    board = graph.storyboard
    shelf = shelf_of(inputs.storyboard, inputs.lock, inputs.others, inputs.past)
    return Claims(inputs.storyboard, board.profile, board.scenes, shelf, inputs.stored)


def claim(step: Step, components: Components, claims: Claims) -> None:
    """Claim what a step uses: no other scene of this storyboard and combination of profiles may use it."""
    match step:
        case Keep(unit=unit, take=take) | Make(unit=unit, fetches=Take() as take):
            claims.claim_take(take, unit)
        case Make(unit=unit, resumes=Attempt() as attempt) | Hold(unit=unit, attempt=Attempt() as attempt):
            claims.claim_attempt(attempt, unit)
        case Make(unit=unit):
            claims.claim_key(unit, components)
        case Hold() | Idle():
            pass
        case _:
            assert_never(step)


def _claim_own(unit: Unit, inputs: PlanInputs, components: Components, claims: Claims) -> None:
    """Claim the take or the attempt of an unselected scene that is good for its current inputs."""
    if not claims.has_own(unit, inputs.lock, inputs.past, components):
        return
    found = claims.take_for(unit, inputs.lock, components)
    if found is not None:
        claims.claim_take(found.take, unit)
    for attempt in claims.to_go_on_with(unit, inputs.past, components):
        if attempt.state not in OVER:
            claims.claim_attempt(attempt, unit)
            return


def _in_turn(
    graph: Graph, inputs: PlanInputs, takes: Mapping[str, Take], claims: Claims
) -> Iterator[tuple[Unit, Components]]:
    """Yield each unit with its key once everything it is made from is settled; `takes` then holds its inputs.

    Of the units that could be next, those with a take or an attempt of their own come first, so that no other scene
    takes it.
    """
    waits, children = {id: len(graph.parents[id]) for id in graph.order}, graph.children
    place = {id: number for number, id in enumerate(graph.order)}
    ready = [place[id] for id in graph.order if not waits[id]]
    without: list[tuple[int, Components]] = []
    while ready or without:
        if ready:
            number = heapq.heappop(ready)
            id = graph.order[number]
            components = components_of(id, graph, inputs.rows[graph.scene(id).model.row], inputs.facts, takes)
            if not claims.has_own(Unit(id), inputs.lock, inputs.past, components):
                heapq.heappush(without, (number, components))
                continue
        else:
            number, components = heapq.heappop(without)
            id = graph.order[number]
        yield Unit(id), components
        for child in children[id]:
            waits[child] -= 1
            if not waits[child]:
                heapq.heappush(ready, place[child])


def _take_of(step: Step) -> Take | None:
    """Return the take that a scene will have, if that is known before anything is made."""
    return step.take if isinstance(step, Keep) else step.fetches if isinstance(step, Make) else None


def _hand_over(takes: dict[str, Take], id: str, take: Take | None) -> None:
    if take is not None:
        takes[id] = take


def _find_needed(graph: Graph, wanted: frozenset[str] | None, inputs: PlanInputs) -> frozenset[str]:
    """Return the wanted scenes and those above them that they need. A scene that has a take needs nothing above it."""
    if wanted is None:
        return frozenset(graph.order)
    needed, todo = set(wanted), list(wanted)
    while todo:
        for parent in graph.parents[todo.pop()]:
            if parent not in needed:
                needed.add(parent)
                if inputs.lock.block(graph.storyboard.profile, parent).take is None:
                    todo.append(parent)
    return frozenset(needed)


def _leave_as_it_is(unit: Unit, step: Step, graph: Graph, inputs: PlanInputs) -> Step:
    """Return a step that uses what is there, for a scene that is only needed; the same step if there is nothing."""
    take = inputs.lock.block(graph.storyboard.profile, unit.scene).take
    if isinstance(step, (Make, Hold)) and take is not None and take.digest in inputs.stored:
        return Keep(unit, take, stale=step.reasons)
    return step


def settle(
    unit: Unit, graph: Graph, inputs: PlanInputs, components: Components, takes: Mapping[str, Take], claims: Claims
) -> Step:
    """Return the step that a unit's key requires. A run calls this again once pending parts of the key are known."""
    id = unit.scene
    found = claims.take_for(unit, inputs.lock, components)
    if found is not None:
        return _with_take(unit, found, inputs)
    profile = graph.storyboard.profile
    same = claims.attempts_for(unit, inputs.past, components)
    own = [attempt for attempt in same if (inputs.storyboard, profile, id) in {one[:3] for one in attempt.targets}]
    reasons = _reasons(id, graph, inputs, components, own)
    for attempt in claims.to_go_on_with(unit, inputs.past, components):
        held = _why_held(attempt, id, profile, inputs.provider)
        if held:
            return Hold(unit, *held, reasons, attempt=attempt)
        if attempt.state not in OVER:
            return Make(unit, reasons, resumes=attempt)
    unaddressed = _find_unaddressed(id, graph, inputs, takes)
    if unaddressed:
        return Hold(unit, *unaddressed, reasons)
    row = inputs.rows[graph.scene(id).model.row]
    certain = not is_pending(components) or any(reason.kind != "upstream" for reason in reasons)
    return Make(unit, reasons, cost_of(id, graph, row, inputs.facts, takes), certain)


def _with_take(unit: Unit, found: TakeMatch, inputs: PlanInputs) -> Step:
    """Return the step of a unit that has a take: keep it, or fetch its file."""
    take, elsewhere = found.take, None if found.origin == "own" else found
    if take.digest in inputs.stored:
        return Keep(unit, take, elsewhere)
    reason = Reason("missing", f"its video {take.digest[:19]}… is not in the store")
    if inputs.provider and take.provider != inputs.provider:
        why = f"its video {take.digest[:19]}… is not in the store, and {_maker(take)}"
        hint = f"`storyboard run --provider {take.provider}` fetches it" if take.provider else "bring the file back"
        return Hold(unit, why, hint, (reason,))
    return Make(unit, (reason,), fetches=take, found=elsewhere)


def _maker(take: Take) -> str:
    return f"it was made by {take.provider}" if take.provider else "it was brought in as a file"


def _reasons(
    id: str, graph: Graph, inputs: PlanInputs, components: Components, own: Sequence[Attempt]
) -> tuple[Reason, ...]:
    if own and own[-1].state in ("failed", "refused"):
        word = "failed" if own[-1].state == "failed" else "was refused"
        return (Reason("failed", f"the last attempt {word}: {own[-1].error or 'no reason was given'}"),)
    take = inputs.lock.block(graph.storyboard.profile, id).take
    if take is None:
        return (Reason("new", "it has no take yet", graph.scene(id).place),)
    return differences(id, graph, take.components, components)


def _why_held(attempt: Attempt, scene: str, profile: str, provider: str) -> tuple[str, str] | None:
    """Return why a person has to decide about an attempt for a scene, and what to do; None if none has to."""
    match attempt.state:
        case "in doubt" | "accepted" | "made" if provider and attempt.provider not in ("", provider):
            why = f"it was submitted to {attempt.provider}, and {provider} has no such task"
            return why, f"`storyboard run --provider {attempt.provider}` goes on with it; then choose {provider}"
        case "in doubt" if not attempt.carried:
            return IN_DOUBT, in_doubt_hint(scene, profile)
        case "given up":
            return "its last submission was given up", again(scene, profile, paid=True)
        case "cancelled":
            return f"task {attempt.task} was cancelled; nothing was billed", again(scene, profile)
        case "lost":
            why = f"task {attempt.task} was paid for, but can't be had any more: {attempt.error}"
            return why, lost_hint(scene, profile, attempt.task)
        case "in doubt" | "accepted" | "made" | "stored" | "failed" | "refused" | "abandoned":
            return None
        case _:
            assert_never(attempt.state)


def _find_unaddressed(id: str, graph: Graph, inputs: PlanInputs, takes: Mapping[str, Take]) -> tuple[str, str] | None:
    """Return why a video among the scene's inputs can't be given an address, and what to do; None if all can."""
    if inputs.uploads:
        return None
    for item in graph.inputs[id]:
        why = _homeless(item, id, graph, inputs, takes) if item.kind == "video" else ""
        if why:
            hint = "a bucket of your own will be a setting; until then name an https or asset:// address"
            if isinstance(item.origin, SceneVideo):
                hint += f", or hand over all of it: `{{scene: {item.origin.scene}, from: 0}}`"
            return (
                f"{why} has no address that the service could fetch, and videos are never sent as data",
                hint,
            )
    return None


def _homeless(item: Input, id: str, graph: Graph, inputs: PlanInputs, takes: Mapping[str, Take]) -> str:
    if isinstance(item.origin, LocalFile):
        return item.origin.path
    if not isinstance(item.origin, SceneVideo):
        return ""
    parent = item.origin.scene
    row = inputs.rows[graph.scene(id).model.row]
    if not part_of(item, id, graph, row, inputs.facts, takes).whole:
        return f"a part of {parent}"
    kept = takes.get(parent)
    return f"{parent} (made more than a day ago)" if kept is not None and kept.task not in inputs.alive else ""


def _hold_descendants(graph: Graph, steps: dict[Unit, Step]) -> None:
    for unit in units_of(graph):
        held = [parent for parent in graph.parents[unit.scene] if isinstance(steps[Unit(parent)], Hold)]
        if held and isinstance(steps[unit], Make):
            steps[unit] = Hold(unit, f"it is made from {held[0]}, which is held", above=held[0])


def _notes(graph: Graph, inputs: PlanInputs, takes: Mapping[str, Take]) -> list[str]:
    """Return what the plan decided by itself, and what the storyboard requests and the program doesn't do yet."""
    notes = []
    if graph.storyboard.footage == "new" and any(scene.mode == "extend" for scene in graph.storyboard.scenes.values()):
        notes.append("film: footage that an extension repeats stays in it: dropping it is not done yet")
    for id in graph.order:
        scene = graph.scene(id)
        notes.extend(f"{id}: {note}" for note in _not_yet(scene))
        if scene.left_out:
            notes.append(f"{id}: {', '.join(scene.left_out)} of the defaults is left out, as the scene's mode has none")
        for item in graph.inputs[id]:
            part = part_of(item, id, graph, inputs.rows[scene.model.row], inputs.facts, takes)
            entered = graph.scene(item.origin.scene).starts if isinstance(item.origin, SceneVideo) else None
            if item.kind == "video" and item.window is None and (part.start or 0.0) > (entered or 0.0):
                source = item.names[0] if item.names else "its source"
                why = "more would cost extra; `from: 0` hands over all of it"
                notes.append(f"{id}: takes over {source} from {part.start:g} s on ({why})")
    return notes


def _not_yet(scene: Scene) -> Iterator[str]:
    """Yield what a scene requests and a later version will do."""
    if scene.takes > 1:
        yield f"{scene.takes} takes are asked for; one is made, the others are not made yet"
