"""Measure the project's wording and structure against fixed bounds.

Five measures: the rate of certain words in docstrings and documentation, the share of functions named by a participle,
retired identifiers and module paths, modules that are too long, and default arms in `match` statements.

`python -m tests.wording` prints each measure with its worst files and exits with 1 if a bound is exceeded; `--report`
always exits with 0, and `--all` prints every offence.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGES = ("storyboard", "tests", "benchmarks")
DOCUMENTS = ("README.md", "CHANGELOG.md", "docs/*.md")
LONGEST_MODULE = 300
WORST = 5
"""Files printed for each measure, unless `--all` is given."""


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


WORDS: Mapping[str, tuple[frozenset[str], float]] = {
    "tell/say": (_set("tell tells telling told say says saying said"), 0.5),
    "nobody/whoever": (_set("nobody somebody whoever whomever anybody"), 0.2),
}
"""Families of words, each with the most that are allowed in 1,000 words."""

PARTICIPLE_SHARE = 3.0
"""Per cent of the functions of storyboard/ that a participle may name."""

IRREGULAR = _set(
    "been begun bent borne bought bound bred broken brought built caught chosen come dealt done drawn driven eaten "
    "fallen fed felt fled flown forgotten fought found frozen given gone got gotten grown had heard held hidden hung "
    "kept known laid led left lent lit lost made meant met paid proven put risen rung said seen sent shaken shot shown "
    "slept sold sought spent spoken spread spun stolen stood struck stuck sunk sworn swept taken taught thought "
    "thrown told torn understood woken won worn wound woven written"
)
"""Past participles without -ed. Those that are also a plain verb (read, set, cut, run) are left out, except for put."""

NOT_PARTICIPLES = _set(
    "bed bring embed exceed feed king need nothing ping proceed red ring seed sing something speed spring string "
    "succeed swing thing wing"
)
"""Words that end like a participle and are none."""

COPIES: Mapping[str, str] = {
    "blended": "returns the picture mixed with another",
    "coloured": "returns the text with a colour",
    "fitted": "returns the picture in another size",
    "padded": "returns the text at another width",
    "wiped": "returns the picture partly replaced by another",
}
"""Functions that return a changed copy of their first argument, as `sorted` does, and may bear a participle."""

IDENTIFIERS: Mapping[str, str] = {
    "Conditions": "EmulatorConfig",
    "Crew": "RunContext",
    "Doors": "LazyGroup",
    "Doubt": "UnresolvedAttempt",
    "Fetches": "Downloader",
    "Given": "Dependency",
    "Guarded": "GuardedPlugin",
    "Home": "ProviderSite",
    "Judgement": "ValidationResult",
    "Lives": "AddressStore",
    "LockKeeper": "LockfileWriter",
    "Member": "CastMember",
    "Mention": "Ref",
    "Mischief": "FaultInjector",
    "Offer": "ProviderPlugin",
    "Opened": "ParsedFile",
    "Pace": "PollPolicy",
    "Paced": "RateLimitedProvider",
    "Reading": "ParseResult",
    "Uploads": "Uploader",
    "Verified": "StoreReport",
    "Wish": "RunOptions",
    "anothers": "foreign_output",
    "because": "halt",
    "door": "main",
    "intent": "attempt_id",
    "otherwise": "mismatch",
    "passage": "admit",
    "said_otherwise": "reported_mismatch",
    "unheard": "write_errors",
    "unless_left": "until_interrupted",
    "unstrict": "lenient_streams",
}
"""Retired names and their successors: no identifier may be one of them."""

DEFINITIONS: Mapping[str, str] = {
    "Day": "DailyBudget",
    "Found": "IncludedFile",
    "Lock": "Lockfile",
    "Memory": "RecordTrust",
    "Row": "SceneStatus",
    "Stop": "SubmissionGate",
    "World": "PlanInputs",
    "agree": "confirm",
    "tell": "on_event",
}
"""Retired names that libraries and tests use too: storyboard/ may use them, and not define one itself."""

MODULES: Mapping[str, str] = {
    "storyboard.emulator.bill": "storyboard.emulator.billing",
    "storyboard.emulator.chance": "storyboard.emulator.seeded_random",
    "storyboard.emulator.dates": "storyboard.emulator.date_header",
    "storyboard.emulator.intake": "storyboard.emulator.inputs",
    "storyboard.emulator.making": "storyboard.emulator.render_queue",
    "storyboard.emulator.mischief": "storyboard.emulator.fault_injection",
    "storyboard.emulator.refusals": "storyboard.emulator.validation",
    "storyboard.emulator.replies": "storyboard.emulator.faulty_replies",
    "storyboard.executor.crew": "RunContext, in a module of that term",
    "storyboard.executor.engine": "nothing until a second engine exists",
    "storyboard.executor.likeness": "storyboard.executor.conformance",
    "storyboard.executor.local": "nothing until a second engine exists",
    "storyboard.executor.scan": "storyboard.executor.task_listing",
    "storyboard.executor.slots": "storyboard.executor.limiter",
    "storyboard.executor.watch": "storyboard.executor.poller",
    "storyboard.film.assembly": "storyboard.film.render",
    "storyboard.film.montage": "storyboard.planning.timeline",
    "storyboard.language.doubt": "storyboard.language.error_recovery",
    "storyboard.language.form": "storyboard.language.fast_schema",
    "storyboard.promises": "storyboard.protocols and storyboard.hosts",
    "storyboard.providers.homes": "storyboard.providers.sites",
    "storyboard.providers.joined": "storyboard.providers.plugins",
    "storyboard.providers.pacing": "storyboard.providers.rate_limit",
    "storyboard.studio": "storyboard.operations",
    "storyboard.world.ability": "storyboard.world.machine_checks",
    "storyboard.world.media.boxes": "storyboard.world.media.mp4",
    "storyboard.world.media.join": "storyboard.world.media.splice",
    "storyboard.world.media.still": "storyboard.world.media.images",
    "storyboard.world.media.whole": "storyboard.world.media.decode_check",
    "storyboard.world.register": "storyboard.world.known_journals",
    "tests.agreement": "tests.differential",
    "tests.asking": "tests.http_client",
    "tests.executor.desk": "tests.executor.fake_provider",
    "tests.executor.stage": "tests.executor.scenario",
    "tests.house": "tests.architecture",
    "tests.making": "tests.media",
    "tests.reading": "tests.builders",
    "tests.rows": "tests.failure_matrix",
    "tests.witness": "tests.vendor_clients",
}
"""Retired module paths and their successors; a package's path stands for all that is below it."""

TABLE_MODULES: Mapping[str, str] = {}
"""Modules that may be longer because most of their statements are literal tables: path and reason."""

DEFAULT_ARMS: Mapping[tuple[str, str], str] = {
    ("storyboard/executor/run.py", "Run._told"): "an exception: its tree is open to subclasses",
    ("storyboard/language/document.py", "_Composer._take"): "an event of the YAML library",
    ("storyboard/language/schema.py", "_described"): "any decoded value",
    ("storyboard/planning/event.py", "_written"): "any field's value",
    ("storyboard/planning/history.py", "_state_after"): "a status in the service's words",
    ("storyboard/planning/lock.py", "_why"): "an exception of the JSON decoder or of Python",
}
"""Functions that may have `case _`, because what they match is no union of the project's own: what it is instead."""

Function = ast.FunctionDef | ast.AsyncFunctionDef
Named = tuple[int, str]
"""A line number and what stands there."""


@dataclass(frozen=True, slots=True)
class Module:
    """A Python file: its path relative to the root, its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """Its dotted path."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@dataclass(frozen=True, slots=True)
class Offence:
    """A place that counts against a measure; `weight` orders places by how bad they are."""

    path: str
    line: int
    what: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Figure:
    """A measure's value, its bound, and the offences that make it up."""

    title: str
    value: float
    bound: float
    unit: str
    offences: tuple[Offence, ...]

    @property
    def exceeded(self) -> bool:
        """Whether the value is above its bound."""
        return self.value > self.bound


def docstrings(tree: ast.AST) -> Iterator[Named]:
    """Every docstring, those below a constant or a field included, with the line where it begins."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield node.lineno, node.value.value


def prose(markdown: str) -> str:
    """Return a text without its code blocks and inline code; its lines keep their numbers."""
    blocks = re.compile(r"^ *(```+|~~~+).*?^ *\1[^\n]*$", re.MULTILINE | re.DOTALL)
    inline = re.compile(r"(?<!`)(`+)(?!`)(?:(?!\n[ \t]*\n).)+?(?<!`)\1(?!`)", re.DOTALL)
    return inline.sub(_blank, blocks.sub(_blank, markdown))


def _blank(code: re.Match[str]) -> str:
    return "\n" * code[0].count("\n") or " "


def words_of(text: str, first_line: int = 1) -> Iterator[Named]:
    """Every word of a text in lower case, with its line; a contraction counts as one word."""
    for offset, line in enumerate(prose(text).split("\n")):
        for word in re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)*", line):
            yield first_line + offset, word.lower()


def word_figures(title: str, texts: Iterable[tuple[str, int, str]]) -> Iterator[Figure]:
    """Measure each family of words in texts given as path, first line and text."""
    words = [(path, line, word) for path, first, text in texts for line, word in words_of(text, first)]
    for family, (members, bound) in WORDS.items():
        offences = tuple(Offence(path, line, word) for path, line, word in words if _stem(word) in members)
        rate = 1000 * len(offences) / len(words) if words else 0.0
        yield Figure(f"{family} in {title}", rate, bound, f"in 1,000 of {len(words):,} words", offences)


def _stem(word: str) -> str:
    return re.split("['’]", word)[0]


def is_participle(name: str) -> bool:
    """Return whether a name's first word is a participle: it ends in -ed or -ing, or is an irregular one."""
    word = name.lstrip("_").split("_")[0].lower()
    return word in IRREGULAR or (word.endswith(("ed", "ing")) and word not in NOT_PARTICIPLES)


def functions(tree: ast.AST) -> Iterator[Function]:
    """Functions and methods whose name should be a verb: no properties, overloads, fixtures or magic methods."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and not node.name.startswith("__"):
            decorators = " ".join(ast.unparse(decorator) for decorator in node.decorator_list)
            if not re.search(r"property\b|\.setter\b|\boverload\b|\bfixture\b", decorators):
                yield node


def participle_figure(modules: Sequence[Module]) -> Figure:
    """Measure the share of functions whose name is a participle."""
    all_functions = [(module.path, function) for module in modules for function in functions(module.tree)]
    offences = tuple(
        Offence(path, function.lineno, function.name)
        for path, function in all_functions
        if is_participle(function.name) and function.name not in COPIES
    )
    share = 100 * len(offences) / len(all_functions) if all_functions else 0.0
    return Figure("functions named by a participle", share, PARTICIPLE_SHARE, f"% of {len(all_functions):,}", offences)


def identifiers(tree: ast.AST) -> Iterator[Named]:
    """Every identifier: names of classes, functions, arguments, variables, attributes and imports."""
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield line, name
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield line, name
            case ast.alias(name=name, asname=asname):
                yield line, asname or name.rpartition(".")[2]
                if asname and "." not in name:
                    yield line, name
            case ast.keyword(arg=str(name)) | ast.ExceptHandler(name=str(name)):
                yield line, name
            case ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)) | ast.MatchMapping(rest=str(name)):
                yield line, name
            case ast.MatchClass(kwd_attrs=names) | ast.Global(names=names) | ast.Nonlocal(names=names):
                yield from ((line, name) for name in names)
            case _:
                pass


def definitions(tree: ast.AST) -> Iterator[Named]:
    """Names of classes, functions and arguments where they are defined, and of variables annotated or assigned."""
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.Name(id=name, ctx=ast.Store()):
                yield node.lineno, name
            case _:
                pass


def imports(tree: ast.AST) -> Iterator[Named]:
    """Dotted path of everything imported; the project has no relative imports."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from ((node.lineno, alias.name) for alias in names)
            case ast.ImportFrom(module=str(module), names=names):
                yield from ((node.lineno, f"{module}.{alias.name}") for alias in names)
            case _:
                pass


def retired_part(path: str) -> str | None:
    """Return the retired module or package that a dotted path names or lies in, or None."""
    parts = path.split(".")
    starts = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    return next((start for start in starts if start in MODULES), None)


def retired_name_figure(modules: Sequence[Module]) -> Figure:
    """Count the identifiers that are retired."""
    offences: list[Offence] = []
    for module in modules:
        offences += _renames(module, identifiers, IDENTIFIERS)
        if module.name.startswith("storyboard"):
            offences += _renames(module, definitions, DEFINITIONS)
    return Figure("retired identifiers", len(offences), 0, "occurrences", tuple(offences))


def _renames(
    module: Module, names: Callable[[ast.AST], Iterator[Named]], table: Mapping[str, str]
) -> Iterator[Offence]:
    for line, name in names(module.tree):
        if name in table:
            yield Offence(module.path, line, f"{name} -> {table[name]}")


def retired_module_figure(modules: Sequence[Module]) -> Figure:
    """Count the modules that still have a retired path, and the imports of one."""
    offences: list[Offence] = []
    for module in modules:
        places = {(line, retired_part(path)) for line, path in [(1, module.name), *imports(module.tree)]}
        offences += [
            Offence(module.path, line, f"{part} -> {MODULES[part]}")
            for line, part in sorted((line, part) for line, part in places if part)
        ]
    files = sum(retired_part(module.name) is not None for module in modules)
    return Figure("retired module paths", len(offences), 0, f"places, {files} of them files", tuple(offences))


def length_figure(modules: Sequence[Module], tables: Collection[str] = TABLE_MODULES) -> Figure:
    """Count the modules that are too long."""
    lengths = [(module.path, len(module.text.splitlines())) for module in modules if module.path not in tables]
    offences = tuple(Offence(path, 1, f"{n} lines", n) for path, n in lengths if n > LONGEST_MODULE)
    return Figure(f"modules over {LONGEST_MODULE} lines", len(offences), 0, "modules", offences)


def default_arms(tree: ast.AST) -> Iterator[Named]:
    """Line and qualified function of every `case _` that does more than raise or call `assert_never`."""
    yield from _default_arms(tree, "")


def _default_arms(node: ast.AST, function: str) -> Iterator[Named]:
    for child in ast.iter_child_nodes(node):
        inner = function
        if isinstance(child, Function | ast.ClassDef):
            inner = f"{function}.{child.name}".lstrip(".")
        if isinstance(child, ast.match_case) and _is_default(child) and not _is_unreachable(child.body[-1]):
            yield child.pattern.lineno, function
        yield from _default_arms(child, inner)


def _is_default(case: ast.match_case) -> bool:
    return isinstance(case.pattern, ast.MatchAs) and case.pattern.name is None and case.guard is None


def _is_unreachable(statement: ast.stmt) -> bool:
    match statement:
        case ast.Raise() | ast.Expr(value=ast.Call(func=ast.Name(id="assert_never"))):
            return True
        case _:
            return False


def default_arm_figure(
    modules: Sequence[Module], allowed: Collection[tuple[str, str]] = frozenset(DEFAULT_ARMS)
) -> Figure:
    """Count the default arms that are not allowed, and the allowances without such an arm."""
    arms = [(module.path, line, name) for module in modules for line, name in default_arms(module.tree)]
    offences = tuple(Offence(path, line, name) for path, line, name in arms if (path, name) not in allowed)
    unit = f"arms; {len(arms) - len(offences)} more are allowed"
    used = {(path, name) for path, _, name in arms}
    offences += tuple(Offence(path, 1, f"{name} needs no allowance") for path, name in sorted(set(allowed) - used))
    return Figure("`case _` over a union of the project's own", len(offences), 0, unit, offences)


def lines_of(figure: Figure, most: int | None = WORST) -> Iterator[str]:
    """Format a figure as a line, followed by its worst files, or by every offence if `most` is None."""
    value = f"{figure.value:.0f}" if figure.value == int(figure.value) else f"{figure.value:.2f}"
    state = "over" if figure.exceeded else "ok"
    yield f"{state:4}  {figure.title}: {value} {figure.unit} (bound {figure.bound:g})"
    offences = sorted(figure.offences, key=lambda one: (one.path, one.line))
    if most is None:
        yield from (f"        {one.path}:{one.line}  {one.what}" for one in offences)
        return
    weights: Counter[str] = Counter()
    for one in offences:
        weights[one.path] += one.weight
    for path, _ in weights.most_common(most):
        here = [one for one in offences if one.path == path]
        commonest = ", ".join(what for what, _ in Counter(one.what for one in here).most_common(3))
        yield f"        {path}:{here[0].line}  {len(here)}: {commonest}"


def read_modules(root: Path, package: str) -> list[Module]:
    """Read every Python file of a package."""
    paths = sorted((root / package).rglob("*.py"))
    texts = ((path.relative_to(root).as_posix(), path.read_text("utf-8")) for path in paths)
    return [Module(path, text, ast.parse(text, path)) for path, text in texts]


def measure(root: Path) -> list[Figure]:
    """Measure everything, in a folder that holds the project."""
    modules = {package: read_modules(root, package) for package in PACKAGES}
    everything = [module for package in PACKAGES for module in modules[package]]
    pages = sorted({path for pattern in DOCUMENTS for path in root.glob(pattern)})
    own = modules["storyboard"]
    return [
        *word_figures("docstrings of storyboard/", _all_docstrings(own)),
        *word_figures("docstrings of tests/", _all_docstrings(modules["tests"])),
        *word_figures("docs", [(path.relative_to(root).as_posix(), 1, path.read_text("utf-8")) for path in pages]),
        participle_figure(own),
        retired_name_figure(everything),
        retired_module_figure(everything),
        length_figure(own),
        default_arm_figure(own),
    ]


def _all_docstrings(modules: Iterable[Module]) -> Iterator[tuple[str, int, str]]:
    for module in modules:
        yield from ((module.path, line, text) for line, text in docstrings(module.tree))


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.wording", description="Measure wording and structure.")
    parser.add_argument("--report", action="store_true", help="exit with 0 even if a bound is exceeded")
    parser.add_argument("--all", action="store_true", help="print every offence")
    options = parser.parse_args(arguments)
    figures = measure(ROOT)
    for figure in figures:
        sys.stdout.writelines(f"{line}\n" for line in lines_of(figure, None if options.all else WORST))
    return int(not options.report and any(figure.exceeded for figure in figures))


if __name__ == "__main__":
    sys.exit(main())
