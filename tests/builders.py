"""Storyboards as values, for tests of rooms that think."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from storyboard.language.facts import Facts, Trouble
from storyboard.language.graph import Graph
from storyboard.language.source import Source
from storyboard.language.validator import IncludedFile, ValidationResult, parse_file, parse_storyboard, validate
from storyboard.providers.catalogue import capabilities

ROOT = Path(__file__).parent.parent
SCHEMA: Mapping[str, Any] = json.loads((ROOT / "schemas" / "storyboard.schema.json").read_text("utf-8"))


def judge(
    text: str,
    *profiles: str,
    facts: Facts | None = None,
    included: Mapping[str, str | Trouble] | None = None,
    trusted: tuple[str, ...] = (),
) -> ValidationResult:
    """What a storyboard's text means; of its files nothing is known but `facts`; an included file's text has lines."""
    files: dict[str, IncludedFile] = {
        path: parse_file(Source(path, file)) if "\n" in file else file  # type: ignore[misc]  # a trouble is one word
        for path, file in (included or {}).items()
    }
    reading = parse_storyboard(parse_file(Source("storyboard.yaml", text)), SCHEMA, profiles, files)
    return validate(reading, capabilities(), facts or {}, trusted)


def codes(judgement: ValidationResult) -> list[str]:
    """The codes of what was found, notes left out."""
    return [problem.code for problem in judgement.problems if problem.severity != "note"]


def graph_of(text: str, *profiles: str, included: Mapping[str, str | Trouble] | None = None) -> Graph:
    """The graph of a storyboard without mistakes."""
    judgement = judge(text, *profiles, included=included)
    assert judgement.graph is not None, judgement.problems
    return judgement.graph
