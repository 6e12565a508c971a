"""Takes and frames by digest: a name exists only when all of its bytes do, and are on the disk."""

from __future__ import annotations

import hashlib
import itertools
import os
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from storyboard.errors import FileTrouble
from storyboard.world.durable import make_folder, private_folder, remove_temporary_files, sync_folder, temporary_name
from storyboard.world.files import digest_of_file


class Part:
    """A file that is still being written, under a temporary name."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, piece: bytes) -> None:
        """Write the next bytes. Raise FileTrouble if the disk fails."""
        try:
            self._file.write(piece)
        except OSError as error:
            raise FileTrouble.of(error, self.path) from error
        self._hash.update(piece)
        self.size += len(piece)

    def close(self) -> str:
        """Put the bytes on the disk for good; their digest."""
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise FileTrouble.of(error, self.path) from error
        return f"sha256:{self._hash.hexdigest()}"

    def discard(self) -> None:
        """Forget it."""
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink()


class Store:
    """Files of one realm under `sha256/ab/HEX.ending`. Readers may look into further folders (`also`)."""

    def __init__(self, folder: Path, also: tuple[Path, ...] = ()) -> None:
        self.folder = folder
        self._folders = (folder, *also)

    def part(self, name: str) -> Part:
        """Return a new file to write to, named after its purpose; two may be written for the same purpose at once."""
        path = temporary_name(private_folder(self.folder / "part") / name)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise FileTrouble.of(error, path) from error
        return Part(path, os.fdopen(descriptor, "wb", buffering=1024 * 1024))

    def remove_parts(self) -> None:
        """Remove what killed runs left half-written. The caller has to hold the run's lock."""
        remove_temporary_files(self.folder / "part")

    def keep(self, part: Path, digest: str, ending: str) -> Path:
        """Give a closed and checked file its name. What is there already stays as it is."""
        place = self.place(digest, ending)
        try:
            make_folder(place.parent)
            if place.exists():
                part.unlink()
            else:
                part.chmod(0o444)
                part.rename(place)
            sync_folder(place.parent)  # also for an existing name: its writer may have been killed before this
        except OSError as error:
            raise FileTrouble.of(error, place) from error
        return place

    def place(self, digest: str, ending: str) -> Path:
        """Return the path of the file of that digest, whether it exists or not."""
        digits = digest.removeprefix("sha256:")
        return self.folder / "sha256" / digits[:2] / f"{digits}.{ending}"

    def find(self, digest: str) -> Path | None:
        """The file of that digest, if it is here."""
        digits = digest.removeprefix("sha256:")
        if not digits:
            return None
        places = (folder / "sha256" / digits[:2] for folder in self._folders)
        return next((path for place in places for path in place.glob(f"{digits}.*")), None)

    def digests(self) -> frozenset[str]:
        """Everything that is here."""
        return frozenset(digest for digest, _ in self.files())

    def files(self) -> tuple[tuple[str, Path], ...]:
        """Return all files: the digest in the name of each, and its path."""
        found = sorted(path for folder in self._folders for path in (folder / "sha256").glob("??/*.*"))
        return tuple((f"sha256:{path.name.partition('.')[0]}", path) for path in found)

    def is_altered(self, path: Path) -> bool:
        """Return whether a file's digest differs from its name. Raise FileTrouble."""
        return digest_of_file(path) != f"sha256:{path.name.partition('.')[0]}"

    def put_aside(self, path: Path) -> Path:
        """Quarantine a file that fails its digest check; its bytes stay, for its owner."""
        folder = private_folder(self.folder / "altered")
        names = (f"{path.stem}-{number}{path.suffix}" for number in itertools.count(2))
        aside = folder / path.name
        while aside.exists():
            aside = folder / next(names)
        try:
            path.rename(aside)
            sync_folder(path.parent)
        except OSError as error:
            raise FileTrouble.of(error, path, "put aside") from error
        return aside
