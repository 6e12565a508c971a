"""A fault script: which requests go wrong, and how. By verb, by number, by chance — and exactly so again.

A fault says *when* and *what*. When: a `verb`; `at`, the numbers of that verb's requests, counted from 1; `each`,
counted for every task by itself; and a `chance`, drawn from the script's seed, the fault's place in the script and the
request's number, so that nothing else than the order in which requests arrive changes who is hit. What: a name in the
table `KINDS`, with its parameters. Several faults may hit one request; they work in the script's order.

The form that people write is in docs/faults.md.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from storyboard.emulator import faulty_replies
from storyboard.errors import UsageError
from storyboard.language import document, nodes
from storyboard.language.problem import nearest
from storyboard.language.source import Place, Source

Verb = Literal["create", "get", "list", "delete", "file"]
VERBS: tuple[Verb, ...] = get_args(Verb)

Phase = Literal["instead", "twice", "items", "other", "reply"]
"""Where a fault takes hold: instead of the service, which sees nothing of the request; of the request, which the
service sees twice; of all items of a list; of the file, which is another task's; of the reply."""

LONGEST = 86_400 * 7
MOST_BYTES = 1024**3


@dataclass(frozen=True, slots=True)
class Wants:
    """A parameter: what it may be, in words and as a test, and what it is if nobody says."""

    says: str
    fits: Callable[[Any], bool]
    default: Any = None
    needed: bool = False


def _number(low: float, high: float, default: float | None = None) -> Wants:
    return Wants(
        f"a number from {low:g} to {high:g}",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high,
        default,
        default is None,
    )


def _whole(low: int, high: int, default: int | None = None) -> Wants:
    return Wants(
        f"a whole number from {low} to {high}",
        lambda value: isinstance(value, int) and not isinstance(value, bool) and low <= value <= high,
        default,
        default is None,
    )


def _text(default: str | None = None) -> Wants:
    """A text that fits into a header, too: no line ends in it."""
    return Wants("a text of one line", lambda value: _is_line(value), default, default is None)


def _is_line(value: Any) -> bool:
    return isinstance(value, str) and value.isprintable()


def _one_of(words: Sequence[str], default: str) -> Wants:
    return Wants("one of " + ", ".join(words), lambda value: value in words, default)


_FLAG = Wants("true or false", lambda value: isinstance(value, bool), False)
_BODY = Wants("a text", lambda value: value is None or isinstance(value, str))
_FIELDS = Wants(
    "a mapping of fields to values",
    lambda value: isinstance(value, Mapping) and bool(value) and all(isinstance(name, str) for name in value),
    needed=True,
)
_NAMES = Wants(
    "a list of fields",
    lambda value: isinstance(value, list | tuple) and bool(value) and all(isinstance(name, str) for name in value),
    needed=True,
)


def _answer(status: int, shape: str) -> dict[str, Wants]:
    return {
        "status": _whole(200, 599, status),
        "shape": _one_of(faulty_replies.SHAPES, shape),
        "code": _text(""),
        "message": _text("a fault, on order"),
        "body": _BODY,
        "retry_after": _text(""),
    }


@dataclass(frozen=True, slots=True)
class Kind:
    """A sort of fault: what it does, at which verbs, where it takes hold, and with which parameters."""

    act: Callable[..., Any]
    wants: Mapping[str, Wants] = field(default_factory=dict)
    phase: Phase = "reply"
    verbs: tuple[Verb, ...] = VERBS


def _itself(reply: Any, seen: faulty_replies.Seen) -> Any:
    """For what is done before there is a reply."""
    del seen
    return reply


_TELLING: tuple[Verb, ...] = ("create", "get", "list")

KINDS: Mapping[str, Kind] = {
    "refuse": Kind(faulty_replies.told, _answer(500, "ark"), "instead"),
    "redirect": Kind(faulty_replies.redirect, {"status": _whole(301, 308, 307), "to": _text()}, "instead"),
    "hang_up": Kind(faulty_replies.drop_fields, {"reset": _FLAG}, "instead"),
    "reset": Kind(faulty_replies.reset, {"after": _whole(0, MOST_BYTES, 0)}, "instead"),
    "twice": Kind(_itself, phase="twice"),
    "answer": Kind(faulty_replies.told, _answer(500, "ark")),
    "drop": Kind(faulty_replies.drop_fields, {"reset": _FLAG}),
    "late": Kind(faulty_replies.late, {"seconds": _number(0, LONGEST)}),
    "cut": Kind(
        faulty_replies.cut,
        {"keep": _number(0, MOST_BYTES, 0.5), "length": _one_of(("whole", "none", "short"), "whole"), "reset": _FLAG},
    ),
    "no_length": Kind(faulty_replies.without_length),
    "drip": Kind(faulty_replies.drip, {"bytes": _whole(1, faulty_replies.PIECE, 1), "every": _number(0, 3600, 1)}),
    "endless": Kind(faulty_replies.endless),
    "header": Kind(faulty_replies.header, {"header": _text(), "value": _text()}),
    "huge_header": Kind(faulty_replies.huge_header, {"bytes": _whole(1, MOST_BYTES, 1024 * 1024)}),
    "skew": Kind(faulty_replies.skew_clock, {"seconds": _number(-10 * LONGEST, 10 * LONGEST)}),
    "gzip_bomb": Kind(faulty_replies.bomb, {"bytes": _whole(1, MOST_BYTES, 10 * 1024 * 1024)}),
    "flip": Kind(faulty_replies.flip_bytes, {"count": _whole(1, 100_000, 1)}),
    "set": Kind(faulty_replies.of_tasks(faulty_replies.put), {"fields": _FIELDS}, verbs=_TELLING),
    "without": Kind(faulty_replies.of_tasks(faulty_replies.without), {"fields": _NAMES}, verbs=_TELLING),
    "numbers_as_text": Kind(faulty_replies.of_tasks(faulty_replies.numbers_as_text), verbs=_TELLING),
    "failure_reason": Kind(faulty_replies.of_tasks(faulty_replies.failure_reason), verbs=("get", "list")),
    "stands": Kind(
        faulty_replies.of_tasks(faulty_replies.stands),
        {"status": _text(), "code": _text(""), "message": _text("a fault, on order")},
        verbs=("get", "list"),
    ),
    "missing": Kind(faulty_replies.missing, {"seconds": _number(0, LONGEST)}, verbs=("get",)),
    "lag": Kind(faulty_replies.lag, {"seconds": _number(0, LONGEST)}, "items", ("list",)),
    "shuffle": Kind(faulty_replies.shuffle_tasks, phase="items", verbs=("list",)),
    "foreign": Kind(faulty_replies.foreign, {"count": _whole(1, 1000, 1), "twins": _FLAG}, "items", ("list",)),
    "drift": Kind(faulty_replies.drift, {"by": _whole(-500, 500, 1)}, "items", ("list",)),
    "other_video": Kind(_itself, phase="other", verbs=("file",)),
}
"""Everything that may go wrong, by name. docs/faults.md says what each is for."""

Span = tuple[tuple[int, int | None], ...]
EVERY: Span = ((1, None),)


@dataclass(frozen=True, slots=True, init=False)
class Fault:
    """One fault: when, and what.

    `at` and `each` are numbers from 1: `3`, or text as `"1, 4-6, 9-"`; left out, every request. `name` is under which
    it is counted when it fires; left out, what it does. The rest are the parameters of what it `does`.
    Raises UsageError for what can't be.
    """

    verb: Verb
    does: str
    at: Span
    each: Span
    chance: float
    name: str
    given: Mapping[str, Any]

    def __init__(
        self,
        verb: str,
        *,
        does: str,
        at: int | str | None = None,
        each: int | str | None = None,
        chance: float = 1.0,
        name: str = "",
        **given: Any,
    ) -> None:
        wrong = _wrong_when(verb, does, chance, name) or _wrong_what(verb, does, given)
        if wrong:
            raise UsageError(*wrong)
        wants = KINDS[does].wants
        values = {"verb": verb, "does": does, "chance": float(chance), "name": name or does}
        spans = {"at": _span("at", at), "each": _span("each", each)}
        defaults = {word: want.default for word, want in wants.items()}
        for word, value in (values | spans | {"given": defaults | given}).items():
            object.__setattr__(self, word, value)

    @property
    def kind(self) -> Kind:
        """What sort it is."""
        return KINDS[self.does]


@dataclass(frozen=True, slots=True)
class Script:
    """Faults in their order, and the seed of their chances."""

    faults: tuple[Fault, ...] = ()
    seed: int = 0

    def firing(self, verb: Verb, number: int, times: int) -> tuple[Fault, ...]:
        """Who is hit by request `number` of this verb, which is request number `times` of this verb for its task."""
        return tuple(
            fault
            for place, fault in enumerate(self.faults)
            if fault.verb == verb
            and _within(number, fault.at)
            and _within(times, fault.each)
            and faulty_replies.draw(self.seed, place, verb, number) < fault.chance
        )


def _within(number: int, span: Span) -> bool:
    return any(first <= number and (last is None or number <= last) for first, last in span)


def _span(word: str, value: int | str | None) -> Span:
    if value is None:
        return EVERY
    text = "" if isinstance(value, bool) else str(value)
    parts = [_SPAN.fullmatch(part.strip()) for part in text.split(",")]
    spans = tuple((int(part[1]), _last(part)) for part in parts if part)
    if len(spans) < len(parts) or any(first < 1 or (last is not None and last < first) for first, last in spans):
        raise UsageError(f"`{word}` is {_format(value)}", 'numbers from 1: `3`, or `"1, 4-6, 9-"`')
    return spans


_SPAN = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})?)?")


def _last(part: re.Match[str]) -> int | None:
    if part[3]:
        return int(part[3])
    return None if part[2] else int(part[1])


def _wrong_when(verb: Any, does: Any, chance: Any, name: Any) -> tuple[str, str] | None:
    if verb not in VERBS:
        return f"`verb` is {_format(verb)}", "one of " + ", ".join(VERBS)
    if not isinstance(does, str) or does not in KINDS:
        return f"`does` is {_format(does)}", nearest(str(does), KINDS) or "one of " + ", ".join(KINDS)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        return f"`chance` is {_format(chance)}", "a number from 0 to 1"
    return None if _is_line(name) else (f"`name` is {_format(name)}", "a text of one line")


def _wrong_what(verb: str, does: str, given: Mapping[str, Any]) -> tuple[str, str] | None:
    kind = KINDS[does]
    if verb not in kind.verbs:
        return f"`{does}` is no fault of a {verb}", "it is one of " + ", ".join(kind.verbs)
    for word, value in given.items():
        if word not in kind.wants:
            return f"`{does}` has no `{word}`", "it has " + (", ".join(kind.wants) or "no parameters")
        if not kind.wants[word].fits(value):
            return f"`{word}` of `{does}` is {_format(value)}", kind.wants[word].says
    lacking = [word for word, want in kind.wants.items() if want.needed and word not in given]
    return (f"`{does}` lacks `{lacking[0]}`", kind.wants[lacking[0]].says) if lacking else None


def _format(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def script_of(source: Source) -> Script:
    """The script that a text is, YAML or JSON. Raises UsageError, with the place, for a text that is none."""
    if not source.text.strip():
        raise _no_script(Place(source.name, 1, 1), "it is empty", "write `faults:` and a list")
    tree = document.parse(source)
    if isinstance(tree, tuple):
        raise _no_script(tree[0].place, tree[0].sentence, tree[0].hint)
    if not isinstance(tree, nodes.Mapping):
        raise _no_script(tree.place, "it is no mapping", "write `faults:` and a list")
    for word, place in tree.keys.items():
        if word not in ("seed", "faults"):
            raise _no_script(place, f"it has no `{word}`", nearest(word, ("seed", "faults")) or "seed, faults")
    return Script(_faults(tree), _seed(tree))


def _seed(tree: nodes.Mapping) -> int:
    node = tree.entries.get("seed")
    value = nodes.data(node) if node else 0
    if node and (isinstance(value, bool) or not isinstance(value, int)):
        raise _no_script(node.place, f"`seed` is {_format(value)}", "a whole number")
    return int(value)


def _faults(tree: nodes.Mapping) -> tuple[Fault, ...]:
    node = tree.entries.get("faults")
    if not isinstance(node, nodes.Sequence):
        raise _no_script(node.place if node else tree.place, "it has no list of `faults`", "write `faults:` and a list")
    return tuple(_fault(item) for item in node.items)


def _fault(node: nodes.Node) -> Fault:
    value = nodes.data(node)
    if not isinstance(value, dict) or not {"verb", "does"} <= set(value):
        raise _no_script(node.place, "a fault is a mapping with `verb` and `does`", "`{verb: create, does: drop}`")
    if "self" in value:
        raise _no_script(node.place, f"`{_format(value['does'])}` has no `self`", "remove it")
    try:
        return Fault(**value)
    except UsageError as error:
        raise _no_script(node.place, error.what, error.hint) from error


def _no_script(place: Place, what: str, hint: str) -> UsageError:
    return UsageError(f"{place}: {what}", hint)
