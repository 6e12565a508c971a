"""SARIF 2.1.0, by the required structure of its specification (no copy of its schema is shipped with a package)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft4Validator

from storyboard.language.problem import Problem
from storyboard.language.source import Place
from storyboard.report.problems import problem_value, sarif
from tests.cli.command_line import run_command

BROKEN = sorted((Path(__file__).parents[1] / "broken").iterdir())
SCHEMA = json.loads((Path(__file__).parent / "sarif-2.1.0.schema.json").read_text("utf-8"))
"""The standard's own schema, as the MIT-licensed package jest-sarif ships it; white space left out."""

PROBLEMS = (
    Problem("SB402", "too long", Place("a b/灯.yaml", 24, 15, 2), "shorten it"),
    Problem("SB301", "no such scene", Place("storyboard.yaml", 3, 1), severity="warning"),
    Problem("SB543", "faces", Place("storyboard.yaml", 4, 1), severity="note"),
)


def test_a_log_has_what_the_specification_requires() -> None:
    """Version, runs, a tool with a named driver (3.13, 3.14, 3.18, 3.19)."""
    log = sarif(PROBLEMS)
    assert (log["version"], [run["tool"]["driver"]["name"] for run in log["runs"]]) == ("2.1.0", ["storyboard"])


def test_each_result_points_at_its_rule() -> None:
    """`ruleIndex` and `ruleId` name the same rule (3.27.5, 3.27.6)."""
    run = sarif(PROBLEMS)["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])


def test_levels_are_those_of_the_specification() -> None:
    """A mistake is an error (3.27.10)."""
    assert [r["level"] for r in sarif(PROBLEMS)["runs"][0]["results"]] == ["error", "warning", "note"]


def test_a_region_counts_from_one_and_ends_behind_its_last_character() -> None:
    """Columns are code points, the end is exclusive (3.30.5 to 3.30.8)."""
    run = sarif(PROBLEMS)["runs"][0]
    region = run["results"][0]["locations"][0]["physicalLocation"]["region"]
    assert (run["columnKind"], region) == ("unicodeCodePoints", {"startLine": 24, "startColumn": 15, "endColumn": 17})


def test_a_file_is_named_by_a_uri() -> None:
    """Spaces and Chinese characters are written in percents (3.4.3)."""
    location = sarif(PROBLEMS)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "a%20b/%E7%81%AF.yaml"


@pytest.mark.parametrize("folder", BROKEN[::9], ids=lambda folder: folder.name)
def test_a_log_is_valid_by_the_standards_own_schema(folder: Path) -> None:
    """What `validate --format sarif` prints has the form of SARIF 2.1.0."""
    log = json.loads(run_command("validate", "--format", "sarif", str(folder / "storyboard.yaml")).out)
    errors = Draft4Validator(SCHEMA, format_checker=Draft4Validator.FORMAT_CHECKER).iter_errors(log)
    assert [error.message for error in errors] == []


def test_the_standards_schema_finds_a_fault() -> None:
    """A log without what the standard requires fails the check."""
    log = sarif([])
    del log["runs"][0]["tool"]
    assert not Draft4Validator(SCHEMA).is_valid(log)


def test_a_problem_as_json_holds_all_that_is_told() -> None:
    """Code, severity, sentence, remedy and place."""
    problem = Problem("SB402", "too long", Place("a.yaml", 3, 5, 2), "shorten it")
    assert problem_value(problem) == {
        "code": "SB402",
        "severity": "mistake",
        "sentence": "too long",
        "hint": "shorten it",
        "file": "a.yaml",
        "line": 3,
        "column": 5,
        "width": 2,
    }
