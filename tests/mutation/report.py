"""The result of mutation testing: for each package how many mutants were detected, and the survivors.

`make mutate` changes one thing after another in the packages that prevent paying twice, and runs their tests on each
change; an interrupted run can be resumed. mutmut changes functions and methods without decorators: properties, the
lock's context and the tables of the packages have separate tests. A mutant that never ends counts as detected.

`python -m tests.mutation.report` prints the figures; it returns 1 if fewer than nine in ten were detected, or some
weren't tried.
"""

from __future__ import annotations

import ast
import difflib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

MUTANTS = Path("mutants")
GOAL = 0.9
SURVIVED, UNTESTED = 0, 33
"""mutmut's exit codes: the tests passed, or there were none."""


@dataclass
class Room:
    """The mutants of a package."""

    name: str
    tried: int = 0
    untried: int = 0
    survivors: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        """Its figures, as a line."""
        noticed = self.tried - len(self.survivors)
        share = noticed / self.tried if self.tried else 0.0
        return f"{self.name:42} {noticed:5} of {self.tried:5} {share:6.1%}" + (
            f", {self.untried} untried" * bool(self.untried)
        )


def rooms(folder: Path = MUTANTS) -> list[Room]:
    """Return every package that was changed."""
    return [_room(path, folder) for path in sorted(folder.rglob("*.meta"))]


def _room(path: Path, folder: Path) -> Room:
    codes: Mapping[str, int | None] = json.loads(path.read_text("utf-8"))["exit_code_by_key"]
    source = path.with_suffix("")
    room = Room(str(source.relative_to(folder)))
    functions = _functions(source)
    for key, code in codes.items():
        room.tried += code is not None
        room.untried += code is None
        if code in (SURVIVED, UNTESTED):
            room.survivors.append(_shown(key.rpartition(".")[2], functions))
    return room


def _functions(source: Path) -> dict[str, list[str]]:
    text = source.read_text("utf-8")
    lines = text.splitlines()
    nodes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    return {node.name: lines[node.lineno : node.end_lineno] for node in nodes}


def _shown(name: str, functions: Mapping[str, list[str]]) -> str:
    """Return a mutant's name, and its change."""
    original = functions.get(name.rpartition("__mutmut_")[0] + "__mutmut_orig", [])
    changes = difflib.unified_diff(original, functions.get(name, []), lineterm="", n=0)
    told = [line for line in changes if not line.startswith(("---", "+++", "@@"))]
    return "\n  ".join([name, *told])


def _lines(found: list[Room]) -> Iterator[str]:
    for room in found:
        yield from (f"{room.name}: {survivor}" for survivor in room.survivors)
    yield from (room.row for room in found)
    whole = Room("all", sum(room.tried for room in found), sum(room.untried for room in found))
    whole.survivors = [survivor for room in found for survivor in room.survivors]
    yield whole.row


def main() -> int:
    """Print; return 1 if the result isn't good enough."""
    found = rooms()
    sys.stdout.write("\n".join(_lines(found)) + "\n")
    tried, survived = sum(room.tried for room in found), sum(len(room.survivors) for room in found)
    return 1 if not tried or any(room.untried for room in found) or 1 - survived / tried < GOAL else 0


if __name__ == "__main__":
    sys.exit(main())
