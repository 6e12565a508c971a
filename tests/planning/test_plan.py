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
from tests.planning.values import digest, key, made, plan_inputs, take
from tests.reading import graph_of

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
    """What sort of step each scene has."""
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
    """A scene that was itself changed is made whatever its parent hands it."""
    text = CHANGED.replace("lights the lamp", "lights a pipe")
    found = plan(graph_of(text), plan_inputs(made(graph_of(FILM))))
    step = make(found.step("lamp"))
    assert (step.certain, [reason.kind for reason in step.reasons]) == (True, ["prompt", "upstream"])


def test_a_cost_is_at_most_that_of_all_that_may_be_made() -> None:
    """A plan's cost counts uncertain steps too."""
    found = plan(graph_of(FILM), plan_inputs())
    assert (found.cost.high_tokens, found.cost.currency) == (3 * 108900 + 195300, "CNY")


def test_a_new_name_takes_the_take_along() -> None:
    """A renamed scene keeps its take, and the plan says under which name it was made."""
    graph = graph_of(FILM.replace("quay:", "pier:"))
    step = plan(graph, plan_inputs(made(graph_of(FILM)))).step("pier")
    assert isinstance(step, Keep)
    assert step.found == TakeMatch(step.take, Target("", "", "quay"), "earlier name")
    assert step.take.digest == digest("quay")


PIER = FILM.replace("quay:", "pier:")


@pytest.mark.parametrize("state", ["in doubt", "accepted", "made"])
def test_a_new_name_takes_the_attempt_along(state: AttemptState) -> None:
    """What was submitted under the old name is gone on with under the new one, and not made twice."""
    past = attempt(state)
    past = Past({"i1": replace(past.attempts["i1"], marker=172_900)})
    found = plan(graph_of(PIER), plan_inputs(past=past))
    assert (make(found.step("pier")).resumes, found.salvage) == (past.attempts["i1"], ())


@pytest.mark.parametrize("state", ["in doubt", "lost"])
def test_a_new_name_is_no_way_around_a_decision(state: AttemptState) -> None:
    """What a person has to decide about under the old name, he has to under the new, which is the one that is told."""
    found = plan(graph_of(PIER), plan_inputs(past=attempt(state)))
    step = found.step("pier")
    assert isinstance(step, Hold)
    assert "storyboard resolve pier" in step.hint
    assert found.intents_of("pier") == {"i1"}


@pytest.mark.parametrize("state", ["stored", "failed", "refused", "abandoned", "given up", "cancelled"])
def test_what_is_over_is_nothing_to_a_new_name(state: AttemptState) -> None:
    """An attempt that has ended, or that somebody ended, leaves nothing to go on with."""
    assert make(plan(graph_of(PIER), plan_inputs(past=attempt(state))).step("pier")).resumes is None


def test_of_two_new_names_one_goes_on() -> None:
    """A task belongs to one scene; its copy is made for itself."""
    graph = graph_of(PIER + PIER.partition("  pier:")[2].join(("  mole:", "")))
    found = plan(graph, plan_inputs(past=attempt("accepted")))
    assert [make(found.step(id)).resumes is None for id in ("pier", "mole")] == [False, True]


def test_a_scene_goes_on_with_its_own_attempt_first() -> None:
    """Another's of the same key is fetched beside it; where its own is over, the other's is gone on with."""
    theirs = attempt("accepted").attempts["i1"]
    cases: tuple[tuple[AttemptState, str], ...] = (("accepted", "i2"), ("failed", "i1"))
    for state, resumed in cases:
        own = replace(attempt(state).attempts["i1"], intent="i2", scene="pier")
        step = make(plan(graph_of(PIER), plan_inputs(past=Past({"i1": theirs, "i2": own}))).step("pier"))
        assert step.resumes is not None
        assert step.resumes.intent == resumed


def test_what_failed_once_is_gone_on_with_where_it_was_submitted_again() -> None:
    """An earlier attempt that is over hides no later one that isn't."""
    earlier, later = attempt("failed").attempts["i1"], replace(attempt("accepted").attempts["i1"], intent="i2")
    assert (
        make(plan(graph_of(FILM), plan_inputs(past=Past({"i1": earlier, "i2": later}))).step("quay")).resumes == later
    )


def test_a_plan_knows_which_submissions_it_waits_for() -> None:
    """What it goes on with, and what a person has to decide about."""
    assert plan(graph_of(FILM), plan_inputs(past=attempt("accepted"))).intents_of("quay") == {"i1"}
    assert plan(graph_of(FILM), plan_inputs(past=attempt("lost"))).intents_of("quay") == {"i1"}
    assert plan(graph_of(FILM), plan_inputs(past=attempt("failed"))).intents_of("quay") == frozenset()
    assert plan(graph_of(FILM), plan_inputs(past=attempt("lost"))).intents_of("dusk") == frozenset()


def test_what_to_say_names_the_profile() -> None:
    """A command that leaves it out speaks of another scene."""
    assert again("quay", "tall", paid=True).endswith("`storyboard resolve quay --submit-again --profile tall`")
    assert "`storyboard resolve quay --abandon --profile tall`" in in_doubt_hint("quay", "tall")


def test_a_copy_of_a_scene_is_no_new_name() -> None:
    """As long as the old scene is there, its take isn't another's."""
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
    """A take that is known, but not in the store, is fetched and not bought again."""
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
    """Nobody but who made it can give it back, and it is not bought again by itself."""
    graph = graph_of(FILM)
    one = replace(take("quay", key("quay", graph)), id=id)
    known = plan_inputs(Lockfile().with_take("", "quay", one, select=True), missing=frozenset({one.digest}))
    step = plan(graph, replace(known, provider="ark")).step("quay")
    assert isinstance(step, Hold)
    assert (step.why.endswith(f"is not in the store, and {why}"), step.hint) == (True, hint)


@pytest.mark.parametrize("state", ["in doubt", "accepted", "made"])
def test_what_was_asked_of_another_provider_holds_its_scene(state: AttemptState) -> None:
    """It is gone on with by that one's run; one that nobody named, or that is asked itself, holds nothing."""
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
    """A request whose answer was lost is never sent again by itself: a person has to decide."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt"))).step("quay")
    assert isinstance(step, Hold)
    assert [word in step.hint for word in ("--adopt", "--submit-again", "--abandon", "tasks list")] == [True] * 4


def test_an_attempt_in_doubt_with_a_mark_is_looked_for() -> None:
    """Its task is known by its mark, so that the run can settle it, at no cost."""
    marked = Past({id: replace(one, marker=200_000) for id, one in attempt("in doubt").attempts.items()})
    step = make(plan(graph_of(FILM), plan_inputs(past=marked)).step("quay"))
    assert (step.resumes and step.resumes.marker, step.cost) == (200_000, NOTHING)


def test_an_attempt_that_was_given_up_holds_its_scene() -> None:
    """Nothing is submitted for it again unless somebody says so."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("given up"))).step("quay")
    assert isinstance(step, Hold)
    assert ("given up" in step.why, "--submit-again" in step.hint) == (True, True)


def test_a_task_that_somebody_cancelled_holds_its_scene() -> None:
    """It cost nothing, but whoever cancelled it had a reason."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("cancelled"))).step("quay")
    assert isinstance(step, Hold)
    assert ("was cancelled; nothing was billed" in step.why, "--submit-again" in step.hint) == (True, True)


def test_what_is_made_from_a_held_scene_is_held() -> None:
    """Below a held scene nothing is made, however far down."""
    found = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt", scene="dusk")))
    assert kinds(found) == {"dusk": Hold, "lamp": Hold, "storm": Hold, "quay": Make}


def test_a_lost_attempt_holds_its_scene() -> None:
    """What was paid for and can't be had any more is not bought again by itself."""
    step = plan(graph_of(FILM), plan_inputs(past=attempt("lost"))).step("quay")
    assert isinstance(step, Hold)
    assert ("was paid for" in step.why, "--submit-again" in step.hint) == (True, True)


def test_a_doubt_about_other_words_holds_nothing() -> None:
    """A lost request of an earlier prompt doesn't hold the scene of today."""
    found = plan(graph_of(FILM), plan_inputs(past=attempt("in doubt", FILM.replace("empty", "crowded"))))
    assert kinds(found)["quay"] is Make


def test_an_accepted_attempt_is_resumed() -> None:
    """A scene that the provider has taken on is waited for, at no cost."""
    steps = [
        make(plan(graph_of(FILM), plan_inputs(past=attempt(state))).step("quay")) for state in ("accepted", "made")
    ]
    assert [(step.resumes and step.resumes.task, step.cost.high) for step in steps] == [("cgt-1", Decimal(0))] * 2


def test_a_failed_attempt_is_made_again_and_says_why() -> None:
    """What came to nothing is made again, and the reason quotes the provider."""
    step = make(plan(graph_of(FILM), plan_inputs(past=attempt("failed", error="too dark"))).step("quay"))
    assert [(reason.kind, reason.what) for reason in step.reasons] == [("failed", "the last attempt failed: too dark")]


def test_an_abandoned_attempt_is_forgotten() -> None:
    """What a person gave up is made like something new."""
    step = make(plan(graph_of(FILM), plan_inputs(past=attempt("abandoned"))).step("quay"))
    assert [reason.kind for reason in step.reasons] == ["new"]


def test_what_was_paid_for_is_fetched_even_if_nobody_asks_any_more() -> None:
    """A task of an earlier prompt is salvaged once nothing is uncertain."""
    past = attempt("accepted", FILM.replace("empty", "crowded"))
    certain = plan(graph_of(FILM), plan_inputs(made(graph_of(FILM)), past))
    uncertain = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM)), past))
    assert ([a.task for a in certain.salvage], uncertain.salvage) == (["cgt-1"], ())


def test_only_what_was_asked_for_is_made() -> None:
    """Of a selection the scenes are made, and above them what has no take; the rest is left alone."""
    found = plan(graph_of(FILM), plan_inputs(), frozenset({"lamp"}))
    assert kinds(found) == {"dusk": Make, "lamp": Make, "storm": Idle, "quay": Idle}


def test_what_is_only_needed_is_used_as_it_is() -> None:
    """A parent that is stale but wasn't asked for is handed over as it is, and known to be stale."""
    found = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM))), frozenset({"lamp"}))
    step = found.step("dusk")
    assert isinstance(step, Keep)
    assert ([reason.kind for reason in step.stale], kinds(found)["lamp"]) == (["prompt"], Keep)


def test_what_is_only_needed_is_used_even_where_making_it_would_be_held() -> None:
    """A needed scene with a good file is handed over, though a later attempt at it is in doubt."""
    past = attempt("in doubt", CHANGED, scene="dusk")
    found = plan(graph_of(CHANGED), plan_inputs(made(graph_of(FILM)), past), frozenset({"lamp"}))
    assert (kinds(found)["dusk"], kinds(found)["lamp"]) == (Keep, Keep)


def test_above_a_scene_with_a_take_nothing_is_needed() -> None:
    """Asked for the storm alone, the lamp is used as it is and the dusk above it isn't looked at."""
    found = plan(graph_of(FILM), plan_inputs(made(graph_of(FILM))), frozenset({"storm"}))
    assert kinds(found) == {"dusk": Idle, "lamp": Keep, "storm": Keep, "quay": Idle}


def bucketless(text: str, lock: Lockfile | None = None, alive: frozenset[str] = frozenset()) -> Plan:
    """A plan for a service that can't be given local clips."""
    return plan(graph_of(text), plan_inputs(lock, uploads=False, alive=alive))


def test_a_local_clip_holds_where_it_can_get_no_address() -> None:
    """Without a bucket a scene that is given a local video is held before anything is spent."""
    step = bucketless("storyboard: 1\nscenes: {a: {extend: harbour.mp4}}").step("a")
    assert isinstance(step, Hold)
    assert step.why.startswith("harbour.mp4 has no address")


def test_a_clip_with_an_address_holds_nothing() -> None:
    """A video at an address of its own is no hindrance, nor is a local picture or sound."""
    text = 'storyboard: 1\nscenes: {a: {references: ["https://f.example/a.mp4", b.png, c.mp3], prompt: Boats.}}'
    assert kinds(bucketless(text)) == {"a": Make}


def test_a_part_of_a_segment_has_no_address() -> None:
    """A whole segment has the provider's own address; a part of one is a new file."""
    scenes = "a: {prompt: Waves.}, whole: {extend: a, duration: 8}, part: {extend: {scene: a, tail: 2}}"
    text = f"storyboard: 1\nscenes: {{{scenes}}}"
    assert kinds(bucketless(text)) == {"a": Make, "whole": Make, "part": Hold}


def test_an_old_segment_has_lost_its_address() -> None:
    """A segment whose address has died can't be handed over; one that still lives can."""
    text = "storyboard: 1\nscenes: {a: {prompt: Waves.}, b: {extend: a, duration: 8}}"
    lock = Lockfile({name: block for name, block in made(graph_of(text)).blocks.items() if name[1] == "a"})
    found = [kinds(bucketless(text, lock, alive))["b"] for alive in (frozenset[str](), frozenset({"cgt-a"}))]
    assert found == [Hold, Make]


def notes(text: str) -> tuple[str, ...]:
    """What a plan says that it has decided by itself."""
    return plan(graph_of(text), plan_inputs()).notes


def test_what_is_left_out_is_said() -> None:
    """A default that a scene's mode has no use for is left out, and the plan says so."""
    text = 'storyboard: 1\nstyle: ink\nscenes: {a: {prompt: Waves.}, b: {edit: a, prompt: "In {a}, add gulls."}}'
    assert notes(text) == ("b: style of the defaults is left out, as the scene's mode has none",)


def test_a_free_tail_is_said() -> None:
    """Where only a tail is handed over because more would cost, the plan says so."""
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
    """Nobody's wish makes nothing."""
    assert set(kinds(plan(graph_of(FILM), plan_inputs(), frozenset())).values()) == {Idle}


def test_what_two_scenes_need_is_needed_once() -> None:
    """A scene above two that were asked for is planned once."""
    text = "storyboard: 1\nscenes: {a: {prompt: A.}, b: {chain: a}, c: {chain: a}}\n"
    found = plan(graph_of(text), plan_inputs(), frozenset({"b", "c"}))
    assert [step.scene for step in found.makes] == ["a", "b", "c"]


def test_a_scene_that_is_gone_leaves_its_take_to_nobody_else() -> None:
    """A take of a scene that is no longer there stands in for a new one only if it was made from the same."""
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
