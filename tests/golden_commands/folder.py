"""What lies in a project's folder: its locks, its journals, what its films were cut from, and all names of files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.golden_commands.plain import Names

PASSING = ("-wal", "-shm")
"""Endings of files that SQLite leaves or doesn't."""


def journals(project: Path) -> dict[str, list[dict[str, Any]]]:
    """The events of every journal, by its path from the project's folder, in the order in which they happened."""
    return {str(path.relative_to(project)): _events(path) for path in sorted(project.rglob("state.db"))}


def _events(path: Path) -> list[dict[str, Any]]:
    """The rows of a journal; none if it can't be read."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database:
            database.row_factory = sqlite3.Row
            columns = {row["name"] for row in database.execute("pragma table_info(events)")}
            return [_event(dict(row), columns) for row in database.execute("select * from events order by seq")]
    except sqlite3.DatabaseError:
        return []


def _event(row: dict[str, Any], columns: set[str]) -> dict[str, Any]:
    """One row: its kind, whose it is, and its body as a value. A column that the layout lacks is empty."""
    text = row["body"] if "body" in columns else "{}"
    named = {name: str(row.get(name, "")) for name in ("kind", "storyboard", "scene", "attempt")}
    return {**named, "body": json.loads(text)}


def locks(project: Path) -> dict[str, Any]:
    """Every lock, parsed, by its path; one that is no JSON as its text."""
    return {str(path.relative_to(project)): _json(path) for path in sorted(project.rglob("*.lock")) if path.is_file()}


def films(project: Path) -> dict[str, Any]:
    """What each film was cut from, as the project remembers it."""
    return {str(path.relative_to(project)): _json(path) for path in sorted(project.glob(".storyboard/*/films/*/*"))}


def files(project: Path, names: Names) -> list[str]:
    """The paths of all files, with plain names for tasks and digests."""
    paths = (path for path in project.rglob("*") if path.is_file() or path.is_symlink())
    kept = [str(path.relative_to(project)) for path in paths if not path.name.endswith(PASSING)]
    return sorted(names.path(path) for path in kept if not path.startswith("broken/"))


def _json(path: Path) -> Any:
    text = path.read_text("utf-8", "replace")
    try:
        return json.loads(text)
    except ValueError:
        return text.splitlines()
