"""The summary of a run: for each scene the result, the cost and the next command; and the possible cost before a
decision."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from storyboard.cli.show import format_next_command, print_results
from storyboard.emulator.faults import Fault
from storyboard.executor.run import Result
from storyboard.planning.budget import Books, Entry
from storyboard.planning.event import Adopted, AttemptEvent, Held, Intended, Unanswered
from storyboard.planning.money import money_of
from storyboard.planning.take import Take
from storyboard.planning.target import Unit
from storyboard.protocols import Realm
from storyboard.testing.emulator import emulator
from storyboard.world import known_journals, settings
from storyboard.world.clock import SystemClock
from storyboard.world.journal import Journal
from storyboard.world.known_journals import KnownJournals
from storyboard.world.layout import layout_of
from tests.cli.command_line import run_command

Write = Callable[[str], Path]
STEM = "storyboard"
"""The name of these tests' storyboard."""
FILM = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4}
scenes:
  dusk: {prompt: A lighthouse.}
  lamp: {chain: dusk, prompt: He lights the lamp.}
  gulls: {prompt: Gulls.}
"""


def test_a_run_says_of_each_scene_what_happened_what_it_cost_and_what_to_say_next(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One is refused, its children wait, one is made; then the others are made, and that one is kept."""
    no = Fault("create", at=1, does="refuse", status=400, code="InvalidParameter")
    path = write(FILM)
    with emulator(tmp_path / "service" / "ledger", speed=4000, faults=[no]) as emulated:
        for name, value in emulated.environment.items():
            monkeypatch.setenv(name, value)
        first, second = (run_command("run", "-f", str(path)) for _ in range(2))
    assert (first.code, second.code, emulated.fired) == (3, 0, {"refuse": 1})
    assert first.out.splitlines()[-5:-1] == [
        "  failed    dusk   nothing  next: `storyboard run dusk`",
        "  not made  lamp   nothing  it is made from dusk, which is failed; next: `storyboard run lamp`",
        "  made      gulls  ¥1.50",
        "1 task submitted",
    ]
    assert second.out.splitlines()[-6:-3] == [
        "  made      dusk  ¥1.50",
        "  made      lamp  ¥1.50",
        "  kept      1 of 3, at no cost",
    ]


AGAIN = "`storyboard resolve dusk --submit-again`"


def books(*entries: Entry) -> Books:
    """Books with these entries."""
    found = Books()
    for number, entry in enumerate(entries):
        found.put(str(number), entry)
    return found


def test_a_bill_that_nobody_named_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    """The reserved amount is the most that it can be."""
    reserve = money_of("5 CNY")
    take = Take("ark:cgt-0", "sha256:0", {}, tokens=None)
    print_results([Result(Unit("dusk"), "done", take=take, books=books(Entry(reserve, bill=reserve)))])
    assert capsys.readouterr().out == "  made      dusk  ¥5.00 at most: the service reported no usage\n"


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (Result(Unit("dusk"), "done"), ""),
        (Result(Unit("dusk"), "failed", "no", "word it otherwise"), "next: `storyboard run dusk`"),
        (
            Result(Unit("dusk"), "held", "?", f"say {AGAIN}"),
            f"next: {AGAIN}",
        ),
        (Result(Unit("dusk"), "held", "it may cost too much", "raise it"), "next: `storyboard run dusk`"),
        (Result(Unit("dusk"), "blocked"), "next: `storyboard run dusk`"),
        (Result(Unit("dusk"), "waiting"), "next: `storyboard run dusk`"),
    ],
)
def test_what_to_say_next(result: Result, words: str) -> None:
    """The command that decides if a decision is needed; otherwise the command that continues."""
    assert format_next_command(result) == words


def doubtful(path: Path, *more: AttemptEvent, realm: Realm = "emulated") -> None:
    """A submission whose answer was lost, with five yuan reserved."""
    layout = layout_of(str(path), realm)
    layout.hidden.mkdir(parents=True)
    journal = Journal(layout.hidden, SystemClock(), writing=True)
    journal.open_run(STEM)
    five, rate = money_of("5 CNY"), money_of("46 CNY")
    for event in (
        Intended("dusk", "i1", storyboard=STEM, marker=180_000, reserve=five, rate=rate),
        Unanswered("dusk", "i1", error="no answer", storyboard=STEM),
        *(replace(event, storyboard=STEM) for event in more),
    ):
        journal.append(event)
    KnownJournals(known_journals.folder(settings.environment())).note(journal)
    journal.close()


def decided(path: Path, *words: str) -> tuple[int, list[str]]:
    """The output of `resolve`, and its exit code."""
    said = run_command("resolve", "dusk", *words, "-f", str(path), "--emulator")
    return said.code, said.out.splitlines()


TWICE = "--submit-again: it may be billed twice: up to ¥5.00 for the first submission, and as much for the new one"
ALL_THE_SAME = (
    "--abandon: if the request was accepted, it is billed up to ¥5.00 all the same, and its video is not downloaded"
)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ["--submit-again"],
            TWICE,
        ),
        (["--adopt", "cgt-9"], "--adopt cgt-9: the task is billed up to ¥5.00; nothing is submitted"),
        (
            ["--abandon"],
            ALL_THE_SAME,
        ),
    ],
)
def test_what_a_decision_may_cost_is_shown_with_it(write: Write, words: list[str], told: str) -> None:
    """With the time of submission, its marker, and its state."""
    path = write(FILM)
    doubtful(path)
    code, lines = decided(path, *words)
    assert (code, lines[1]) == (0, told)
    assert lines[0].startswith("dusk: submitted on ")
    assert lines[0].endswith(" UTC, marker 180000; in doubt: no answer")


def test_a_task_that_a_run_could_not_get_on_with_may_be_decided_about(write: Write) -> None:
    """It has outlived its time, or its video isn't delivered: if it is submitted again, both may be billed."""
    path = write(FILM)
    doubtful(path, Adopted("dusk", "i1", task="cgt-1"), Held("dusk", "i1", why="too old"))
    code, lines = decided(path, "--submit-again")
    assert (code, "task cgt-1" in lines[0], lines[0].endswith("accepted: too old")) == (0, True, True)


def test_a_task_that_is_well_under_way_is_not_decided_about(write: Write) -> None:
    """A running task needs no decision, because the run waits for it."""
    path = write(FILM)
    doubtful(path, Adopted("dusk", "i1", task="cgt-1"))
    assert decided(path, "--submit-again")[0] == 2


def test_a_scene_that_is_gone_is_decided_about_by_the_name_that_it_had(write: Write) -> None:
    """A removed scene can be decided about by its former name, because its submission may still be billed."""
    path = write(FILM.replace("dusk", "dawn"))
    doubtful(path)
    assert decided(path, "--abandon")[0] == 0


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ([], "`storyboard resolve dusk --submit-again --emulator` makes the scene after all"),
        (
            [Adopted("dusk", "i1", task="cgt-1"), Held("dusk", "i1", why="too old")],
            "`storyboard resolve dusk --adopt cgt-1 --emulator` reverses that",
        ),
    ],
    ids=["in doubt", "with a task"],
)
def test_what_was_given_up_can_be_had_after_all(write: Write, more: list[AttemptEvent], words: str) -> None:
    """If its task exists, it is adopted without paying for another; and the suggested command works as shown."""
    path = write(FILM)
    doubtful(path, *more)
    code, lines = decided(path, "--abandon")
    assert (code, lines[-1]) == (0, f"dusk: the submission is given up; {words}")
    assert decided(path, *words.split("`")[1].split()[3:])[0] == 0


class Terminal:
    """A user who gives this answer."""

    def __init__(self, answer: str) -> None:
        self._answer = answer

    def isatty(self) -> bool:
        """Report a terminal."""
        return True

    def readline(self, *_: int) -> str:
        """Return the answer."""
        return f"{self._answer}\n"


@pytest.mark.parametrize(
    ("answer", "words", "code", "state"),
    [("n", [], 4, "in doubt"), ("y", [], 0, "abandoned"), ("n", ["--yes"], 0, "abandoned")],
)
def test_where_it_costs_money_whoever_is_there_is_asked(
    write: Write, monkeypatch: pytest.MonkeyPatch, answer: str, words: list[str], code: int, state: str
) -> None:
    """The possible cost is shown; if the answer is no, nothing is decided."""
    path = write(FILM)
    doubtful(path, realm="real")
    monkeypatch.setattr("sys.stdin", Terminal(answer))
    said = run_command("resolve", "dusk", "--submit-again", "-f", str(path), *words)
    journal = Journal(layout_of(str(path), "real").hidden, SystemClock(), writing=False)
    journal.close()
    assert (said.code, journal.history.attempt("i1").state, TWICE in said.out) == (code, state, True)
