"""The validation of a storyboard, in the order of its steps.

Text → tree → schema → storyboard → rules → graph. Each step sees only the entries that passed the previous ones: a
mistake in one scene prevents no check of another.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from storyboard.errors import UsageError
from storyboard.language import document, nodes
from storyboard.language.capability import Capabilities
from storyboard.language.error_recovery import FILM, Entry, entries_of, far_reach, reach, without, without_keys
from storyboard.language.facts import Facts, Trouble
from storyboard.language.fast_schema import has_form
from storyboard.language.graph import Graph, build
from storyboard.language.problem import MOST_TOLD, Problem, in_order, mistakes, nearest
from storyboard.language.reader import includes_of, profile_names, read
from storyboard.language.rules import edges, frames, inputs, measured, media, names, parameters, prompts, shape, uploads
from storyboard.language.scene import Storyboard
from storyboard.language.source import Source


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A parsed file: its tree, or the problems if there is none, and the files that it includes."""

    source: Source
    tree: nodes.Mapping | None
    problems: tuple[Problem, ...]

    @property
    def includes(self) -> tuple[str, ...]:
        """The files that it brings in."""
        return () if self.tree is None else tuple(dict.fromkeys(path for path, _ in includes_of(self.tree)))


@dataclass(frozen=True, slots=True)
class ParseResult:
    """The result of parsing: a storyboard, or the problems if there is none."""

    sources: Mapping[str, Source]
    storyboard: Storyboard | None
    problems: tuple[Problem, ...]
    includes: tuple[str, ...] = ()
    """The files that it brings in, or would bring in, as it names them."""
    trees: tuple[nodes.Mapping, ...] = ()
    """The files that were read, the storyboard's own first."""
    doubtful: frozenset[Entry] = frozenset()
    """Entries that have not the written form, and are not in the storyboard; the rest of it is."""

    @property
    def has_form(self) -> bool:
        """Whether all of it is valid by the schema."""
        return not mistakes(self.problems)


@dataclass(frozen=True, slots=True)
class ValidationResult:
    """The result of validation: a graph if there is no mistake, and the problems by place, warnings included."""

    sources: Mapping[str, Source]
    graph: Graph | None
    problems: tuple[Problem, ...]


FOREIGN = ("SB205",)
"""Keys of other models: without them a scene is what it would be, so that they leave nothing in doubt."""

IncludedFile = ParsedFile | Trouble
"""An included file: opened, or why it can't be."""


def parse_file(source: Source) -> ParsedFile:
    """Parse a file as YAML."""
    tree = document.parse(source)
    if isinstance(tree, tuple):
        return ParsedFile(source, None, in_order(tree))
    if not isinstance(tree, nodes.Mapping):
        hint = "`storyboard init` writes a first one"
        problem = Problem("SB202", "a storyboard has to be a mapping of keys to values", tree.place, hint)
        return ParsedFile(source, None, (problem,))
    return ParsedFile(source, tree, ())


def parse_storyboard(
    main: ParsedFile,
    schema: Mapping[str, object],
    profiles: tuple[str, ...] = (),
    included: Mapping[str, IncludedFile] | None = None,
) -> ParseResult:
    """Read a parsed file as a storyboard. `profiles` are the names from the command line.

    Raise UsageError if there is no such profile: that is not a mistake of the file.
    """
    files = {path: file for path, file in (included or {}).items() if isinstance(file, ParsedFile)}
    sources = {file.source.name: file.source for file in (main, *files.values())}
    if main.tree is None:
        return ParseResult(sources, None, main.problems)
    found = in_order(_of_form(main.tree, main.source, schema, included or {}))
    trees = {"": main.tree} | {path: file.tree for path, file in files.items() if file.tree is not None}
    wrong = mistakes(found)
    sound, doubtful = _sound(trees, wrong, schema) if wrong else (trees, frozenset())
    if not sound or (wrong and not set(profiles) <= set(profile_names(main.tree))):
        return ParseResult(sources, None, found, main.includes)
    _check_there(profiles, profile_names(main.tree))
    others = tuple((path, tree) for path, tree in sound.items() if path)
    return ParseResult(
        sources, read(sound[""], profiles, others), found, main.includes, tuple(trees.values()), doubtful
    )


Trees = Mapping[str, nodes.Mapping]
"""The storyboard's own tree, by no path, and those of the files that it brings in."""


def _sound(trees: Trees, wrong: Iterable[Problem], schema: Mapping[str, object]) -> tuple[Trees, frozenset[Entry]]:
    """Return the trees without wrong and doubtful entries, with these entries; no trees if nothing is left."""
    foreign = frozenset(problem.place for problem in wrong if problem.code in FOREIGN)
    doubtful = entries_of(trees.values()).concerned(problem for problem in wrong if problem.code not in FOREIGN)
    if doubtful is None:
        return {}, frozenset()
    sound = {path: without(without_keys(tree, foreign), doubtful) for path, tree in trees.items()}
    more = any(not has_form(nodes.data(tree), schema, "included" if path else "") for path, tree in sound.items())
    return ({} if more else sound), doubtful


def _check_there(profiles: tuple[str, ...], known: tuple[str, ...]) -> None:
    for name in profiles:
        if name not in known:
            there = f"there are: {', '.join(known)}" if known else "it has no `profiles:`"
            raise UsageError(f'the storyboard has no profile "{name}"', f"{nearest(name, known)} {there}".strip())


def _of_form(
    tree: nodes.Mapping,
    source: Source,
    schema: Mapping[str, object],
    included: Mapping[str, IncludedFile],
) -> Iterator[Problem]:
    found = _departures(tree, schema)
    yield from found
    shapes = (problem for rule in shape.RULES for problem in rule(tree))
    yield from _beside(found, (*shapes, *shape.no_words_lost(tree, source)), tree)
    entries = entries_of([tree] if found else [])
    if ("include", "") not in {entries.of(problem.place) for problem in found}:
        yield from _of_included(tree, schema, included)


def _beside(found: tuple[Problem, ...], others: Iterable[Problem], tree: nodes.Mapping) -> Iterator[Problem]:
    """Return the other problems of a tree's form, without those of entries that violate the schema.

    Keys that are ignored are an exception: the rest of their entry has to be valid by itself.
    """
    entries = entries_of([tree] if found else [])
    told = {entries.of(problem.place) for problem in found if problem.code not in FOREIGN}
    yield from (problem for problem in others if not found or entries.of(problem.place) not in told)


def _departures(tree: nodes.Mapping, schema: Mapping[str, object], part: str = "") -> tuple[Problem, ...]:
    """Return the violations of the schema. The library is loaded only if there are any."""
    if has_form(nodes.data(tree), schema, part):
        return ()
    from storyboard.language.schema import problems

    return problems(tree, schema, part)


def _of_included(
    tree: nodes.Mapping, schema: Mapping[str, object], included: Mapping[str, IncludedFile]
) -> Iterator[Problem]:
    for path, place in includes_of(tree):
        match included.get(path, "missing"):
            case ParsedFile(tree=nodes.Mapping() as inner, source=source):
                departures = _departures(inner, schema, "included")
                yield from departures
                shapes = (*shape.one_sort_of_asset(inner), *shape.no_secrets(inner))
                yield from _beside(departures, (*shapes, *shape.no_words_lost(inner, source)), inner)
            case ParsedFile(problems=others):
                yield from others
            case "outside":
                hint = "copy it into the project: a storyboard reads nothing outside its own root"
                yield Problem("SB210", f"`include` names {path}, which is outside the project", place, hint)
            case "missing":
                hint = "paths are relative to the storyboard's folder"
                yield Problem("SB210", f"`include` names {path}, but there is no such file", place, hint)
            case _:
                yield Problem("SB210", f"`include` names {path}, which can't be read", place, "name a YAML file")


def validate(reading: ParseResult, rows: Capabilities, facts: Facts, trusted: tuple[str, ...] = ()) -> ValidationResult:
    """Judge what was read by its meaning, in the light of the models' limits, of what is known of its files, and of
    the hosts that the user trusts."""
    if reading.storyboard is None:
        return ValidationResult(reading.sources, None, reading.problems)
    storyboard = reading.storyboard
    doubtful = reach(reading.doubtful, storyboard) if reading.doubtful else frozenset()
    found = _without_consequences(_first(_of_structure(storyboard, rows, facts)), reading, doubtful)
    graph = build(storyboard)
    if isinstance(graph, tuple):
        found.append(edges.circle(graph, storyboard))
    else:
        found.extend(_of_sound_scenes(graph, rows, facts, reading, found))
    words = _without_consequences(_first(_of_words(storyboard, rows)), reading, doubtful)
    asked = _first(_of_parameters(_without_scenes(storyboard, reading.doubtful), rows, trusted))
    problems = in_order([*reading.problems, *found, *words, *asked])
    return ValidationResult(
        reading.sources, None if isinstance(graph, tuple) or mistakes(problems) else graph, problems
    )


def _without_consequences(
    problems: Iterable[Problem], reading: ParseResult, doubtful: frozenset[Entry]
) -> list[Problem]:
    """Problems but for those that may be nothing but what follows from others."""
    if not doubtful:
        return list(problems)
    entries = entries_of(reading.trees)
    return [problem for problem in problems if entries.of(problem.place) not in doubtful]


def _of_sound_scenes(
    graph: Graph, rows: Capabilities, facts: Facts, reading: ParseResult, found: Iterable[Problem]
) -> list[Problem]:
    """Return the problems of what scenes provide to each other, for scenes that have no mistake and aren't made from
    one that has."""
    wrong = [problem for problem in mistakes((*found, *reading.problems)) if problem.code not in FOREIGN]
    if not wrong:
        return list(_first(_of_graph(graph, rows, facts)))
    concerned = entries_of(reading.trees).concerned(wrong)
    if concerned is None or len(wrong) >= MOST_TOLD:
        return []
    doubtful = far_reach(concerned, graph)
    if FILM in doubtful:
        graph = replace(graph, storyboard=replace(graph.storyboard, cut=()))
    return _without_consequences(_first(_of_graph(graph, rows, facts)), reading, doubtful)


def _first(problems: Iterable[Problem]) -> Iterator[Problem]:
    """Return the first mistakes and the first warnings, up to a readable number of each; warnings displace no
    mistake."""
    counts: dict[str, int] = {}
    for problem in problems:
        count = counts[problem.severity] = counts.get(problem.severity, 0) + 1
        if count <= MOST_TOLD:
            yield problem
        elif problem.severity == "mistake":
            return


def _of_structure(storyboard: Storyboard, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    """Return the problems of references and files; only without these can inputs be checked."""
    for rule in (*names.RULES, *edges.RULES, *inputs.RULES):
        yield from rule(storyboard)
    for by_row in inputs.ROW_RULES:
        yield from by_row(storyboard, rows)
    yield from inputs.files_there(storyboard, facts)
    yield from inputs.as_stated(storyboard, facts)


def _of_words(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    for rule in prompts.RULES:
        yield from rule(storyboard)
    for by_row in prompts.ROW_RULES:
        yield from by_row(storyboard, rows)


def _of_parameters(storyboard: Storyboard, rows: Capabilities, trusted: tuple[str, ...]) -> Iterator[Problem]:
    for rule in parameters.RULES:
        yield from rule(storyboard, rows)
    yield from parameters.check_callback(storyboard, trusted)


def _without_scenes(storyboard: Storyboard, doubtful: frozenset[Entry]) -> Storyboard:
    """The storyboard without scenes that have lost their own parameters, and would be judged by the defaults alone."""
    if not doubtful:
        return storyboard
    scenes = storyboard.scenes.items()
    return replace(storyboard, scenes={id: scene for id, scene in scenes if ("scenes", id) not in doubtful})


def _of_graph(graph: Graph, rows: Capabilities, facts: Facts) -> Iterator[Problem]:
    handed = measured.measure_inputs(graph, rows, facts)
    for of_media in (*media.RULES, *uploads.RULES):
        yield from of_media(handed, graph)
    for of_frames in frames.RULES:
        yield from of_frames(graph, rows, facts)
