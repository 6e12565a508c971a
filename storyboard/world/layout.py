"""The places of a storyboard's files, in one realm."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

from storyboard.errors import FileTrouble, UsageError
from storyboard.protocols import Realm


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of the files of one storyboard, in one realm (`docs/files.md`).

    State and store belong to the folder and the realm: all storyboards in it share them. Each has its own lockfile.
    """

    storyboard: Path
    realm: Realm

    @property
    def folder(self) -> Path:
        """The project's folder: that of the storyboard's file."""
        return self.storyboard.parent

    @property
    def stem(self) -> str:
        """The storyboard's file name without its ending."""
        return self.storyboard.stem

    @property
    def root(self) -> Path:
        """The folder that no path may leave: the git root, else the project's folder."""
        return next((place for place in (self.folder, *self.folder.parents) if (place / ".git").exists()), self.folder)

    @property
    def hidden(self) -> Path:
        """State and store of this folder's realm."""
        return self.folder / ".storyboard" / self.realm

    @property
    def lock(self) -> Path:
        """The lock: beside the storyboard, in git; the emulated realm's in its hidden folder."""
        return self.lock_of(self.stem)

    def lock_of(self, stem: str) -> Path:
        """The lock of a storyboard of this folder."""
        return self.locks / f"{stem}.lock"

    @property
    def locks(self) -> Path:
        """The folder of the locks."""
        return self.folder if self.realm == "real" else self.hidden

    @property
    def service(self) -> Path:
        """The embedded emulator's truth."""
        return self.folder / ".storyboard" / "emulated" / "service"

    def renders(self, profile: str) -> Path:
        """Return the folder of the videos for users."""
        place, name = self.folder / "renders", file_name(self.stem)
        if self.realm == "emulated":
            place /= "emulated"
        elif re.fullmatch("emulated_*", name, re.IGNORECASE):
            name += "_"  # the folder without it is the other realm's
        return place / name / file_name(profile) if profile else place / name

    def film_record(self, profile: str) -> Path:
        """Return the file about the film that was rendered last."""
        name = f"film-{file_name(profile)}.json" if profile else "film.json"
        return self.hidden / "films" / file_name(self.stem) / name

    def boards(self) -> dict[str, str]:
        """Return the storyboards of the folder, as far as file names reveal them: name without ending → file name."""
        endings = {".yaml", ".yml", self.storyboard.suffix}
        with FileTrouble.at(self.folder, "read"):
            names = sorted(entry.name for entry in os.scandir(self.folder) if entry.is_file())
        found = {Path(name).stem: name for name in names if Path(name).suffix in endings}
        return found | {self.stem: self.storyboard.name}

    def lock_stems(self) -> tuple[str, ...]:
        """The names of the storyboards that have a lock here, or that have what may be one."""
        if not self.locks.is_dir():
            return ()
        with FileTrouble.at(self.locks, "read"):
            names = [entry.name for entry in os.scandir(self.locks) if entry.is_file(follow_symlinks=False)]
        return tuple(sorted(name.removesuffix(".lock") for name in names if name.endswith(".lock") and name != ".lock"))

    def written(self, profile: str) -> tuple[Path, ...]:
        """Folders that a run writes to."""
        store = self.hidden / "store"
        return self.hidden, self.lock.parent, store / "part", store / "sha256", self.renders(profile) / "scenes"

    def guard(self, *places: Path) -> None:
        """Raise FileTrouble if one of these places, which are written to, leads out of the project by a link."""
        root = Path(os.path.realpath(self.root))
        for place in places:
            if not Path(os.path.realpath(place)).is_relative_to(root):
                raise FileTrouble(f"{place} leads out of the project", "it is a link, or lies below one: remove it")


LONGEST_NAME = 180
"""The maximum length of a file name in bytes: file systems accept 255, and endings and marks are appended."""
_OF_WINDOWS = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])_*", re.IGNORECASE)
"""Names that mean a device on Windows, whatever ending they have: a folder of films travels."""


def file_name(word: str) -> str:
    """A name that every file system takes, another one for each word: the word itself, unless it is too long or means
    something else. (Ids that differ by case or by how a letter is composed are mistakes of a storyboard.)"""
    if _OF_WINDOWS.fullmatch(word) or word in (".", ".."):
        return f"{word}_"
    content = word.encode("utf-8", "surrogateescape")
    if len(content) <= LONGEST_NAME:
        return word
    digest = hashlib.sha256(content).hexdigest()[:12]
    return f"{content[: LONGEST_NAME - 13].decode('utf-8', 'ignore')}-{digest}"


def layout_of(file: str, realm: Realm) -> Layout:
    """Return the layout of the storyboard at `file`. Raise UsageError if it doesn't exist."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 - `resolve` would follow links, and names are what people know
    if path.is_dir():
        raise UsageError(f"{file or '.'} is a folder", "name the storyboard in it with `-f FILE`")
    if not path.is_file():
        raise UsageError(f"there is no storyboard {file}", "name one with `-f FILE`, or begin with `storyboard init`")
    return Layout(path, realm)
