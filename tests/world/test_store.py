"""Takes by digest: a name exists only when all of its bytes do."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from storyboard.errors import FileTrouble
from storyboard.world.store import Store

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


def test_a_kept_file_can_only_be_read(tmp_path: Path) -> None:
    """Nobody changes a take by mistake."""
    assert stat.S_IMODE(kept(Store(tmp_path)).stat().st_mode) == 0o444


def test_a_part_is_for_its_owner_only(tmp_path: Path) -> None:
    """So is the folder that it lies in."""
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
    """Somebody may have worked on it: no copy of his is lost to the next one."""
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
    assert store.find("") is None


def test_the_digests_of_a_store_that_is_not_there(tmp_path: Path) -> None:
    """Nothing, and no folder is made by asking."""
    assert (Store(tmp_path / "none").digests(), (tmp_path / "none").exists()) == (frozenset(), False)


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """In a sentence with what to do, since the video may have been paid for."""
    (tmp_path / "part").write_text("a file where a folder has to be")
    with pytest.raises(FileTrouble, match="can't be made"):
        Store(tmp_path).part("dusk")
