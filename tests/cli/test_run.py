"""`storyboard run`: makes what is missing or changed, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from storyboard.world.media import clip, probe
from tests.cli.command_line import STORYBOARD, run, run_command

Write = Callable[[str], Path]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose film was made once; tests that change it copy it."""
    path = tmp_path_factory.mktemp("made") / "storyboard.yaml"
    path.write_text(STORYBOARD, "utf-8")
    assert run(path).code == 0
    return path


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    """A copy of that project, to change."""
    import shutil

    shutil.copytree(made.parent, tmp_path / "project")
    return tmp_path / "project" / "storyboard.yaml"


def ledger(path: Path) -> list[dict[str, str]]:
    """The tasks that would have been paid for."""
    lines = (path.parent / ".storyboard/emulated/service/ledger.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def scenes(path: Path) -> Path:
    """The folder of the scenes' videos."""
    return path.parent / "renders" / "emulated" / "storyboard" / "scenes"


def likeness(one: Image.Image, other: Image.Image) -> float:
    """Peak signal to noise ratio of two pictures, in dB; 99 if they are the same."""
    from math import log10

    squares = ImageStat.Stat(ImageChops.difference(one, other)).sum2
    mean = sum(squares) / (one.width * one.height * 3)
    return 99.0 if mean == 0 else 10 * log10(255**2 / mean)


def test_a_storyboard_becomes_a_film(made: Path) -> None:
    """Each scene is paid for once, and the film is where the command reports it."""
    assert len(ledger(made)) == 4
    assert (made.parent / "renders/emulated/storyboard/film.mp4").exists()


@pytest.mark.parametrize("scene", ["dusk", "lamp", "storm", "alone"])
def test_a_segment_is_what_was_asked_for(made: Path, scene: str) -> None:
    """24 pictures a second, the requested size, one picture more than the seconds contain."""
    found = probe.video(scenes(made) / f"{scene}.mp4")
    assert (found.width, found.height, found.frames, round(found.fps, 6)) == (864, 496, 4 * 24 + 1, 24)


def test_the_film_is_as_long_as_its_cuts(made: Path) -> None:
    """Four segments of 97 pictures, one of which is shared by the chain."""
    assert probe.video(made.parent / "renders/emulated/storyboard/film.mp4").frames == 4 * 97 - 1


def test_a_chained_segment_begins_where_its_parent_ends(made: Path) -> None:
    """Its first picture is the parent's last (≥ 40 dB), and clearly differs from the one half a second earlier (≥ 6
    dB)."""
    first = next(clip.pictures(scenes(made) / "lamp.mp4"))
    parent = list(clip.pictures(scenes(made) / "dusk.mp4"))
    same, earlier = likeness(first, parent[-1]), likeness(first, parent[-13])
    assert same >= 40
    assert same - earlier >= 6


@pytest.mark.row(78)
@pytest.mark.parametrize(
    ("scenes", "told"),
    [
        ("  a: {prompt: A.}\n  b: {chain: c, prompt: B.}\n  c: {chain: b, prompt: C.}\n", "wait for each other: b → c"),
        ("  a: {prompt: A.}\n  b: {chain: nobody, prompt: B.}\n", 'names "nobody", but there is no such scene'),
    ],
)
def test_a_film_that_can_not_be_made_is_refused_before_anything_is_paid_for(
    write: Write, scenes: str, told: str
) -> None:
    """This includes the case that some of its scenes could be made."""
    path = write("storyboard: 1\ndefaults: {ratio: 16:9}\nscenes:\n" + scenes)
    result = run(path)
    assert (result.code, told in result.err, (path.parent / ".storyboard").exists()) == (1, True, False)


def test_a_second_run_submits_nothing(project: Path) -> None:
    """Nothing changed, so nothing is made and nothing is cut."""
    again = run(project)
    assert (again.code, again.submitted, len(ledger(project))) == (0, 0, 4)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scenes:", "# a comment\nscenes:"),
        ("duration: 4}", "duration: 4, generate_audio: true, seed: -1}"),
        ("      A lighthouse at dusk.\n", "      A lighthouse\n      at dusk.\n"),
        ("model: seedance-2.0-fast", "title: a title\nmodel: doubao-seedance-2-0-fast-260128"),
        ("  alone:\n", "  alone:\n    tags: [quiet]\n    notes: something\n    after: storm\n"),
    ],
    ids=["a comment", "a default written out", "a prompt re-wrapped", "the model's full name", "words for people"],
)
def test_what_changes_no_request_remakes_nothing(project: Path, old: str, new: str) -> None:
    """A change that the service would not see is no reason to make anything."""
    project.write_text(project.read_text("utf-8").replace(old, new), "utf-8")
    assert run(project).submitted == 0


def test_a_new_child_leaves_its_parent_alone(project: Path) -> None:
    """Chaining one more scene makes that scene only: every take has its last frame already."""
    project.write_text(project.read_text("utf-8") + "  more:\n    chain: alone\n    prompt: more gulls\n", "utf-8")
    assert run(project).made == {"more"}


def test_a_changed_prompt_remakes_the_scene_and_what_is_made_from_it(project: Path) -> None:
    """Changing lamp makes lamp and storm; dusk, its parent, and the independent alone are kept."""
    project.write_text(project.read_text("utf-8").replace("lights the lamp", "lights his pipe"), "utf-8")
    assert run(project).made == {"lamp", "storm"}


def test_why_names_the_prompt_and_the_line(project: Path) -> None:
    """The reason names what changed and its present line, also for a dependent scene."""
    project.write_text(project.read_text("utf-8").replace("lights the lamp", "lights his pipe"), "utf-8")
    asked = run_command("why", "storm", "-f", str(project), "--emulator").out.splitlines()
    assert asked == [
        "storm: lamp is made anew (storyboard.yaml:13:13)",
        'lamp: prompt "He lights the lamp." → "He lights his pipe." (storyboard.yaml:10:5)',
    ]


def test_going_back_to_an_old_prompt_costs_nothing(project: Path) -> None:
    """A take made from the same key is used again."""
    text = project.read_text("utf-8")
    project.write_text(text.replace("Gulls.", "Terns."), "utf-8")
    assert run(project).submitted == 1
    project.write_text(text, "utf-8")
    assert run(project).submitted == 0


def test_a_renamed_scene_is_not_bought_again(project: Path) -> None:
    """The key moves to the new name, and the children see the same frame."""
    project.write_text(project.read_text("utf-8").replace("dusk:", "evening:").replace("chain: dusk", "chain: evening"))
    assert run(project).submitted == 0


def test_a_renamed_scene_that_was_copied_as_well_has_its_take_once(project: Path) -> None:
    """One of the two equal scenes gets the take, the other is made; from the second run on nothing is left to do."""
    project.write_text(
        project.read_text("utf-8").replace("  alone:\n", "  gulls:\n    prompt: Gulls.\n  terns:\n"), "utf-8"
    )
    words = (("plan",), ("status",), ("why", "terns"))
    before = [run_command(*each, "-f", str(project), "--emulator").code for each in words]
    once, again = run(project), run(project)
    after = [run_command(*each, "-f", str(project), "--emulator").code for each in (*words, ("film",))]
    assert (before, after) == ([0] * 3, [0] * 4)
    assert [(result.code, result.submitted, result.err) for result in (once, again)] == [(0, 1, ""), (0, 0, "")]
    assert ("earlier name" in once.out, "earlier name" in again.out) == (True, False)
    copies = [(scenes(project) / f"{name}.mp4").read_bytes() for name in ("gulls", "terns")]
    assert copies[0] != copies[1]


def test_a_lock_is_left_alone_when_nothing_was_made(project: Path) -> None:
    """The next run doesn't write a former name of a scene into it again."""
    project.write_text(project.read_text("utf-8").replace("dusk:", "evening:").replace("chain: dusk", "chain: evening"))
    lock = project.parent / ".storyboard/emulated/storyboard.lock"
    run(project)
    before = lock.read_text("utf-8")
    run(project)
    assert (lock.read_text("utf-8"), '"dusk"' in before) == (before, False)


def test_a_profile_has_takes_of_its_own(project: Path) -> None:
    """Switching to a profile and back costs nothing the second time."""
    text = project.read_text("utf-8").replace("scenes:", "profiles: {tall: {ratio: 9:16}}\nscenes:", 1)
    project.write_text(text, "utf-8")
    assert run(project, "--profile", "tall", "alone").submitted == 1
    assert run(project).submitted == 0
    assert run(project, "--profile", "tall", "alone").submitted == 0


def test_a_lost_file_is_fetched_again_not_bought(project: Path) -> None:
    """A take that was deleted from the store is downloaded from its task while that exists."""
    store = project.parent / ".storyboard/emulated/store"
    for path in store.rglob("*.mp4"):
        path.unlink()
    again = run(project)
    assert (again.code, again.submitted) == (0, 0)


def test_a_lost_state_does_not_buy_again(project: Path) -> None:
    """The lock alone, with the store, restores the film."""
    for name in ("state.db", "state.db-wal", "state.db-shm", "witness", "addresses.jsonl"):
        (project.parent / ".storyboard/emulated" / name).unlink(missing_ok=True)
    assert run(project).submitted == 0


def test_a_cut_with_a_dissolve_is_encoded_and_shorter(project: Path) -> None:
    """Transitions and parts of scenes change the film, and nothing has to be made for that."""
    cut = "film: {cut: [dusk, {dissolve: 0.5}, {scene: storm, in: 1, out: 2}]}\n"
    project.write_text(project.read_text("utf-8") + cut, "utf-8")
    assert run(project).submitted == 0
    assert probe.video(project.parent / "renders/emulated/storyboard/film.mp4").frames == 97 + 24 - 12


def test_an_early_way_out_reaches_the_child(project: Path) -> None:
    """`out` is where the film leaves a scene and where its child begins: the child is made again, the scene is not."""
    project.write_text(project.read_text("utf-8").replace("  dusk:\n", "  dusk:\n    out: 2\n"), "utf-8")
    assert run(project).made == {"lamp", "storm"}
    first = next(clip.pictures(scenes(project) / "lamp.mp4"))
    assert likeness(first, clip.picture_at(scenes(project) / "dusk.mp4", 2.0)) >= 40


def test_a_selection_makes_no_more_than_it_names(write: Write) -> None:
    """`run alone` makes alone, and cuts no film."""
    assert run(write(STORYBOARD), "alone").made == {"alone"}


def test_a_selected_scene_brings_what_it_lacks_above(write: Write) -> None:
    """`run lamp` makes dusk as well, because it is missing."""
    assert run(write(STORYBOARD), "lamp").made == {"dusk", "lamp"}


@pytest.mark.parametrize("lost", ["frames", "copied"])
def test_a_record_of_the_film_that_is_none_counts_for_nothing(project: Path, lost: str) -> None:
    """If the record of the film is incomplete, the film is cut again."""
    record = project.parent / ".storyboard/emulated/films/storyboard/film.json"
    value = json.loads(record.read_text("utf-8"))
    record.write_text(json.dumps({name: result for name, result in value.items() if name != lost}), "utf-8")
    assert (run(project).code, json.loads(record.read_text("utf-8"))) == (0, value)
