"""The page on the architecture names every module, and no others."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "storyboard"


def _modules() -> set[str]:
    """Every module as `package/module`; a package within a package counts as one, the commands are listed elsewhere."""
    found = set()
    for path in PACKAGE.glob("*/*"):
        package, name = path.parent.name, path.stem
        if package not in ("cli", "schemas", "docs") and (path.suffix == ".py" or (path / "__init__.py").exists()):
            found.add(f"{package}/{name}")
    nested = {f"{path.parent.parent.name}/{path.parent.name}/{path.stem}" for path in PACKAGE.glob("providers/*/*.py")}
    modules = (found | nested) - {"providers/ark", "providers/byteplus"}
    return {module for module in modules if not module.endswith("__init__")}


def _named() -> set[str]:
    """The modules of the table: `package/module`, and those that follow in the same cell, in the same package."""
    named = set()
    page = (ROOT / "docs" / "architecture.md").read_text("utf-8")
    table = page.partition("## The modules")[2].partition("\n## ")[0]
    for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE):
        package = ""
        for word in re.findall(r"`([^`]+)`", row):
            place, _, name = word.rstrip("/").rpartition("/")
            package = place or package
            named.add(f"{package}/{name}")
    return named


def test_the_page_names_every_module_and_no_other() -> None:
    """A reader finds a sentence for each module, and each module that is named exists."""
    assert _named() == _modules()
