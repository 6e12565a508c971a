"""Files: atomic writes, inspection of inputs, and paths within the project."""

from __future__ import annotations

import hashlib
import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.errors import FileTrouble, UsageError
from storyboard.language.facts import FileFacts
from storyboard.protocols import Realm
from storyboard.world import durable, files, shipped
from storyboard.world.durable import remove_temporary_files, temporary_name, write_atomically
from storyboard.world.input_files import inside, inspect_files
from storyboard.world.layout import Layout, file_name, layout_of
from tests.media import picture


@contextmanager
def a_full_disk(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    """A project in a git checkout, with a folder beside it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "root" / ".git").mkdir(parents=True)
    folder = tmp_path / "root" / "film"
    folder.mkdir()
    (folder / "storyboard.yaml").touch()
    return Layout(folder / "storyboard.yaml", "real")


def glance(layout: Layout, path: str, *, digests: bool = False) -> FileFacts:
    """What is seen of one file."""
    return inspect_files(layout, [path], digests=digests)[path]


def test_a_file_is_written_with_its_folders(tmp_path: Path) -> None:
    """And nothing else is left beside it."""
    path = tmp_path / "a" / "b" / "file"
    write_atomically(path, b"new", 0o600)
    found = (path.read_bytes(), path.stat().st_mode & 0o777, [name.name for name in path.parent.iterdir()])
    assert found == (b"new", 0o600, ["file"])


def test_a_write_that_fails_leaves_the_old_content(tmp_path: Path) -> None:
    """The disk was full half-way."""
    path = tmp_path / "file"
    write_atomically(path, b"old")
    with a_full_disk(1000), pytest.raises(FileTrouble, match="can't be written"):
        write_atomically(path, b"new" * 1000)
    assert path.read_bytes() == b"old"


def test_a_write_to_where_a_folder_is_fails(tmp_path: Path) -> None:
    """The folder stays."""
    (tmp_path / "file").mkdir()
    with pytest.raises(FileTrouble):
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").is_dir()


@pytest.mark.parametrize("path", ["a.png", "sub/../a.png", "./a.png", "../other/a.png"])
def test_paths_below_the_root_are_inside(layout: Layout, path: str) -> None:
    """The git root is the root: a film may use files of a folder beside its own."""
    assert inside(layout, path) == Path(os.path.normpath(layout.folder / path))


@pytest.mark.parametrize("path", ["../../outside/a.png", "/etc/passwd", "../..", "a.png\x00"])
def test_paths_out_of_the_root_are_refused(layout: Layout, path: str) -> None:
    """By dots, from the disk's root, or with a sign that no path holds."""
    assert inside(layout, path) is None


@pytest.mark.parametrize("path", ["link", "link/a.png", "sub/link2"])
def test_links_that_lead_out_are_refused(layout: Layout, path: str) -> None:
    """Anywhere in a path."""
    (layout.folder / "link").symlink_to(layout.folder.parent.parent / "outside")
    (layout.folder / "sub").mkdir()
    (layout.folder / "sub" / "link2").symlink_to("../link/a.png")
    assert inside(layout, path) is None


def test_links_that_stay_inside_are_followed(layout: Layout) -> None:
    """To the real place."""
    (layout.folder / "a.png").touch()
    (layout.folder / "link").symlink_to("a.png")
    assert inside(layout, "link") == layout.folder / "a.png"


def test_without_a_checkout_the_project_s_folder_is_the_root(tmp_path: Path) -> None:
    """Then nothing beside it may be used."""
    layout = Layout(tmp_path / "film" / "storyboard.yaml", "real")
    (tmp_path / "film").mkdir()
    assert (inside(layout, "a.png"), inside(layout, "../a.png")) == (tmp_path / "film" / "a.png", None)


def test_a_look_at_what_is_missing(layout: Layout) -> None:
    """It is missing."""
    assert glance(layout, "none.png") == FileFacts("none.png", "missing")


def test_a_look_at_what_lies_outside(layout: Layout) -> None:
    """It isn't even opened."""
    assert glance(layout, "/etc/passwd") == FileFacts("/etc/passwd", "outside")


def test_a_look_at_a_folder(layout: Layout) -> None:
    """It is no file."""
    (layout.folder / "folder.png").mkdir()
    assert glance(layout, "folder.png") == FileFacts("folder.png", "no file")


def test_a_look_at_a_pipe_does_not_wait(layout: Layout) -> None:
    """A pipe has no writer, and is not a file."""
    os.mkfifo(layout.folder / "pipe.png")
    assert glance(layout, "pipe.png") == FileFacts("pipe.png", "no file")


def test_a_look_at_a_circle_of_links(layout: Layout) -> None:
    """It can't be read."""
    (layout.folder / "a.png").symlink_to("b.png")
    (layout.folder / "b.png").symlink_to("a.png")
    assert glance(layout, "a.png") == FileFacts("a.png", "unreadable")


@pytest.mark.parametrize(("sort", "name"), [("PNG", "png"), ("JPEG", "jpeg"), ("WEBP", "webp"), ("GIF", "gif")])
def test_a_look_tells_the_format_by_content(layout: Layout, sort: str, name: str) -> None:
    """For any ending."""
    path = layout.folder / "picture.mp4"
    picture().save(path, sort)
    assert glance(layout, "picture.mp4") == FileFacts("picture.mp4", None, path.stat().st_size, name)


def test_a_look_tells_digests_on_request(layout: Layout) -> None:
    """Of all bytes."""
    (layout.folder / "notes.txt").write_bytes(b"notes")
    digest = f"sha256:{hashlib.sha256(b'notes').hexdigest()}"
    assert glance(layout, "notes.txt", digests=True) == FileFacts("notes.txt", None, 5, "", digest)


def test_bytes_that_are_no_text_can_still_be_read(tmp_path: Path) -> None:
    """The parser refuses them at their place."""
    (tmp_path / "file").write_bytes(b"a\xffb")
    assert files.read_text(tmp_path / "file") == "a\udcffb"


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    """With its name and the reason."""
    with pytest.raises(FileTrouble, match="no such file or directory"):
        files.read_text(tmp_path / "none")


def test_there_is_no_layout_without_a_storyboard(tmp_path: Path) -> None:
    """A folder is none either."""
    with pytest.raises(UsageError):
        layout_of(str(tmp_path), "real")


def test_the_realms_lie_apart(tmp_path: Path) -> None:
    """Nothing emulated is ever taken for something that was paid."""
    real, emulated = (Layout(tmp_path / "storyboard.yaml", realm) for realm in ("real", "emulated"))
    same = [name for name in ("hidden", "lock") if getattr(real, name) == getattr(emulated, name)]
    assert (same, real.renders("x") == emulated.renders("x"), real.lock.name) == ([], False, "storyboard.lock")


@pytest.mark.parametrize("realm", ["real", "emulated"])
def test_the_storyboards_of_a_folder_share_its_state(tmp_path: Path, realm: Realm) -> None:
    """State and store belong to the folder; each storyboard has its own lockfile, videos and film record, for each
    combination of profiles."""
    one, other = (Layout(tmp_path / f"{stem}.yaml", realm) for stem in ("dusk", "dawn"))
    assert (one.hidden, one.service) == (other.hidden, other.service)
    assert one.lock != other.lock
    places = [
        place(profile)
        for layout in (one, other)
        for place in (layout.renders, layout.film_record)
        for profile in ("", "tall", "tall,draft")
    ]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("stems", [("emulated", "emulated_"), ("con", "con_"), ("x" * 200, "x" * 201)])
@pytest.mark.parametrize("profile", ["", "tall"])
def test_no_two_storyboards_have_one_folder_of_videos(tmp_path: Path, stems: tuple[str, str], profile: str) -> None:
    """Whatever their names are; and none of the real ones has the folder in which those of the other realm lie."""
    realms: tuple[Realm, Realm] = ("real", "emulated")
    places = [Layout(tmp_path / f"{stem}.yaml", realm).renders(profile) for stem in stems for realm in realms]
    assert len({*places, tmp_path / "renders" / "emulated"}) == len(places) + 1


def test_the_storyboards_of_a_folder_are_known_by_their_files(tmp_path: Path) -> None:
    """Those that end as storyboards do, and the one that is asked about, whatever its ending; no folder is one."""
    for name in ("dusk.yaml", "dawn.yml", "notes.txt", "noon.story", "night.story"):
        (tmp_path / name).touch()
    (tmp_path / "folder.yaml").mkdir()
    assert Layout(tmp_path / "dusk.yaml", "real").boards() == {"dusk": "dusk.yaml", "dawn": "dawn.yml"}
    assert Layout(tmp_path / "noon.story", "real").boards() == {
        "dusk": "dusk.yaml",
        "dawn": "dawn.yml",
        "noon": "noon.story",
        "night": "night.story",
    }


@pytest.mark.parametrize("realm", ["real", "emulated"])
def test_the_locks_of_a_folder_are_known_by_their_names(tmp_path: Path, realm: Realm) -> None:
    """All that are in this realm's folder, also of a deleted storyboard; links and folders are excluded, and so is
    the lock of a run."""
    layout = Layout(tmp_path / "dusk.yaml", realm)
    assert layout.lock_stems() == ()
    layout.locks.mkdir(parents=True, exist_ok=True)
    for name in ("lock", ".lock", "notes.txt"):
        (layout.locks / name).touch()
    for stem in ("dusk", "a.b"):
        layout.lock_of(stem).touch()
    (layout.locks / "folder.lock").mkdir()
    (layout.locks / "link.lock").symlink_to("dusk.lock")
    assert layout.lock_stems() == ("a.b", "dusk")


@pytest.mark.row(74)
@pytest.mark.parametrize("word", ["con", "CON", "nul", "Com1", "lpt9", "aux_", "prn__"])
def test_a_name_of_windows_is_written_otherwise(word: str) -> None:
    """There it means a device, whatever its ending; and no two words have one name."""
    assert file_name(word) == word + "_"


@pytest.mark.row(74)
@pytest.mark.parametrize("word", ["\U00020000" * 64, "灯" * 64, "é" * 64, "x" * 300])
def test_a_name_is_short_enough_for_every_file_system(word: str) -> None:
    """With what we put before and behind it; and two that only differ at their ends are two."""
    name, other = file_name(word), file_name(word[:-1] + "y")
    assert (len(f".{name}-last.png.12345678.part".encode()) <= 255, name != other) == (True, True)


def test_two_that_write_one_file_at_once_both_succeed(tmp_path: Path) -> None:
    """Each has its own temporary name: neither renames the other's file away."""
    path = tmp_path / "same"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: write_atomically(path, b"%d" % number), range(200)))
    assert [one.name for one in tmp_path.iterdir()] == ["same"]


def test_only_temporary_files_of_the_named_are_removed(tmp_path: Path) -> None:
    """In a folder of the user's, nothing but what we may have left there ourselves."""
    ours = temporary_name(tmp_path / "storyboard.lock")
    kept = [temporary_name(tmp_path / "other.lock"), tmp_path / "storyboard.lock", tmp_path / ".storyboard.lock.part"]
    for path in (ours, *kept):
        path.write_bytes(b"")
    remove_temporary_files(tmp_path, "storyboard.lock")
    assert sorted(tmp_path.iterdir()) == sorted(kept)


@pytest.mark.row(74)
@given(st.lists(st.text(st.characters(categories=["L", "M", "N"]), min_size=1, max_size=64), max_size=5, unique=True))
def test_no_two_words_have_one_name(words: list[str]) -> None:
    """Whatever they are."""
    assert len({file_name(word) for word in words}) == len(words)


@pytest.mark.row(74)
def test_a_file_with_the_longest_name_is_written_in_one_stroke(tmp_path: Path) -> None:
    """Also where a lock's name is as long as names may be."""
    path = tmp_path / ("s" * 250 + ".lock")
    write_atomically(path, b"lock")
    assert [found.name for found in tmp_path.iterdir()] == [path.name]


TAKE = f"sha256:{hashlib.sha256(b'take').hexdigest()}"


def test_a_copy_for_people_can_be_changed_without_harm(tmp_path: Path) -> None:
    """It is a separate file."""
    (tmp_path / "take").write_bytes(b"take")
    durable.copy_out(tmp_path / "take", tmp_path / "renders" / "dusk.mp4", TAKE)
    (tmp_path / "renders" / "dusk.mp4").write_bytes(b"changed")
    assert (tmp_path / "take").read_bytes() == b"take"


def test_a_copy_that_is_there_already_is_not_touched(tmp_path: Path) -> None:
    """A player that has it open goes on."""
    (tmp_path / "take").write_bytes(b"take")
    durable.copy_out(tmp_path / "take", tmp_path / "dusk.mp4", TAKE)
    before = (tmp_path / "dusk.mp4").stat().st_ino
    durable.copy_out(tmp_path / "take", tmp_path / "dusk.mp4", TAKE)
    assert (tmp_path / "dusk.mp4").stat().st_ino == before


def test_a_copy_replaces_what_differs(tmp_path: Path) -> None:
    """Also where the size is the same, and where there was a link."""
    (tmp_path / "take").write_bytes(b"take")
    (tmp_path / "old").write_bytes(b"late")
    (tmp_path / "link").symlink_to("take")
    for name in ("old", "link"):
        durable.copy_out(tmp_path / "take", tmp_path / name, TAKE)
    found = [((tmp_path / name).read_bytes(), (tmp_path / name).is_symlink()) for name in ("old", "link")]
    assert found == [(b"take", False), (b"take", False)]


def test_the_schema_is_found() -> None:
    """In a checkout or in the package."""
    assert shipped.schema()["title"]
