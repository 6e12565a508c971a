"""The parser: YAML text → a tree of nodes with their places.

The tree is built from libyaml's events, one after another and without recursion: a text can't be nested deeper than
`DEEPEST`, and what YAML would silently accept (a duplicate key, an alias, a tag) is refused at its place before
anything is built from it. Plain scalars are read by the core schema of YAML 1.2, so `16:9` and `no` are text. This is
the only module that imports yaml.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Protocol

import yaml

from storyboard.language.nodes import Mapping, Node, Scalar, Sequence
from storyboard.language.problem import MOST_TOLD, Problem
from storyboard.language.source import LINE_END, Place, Source
from storyboard.language.yaml_scalar import scalar_value

DEEPEST = 64
LARGEST = 16 * 1024 * 1024
MOST = 450_000
"""Keys and values that are read; ten thousand scenes have about 350,000."""
BROADEST = 50_000
"""Entries of one mapping or list."""


class Refused(Exception):
    """A text that no tree is built from."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.sentence)
        self.problem = problem


def parse(source: Source) -> Node | tuple[Problem, ...]:
    """Return the tree of a text, or the problems if there is none: the first syntax error, or all duplicate keys."""
    try:
        return _Composer(source).compose()
    except Refused as refusal:
        return (refusal.problem,)
    except _Doubled as doubled:
        return tuple(doubled.problems)


class _Doubled(Exception):
    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("a key occurs twice")
        self.problems = problems


class _Open:
    """A collection that is still being read."""

    __slots__ = ("entries", "items", "key", "keys", "kind", "place")

    def __init__(self, kind: str, place: Place) -> None:
        self.kind = kind
        self.place = place
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.keys: dict[str, Place] = {}
        self.key: str | None = None


_TOO_DEEP = f"nested deeper than {DEEPEST} levels"
_SIX_LEVELS = "a storyboard needs six at the most"
_COMMAS = "put commas between the items, and close every bracket"
_BLOCK = "a prompt with `: ` or ` #` in it, or a `{` before it, is best written as a block: `prompt: >-`"
_SAID = (
    ("nesting depth", "SB104", _TOO_DEEP, _SIX_LEVELS),
    ("','", "SB101", "not YAML: {}", _COMMAS),
    ("node content", "SB101", "not YAML: {}", _COMMAS),
    ("", "SB101", "not YAML: {}", _BLOCK),
)
"""Words in libyaml's messages, with the code, sentence and hint that replace them. Newer versions (PyYAML 6.0.4)
look a thousand brackets ahead, and fail at the thousandth before the 65th arrives here."""


class _Composer:
    def __init__(self, source: Source) -> None:
        self.name = source.name
        self.text = source.text.removeprefix("\ufeff")
        self.stack: list[_Open] = []
        self.root: Node | None = None
        self.doubled: list[Problem] = []

    def compose(self) -> Node:
        self._refuse_what_is_no_text()
        documents = nodes = 0
        for event in self._events():
            if type(event) is yaml.ScalarEvent:  # nine in ten are, so that they come first
                if event.anchor is not None or event.tag is not None:
                    self._refuse_extras(event)
                self._add(self._scalar(event))
            elif isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    raise self._refusal("SB101", event, "the file has a second document", "remove the second `---`")
            else:
                self._take(event)
            nodes += isinstance(event, yaml.NodeEvent)
            if nodes > MOST:
                raise self._refusal("SB104", event, f"more than {MOST} keys and values", "split the film")
        if self.doubled:
            raise _Doubled(self.doubled)
        if self.root is None:
            place = Place(self.name, 1, 1)
            hint = "`storyboard init` writes a first one"
            raise Refused(Problem("SB101", "the file is empty; a storyboard is a mapping", place, hint))
        return self.root

    def _refuse_what_is_no_text(self) -> None:
        if len(self.text) > LARGEST or _bytes(self.text) > LARGEST:
            sentence = f"the file is larger than {LARGEST // 1024 // 1024} MB"
            raise Refused(Problem("SB104", sentence, Place(self.name, 1, 1), "split the film into several storyboards"))
        unfit = _NO_TEXT.search(self.text)
        if unfit:
            before = LINE_END.split(self.text[: unfit.start()])
            line, column = len(before), len(before[-1]) + 1
            sentence = f"the character U+{ord(unfit.group()):04X} may not stand in YAML"
            raise Refused(Problem("SB105", sentence, Place(self.name, line, column), "remove it"))

    def _events(self) -> Iterator[yaml.Event]:
        try:
            yield from yaml.parse(self.text, Loader=yaml.CLoader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            what = (error.problem or "it can't be read").replace("\n", " ")
            code, sentence, hint = next(row for words, *row in _SAID if words in what)
            raise Refused(Problem(code, sentence.format(what), Place(self.name, line, column), hint)) from error

    def _take(self, event: yaml.Event) -> None:
        match event:
            case yaml.AliasEvent():
                hint = "write it out, or share it by `defaults`"
                raise self._refusal("SB103", event, "aliases (`*name`) are not read", hint)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self._refuse_extras(event)
                self._open(event)
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                self._add(self._close())
            case _:
                pass

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        if event.anchor is not None:
            raise self._refusal(
                "SB103", event, "anchors (`&name`) are not read", "write it out, or share it by `defaults`"
            )
        if getattr(event, "tag", None) is not None:
            raise self._refusal("SB103", event, "tags (`!name`) are not read", "remove the tag")

    def _open(self, event: yaml.CollectionStartEvent) -> None:
        if len(self.stack) >= DEEPEST:
            raise self._refusal("SB104", event, _TOO_DEEP, _SIX_LEVELS)
        if self._awaits_key():
            raise self._refusal("SB101", event, "a key has to be a word", "quote it if it is meant as text")
        kind = "sequence" if isinstance(event, yaml.SequenceStartEvent) else "mapping"
        self.stack.append(_Open(kind, self._place(event, 1)))

    def _close(self) -> Node:
        done = self.stack.pop()
        if done.kind == "sequence":
            return Sequence(tuple(done.items), done.place)
        return Mapping(done.entries, done.keys, done.place)

    def _awaits_key(self) -> bool:
        return bool(self.stack) and self.stack[-1].kind == "mapping" and self.stack[-1].key is None

    def _add(self, node: Node) -> None:
        if not self.stack:
            self.root = node
            return
        top = self.stack[-1]
        if len(top.items) + len(top.keys) > BROADEST:
            sentence = f"more than {BROADEST} entries in one mapping or list"
            raise Refused(Problem("SB104", sentence, node.place, "split the film into several storyboards"))
        if top.kind == "sequence":
            top.items.append(node)
        elif top.key is None:
            assert isinstance(node, Scalar)  # noqa: S101 - `_open` lets nothing else be a key
            self._add_key(top, node)
        else:
            top.entries.setdefault(top.key, node)
            top.key = None

    def _add_key(self, top: _Open, node: Scalar) -> None:
        key = str(node.value) if isinstance(node.value, str) else self._parse_scalar(node)
        if key == "<<":
            hint = "share keys by `defaults`"
            raise Refused(Problem("SB103", "merge keys (`<<`) are not read", node.place, hint))
        if key in top.keys:
            first = top.keys[key]
            sentence = f'the key "{key}" occurs twice, first in line {first.line}'
            self.doubled.append(Problem("SB102", sentence, node.place, "keep one of them"))
            if len(self.doubled) == MOST_TOLD:
                raise _Doubled(self.doubled)
        else:
            top.keys[key] = node.place
        top.key = key

    def _parse_scalar(self, node: Scalar) -> str:
        """Return a plain key as the author wrote it: as keys, `on`, `3` and `null` are words."""
        line = Source(self.name, self.text).line(node.place.line)
        return line[node.place.column - 1 : node.place.column - 1 + node.place.width]

    def _scalar(self, event: yaml.ScalarEvent) -> Scalar:
        if event.style in ("|", ">"):
            return Scalar(event.value, self._place(event, 1), block=True)
        (line, start), (last, end) = _at(event.start_mark), _at(event.end_mark)
        place = Place(self.name, line + 1, start + 1, (end - start or 1) if last == line else 1)
        if event.style:
            return Scalar(event.value, place)
        try:
            value = scalar_value(event.value)
        except ValueError:
            raise Refused(Problem("SB105", "a number with more digits than can be read", place, "shorten it")) from None
        if type(value) is float and not math.isfinite(value):
            hint = "write a number, or put it in quotes if it is meant as text"
            raise Refused(Problem("SB105", f"{event.value} is not a finite number", place, hint))
        return Scalar(value, place)

    def _place(self, event: yaml.Event, width: int) -> Place:
        line, column = _at(event.start_mark)
        return Place(self.name, line + 1, column + 1, width)

    def _refusal(self, code: str, event: yaml.Event, sentence: str, hint: str) -> Refused:
        return Refused(Problem(code, sentence, self._place(event, 1), hint))


def _bytes(text: str) -> int:
    """Return the length of a text in bytes of UTF-8; bytes that weren't UTF-8 count as one each, as on the disk."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _at(mark: _Mark | None) -> tuple[int, int]:
    """Line and column of a mark, from 0. Every event of a text has marks."""
    return (mark.line, mark.column) if mark else (0, 0)


class _Mark(Protocol):
    """The attributes that libyaml's marks and PyYAML's own share."""

    line: int
    column: int


_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
