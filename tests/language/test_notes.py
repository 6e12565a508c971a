"""What an author may not expect, and a plan shows."""

from __future__ import annotations

from pathlib import Path

from storyboard.language.notes import notes_of
from tests.builders import graph_of
from tests.cli.command_line import run_command

HEAD = "storyboard: 1\nscenes:\n  dusk: {prompt: A lighthouse.}\n"


def test_words_that_are_put_before_a_prompt_are_shown() -> None:
    """An extension whose prompt doesn't name its source gets words that its author didn't write."""
    assert notes_of(graph_of(HEAD + "  storm: {extend: dusk, prompt: A storm.}\n")) == (
        'storm: its prompt doesn\'t name what it extends, so that "Extend video 1 forward:" is put before it',
    )


def test_a_prompt_that_is_sent_as_written_needs_no_note() -> None:
    """Where the source is named nothing is put before it."""
    assert notes_of(graph_of(HEAD + "  storm: {extend: dusk, prompt: 'From {dusk} on, a storm.'}\n")) == ()


def test_a_task_that_cannot_be_marked_is_shown() -> None:
    """A scene that sets `execution_expires_after` can't carry the marker by which a lost task is found."""
    text = HEAD.replace("lighthouse.}", "lighthouse., execution_expires_after: 7200}")
    result = "with an `execution_expires_after` of its own, a scene whose reply is lost can only be held"
    assert notes_of(graph_of(text)) == (f"dusk: {result}",)


def test_many_of_them_are_one_line() -> None:
    """A value of the defaults is noted once."""
    text = HEAD.replace("scenes:", "defaults: {execution_expires_after: 7200}\nscenes:") + "  dawn: {prompt: A quay.}\n"
    assert [note.partition(":")[0] for note in notes_of(graph_of(text))] == ["dusk and 1 more"]


def test_a_plan_shows_them(tmp_path: Path) -> None:
    """To people, and to programs."""
    path = tmp_path / "storyboard.yaml"
    path.write_text(HEAD + "  storm: {extend: dusk, prompt: A storm.}\n", "utf-8")
    result = [run_command("plan", "-f", str(path), *more).out for more in ((), ("--json",))]
    assert ["is put before it" in text for text in result] == [True, True]
