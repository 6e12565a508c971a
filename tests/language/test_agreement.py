"""Another implementation of JSON Schema agrees with ours about the examples."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_check_jsonschema_finds_the_examples_valid() -> None:
    """`check-jsonschema --schemafile schemas/storyboard.schema.json examples/*/storyboard.yaml`"""
    program = Path(sys.executable).parent / "check-jsonschema"
    examples = sorted((ROOT / "examples").glob("*/storyboard.yaml"))
    asked = [str(program), "--schemafile", str(ROOT / "schemas" / "storyboard.schema.json"), *map(str, examples)]
    ended = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (ended.returncode, "ok -- validation done" in ended.stdout) == (0, True), ended.stdout + ended.stderr
