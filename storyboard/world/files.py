"""The disk: where a project's things lie, reading them safely, and writing them in one stroke."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import re
import secrets
import shlex
import shutil
import stat
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from storyboard.errors import FileTrouble, UsageError
from storyboard.language.facts import FileFacts, format_of
from storyboard.promises import Realm

SCHEMA = "storyboard.schema.json"
LARGEST_INPUT = 512 * 1024 * 1024
"""Bytes beyond which a file isn't even digested: no service takes it."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything of one storyboard lies, in one realm (`docs/files.md`).

    State and store belong to the folder and the realm: all its storyboards share them. Each has a lock of its own.
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
        """What no path may leave: the git root, else the project's folder."""
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
        """Where people find their videos."""
        place, name = self.folder / "renders", file_name(self.stem)
        if self.realm == "emulated":
            place /= "emulated"
        elif re.fullmatch("emulated_*", name, re.IGNORECASE):
            name += "_"  # the folder without it is the other realm's
        return place / name / file_name(profile) if profile else place / name

    def film_record(self, profile: str) -> Path:
        """What is remembered of the film that was cut last."""
        name = f"film-{file_name(profile)}.json" if profile else "film.json"
        return self.hidden / "films" / file_name(self.stem) / name

    def boards(self) -> dict[str, str]:
        """The storyboards of the folder, as far as their files' names tell: name without ending → file name."""
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
"""Bytes that we give a name: file systems take 255, and endings and marks of ours come behind it."""
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
    """The layout of the storyboard at `file`. Raises UsageError if there is none."""
    path = Path(os.path.abspath(file))  # noqa: PTH100 - `resolve` would follow links, and names are what people know
    if path.is_dir():
        raise UsageError(f"{file or '.'} is a folder", "name the storyboard in it with `-f FILE`")
    if not path.is_file():
        raise UsageError(f"there is no storyboard {file}", "name one with `-f FILE`, or begin with `storyboard init`")
    return Layout(path, realm)


def read_text(path: Path, largest: int = 17 * 1024 * 1024) -> str:
    """A text file; bytes that are no UTF-8 become lone surrogates, which the document room refuses at their place."""
    try:
        with path.open("rb") as file:
            return file.read(largest).decode("utf-8", "surrogateescape")
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error


def write_in_one_stroke(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file so that at every instant the old or the new content is there: temporary name, sync, rename, sync."""
    temporary = temporary_name(path)
    try:
        make_folder(path.parent)
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise FileTrouble.of(error, path) from error


def temporary_name(path: Path) -> Path:
    """A name in the same folder under which a file can be written before it gets its own; another one at each call.

    Two threads, or two processes in different containers with one process number, may write the same file at the same
    moment: under a shared temporary name one would rename the other's file away.
    """
    return path.with_name(f".{file_name(path.name)}.{secrets.token_hex(6)}.part")


_TEMPORARY = re.compile(r"\.(.+)\.[0-9a-f]{12}\.part")


def remove_temporary_files(folder: Path, *names: str) -> None:
    """Remove the temporary files that killed processes left in a folder: those of `names`, or all if none is given.

    Only for a folder in which nobody else can be writing now. What can't be removed stays: it is in nobody's way.
    """
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _TEMPORARY.fullmatch(entry.name)
            if found and (not names or found[1] in map(file_name, names)) and entry.is_file(follow_symlinks=False):
                with suppress(OSError):
                    os.unlink(entry.path)  # noqa: PTH108 - a listing gives paths as text


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Make a file that somebody else wrote durable, and its name. Raises FileTrouble."""
    try:
        _sync(path, os.O_RDONLY)
        sync_folder(path.parent)
    except OSError as error:
        raise FileTrouble.of(error, path) from error


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Make a folder if it isn't there, and what is missing above it; their names are durable when this returns."""
    missing = list(itertools.takewhile(lambda one: not one.is_dir(), (path, *path.parents)))
    if missing:
        path.mkdir(parents=True, exist_ok=True)
        for made in missing:
            sync_folder(made.parent)


def private_folder(path: Path) -> Path:
    """A folder that only its owner can look into, made if it isn't there."""
    try:
        make_folder(path)
        if stat.S_IMODE(path.stat().st_mode) != 0o700:
            path.chmod(0o700)
    except OSError as error:
        raise FileTrouble.of(error, path, "made") from error
    return path


def check_no_links(folder: Path) -> None:
    """Raise FileTrouble if a folder that we alone write to, or anything in it, is no file or folder of its own.

    A repository can carry links, and what is opened by name is opened wherever they lead. A listing says what sort each
    entry is: no take is touched for that.
    """
    if folder.is_symlink():
        raise _a_link(folder)
    with FileTrouble.at(folder, "read"):
        waiting = [str(folder)] if os.path.lexists(folder) else []
        while waiting:
            waiting += _folders_in(waiting.pop())


def _folders_in(folder: str) -> list[str]:
    """The folders that a folder holds. Raises FileTrouble if it holds anything but files and folders."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_symlink():
                raise _a_link(entry.path)
            if entry.is_dir(follow_symlinks=False):
                found.append(entry.path)
            elif not entry.is_file(follow_symlinks=False) and os.path.lexists(entry):
                raise FileTrouble(f"{entry.path} is neither a file nor a folder", _removing(entry.path))
    return found


def _a_link(path: Path | str) -> FileTrouble:
    return FileTrouble(f"{path} is a link: what is written there would land somewhere else", _removing(path))


def _removing(path: Path | str) -> str:
    return f"remove it: rm {shlex.quote(str(path))}"


def schema() -> Mapping[str, Any]:
    """The JSON Schema of the written form, from the package, or in a checkout from `schemas/`."""
    value = json.loads(schema_text())
    assert isinstance(value, dict)  # noqa: S101 - we ship it
    return value


def schema_text() -> str:
    """The JSON Schema as it is written."""
    return _shipped("schemas", SCHEMA)


def codes_text() -> str:
    """The pages of the codes, as they are written."""
    return _shipped("docs", "codes.md")


def _shipped(folder: str, name: str) -> str:
    """A file that lies beside the code in a checkout, and in the package where it was installed."""
    packed = resources.files("storyboard") / folder / name
    if packed.is_file():
        return packed.read_text("utf-8")
    return (Path(__file__).parents[2] / folder / name).read_text("utf-8")


def look(layout: Layout, paths: Iterable[str], *, digests: bool) -> dict[str, FileFacts]:
    """What a glance tells of files: are they there, below the root, of which format; if asked, their digests."""
    return {path: _look(layout, path, digests) for path in dict.fromkeys(paths)}


def inside(layout: Layout, path: str) -> Path | None:
    """The real place of a path that an author wrote, or None if it lies outside the project's root."""
    if "\x00" in path:
        return None
    real = Path(os.path.realpath(layout.folder / path))
    root = Path(os.path.realpath(layout.root))
    return real if real.is_relative_to(root) else None


def _look(layout: Layout, path: str, digests: bool) -> FileFacts:
    real = inside(layout, path)
    if real is None:
        return FileFacts(path, "outside")
    try:
        descriptor = os.open(real, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return FileFacts(path, "missing")
    except OSError:
        return FileFacts(path, "unreadable")
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return FileFacts(path, "no file")
    with os.fdopen(descriptor, "rb") as file:
        name = format_of(file.read(16))
        file.seek(0)
        asked = digests and status.st_size <= LARGEST_INPUT
        digest = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" if asked else ""
    return FileFacts(path, None, status.st_size, name, digest)


def copy_out(source: Path, target: Path, digest: str) -> None:
    """A copy, of that digest, under a name that people use, in one stroke; untouched if it is there already."""
    temporary = temporary_name(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not target.is_symlink() and digest_of_file(target) == digest:
            return
        shutil.copyfile(source, temporary)
        temporary.replace(target)
    except OSError as error:
        with suppress(OSError):
            temporary.unlink()
        raise FileTrouble.of(error, target) from error


def digest_of_file(path: Path) -> str:
    """The digest of a file's bytes as they are now (`sha256:…`). Raises FileTrouble."""
    try:
        with path.open("rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError as error:
        raise FileTrouble.of(error, path, "read") from error
