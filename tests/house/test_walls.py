"""The walls stand, and each of them is seen to fall when somebody goes through it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

PLANTED = {
    "Imports go down only": ("language/source.py", "import storyboard.planning.lock"),
    "Pure packages use no disk": ("planning/price.py", "import time"),
    "The limits of the emulator are independent": ("emulator/validation.py", "import storyboard.providers.ark.models"),
    "No package is part of a cycle": ("language/problem.py", "import storyboard.language.validator"),
    "One importer for yaml": ("language/reader.py", "import yaml"),
    "One importer for jsonschema": ("language/validator.py", "import jsonschema"),
    "One importer for networkx": ("planning/schedule.py", "import networkx"),
    "One importer for httpx": ("providers/ark/client.py", "import httpx"),
    "One importer for PyAV and Pillow": ("film/render.py", "import av"),
    "One importer for sqlite3": ("world/store.py", "import sqlite3"),
    "One importer for uvicorn": ("emulator/app.py", "import uvicorn"),
    "Only cli imports click and rich": ("operations/prepare.py", "import click"),
}
"""The contracts by the beginnings of their names, each with a room and an import that it has to catch there."""


def verdicts(checkout: Path) -> dict[str, str]:
    """What import-linter says of each contract in a checkout: KEPT or BROKEN."""
    program = Path(sys.executable).parent / "lint-imports"
    linted = subprocess.run([str(program), "--no-cache"], cwd=checkout, capture_output=True, text=True, check=False)
    text = re.sub(r"\s+", " ", linted.stdout)
    found = {}
    for name in PLANTED:
        verdict = re.search(re.escape(name) + r".*?\b(KEPT|BROKEN)", text)
        found[name] = verdict.group(1) if verdict else "absent"
    return found


def checkout(place: Path, planted: dict[str, tuple[str, str]]) -> Path:
    """A copy of the code with imports planted in it."""
    shutil.copytree(ROOT / "storyboard", place / "storyboard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", place)
    for room, line in planted.values():
        path = place / "storyboard" / room
        path.write_text(path.read_text("utf-8") + f"\n{line}\n", "utf-8")
    return place


def test_every_contract_of_the_house_is_kept(tmp_path: Path) -> None:
    """As the code stands, no import goes through a wall."""
    assert verdicts(checkout(tmp_path, {})) == dict.fromkeys(PLANTED, "KEPT")


def test_every_contract_catches_its_planted_import(tmp_path: Path) -> None:
    """With one forbidden import planted for each contract, each says that it is broken."""
    assert verdicts(checkout(tmp_path, PLANTED)) == dict.fromkeys(PLANTED, "BROKEN")


def test_every_contract_has_a_planted_import() -> None:
    """A contract that nobody has seen fail is not yet one."""
    names = re.findall(
        r'^name = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8").split("[tool.importlinter]")[1], re.M
    )
    assert [next(iter(p for p in PLANTED if name.startswith(p)), name) for name in names] == list(PLANTED)


@pytest.mark.parametrize("room", sorted(p.parent.relative_to(ROOT) for p in (ROOT / "storyboard").rglob("__init__.py")))
def test_a_room_imports_nothing_eagerly(room: Path) -> None:
    """A package's `__init__` says what it is for, and loads nothing."""
    assert "import" not in re.sub(r'""".*?"""', "", (ROOT / room / "__init__.py").read_text("utf-8"), flags=re.S)
