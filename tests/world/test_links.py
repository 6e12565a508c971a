"""A project that came from a stranger: nothing that is written below its hidden folder lands somewhere else."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from storyboard.errors import FileTrouble
from storyboard.protocols import Address
from storyboard.world.addresses import Addresses, TaskAddresses
from storyboard.world.files import check_no_links
from storyboard.world.run_lock import sole_runner

HEX = "0123456789abcdef"
FILES = ("lock", "state.db", "state.db-wal", "state.db-shm", "witness", "addresses.jsonl", "callbacks.key", "film.json")
BELOW = (f"store/sha256/ab/ab{HEX}.mp4", "service/ledger.jsonl", "service/ledger.media/removed.jsonl")
FOLDERS = ("", "store", "store/part", "store/sha256", "store/sha256/ab", "store/altered", "service/ledger.media")


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    """Where a hidden folder is to be."""
    return tmp_path / "film" / ".storyboard" / "storyboard" / "real"


@pytest.mark.parametrize("name", [*FILES, *BELOW])
def test_a_file_that_is_a_link_is_refused(hidden: Path, tmp_path: Path, name: str) -> None:
    """Before anything is opened, and with the words that mend it; what it leads to stays as it was."""
    theirs = tmp_path / "theirs"
    theirs.write_text("precious")
    (hidden / name).parent.mkdir(parents=True)
    (hidden / name).symlink_to(theirs)
    with pytest.raises(FileTrouble) as caught, sole_runner(hidden):
        pass
    assert (caught.value.what, caught.value.hint) == (
        f"{hidden / name} is a link: what is written there would land somewhere else",
        f"remove it: rm {hidden / name}",
    )
    assert (theirs.read_text(), (hidden / "lock").exists() and name != "lock") == ("precious", False)


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_that_is_a_link_is_refused(hidden: Path, tmp_path: Path, name: str) -> None:
    """Nothing is written into its target, whose permissions are not changed."""
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o755)
    (hidden / name).parent.mkdir(parents=True)
    (hidden / name).symlink_to(theirs)
    with pytest.raises(FileTrouble, match="is a link"), sole_runner(hidden):
        pass
    assert (list(theirs.iterdir()), theirs.stat().st_mode & 0o777) == ([], 0o755)


def test_a_link_that_leads_nowhere_yet_is_refused(hidden: Path, tmp_path: Path) -> None:
    """Opening it would create its target."""
    hidden.mkdir(parents=True)
    (hidden / "lock").symlink_to(tmp_path / "new")
    with pytest.raises(FileTrouble, match="is a link"), sole_runner(hidden):
        pass
    assert not (tmp_path / "new").exists()


def test_what_is_neither_file_nor_folder_is_refused(hidden: Path) -> None:
    """A reader of a pipe without a writer waits for ever."""
    hidden.mkdir(parents=True)
    os.mkfifo(hidden / "addresses.jsonl")
    with pytest.raises(FileTrouble, match="is neither a file nor a folder"), sole_runner(hidden):
        pass


def test_a_name_with_a_blank_is_one_word_of_the_hint(tmp_path: Path) -> None:
    """It can be copied into a shell."""
    hidden = tmp_path / "my film"
    hidden.mkdir()
    (hidden / "lock").symlink_to("elsewhere")
    with pytest.raises(FileTrouble) as caught:
        check_no_links(hidden)
    assert caught.value.hint == f"remove it: rm '{hidden / 'lock'}'"


def test_a_folder_that_cannot_be_looked_into_is_told(tmp_path: Path) -> None:
    """A file is in its place."""
    (tmp_path / "hidden").write_text("")
    with pytest.raises(FileTrouble, match="can't be read: not a directory"):
        check_no_links(tmp_path / "hidden")


def test_signed_addresses_are_not_written_through_a_link(tmp_path: Path) -> None:
    """Also where one comes to lie while a run is on: who has such an address has the video."""
    theirs = tmp_path / "theirs"
    theirs.write_text("precious\n")
    addresses = Addresses(tmp_path / "addresses.jsonl")
    (tmp_path / "addresses.jsonl").symlink_to(theirs)
    with pytest.raises(FileTrouble):
        addresses.put("cgt-1", TaskAddresses(Address("https://cdn.example/v?sign=ed"), None, 9e9))
    assert theirs.read_text() == "precious\n"
