"""In which order the judges speak, and when to stop.

Text → tree → written form → storyboard → meaning → graph. Each judge hears only what those before let through, and
says everything that it has to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from storyboard.errors import UsageError
from storyboard.language import document
from storyboard.language.capability import Capabilities
from storyboard.language.facts import Facts, Trouble
from storyboard.language.form import has_form
from storyboard.language.graph import Graph, build
from storyboard.language.problem import MOST_TOLD, Problem, in_order, mistakes, nearest
from storyboard.language.reader import includes_of, profile_names, read
from storyboard.language.rules import edges, frames, inputs, media, names, parameters, prompts, shape
from storyboard.language.scene import Storyboard
from storyboard.language.source import Source


@dataclass(frozen=True, slots=True)
class Opened:
    """A text as a tree, or the problems why it is none; and the files that it brings in, as it names them."""

    source: Source
    tree: document.Mapping | None
    problems: tuple[Problem, ...]

    @property
    def includes(self) -> tuple[str, ...]:
        """The files that it brings in."""
        return () if self.tree is None else tuple(dict.fromkeys(path for path, _ in includes_of(self.tree)))


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says: a storyboard, or the problems why it says none."""

    sources: Mapping[str, Source]
    storyboard: Storyboard | None
    problems: tuple[Problem, ...]
    includes: tuple[str, ...] = ()
    """The files that it brings in, or would bring in, as it names them."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a text means: a graph if there is no mistake; the problems, warnings included, by place."""

    sources: Mapping[str, Source]
    graph: Graph | None
    problems: tuple[Problem, ...]


Found = Opened | Trouble
"""An included file: opened, or why it can't be."""


def opened(source: Source) -> Opened:
    """Read a text as far as YAML goes."""
    tree = document.parse(source)
    if isinstance(tree, tuple):
        return Opened(source, None, in_order(tree))
    if not isinstance(tree, document.Mapping):
        hint = "`storyboard init` writes a first one"
        problem = Problem("SB202", "a storyboard has to be a mapping of keys to values", tree.place, hint)
        return Opened(source, None, (problem,))
    return Opened(source, tree, ())


def reading_of(
    main: Opened,
    schema: Mapping[str, object],
    profiles: tuple[str, ...] = (),
    included: Mapping[str, Found] | None = None,
) -> Reading:
    """Read what was opened as far as the written form goes. `profiles` are those asked for on the command line.

    Raises UsageError if there is no such profile: that is no mistake of the file's.
    """
    files = {path: file for path, file in (included or {}).items() if isinstance(file, Opened)}
    sources = {file.source.name: file.source for file in (main, *files.values())}
    if main.tree is None:
        return Reading(sources, None, main.problems)
    found = in_order(_of_form(main.tree, main.source, schema, included or {}))
    if mistakes(found):
        return Reading(sources, None, found, main.includes)
    _check_there(profiles, profile_names(main.tree))
    trees = tuple((path, file.tree) for path, file in files.items() if file.tree is not None)
    return Reading(sources, read(main.tree, profiles, trees), found, main.includes)


def _check_there(profiles: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in profiles:
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "it has no `profiles:`"
            raise UsageError(f'the storyboard has no profile "{name}"', f"{nearest(name, known)} {there}".strip())


def _of_form(
    tree: document.Mapping,
    source: Source,
    schema: Mapping[str, object],
    included: Mapping[str, Found],
) -> Iterator[Problem]:
    found = _departures(tree, schema)
    yield from found
    if not found:
        for rule in shape.RULES:
            yield from rule(tree)
        yield from shape.no_words_lost(tree, source)
        yield from _of_included(tree, schema, included)


def _departures(tree: document.Mapping, schema: Mapping[str, object], part: str = "") -> tuple[Problem, ...]:
    """What departs from the schema; the library that can tell is loaded only if there is something to tell."""
    if has_form(document.data(tree), schema, part):
        return ()
    from storyboard.language.schema import problems

    return problems(tree, schema, part)


def _of_included(
    tree: document.Mapping, schema: Mapping[str, object], included: Mapping[str, Found]
) -> Iterator[Problem]:
    for path, place in includes_of(tree):
        match included.get(path, "missing"):
            case Opened(tree=document.Mapping() as inner, source=source):
                yield from _departures(inner, schema, "included")
                yield from shape.one_sort_of_asset(inner)
                yield from shape.no_secrets(inner)
                yield from shape.no_words_lost(inner, source)
            case Opened(problems=others):
                yield from others
            case "outside":
                hint = "copy it into the project: a storyboard reads nothing outside its own root"
                yield Problem("SB210", f"`include` names {path}, which lies outside the project", place, hint)
            case "missing":
                hint = "paths are relative to the storyboard's folder"
                yield Problem("SB210", f"`include` names {path}, but there is no such file", place, hint)
            case _:
                yield Problem("SB210", f"`include` names {path}, which can't be read", place, "name a YAML file")


def judged(reading: Reading, rows: Capabilities, facts: Facts, trusted: tuple[str, ...] = ()) -> Judgement:
    """Judge what was read by its meaning, in the light of the models' limits, of what is known of its files, and of
    the hosts that the user trusts."""
    if reading.storyboard is None:
        return Judgement(reading.sources, None, reading.problems)
    storyboard = reading.storyboard
    found = [*reading.problems, *_first(_of_structure(storyboard, rows, facts))]
    graph = build(storyboard)
    if isinstance(graph, tuple):
        found.append(edges.circle(graph, storyboard))
    elif not mistakes(found):
        found.extend(_first(_of_graph(graph, rows, facts)))
    found.extend(_first(_of_words(storyboard, rows)))
    found.extend(_first(parameters.trusted_callback(storyboard, trusted)))
    problems = in_order(found)
    return Judgement(reading.sources, None if isinstance(graph, tuple) or mistakes(problems) else graph, problems)


def _first(problems: Iterable[Problem]) -> Iterator[Problem]:
    """As many mistakes, and as many warnings, as anybody would read; a mistake never yields to warnings."""
    counts: dict[str, int] = {}
    for problem in problems:
        count = counts[problem.severity] = counts.get(problem.severity, 0) + 1
        if count <= MOST_TOLD:
            yield problem
        elif problem.severity == "mistake":
            return


def _of_structure(storyboard: Storyboard, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """Who names whom, and what is there: without this nothing can be said of what is handed over."""
    for rule in (*names.RULES, *edges.RULES, *inputs.RULES):
        yield from rule(storyboard)
    for by_row in inputs.ROW_RULES:
        yield from by_row(storyboard, rows)
    yield from inputs.files_there(storyboard, facts)
    yield from inputs.as_stated(storyboard, facts)


def _of_words(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    for rule in prompts.RULES:
        yield from rule(storyboard)
    for by_row in (*parameters.RULES, *prompts.ROW_RULES):
        yield from by_row(storyboard, rows)


def _of_graph(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    handed = media.measured(graph, rows, facts)
    for of_media in media.RULES:
        yield from of_media(handed, graph)
    for of_frames in frames.RULES:
        yield from of_frames(graph, rows, facts)
