"""What a scenario is made of: command lines, and what is done to the folder between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, without the program's name. `{task 1}` stands for the first task that the service took on."""

    line: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interrupted:
    """A command line that gets SIGINT twice, once its first task is accepted."""

    line: str


@dataclass(frozen=True, slots=True)
class Write:
    """Write a file, by its path from the project's folder."""

    path: str
    content: str | bytes


@dataclass(frozen=True, slots=True)
class Replace:
    """Put other words in a file; what is replaced has to be there."""

    path: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Move:
    """Rename a file or a folder; what stood there is gone."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Copy:
    """Copy a file or a folder; a path that begins with `tests/` is one of this repository."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remove:
    """Remove files and folders, if they are there."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Damage:
    """Overwrite 64 bytes in the middle of the first file of a pattern."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Lose:
    """Remove the first file of a pattern."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Link:
    """Put a link in a file's place."""

    path: str
    to: str


@dataclass(frozen=True, slots=True)
class Sql:
    """Run a script on a database; a script that begins with `tests/` is a file of this repository."""

    path: str
    script: str


@dataclass(frozen=True, slots=True)
class Serve:
    """Start `storyboard emulator`; the commands that follow are told its address. An earlier one is stopped."""

    options: str = "--speed 4000"
    faults: str = ""


Step: TypeAlias = Command | Interrupted | Write | Replace | Move | Copy | Remove | Damage | Lose | Link | Sql | Serve


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps in a folder of its own, that begins empty or as a copy of the film that was made beforehand."""

    name: str
    steps: tuple[Step, ...]
    made: bool = False
