"""A text, a place in it, and the excerpt with a caret."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

LINE_END = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""The line ends of the YAML parser, which counts the lines."""
WIDEST = 120
"""Characters of a line that an excerpt shows; of a longer one, those around the place."""


class Place(NamedTuple):
    """A place in a text: file name, line and column (both from 1, in characters), width in characters.

    A tuple, since a large storyboard has hundreds of thousands of them.
    """

    file: str
    line: int
    column: int
    width: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Source:
    """A text with the name that people know it by."""

    name: str
    text: str

    def line(self, number: int) -> str:
        """Line `number`, counted from 1, without its end; empty beyond the text."""
        lines = _lines(self.text)
        return lines[number - 1] if 0 < number <= len(lines) else ""


@lru_cache(maxsize=2)
def _lines(text: str) -> list[str]:
    """The lines of a text: split once, however many problems it has."""
    text = text.removeprefix("\ufeff")
    only_newlines = not any(end in text for end in "\r\x85\u2028\u2029")
    return text.split("\n") if only_newlines else LINE_END.split(text)


def escape_for_terminal(text: str) -> str:
    """The text with what a terminal would act on made visible: control, bidi and zero-width characters."""
    return "".join(_visible(char) for char in text)


def _visible(char: str) -> str:
    if char == "\t":
        return " "
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return f"\\x{ord(char):02x}" if ord(char) < 256 else f"\\u{ord(char):04x}"
    return char


def columns(text: str) -> int:
    """Return the columns that a text takes in a terminal: Chinese characters take two, combining marks none."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def excerpt(source: Source, place: Place) -> str:
    """The line of a place with its number, and carets under what is meant.

    >>> print(excerpt(Source("a.yaml", "x: 1\\nduration: 22"), Place("a.yaml", 2, 11, 2)))
        2 | duration: 22
          |           ^^
    """
    line = source.line(place.line)
    first = max(0, min(place.column - 1 - WIDEST // 2, len(line) - WIDEST))
    last = min(len(line), first + WIDEST)
    begin, end = min(place.column - 1, last), min(place.column - 1 + place.width, last)
    left, right = "…" if first else "", "…" if last < len(line) else ""
    number = f"{place.line:>5}"
    blank = " " * columns(left + escape_for_terminal(line[first:begin]))
    carets = "^" * max(1, columns(escape_for_terminal(line[begin:end])))
    return f"{number} | {left}{escape_for_terminal(line[first:last])}{right}\n{' ' * len(number)} | {blank}{carets}"
