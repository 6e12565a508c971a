"""The files that are shipped with the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

SCHEMA = "storyboard.schema.json"


def schema() -> Mapping[str, Any]:
    """The JSON Schema of the written form, from the package, or in a checkout from `schemas/`."""
    value = json.loads(schema_text())
    assert isinstance(value, dict)  # noqa: S101 - we ship it
    return value


def schema_text() -> str:
    """The JSON Schema as it is written."""
    return _read_shipped("schemas", SCHEMA)


def codes_text() -> str:
    """The pages of the codes, as they are written."""
    return _read_shipped("docs", "codes.md")


def _read_shipped(folder: str, name: str) -> str:
    """Return a file that is beside the code in a checkout, and in the package in an installation."""
    packed = resources.files("storyboard") / folder / name
    if packed.is_file():
        return packed.read_text("utf-8")
    return (Path(__file__).parents[2] / folder / name).read_text("utf-8")
