"""Notes for a plan: consequences of a storyboard that its author may not expect."""

from __future__ import annotations

from collections.abc import Iterator

from storyboard.language.graph import Graph
from storyboard.language.prompt import compose


def notes_of(graph: Graph) -> tuple[str, ...]:
    """Return the notes for a plan: texts that are put before prompts, and scenes whose task can't carry a marker."""
    return (*_words_put_before(graph), *_note_unmarked(graph))


def _words_put_before(graph: Graph) -> Iterator[str]:
    for id in graph.order:
        scene = graph.scene(id)
        prefix = compose(scene, graph.storyboard).prefix if scene.mode == "extend" else ""
        if prefix:
            yield f'{id}: its prompt doesn\'t name what it extends, so that "{prefix.strip()}" is put before it'


def _note_unmarked(graph: Graph) -> Iterator[str]:
    """Their own `execution_expires_after` is sent, where the program would write its mark."""
    ids = [id for id in graph.order if graph.scene(id).parameters.execution_expires_after is not None]
    if ids:
        who = ids[0] if len(ids) == 1 else f"{ids[0]} and {len(ids) - 1} more"
        yield f"{who}: with an `execution_expires_after` of its own, a scene whose reply is lost can only be held"
