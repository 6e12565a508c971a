"""Problems of a storyboard: each with a code, a sentence, the place, and a hint what to do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from storyboard.language.source import Place, Source, escape_for_terminal, excerpt

Severity = Literal["mistake", "warning", "note"]
"""A mistake stops a run; a warning counts as one with `--strict`; a note never does."""
MOST_TOLD = 500
"""The maximum number of problems that one group of rules reports: an author with more fixes these first."""

LONGEST_WORD, LONGEST_TEXT = 80, 2000
"""Characters of a word, and of a sentence, that are repeated to an author: a text may hold a word of megabytes."""

MOST_COMPARED = 100
"""Words that are compared in full to find the likeliest."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake, warning or note: subject, fact, what may be (`sentence`), and what to do (`hint`)."""

    code: str
    sentence: str
    place: Place
    hint: str = ""
    severity: Severity = "mistake"

    def __post_init__(self) -> None:
        if len(self.sentence) + len(self.hint) > 2 * LONGEST_WORD:
            object.__setattr__(self, "sentence", _clip(self.sentence))
            object.__setattr__(self, "hint", _clip(self.hint))


def _clip(text: str) -> str:
    """Return a text with long words shortened, and cut at a readable length."""
    half = LONGEST_WORD // 2
    text = text if len(text) <= LONGEST_TEXT else f"{text[: LONGEST_TEXT - half]}…{text[-half:]}"
    return re.sub(rf"(\S{{{half}}})\S{{{half},}}(\S{{{half}}})", r"\1…\2", text)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Problems by place, each once."""
    return tuple(sorted(set(problems), key=lambda p: (p.place, p.code, p.sentence)))


def mistakes(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Those that stop a run."""
    return tuple(problem for problem in problems if problem.severity == "mistake")


def format_problem(problem: Problem, sources: Mapping[str, Source]) -> str:
    """A problem in full: `file:line:col: CODE sentence`, the excerpt with carets, and what to do."""
    word = "" if problem.severity == "mistake" else f"{problem.severity}: "
    parts = [f"{escape_for_terminal(str(problem.place))}: {problem.code} {word}{escape_for_terminal(problem.sentence)}"]
    if problem.place.file in sources and sources[problem.place.file].text:
        parts.append(excerpt(sources[problem.place.file], problem.place))
    if problem.hint:
        parts.append(f"  {escape_for_terminal(problem.hint)}")
    return "\n".join(parts)


def nearest(word: str, words: Iterable[str]) -> str:
    """`did you mean "…"?` with the likeliest of the words, or nothing."""
    from difflib import get_close_matches

    if len(word) > LONGEST_WORD:
        return ""
    found = get_close_matches(word, _likely(word, list(words)), n=1, cutoff=0.6)
    return f'did you mean "{found[0]}"?' if found else ""


def _likely(word: str, words: list[str]) -> list[str]:
    """Of very many words those of about its length that begin, or end, like this one for all of it, or for half."""
    if len(words) <= MOST_COMPARED:
        return words
    near = [other for other in words if abs(len(other) - len(word)) <= 2]
    for length in (len(word), len(word) - 1, len(word) // 2):
        begin, end = word[:length], word[-length:]
        alike = [other for other in near if other.startswith(begin) or other.endswith(end)]
        if alike:
            return alike[:MOST_COMPARED]
    return []
