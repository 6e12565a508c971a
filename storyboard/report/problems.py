"""Problems as JSON values, in the project's own form or as SARIF 2.1.0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from storyboard import __version__
from storyboard.language.problem import Problem

LEVELS = {"mistake": "error", "warning": "warning", "note": "note"}


def problem_value(problem: Problem) -> dict[str, object]:
    """Return a problem as a JSON value."""
    place = problem.place
    return {
        "code": problem.code,
        "severity": problem.severity,
        "sentence": problem.sentence,
        "hint": problem.hint,
        "file": place.file,
        "line": place.line,
        "column": place.column,
        "width": place.width,
    }


def sarif(problems: Sequence[Problem]) -> dict[str, Any]:
    """Return problems as a SARIF 2.1.0 log, which code hosts show beside the lines."""
    codes = sorted({problem.code for problem in problems})
    driver = {
        "name": "storyboard",
        "version": __version__,
        "rules": [{"id": code, "name": code} for code in codes],
    }
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "results": [_result(problem, codes.index(problem.code)) for problem in problems],
            }
        ],
    }


def _result(problem: Problem, index: int) -> dict[str, Any]:
    place = problem.place
    region = {"startLine": place.line, "startColumn": place.column, "endColumn": place.column + place.width}
    text = f"{problem.sentence}. {problem.hint}" if problem.hint else problem.sentence
    return {
        "ruleId": problem.code,
        "ruleIndex": index,
        "level": LEVELS[problem.severity],
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": _uri(place.file)}, "region": region}}],
    }


def _uri(path: str) -> str:
    from urllib.parse import quote

    return quote(path)
