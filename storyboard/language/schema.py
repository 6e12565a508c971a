"""Validation of a tree by JSON Schema: the library's errors as problems with places.

The schema is an argument. This is the only module that imports jsonschema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from storyboard.language import nodes
from storyboard.language.problem import MOST_TOLD, Problem, nearest
from storyboard.language.source import Place

Schema = Mapping[str, Any]

Path = tuple[nodes.Step, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """An error of the library: the keyword that failed, its value in the schema, the path, and the value at the
    path."""

    word: str
    wanted: Any
    instance: Any
    path: Path
    schema: Mapping[str, Any]
    message: str


UNSUPPORTED = {
    "frames": ("the 2.0 models have no `frames`", "use `duration`, in seconds"),
    "camera_fixed": (
        "the 2.0 models have no `camera_fixed`",
        "say it in the prompt: `the camera does not move`",
    ),
    "service_tier": ("the 2.0 models have no offline tier", "remove `service_tier`"),
}
"""Parameters of other models that people will try, and what to do instead (seed, *Important Notes*)."""

WORDS = {
    "object": "a mapping",
    "array": "a list",
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "nothing",
}

_ID = "an id has letters, digits, `_` and `-`, one letter at least, 64 at most"
_PLURAL = {"character": "characters", "item": "items", "entry": "entries"}


def problems(tree: nodes.Node, schema: Schema, part: str = "") -> tuple[Problem, ...]:
    """Everything in which the tree departs from the schema, or from one of its `definitions`."""
    errors = _validator_of(_Held(schema), part).iter_errors(nodes.data(tree))
    found = (problem for error in errors for problem in _problems_of(_problem_of(error), tree))
    return tuple(dict.fromkeys(islice(found, MOST_TOLD)))


class _Held:
    """A schema that can be a key of the cache below: the same object, the same validator."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Held) and other.schema is self.schema


@cache
def _validator_of(held: _Held, part: str) -> Draft202012Validator:
    if not part:
        return Draft202012Validator(dict(held.schema))
    definitions = held.schema["definitions"]
    return Draft202012Validator({"$ref": f"#/definitions/{part}", "definitions": definitions})


def _problem_of(error: ValidationError) -> Finding:
    schema = error.schema if isinstance(error.schema, Mapping) else {}
    path: Path = tuple(error.absolute_path)
    return Finding(str(error.validator), error.validator_value, error.instance, path, schema, error.message)


def _problems_of(finding: Finding, tree: nodes.Node) -> Iterator[Problem]:
    teller = _only_braces if _is_only_braces(finding) else _TELLERS.get(finding.word, _other)
    yield from teller(finding, tree, finding.path)


def _is_only_braces(finding: Finding) -> bool:
    """Return whether a value is a mapping of words without values, where text or other keys are required: `{keeper}
    walks`, `{keeper}`."""
    value, known = finding.instance, finding.schema.get("properties", {})
    empty = isinstance(value, dict) and bool(value) and all(inner is None for inner in value.values())
    return empty and finding.word in ("type", "additionalProperties", "required") and not set(value) & set(known)


def _only_braces(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    """SB607: to YAML a `{` begins a mapping."""
    words = ", ".join(_short(str(key)) for key in finding.instance)
    sentence = f"{_subject(path)} is read as a mapping, whose key {words} has no value"
    hint = "put text that begins with `{` in quotes or write it as a block (`>-`); a name in a list has no braces"
    yield Problem("SB607", sentence, nodes.node_at(tree, path).place, hint)


def _subject(path: Path) -> str:
    """Return the subject of a sentence: `scene "storm"`, `film.cut[2]`."""
    sorts = {"scenes": "scene", "assets": "asset", "cast": "cast member", "profiles": "profile"}
    if len(path) > 1 and path[0] in sorts:
        rest = _join_path(path[2:])
        return f'{sorts[str(path[0])]} "{path[1]}"' + (f": {rest}" if rest else "")
    return _join_path(path) or "the storyboard"


def _join_path(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def _place(tree: nodes.Node, path: Path) -> Place:
    node = nodes.node_at(tree, path)
    if (isinstance(node, nodes.Scalar) and node.value is not None and not node.block) or not path:
        return node.place
    return _key_place(tree, path)


def _key_place(tree: nodes.Node, path: Path) -> Place:
    parent = nodes.node_at(tree, path[:-1])
    key = path[-1]
    if isinstance(parent, nodes.Mapping) and isinstance(key, str) and key in parent.keys:
        return parent.keys[key]
    return nodes.node_at(tree, path).place


def _unknown_keys(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    known = list(finding.schema.get("properties", {}))
    for key in finding.instance:
        if key in known:
            continue
        place = _key_place(tree, (*path, key))
        if key in UNSUPPORTED:
            sentence, hint = UNSUPPORTED[key]
            yield Problem("SB205", f"{_subject(path)}: {sentence}", place, hint)
        else:
            included = not path and "scenes" not in known
            subject = "an included file" if included else _subject(path)
            hint = ("" if included else nearest(key, known)) or f"it may have: {', '.join(known)}"
            yield Problem("SB201", f'{subject} has no key "{key}"', place, hint)


def _key_problem(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    for key in finding.wanted:
        if key not in finding.instance:
            hint = "add `storyboard: 1` as the first line" if key == "storyboard" else f"add `{key}:`"
            yield Problem("SB203", f'{_subject(path)} lacks the key "{key}"', _place(tree, path), hint)


def _wrong_type(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    allowed = finding.wanted if isinstance(finding.wanted, list) else [finding.wanted]
    wanted = " or ".join(WORDS[name] for name in allowed)
    sentence = f"{_subject(path)} has to be {wanted}, but is {_describe(finding.instance)}"
    yield Problem("SB202", sentence, _place(tree, path), _remedy(finding.instance, allowed))


def _describe(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return f"`{str(value).lower()}`"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f'the text "{_short(value)}"'
        case _:
            return f"the number {value}"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:39] + "…"


def _remedy(value: object, allowed: list[str]) -> str:
    if "string" in allowed and isinstance(value, dict):
        return "text that begins with `{` wants quotes, or a block (`>-`)"
    if "string" in allowed and isinstance(value, (bool, int, float)):
        return f'write "{str(value).lower()}" in quotes if it is meant as text'
    if value is None:
        return "write a value, or remove the key"
    return f"write {' or '.join(WORDS[name] for name in allowed)}"


def _not_in_list(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    allowed = [str(value) for value in finding.wanted]
    sentence = f"{_subject(path)} can't be {_describe(finding.instance)}; it may be {', '.join(allowed)}"
    yield Problem(
        "SB204", sentence, _place(tree, path), nearest(str(finding.instance), allowed) or "write one of these"
    )


_SECONDS = ("in", "out", "from", "to", "head", "tail", "at", "duration", "dissolve", "fade", "wipe")
"""Keys whose numbers are seconds."""


def _format_bound(words: str) -> Callable[[Finding, nodes.Node, Path], Iterator[Problem]]:
    def tell(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
        unit = " s" if path[-1] in _SECONDS else ""
        limit = f"{words} {finding.wanted}{unit}"
        sentence = f"{_subject(path)} has to be {limit}, but is {finding.instance}{unit}"
        yield Problem("SB204", sentence, _place(tree, path), f"write {limit}")

    return tell


def _length(words: str, unit: str) -> Callable[[Finding, nodes.Node, Path], Iterator[Problem]]:
    def tell(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
        limit = f"{words} {finding.wanted} {unit if finding.wanted == 1 else _PLURAL[unit]}"
        sentence = f"{_subject(path)} has to have {limit}, but has {len(finding.instance)}"
        hint = "leave some out" if words == "at most" else "add what is missing, or remove the key"
        yield Problem("SB204", sentence, _place(tree, path), hint)

    return tell


def _bad_id(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    if isinstance(nodes.node_at(tree, path), nodes.Mapping):
        place = _key_place(tree, (*path, str(finding.instance)))
        what = f'"{_short(str(finding.instance))}" can\'t be an id'
        yield Problem("SB206", what, place, _ID)
    else:
        what = f'{_subject(path)} can\'t be "{_short(str(finding.instance))}"'
        yield Problem("SB204", what, _place(tree, path), _PATTERNS.get(str(path[-1]), _ID))


_PATTERNS = {
    "sha256": "a digest is 64 hexadecimal digits, in small letters",
    "size": "a size is width and height in pixels, like 1280x720",
}


def _other(finding: Finding, tree: nodes.Node, path: Path) -> Iterator[Problem]:
    yield Problem(
        "SB204", f"{_subject(path)}: {_short(finding.message)}", _place(tree, path), "see `storyboard schema`"
    )


_TELLERS: dict[str, Callable[[Finding, nodes.Node, Path], Iterator[Problem]]] = {
    "additionalProperties": _unknown_keys,
    "required": _key_problem,
    "type": _wrong_type,
    "enum": _not_in_list,
    "minimum": _format_bound("at least"),
    "exclusiveMinimum": _format_bound("more than"),
    "maximum": _format_bound("at most"),
    "minLength": _length("at least", "character"),
    "maxLength": _length("at most", "character"),
    "minItems": _length("at least", "item"),
    "maxItems": _length("at most", "item"),
    "minProperties": _length("at least", "entry"),
    "pattern": _bad_id,
}
