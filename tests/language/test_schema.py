"""The schema of the written form, for us and for authors' editors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from storyboard.language.document import parse
from storyboard.language.nodes import data
from storyboard.language.problem import mistakes
from storyboard.language.source import Source
from tests.builders import ROOT, SCHEMA, codes, judge

YOUNGER = {
    "$defs",
    "$anchor",
    "$dynamicAnchor",
    "$dynamicRef",
    "$recursiveAnchor",
    "$recursiveRef",
    "$vocabulary",
    "dependentRequired",
    "dependentSchemas",
    "maxContains",
    "minContains",
    "prefixItems",
    "unevaluatedItems",
    "unevaluatedProperties",
}
"""Words of JSON Schema that draft-07 hasn't."""


def parts(value: object) -> Iterator[Mapping[str, Any]]:
    """Every mapping in the schema."""
    if isinstance(value, Mapping):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def test_the_schema_is_of_2020_12() -> None:
    """The schema names its draft, and is valid by it."""
    Draft202012Validator.check_schema(dict(SCHEMA))
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_an_editor_of_draft_07_can_check_it() -> None:
    """The schema is sound by draft-07, too."""
    Draft7Validator.check_schema({**SCHEMA, "$schema": "http://json-schema.org/draft-07/schema#"})
    assert {word for part in parts(SCHEMA) for word in part} & YOUNGER == set()


def test_a_reference_stands_alone() -> None:
    """Draft-07 ignores keywords beside `$ref`, so there are none."""
    assert [part for part in parts(SCHEMA) if "$ref" in part and len(part) > 1] == []


def test_every_reference_leads_somewhere() -> None:
    """References name definitions that there are, and none is unused; we name that of included files ourselves."""
    named = {part["$ref"] for part in parts(SCHEMA) if "$ref" in part} | {"#/definitions/included"}
    assert named == {f"#/definitions/{name}" for name in SCHEMA["definitions"]}


def keys() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every key of the format, with the description that an editor shows."""
    for part in parts(SCHEMA):
        for key, told in part.get("properties", {}).items() if "type" in part or "additionalProperties" in part else ():
            yield key, SCHEMA["definitions"][told["$ref"].rpartition("/")[2]] if "$ref" in told else told


def test_an_editor_documents_every_key() -> None:
    """Each has a title, a description, and examples unless its values are listed or are true and false."""
    bare = [key for key, told in keys() if not told.keys() >= {"title", "description"}]
    unshown = [key for key, told in keys() if not told.keys() & {"examples", "enum"} and told.get("type") != "boolean"]
    assert (len(list(keys())) > 100, bare, unshown) == (True, [], [])


def test_every_example_is_valid() -> None:
    """The values that an editor offers are valid."""
    shown = [(part, example) for part in parts(SCHEMA) for example in part.get("examples", ())]
    definitions = SCHEMA["definitions"]
    wrong = [
        example
        for part, example in shown
        if not Draft202012Validator({**part, "definitions": definitions}).is_valid(example)
    ]
    assert (len(shown) > 100, wrong) == (True, [])


@pytest.mark.parametrize(
    "path", sorted((ROOT / "tests" / "broken").glob("*/storyboard.yaml")), ids=lambda p: p.parent.name
)
def test_both_drafts_find_the_same(path: Path) -> None:
    """An editor of draft-07 finds as many mistakes in a broken storyboard as we do."""
    tree = parse(Source("storyboard.yaml", path.read_text("utf-8")))
    value = {} if isinstance(tree, tuple) else data(tree)
    old, new = (list(draft(dict(SCHEMA)).iter_errors(value)) for draft in (Draft7Validator, Draft202012Validator))
    assert len(old) == len(new)


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/storyboard.yaml")), ids=lambda p: p.parent.name)
def test_the_examples_have_the_written_form(path: Path) -> None:
    """Every example passes without a mistake."""
    assert mistakes(judge(path.read_text("utf-8")).problems) == ()


def test_the_example_of_the_format_is_valid() -> None:
    """The storyboard that the format's page begins with has no mistake and no warning."""
    page = (ROOT / "docs" / "format.md").read_text("utf-8")
    example = page.partition("```yaml\n")[2].partition("```")[0]
    assert codes(judge(example)) == []


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        ("storyboard: 1", []),
        ("storyboard: 1.0", []),
        ("storyboard: true", ["SB204"]),
        ("storyboard: '1'", ["SB204"]),
        ("storyboard: 2", ["SB204"]),
    ],
)
def test_the_version_is_the_number_one(line: str, codes: list[str]) -> None:
    """The format's version is 1, as a number."""
    problems = judge(f"{line}\nscenes: {{a: {{prompt: Waves.}}}}").problems
    assert [problem.code for problem in problems] == codes


@pytest.mark.parametrize(
    ("id", "codes"),
    [
        ("dusk", []),
        ("灯塔", []),
        ("scene-1_b", []),
        ("a" * 64, []),
        ("a" * 65, ["SB206"]),
        ("2-1", ["SB206"]),
        ("a.b", ["SB206"]),
        ("a/b", ["SB206"]),
        ("a b", ["SB206"]),
        ('"e\\u0301"', ["SB302"]),
        ("out", ["SB302"]),
        ("Start", ["SB302"]),
    ],
)
def test_what_may_be_an_id(id: str, codes: list[str]) -> None:
    """An id has letters of any script, digits, `_` and `-`, a letter at least, 64 at most, NFC, and isn't reserved."""
    problems = judge(f"storyboard: 1\nscenes: {{{id}: {{prompt: Waves.}}}}").problems
    assert [problem.code for problem in problems] == codes


def test_a_storyboard_has_a_scene() -> None:
    """Without a scene there is no film."""
    problems = judge("storyboard: 1\nscenes: {}").problems
    assert [problem.sentence for problem in problems] == ["scenes has to have at least 1 entry, but has 0"]
