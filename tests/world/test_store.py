"""Takes by digest: a name exists only when all of its bytes do."""

from __future__ import annotations

import errno
import hashlib
import io
import re
import stat
from pathlib import Path
from typing import Any

import pytest

from storyboard.errors import FileTrouble
from storyboard.world.files import digest_of_file
from storyboard.world.store import Part, Store

CONTENT = b"moving pictures"
DIGEST = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"


def kept(store: Store, content: bytes = CONTENT, ending: str = "mp4") -> Path:
    """Put something into the store."""
    part = store.part("dusk")
    part.write(content)
    return store.keep(part.path, part.close(), ending)


def test_a_name_exists_only_after_it_is_kept(tmp_path: Path) -> None:
    """Whatever is still being written is no take."""
    store = Store(tmp_path)
    part = store.part("dusk")
    part.write(CONTENT)
    digest = part.close()
    before = (store.find(digest), store.digests())
    store.keep(part.path, digest, "mp4")
    assert (before, store.digests()) == ((None, frozenset()), frozenset({digest}))


def test_the_digest_is_that_of_all_pieces(tmp_path: Path) -> None:
    """They may come in any number."""
    part = Store(tmp_path).part("dusk")
    for byte in CONTENT:
        part.write(bytes([byte]))
    assert (part.close(), part.size) == (DIGEST, len(CONTENT))


def test_a_file_lies_under_its_digest(tmp_path: Path) -> None:
    """Two digits make a folder."""
    digits = DIGEST.removeprefix("sha256:")
    assert kept(Store(tmp_path)) == tmp_path / "sha256" / digits[:2] / f"{digits}.mp4"


def test_a_reader_looks_into_further_folders(tmp_path: Path) -> None:
    """A file in several folders is found in the first of them; nothing is written into the others."""
    here, there = Store(tmp_path / "here"), Store(tmp_path / "there")
    other = kept(there, b"another video")
    kept(there)
    both = Store(here.folder, (there.folder,))
    assert both.digests() == there.digests()
    mine = kept(both)
    digest = f"sha256:{other.stem}"
    assert (both.find(DIGEST), both.find(digest), both.find("")) == (mine, other, None)
    assert (here.digests(), both.digests()) == (frozenset({DIGEST}), frozenset({DIGEST, digest}))


def test_a_kept_file_can_only_be_read(tmp_path: Path) -> None:
    """A take can't be changed by mistake."""
    assert stat.S_IMODE(kept(Store(tmp_path)).stat().st_mode) == 0o444


def test_a_part_is_for_its_owner_only(tmp_path: Path) -> None:
    """So is its folder."""
    part = Store(tmp_path).part("dusk")
    part.close()
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (part.path, part.path.parent)]
    assert modes == [0o600, 0o700]


def test_keeping_the_same_twice_changes_nothing(tmp_path: Path) -> None:
    """What is there already stays; the second part is gone."""
    store = Store(tmp_path)
    first = kept(store)
    before = first.stat().st_ino
    assert (kept(store), first.stat().st_ino, list((tmp_path / "part").iterdir())) == (first, before, [])


def test_a_discarded_part_leaves_nothing(tmp_path: Path) -> None:
    """Neither a name nor a file."""
    store = Store(tmp_path)
    part = store.part("dusk")
    part.write(CONTENT)
    part.discard()
    assert (list((tmp_path / "part").iterdir()), store.digests()) == ([], frozenset())


def test_a_part_begins_empty_after_a_broken_one(tmp_path: Path) -> None:
    """What a process left behind never becomes part of a take."""
    store = Store(tmp_path)
    broken = store.part("dusk")
    broken.write(b"half of it")
    broken.close()
    assert kept(store).read_bytes() == CONTENT


@pytest.mark.parametrize("ending", ["mp4", "png"])
def test_a_file_is_found_by_its_digest_alone(tmp_path: Path, ending: str) -> None:
    """Whatever its ending."""
    store = Store(tmp_path)
    assert store.find(DIGEST) is None
    assert kept(store, ending=ending) == store.find(DIGEST)


@pytest.mark.row(68)
def test_what_was_altered_is_put_aside_each_under_a_name_of_its_own(tmp_path: Path) -> None:
    """It may have been edited: no edited copy is lost to the next one."""
    store = Store(tmp_path)
    for content in (b"one", b"two", b"three"):
        path = kept(store)
        path.chmod(0o644)
        path.write_bytes(content)
        store.put_aside(path)
    aside = {path.read_bytes() for path in (tmp_path / "altered").iterdir()}
    assert (aside, store.find(DIGEST)) == ({b"one", b"two", b"three"}, None)


def test_a_file_is_altered_if_it_is_not_what_its_name_says(tmp_path: Path) -> None:
    """One bit is enough."""
    path = kept(Store(tmp_path))
    before = Store(tmp_path).is_altered(path)
    path.chmod(0o644)
    path.write_bytes(bytes([CONTENT[0] ^ 1]) + CONTENT[1:])
    assert (before, Store(tmp_path).is_altered(path)) == (False, True)


def test_no_digest_finds_nothing(tmp_path: Path) -> None:
    """Not even in a full store."""
    store = Store(tmp_path)
    kept(store)
    (tmp_path / "sha256" / ".DS_Store").write_text("what a desktop leaves lying about")
    assert store.find("") is None


def test_the_digests_of_a_store_that_is_not_there(tmp_path: Path) -> None:
    """Nothing, and no folder is made by asking."""
    assert (Store(tmp_path / "none").digests(), (tmp_path / "none").exists()) == (frozenset(), False)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """In a sentence with what to do, since the video may have been paid for."""
    (tmp_path / "part").write_text("a file where a folder has to be")
    with pytest.raises(FileTrouble, match="can't be made"):
        Store(tmp_path).part("dusk")


class Full(io.BytesIO):
    """A file on a disk that is full from some moment on."""

    def __init__(self, when: str) -> None:
        super().__init__()
        self._when = when

    def write(self, piece: Any, /) -> int:
        """Take it, or not."""
        if self._when == "write":
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(piece)

    def flush(self) -> None:
        """Put it on the disk, or not."""
        if self._when == "flush" and not self.closed:
            raise OSError(errno.ENOSPC, "No space left on device")

    def close(self) -> None:
        """Even that may fail."""
        if self._when == "close":
            raise OSError(errno.EIO, "Input/output error")
        super().close()


@pytest.mark.parametrize("when", ["write", "flush"])
def test_a_full_disk_is_told_with_the_part_s_name(tmp_path: Path, when: str) -> None:
    """And with what to do."""
    path = tmp_path / "dusk.part"
    part = Part(path, Full(when))
    if when == "flush":
        part.write(CONTENT)
    with pytest.raises(FileTrouble) as caught:
        part.close() if when == "flush" else part.write(CONTENT)
    assert (caught.value.what, caught.value.hint) == (
        f"{path} can't be written: no space left on device",
        "free space or mend the rights, then run again",
    )


def test_what_was_not_taken_is_not_counted(tmp_path: Path) -> None:
    """Size and digest are those of the file's bytes."""
    part = Part(tmp_path / "dusk.part", Full("write"))
    with pytest.raises(FileTrouble):
        part.write(CONTENT)
    assert part.size == 0


def test_a_part_is_forgotten_even_if_it_cannot_be_closed(tmp_path: Path) -> None:
    """Its file is gone without an error: the failure was reported already."""
    path = tmp_path / "dusk.part"
    path.write_bytes(b"half of it")
    Part(path, Full("close")).discard()
    assert not path.exists()


def test_a_part_whose_file_is_gone_is_forgotten(tmp_path: Path) -> None:
    """The file was deleted."""
    part = Store(tmp_path).part("dusk")
    part.path.unlink()
    part.discard()
    assert list((tmp_path / "part").iterdir()) == []


def test_a_part_is_named_after_whom_it_is_for(tmp_path: Path) -> None:
    """With a name that no other process, thread or container can choose as well."""
    part = Store(tmp_path).part("dusk")
    part.close()
    assert re.fullmatch(r"\.dusk\.[0-9a-f]{12}\.part", part.path.name)


def test_two_parts_for_the_same_are_two_files(tmp_path: Path) -> None:
    """Both are being written: their bytes don't mix, and neither takes the other's file away."""
    store = Store(tmp_path)
    one, other = store.part("dusk"), store.part("dusk")
    for part, content in ((one, b"one"), (other, b"other")):
        part.write(content)
        part.close()
    one.discard()
    assert (one.path.exists(), other.path.read_bytes()) == (False, b"other")


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    """By the next run, which holds the lock, so that no process is writing; other files stay."""
    store = Store(tmp_path)
    store.part("dusk").close()
    (tmp_path / "part" / "notes.part").write_text("mine")
    store.remove_parts()
    assert [path.name for path in (tmp_path / "part").iterdir()] == ["notes.part"]


def test_a_part_that_cannot_be_made_is_reported(tmp_path: Path) -> None:
    """A file is where its folder has to be."""
    (tmp_path / "part").write_bytes(b"")
    with pytest.raises(FileTrouble) as caught:
        Store(tmp_path).part("dusk")
    assert caught.value.what.startswith(f"{tmp_path / 'part'} can't be made: ")


def test_a_file_that_cannot_get_its_name_is_told(tmp_path: Path) -> None:
    """A file is where its folder has to be."""
    store = Store(tmp_path)
    (tmp_path / "sha256").write_text("no folder")
    with pytest.raises(FileTrouble) as caught:
        kept(store)
    assert caught.value.what == f"{store.place(DIGEST, 'mp4')} can't be written: not a directory"


def test_all_that_is_here_in_its_order(tmp_path: Path) -> None:
    """By the digests in the names, each with its place."""
    store = Store(tmp_path)
    places = sorted([kept(store), kept(store, b"others"), kept(store, b"a frame", "png")])
    assert store.files() == tuple((f"sha256:{place.stem}", place) for place in places)


def test_an_ending_of_two_parts_is_no_part_of_a_digest(tmp_path: Path) -> None:
    """The digest ends at the first dot."""
    store = Store(tmp_path)
    place = kept(store, ending="tar.gz")
    assert (store.digests(), store.files()) == (frozenset({DIGEST}), ((DIGEST, place),))


def test_what_was_altered_is_put_aside(tmp_path: Path) -> None:
    """Its bytes stay, in a folder for their owner, under a name that is not a take's."""
    store = Store(tmp_path)
    place = kept(store)
    aside = store.put_aside(place)
    mode = stat.S_IMODE(aside.parent.stat().st_mode)
    assert (aside, aside.read_bytes(), mode, store.find(DIGEST)) == (
        tmp_path / "altered" / place.name,
        CONTENT,
        0o700,
        None,
    )


def test_what_cannot_be_put_aside_is_told(tmp_path: Path) -> None:
    """With what was to be done to which file."""
    store = Store(tmp_path)
    gone = store.place(DIGEST, "mp4")
    with pytest.raises(FileTrouble) as caught:
        store.put_aside(gone)
    assert caught.value.what == f"{gone} can't be put aside: no such file or directory"


def test_the_digest_of_a_file_is_of_its_bytes_now(tmp_path: Path) -> None:
    """For any name."""
    path = tmp_path / "a.mp4"
    path.write_bytes(CONTENT)
    assert digest_of_file(path) == DIGEST


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """What cannot be read has no digest."""
    with pytest.raises(FileTrouble) as caught:
        digest_of_file(tmp_path / "a.mp4")
    assert caught.value.what == f"{tmp_path / 'a.mp4'} can't be read: no such file or directory"


def test_what_is_put_aside_takes_nobodys_place(tmp_path: Path) -> None:
    """A second one, and a third, of the same name are counted."""
    store = Store(tmp_path)
    names = [store.put_aside(kept(store)).name for _ in range(3)]
    digits = DIGEST.removeprefix("sha256:")
    assert names == [f"{digits}.mp4", f"{digits}-2.mp4", f"{digits}-3.mp4"]


def test_a_digest_ends_at_the_first_dot_of_a_name(tmp_path: Path) -> None:
    """Whatever comes after it."""
    store = Store(tmp_path)
    assert not store.is_altered(kept(store, ending="tar.gz"))


def test_a_part_whose_name_leads_elsewhere_is_not_made(tmp_path: Path) -> None:
    """There is no such folder; the message names the place."""
    with pytest.raises(FileTrouble) as caught:
        Store(tmp_path).part("no/such")
    assert caught.value.what.startswith(f"{tmp_path}/part/no/.such.")
