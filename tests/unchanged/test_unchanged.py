"""The main law of this project: run until nothing has failed or is held, run again without a change, and nothing is
submitted.

`GRAPHS=2000 pytest tests/unchanged` tries 2,000 folders; `make unchanged` does that.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.simulation.run import _quietly
from tests.unchanged.folder import Bytes, Folder, Shot

GRAPHS = int(os.environ.get("GRAPHS", "60"))
WORDS = ("a quay", "a boat", "rain")
NAMES = ("a", "b", "c", "d", "e")
PROFILES = ("", "x", "y", "x,y", "tall")


@st.composite
def films(draw: st.DrawFn) -> list[Shot]:
    """Some scenes, of which several may be equal."""
    shots: list[Shot] = []
    for name in draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4, unique=True)):
        parent = draw(st.sampled_from(["", *(shot.id for shot in shots)]))
        edge = draw(st.sampled_from(["chain", "extend"]))
        shots.append(Shot(name, draw(st.sampled_from(WORDS)), parent, edge, draw(st.sampled_from([None, None, 7]))))
    return shots


def changed(draw: Any, folder: Folder, stem: str) -> str:
    """Change something in a folder; return the storyboard to run next."""
    shots = folder.boards[stem]
    shot = draw(st.sampled_from(shots))
    match draw(st.sampled_from(["words", "seed", "rename", "swap", "remove", "add", "reverse", "file", "nothing"])):
        case "words":
            folder.edit(stem, shot.id, words=draw(st.sampled_from(WORDS)))
        case "seed":
            folder.edit(stem, shot.id, seed=draw(st.sampled_from([None, 7, 8])))
        case "rename":
            free = [name for name in (*NAMES, "f", "g") if name not in {one.id for one in shots}]
            folder.rename(stem, shot.id, draw(st.sampled_from(free)))
        case "swap":
            other = draw(st.sampled_from(shots))
            folder.rename(stem, shot.id, "swapped")
            folder.rename(stem, other.id, shot.id) if other.id != shot.id else None
            folder.rename(stem, "swapped", other.id)
        case "remove" if len(shots) > 1 and shot.id not in {one.parent for one in shots}:
            folder.boards[stem] = [one for one in shots if one.id != shot.id]
        case "add":
            free = [name for name in (*NAMES, "f", "g") if name not in {one.id for one in shots}]
            folder.boards[stem] = [*shots, Shot(draw(st.sampled_from(free)), draw(st.sampled_from(WORDS)), shot.id)]
        case "reverse" if not any(one.parent for one in shots):
            folder.boards[stem] = shots[::-1]
        case "file":
            new = "movie" if stem != "movie" else "feature"
            folder.rename_file(stem, new)
            return new
        case _:
            pass
    return stem


@settings(
    max_examples=GRAPHS,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(st.data())
def test_an_unchanged_run_submits_nothing(data: st.DataObject) -> None:
    """This holds after any changes, in two storyboards and several profiles; and an existing video is never bought
    again."""
    _quietly()
    alike: Bytes = data.draw(st.sampled_from(["all alike", "by prompt", "by task"]))
    folder = Folder(data.draw(st.integers(0, 2**32)), alike, data.draw(st.sampled_from([0.0, 0.2])))
    stem = "film"
    folder.boards = {"film": data.draw(films()), "trailer": data.draw(films())}
    for _ in range(data.draw(st.integers(1, 4))):
        stem = changed(data.draw, folder, stem)
        for board in data.draw(st.sampled_from([(stem,), ("trailer", stem), (stem, "trailer")])):
            profile = data.draw(st.sampled_from(PROFILES))
            if data.draw(st.booleans()):
                folder.run(board, profile, frozenset({folder.boards[board][0].id}))
            folder.settle(board, profile)
            again = folder.run(board, profile)
            assert (again.submitted, again.exit_code) == (0, 0)
    assert folder.extra == {}


@pytest.mark.parametrize("alike", ["all alike", "by prompt", "by task"])
def test_an_edit_and_its_undoing_cost_one_take(alike: Bytes) -> None:
    """`seed: 7` is added, run, removed, then run three times: one submission for the seed, none afterwards."""
    folder = Folder(1, alike, 0.0, {"film": [Shot("a", "a quay"), Shot("b", "a boat", "a"), Shot("c", "rain", "b")]})
    folder.settle("film")
    before = len(folder.service.tasks)
    folder.edit("film", "a", seed=7)
    folder.settle("film")
    made = len(folder.service.tasks) - before
    folder.edit("film", "a", seed=None)
    after = [folder.run("film").submitted for _ in range(3)]
    assert (made, after) == ({"all alike": 1, "by prompt": 1, "by task": 3}[alike], [0, 0, 0])
