"""What is kept, what is made, what is held, and why."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from storyboard.planning.advice import again, in_doubt_hint
from storyboard.planning.attempt import Attempt, AttemptState
from storyboard.planning.lock import Lockfile
from storyboard.planning.past import Past
from storyboard.planning.plan import Plan
from storyboard.planning.planner import claims_of, plan, settle
from storyboard.planning.price import NOTHING
from storyboard.planning.step import Hold, Idle, Keep, Make, Step
from storyboard.planning.takes import TakeMatch
from storyboard.planning.target import Target, Unit
from tests.builders import graph_of
from tests.planning.values import digest, key, made, plan_inputs, take

FILM = """\
storyboard: 1
defaults: {ratio: 16:9}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
  lamp: {chain: dusk, prompt: He lights the lamp.}
  storm: {extend: lamp, prompt: A storm rolls in.}
  quay: {prompt: The empty quay.}
"""
CHANGED = FILM.replace("at dusk", "at dawn")


def kinds(found: Plan) -> dict[str, type[Step]]:
    """The kind of step of each scene."""
    return {unit.scene: type(step) for unit, step in found.steps.items()}


def make(step: Step) -> Make:
    """The step, which has to be a Make."""
    assert isinstance(step, Make)
    return step


def attempt(state: AttemptState, text: str = FILM, error: str = "", scene: str = "quay") -> Past:
    """A past with one attempt at a scene of the storyboard."""
    components = key(scene, graph_of(text))
    return Past({"i1": Attempt("i1", scene, "", components, state, task="cgt-1", error=error)})


def test_what_was_never_made_is_made() -> None:
    """Without a lock everything is made, for the reason that there is no take yet."""
    found = plan(graph_of(FILM), plan_inputs())
    assert [(step.scene, [reason.kind for reason in step.reasons], step.certain) for step in found.makes] == [
        ("dusk", ["new"], True),
        ("lamp", ["new"], True),
        ("storm", ["new"], True),
        ("quay", ["new"], True),
    ]


def test_what_was_made_is_kept() -> None:
    """A second plan of the same storyboard keeps everything, and costs nothing."""
    graph = graph_of(FILM)
    found = plan(graph, plan_inputs(made(graph)))
    assert (set(kinds(found).values()), found.cost.high) == ({Keep}, Decimal(0))


def test_only_what_changed_is_certain_to_be_made() -> None:
    """Below a changed scene all is planned, but uncertain: the same frame again would change nothing."""
    found = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM))))
    assert {unit.scene: step.certain for unit, step in found.steps.items() if isinstance(step, Make)} == {
        "dusk": True,
        "lamp": False,
        "storm": False,
    }


def test_the_same_bytes_again_stop_the_change() -> None:
    """A parent that comes out the same leaves its child as it is (early cutoff)."""
    lock, graph = made(graph_of(FILM)), graph_of(CHANGED)
    again = lock.block("", "dusk").take
    assert again is not None
    takes, known = {"dusk": again}, plan_inputs(lock)
    step = settle(Unit("lamp"), graph, known, key("lamp", graph, takes), takes, claims_of(graph, known))
    assert isinstance(step, Keep)


def test_a_change_of_its_own_makes_a_child_certain() -> None:
    """A scene that was itself changed is made whatever its parent's output is."""
    text = CHANGED.replace("lights the lamp", "lights a pipe")
    found = plan(graph_of(text), plan_inputs(made(graph_of(FILM))))
    step = make(found.step("lamp"))
    assert (step.certain, [reason.kind for reason in step.reasons]) == (True, ["prompt", "upstream"])


def test_a_cost_is_at_most_that_of_all_that_may_be_made() -> None:
    """A plan's cost counts uncertain steps too."""
    found = plan(graph_of(FILM), plan_inputs())
    assert (found.cost.high_tokens, found.cost.currency) == (3 * 108900 + 195300, "CNY")


def test_a_new_name_takes_the_take_along() -> None:
    """A renamed scene keeps its take, and the plan names the scene that it was made for."""
    graph = graph_of(FILM.replace("quay:", "pier:"))
    step = plan(graph, plan_inputs(made(graph_of(FILM)))).step("pier")
    assert isinstance(step, Keep)
    assert step.found == TakeMatch(step.take, Target("", "", "quay"), "earlier name")
    assert step.take.digest == digest("quay")


PIER = FILM.replace("quay:", "pier:")


@pytest.mark.parametrize("state", ["in doubt", "accepted", "made"])
def test_a_new_name_takes_the_attempt_along(state: AttemptState) -> None:
    """A submission under the old name is resumed under the new one, and not made twice."""
    past = attempt(state)
    past = Past({"i1": replace(past.attempts["i1"], marker=172_900)})
    found = plan(graph_of(PIER), plan_inputs(past=past))
    assert (make(found.step("pier")).resumes, found.salvage) == (past.attempts["i1"], ())


@pytest.mark.parametrize("state", ["in doubt", "lost"])
def test_a_new_name_is_no_way_around_a_decision(state: AttemptState) -> None:
    """A submission that is held under the old name is held under the new one, which its hint names."""
    found = plan(graph_of(PIER), plan_inputs(past=attempt(state)))
    step = found.step("pier")
    assert isinstance(step, Hold)
    assert "storyboard resolve pier" in step.hint
    assert found.attempt_ids_of("pier") == {"i1"}


@pytest.mark.parametrize("state", ["stored", "failed", "refused", "abandoned", "given up", "cancelled"])
def test_what_is_over_is_nothing_to_a_new_name(state: AttemptState) -> None:
    """An attempt that has ended, or that a person ended, is not resumed."""
    assert make(plan(graph_of(PIER), plan_inputs(past=attempt(state))).step("pier")).resumes is None


def test_of_two_new_names_one_goes_on() -> None:
    """A task belongs to one scene; its copy is made for itself."""
    graph = graph_of(PIER + PIER.partition("  pier:")[2].join(("  mole:", "")))
    found = plan(graph, plan_inputs(past=attempt("accepted")))
    assert [make(found.step(id)).resumes is None for id in ("pier", "mole")] == [False, True]


def test_a_scene_goes_on_with_its_own_attempt_first() -> None:
    """Another scene's attempt with the same key is fetched as well; if its own is over, the other one is resumed."""
    theirs = attempt("accepted").attempts["i1"]
    cases: tuple[tuple[AttemptState, str], ...] = (("accepted", "i2"), ("failed", "i1"))
    for state, resumed in cases:
        own = replace(attempt(state).attempts["i1"], attempt_id="i2", scene="pier")
        step = make(plan(graph_of(PIER), plan_inputs(past=Past({"i1": theirs, "i2": own}))).step("pier"))
        assert step.resumes is not None
        assert step.resumes.attempt_id == resumed


def test_what_failed_once_is_gone_on_with_where_it_was_submitted_again() -> None:
    """An earlier attempt that is over hides no later one that isn't."""
    earlier, later = attempt("failed").attempts["i1"], replace(attempt("accepted").attempts["i1"], attempt_id="i2")
    assert (
        make(plan(graph_of(FILM), plan_inputs(past=Past({"i1": earlier, "i2": later}))).step("quay")).resumes == later
    )


def test_a_plan_knows_which_submissions_it_waits_for() -> None:
    """The attempts that it resumes, and those that a person has to decide about."""
    assert plan(graph_of(FILM), plan_inputs(past=attempt("accepted"))).attempt_ids_of("quay") == {"i1"}
    assert plan(graph_of(FILM), plan_inputs(past=attempt("lost"))).attempt_ids_of("quay") == {"i1"}
    assert plan(graph_of(FILM), plan_inputs(past=attempt("failed"))).attempt_ids_of("quay") == frozenset()
    assert plan(graph_of(FILM), plan_inputs(past=attempt("lost"))).attempt_ids_of("dusk") == frozenset()


def test_what_to_say_names_the_profile() -> None:
    """A command without the profile means another scene."""
    assert again("quay", "tall", paid=True).endswith("`storyboard resolve quay --submit-again --profile tall`")
    assert "`storyboard resolve quay --abandon --profile tall`" in in_doubt_hint("quay", "tall")


def test_a_copy_of_a_scene_is_no_new_name() -> None:
    """As long as the old scene exists, its take belongs to no other scene."""
    graph = graph_of(FILM + "  pier: {prompt: The empty quay.}\n")
    assert kinds(plan(graph, plan_inputs(made(graph_of(FILM)))))["pier"] is Make


def test_an_old_take_is_good_again_when_its_words_are_back() -> None:
    """Going back to an earlier prompt finds the take that was made from it, and costs nothing."""
    graph = graph_of(FILM)
    lock = made(graph).with_take("", "quay", take("later", {"prompt": "another"}), select=True)
    step = plan(graph, plan_inputs(lock)).step("quay")
    assert isinstance(step, Keep)
    assert step.take.digest == digest("quay")


def test_a_profile_that_changes_something_uses_no_take_of_another() -> None:
    """What was made without a profile is made again under one that changes something."""
    text = FILM + "profiles: {draft: {resolution: 480p}}\n"
    assert set(kinds(plan(graph_of(text, "draft"), plan_inputs(made(graph_of(text))))).values()) == {Make}


def test_a_missing_file_is_fetched() -> None:
    """A take whose file is missing from the store is fetched, not bought again."""
    graph = graph_of(FILM)
    step = make(plan(graph, plan_inputs(made(graph), missing=frozenset({digest("quay")}))).step("quay"))
    assert (step.fetches and step.fetches.task, step.cost.high, step.reasons[0].kind) == (
        "cgt-quay",
        Decimal(0),
        "missing",
    )


@pytest.mark.parametrize(
    ("id", "why", "hint"),
    [
        ("byteplus:cgt-quay", "it was made by byteplus", "`storyboard run --provider byteplus` fetches it"),
        (f"file:{digest('quay')}", "it was brought in as a file", "bring the file back"),
    ],
)
def test_a_missing_file_that_this_provider_has_not_is_waited_for(id: str, why: str, hint: str) -> None:
    """Only the provider that made it can return it, and it is not bought again automatically."""
    graph = graph_of(FILM)
    one = replace(take("quay", key("quay", graph)), id=id)
    known = plan_inputs(Lockfile().with_take("", "quay", one, select=True), missing=frozenset({one.digest}))
    step = plan(graph, replace(known, provider="ark")).step("quay")
    assert isinstance(step, Hold)
    assert (step.why.endswith(f"is not in the store, and {why}"), step.hint) == (True, hint)


@pytest.mark.parametrize("state", ["in doubt", "accepted", "made"])
def test_what_was_asked_of_another_provider_holds_its_scene(state: AttemptState) -> None:
    """Only a run with that provider resumes it; an attempt without one, or with the chosen one, holds nothing."""
    one = replace(attempt(state).attempts["i1"], marker=200_000)
    steps = [
        plan(
            graph_of(FILM), replace(plan_inputs(past=Past({"i1": replace(one, provider=sent_to)})), provider=asked)
        ).step("quay")
        for sent_to, asked in (("byteplus", "ark"), ("", "ark"), ("ark", "ark"), ("byteplus", ""))
    ]
    assert [type(step) for step in steps] == [Hold, Make, Make, Make]
    assert isinstance(steps[0], Hold)
    assert steps[0].why == "it was submitted to byteplus, and ark has no such task"


def test_what_another_storyboard_waits_for_is_left_to_it() -> None:
    """A task of another film in the folder is fetched by that one's run, and by any once its file is gone."""
    theirs = replace(attempt("accepted", FILM.replace("empty", "crowded")).attempts["i1"], storyboard="other")
    known = replace(plan_inputs(made(graph_of(FILM)), Past({"i1": theirs})), storyboard="film")
    found = [
        plan(graph_of(FILM), replace(known, boards=frozenset(boards))) for boards in (("film", "other"), ("film",))
    ]
    assert [one.salvage for one in found] == [(), (theirs,)]


def test_an_attempt_in_doubt_without_a_mark_holds_its_scene() -> None:
    """A request whose answer was lost is never repeated automatically: a person has to decide."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt"))).step("quay")
    assert isinstance(step, Hold)
    assert [word in step.hint for word in ("--adopt", "--submit-again", "--abandon", "tasks list")] == [True] * 4


def test_an_attempt_in_doubt_with_a_mark_is_looked_for() -> None:
    """Its marker identifies its task, so the run can settle it, at no cost."""
    marked = Past({id: replace(one, marker=200_000) for id, one in attempt("in doubt").attempts.items()})
    step = make(plan(graph_of(FILM), plan_inputs(past=marked)).step("quay"))
    assert (step.resumes and step.resumes.marker, step.cost) == (200_000, NOTHING)


def test_an_attempt_that_was_given_up_holds_its_scene() -> None:
    """Nothing is submitted for it again unless a person decides so."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("given up"))).step("quay")
    assert isinstance(step, Hold)
    assert ("given up" in step.why, "--submit-again" in step.hint) == (True, True)


def test_a_task_that_somebody_cancelled_holds_its_scene() -> None:
    """It cost nothing, but the person who cancelled it had a reason."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("cancelled"))).step("quay")
    assert isinstance(step, Hold)
    assert ("was cancelled; nothing was billed" in step.why, "--submit-again" in step.hint) == (True, True)


def test_what_is_made_from_a_held_scene_is_held() -> None:
    """Below a held scene nothing is made, however far down."""
    found = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt", scene="dusk")))
    assert kinds(found) == {"dusk": Hold, "lamp": Hold, "storm": Hold, "quay": Make}


def test_a_lost_attempt_holds_its_scene() -> None:
    """A video that was paid for and can't be retrieved any more is not bought again automatically."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("lost"))).step("quay")
    assert isinstance(step, Hold)
    assert ("was paid for" in step.why, "--submit-again" in step.hint) == (True, True)


def test_a_doubt_about_other_words_holds_nothing() -> None:
    """A lost request of an earlier prompt doesn't hold the current scene."""
    found = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt", FILM.replace("empty", "crowded"))))
    assert kinds(found)["quay"] is Make


def test_an_accepted_attempt_is_resumed() -> None:
    """A run waits for a task that the provider has accepted, at no cost."""
    steps = [
        make(plan(graph_of(FILM), plan_inputs(past=attempt(state))).step("quay")) for state in ("accepted", "made")
    ]
    assert [(step.resumes and step.resumes.task, step.cost.high) for step in steps] == [("cgt-1", Decimal(0))] * 2


def test_a_failed_attempt_is_made_again_and_says_why() -> None:
    """A scene whose attempt failed is made again, and the reason quotes the provider."""
    step = make(plan(graph_of(FILM), plan_inputs(past=attempt("failed", error="too dark"))).step("quay"))
    assert [(reason.kind, reason.what) for reason in step.reasons] == [("failed", "the last attempt failed: too dark")]


def test_an_abandoned_attempt_is_forgotten() -> None:
    """A scene whose submission a person abandoned is made like a new one."""
    step = make(plan(graph_of(FILM), plan_inputs(past=attempt("abandoned"))).step("quay"))
    assert [reason.kind for reason in step.reasons] == ["new"]


def test_what_was_paid_for_is_fetched_even_if_nobody_asks_any_more() -> None:
    """A task of an earlier prompt is salvaged once nothing is uncertain."""
    past = attempt("accepted", FILM.replace("empty", "crowded"))
    certain = plan(graph_of(FILM), plan_inputs(made(graph_of(FILM)), past))
    uncertain = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM)), past))
    assert ([a.task for a in certain.salvage], uncertain.salvage) == (["cgt-1"], ())


def test_only_what_was_asked_for_is_made() -> None:
    """The selected scenes are made, and those above them that have no take; the others are idle."""
    found = plan(graph_of(FILM), plan_inputs(), frozenset({"lamp"}))
    assert kinds(found) == {"dusk": Make, "lamp": Make, "storm": Idle, "quay": Idle}


def test_what_is_only_needed_is_used_as_it_is() -> None:
    """A stale parent that isn't selected is used as it is, and marked as stale."""
    found = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM))), frozenset({"lamp"}))
    step = found.step("dusk")
    assert isinstance(step, Keep)
    assert ([reason.kind for reason in step.stale], kinds(found)["lamp"]) == (["prompt"], Keep)


def test_what_is_only_needed_is_used_even_where_making_it_would_be_held() -> None:
    """A needed scene with a good file is used, though a later attempt at it is in doubt."""
    past = attempt("in doubt", CHANGED, scene="dusk")
    found = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM)), past), frozenset({"lamp"}))
    assert (kinds(found)["dusk"], kinds(found)["lamp"]) == (Keep, Keep)


def test_above_a_scene_with_a_take_nothing_is_needed() -> None:
    """If only the storm is selected, the lamp is used as it is, and the dusk above it is idle."""
    found = plan(graph_of(FILM), plan_inputs(made(graph_of(FILM))), frozenset({"storm"}))
    assert kinds(found) == {"dusk": Idle, "lamp": Keep, "storm": Keep, "quay": Idle}


def bucketless(text: str, lock: Lockfile | None = None, alive: frozenset[str] = frozenset()) -> Plan:
    """A plan for a service that can't be given local clips."""
    return plan(graph_of(text), plan_inputs(lock, uploads=False, alive=alive))


def test_a_local_clip_holds_where_it_can_get_no_address() -> None:
    """Without a bucket a scene with a local video among its inputs is held before anything is spent."""
    step = bucketless("storyboard: 1\nscenes: {a: {extend: harbour.mp4}}").step("a")
    assert isinstance(step, Hold)
    assert step.why.startswith("harbour.mp4 has no address")


def test_a_clip_with_an_address_holds_nothing() -> None:
    """A video at its own address doesn't hold a scene, nor does a local picture or sound."""
    text = 'storyboard: 1\nscenes: {a: {references: ["https://f.example/a.mp4", b.png, c.mp3], prompt: Boats.}}'
    assert kinds(bucketless(text)) == {"a": Make}


def test_a_part_of_a_segment_has_no_address() -> None:
    """A whole segment has the provider's own address; a part of one is a new file."""
    scenes = "a: {prompt: Waves.}, whole: {extend: a, duration: 8}, part: {extend: {scene: a, tail: 2}}"
    text = f"storyboard: 1\nscenes: {{{scenes}}}"
    assert kinds(bucketless(text)) == {"a": Make, "whole": Make, "part": Hold}


def test_an_old_segment_has_lost_its_address() -> None:
    """A segment whose address has expired can't be used as an input; one whose address is valid can."""
    text = "storyboard: 1\nscenes: {a: {prompt: Waves.}, b: {extend: a, duration: 8}}"
    lock = Lockfile({name: block for name, block in made(graph_of(text)).blocks.items() if name[1] == "a"})
    found = [kinds(bucketless(text, lock, alive))["b"] for alive in (frozenset[str](), frozenset({"cgt-a"}))]
    assert found == [Hold, Make]


def notes(text: str) -> tuple[str, ...]:
    """The notes on what a plan decided by itself."""
    return plan(graph_of(text), plan_inputs()).notes


def test_what_is_left_out_is_said() -> None:
    """A default that doesn't apply to a scene's mode is left out, and a note records that."""
    text = 'storyboard: 1\nstyle: ink\nscenes: {a: {prompt: Waves.}, b: {edit: a, prompt: "In {a}, add gulls."}}'
    assert notes(text) == ("b: style of the defaults is left out, as the scene's mode has none",)


def test_a_free_tail_is_said() -> None:
    """If a scene takes over only a tail because more would cost, a note records that."""
    text = (
        "storyboard: 1\nscenes: {a: {prompt: Waves., duration: 8}, b: {extend: a, duration: 4}}\nfilm: {footage: all}\n"
    )
    assert notes(text) == ("b: takes over a from 5 s on (more would cost extra; `from: 0` hands over all of it)",)


def test_where_the_film_enters_a_scene_is_no_saving() -> None:
    """A source that begins with its `in` was cut by the author, not by the plan."""
    text = "storyboard: 1\nscenes: {a: {prompt: Waves., in: 1}, b: {extend: a, duration: 8}}\nfilm: {footage: all}\n"
    assert notes(text) == ()


def test_a_plan_changes_nothing() -> None:
    """Planning twice gives the same plan."""
    graph, known = graph_of(CHANGED), plan_inputs(made(graph_of(FILM)))
    assert plan(graph, known) == plan(graph, known)


def test_an_empty_selection_asks_for_nothing() -> None:
    """An empty selection makes nothing."""
    assert set(kinds(plan(graph_of(FILM), plan_inputs(), frozenset())).values()) == {Idle}


def test_what_two_scenes_need_is_needed_once() -> None:
    """A scene above two selected scenes is planned once."""
    text = "storyboard: 1\nscenes: {a: {prompt: A.}, b: {chain: a}, c: {chain: a}}\n"
    found = plan(graph_of(text), plan_inputs(), frozenset({"b", "c"}))
    assert [step.scene for step in found.makes] == ["a", "b", "c"]


def test_a_scene_that_is_gone_leaves_its_take_to_nobody_else() -> None:
    """A take of a removed scene serves a new one only if their keys are equal."""
    lock = made(graph_of("storyboard: 1\nscenes: {old: {prompt: Waves.}}"))
    assert kinds(plan(graph_of("storyboard: 1\nscenes: {new: {prompt: Rain.}}"), plan_inputs(lock))) == {"new": Make}


def test_what_waits_for_a_person_is_listed() -> None:
    """The holds of a plan are those of its steps."""
    found = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt")))
    assert [step.scene for step in found.holds] == ["quay"]


def test_what_is_not_done_yet_is_said() -> None:
    """More takes than one, and dropping what an extension repeats, are noted as not yet done."""
    text = "storyboard: 1\nscenes: {a: {prompt: A., takes: 3}, b: {extend: a, duration: 8}}\n"
    assert plan(graph_of(text), plan_inputs()).notes == (
        "film: footage that an extension repeats stays in it: dropping it is not done yet",
        "a: 3 takes are asked for; one is made, the others are not made yet",
    )
