"""The kinds of files, paths and addresses."""

from __future__ import annotations

import pytest

from storyboard.language.facts import FileFacts, format_of, kind_by_name
from storyboard.language.inputs import LocalFile, RemoteFile, origin_of
from storyboard.language.rules.inputs import files_meant
from tests.builders import graph_of


@pytest.mark.parametrize(
    ("head", "format"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "png"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"BM\x00\x00", "bmp"),
        (b"II*\x00", "tiff"),
        (b"MM\x00*", "tiff"),
        (b"GIF89a", "gif"),
        (b"\x00\x00\x00 ftypisom\x00\x00\x02\x00", "mp4"),
        (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00", "mov"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "wav"),
        (b"ID3\x04\x00", "mp3"),
        (b"\xff\xfb\x90\x00", "mp3"),
        (b"\x00\x00\x00\x18ftypheic", "heic"),
        (b"\xff\xf1\x50\x80", ""),
        (b"RIFF\x00\x00\x00\x00AVI LIST", ""),
        (b"Boats at anchor.", ""),
        (b"", ""),
    ],
)
def test_a_file_is_known_by_its_beginning(head: bytes, format: str) -> None:
    """The formats that the service takes are known by their first bytes; all others are none."""
    assert format_of(head) == format


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("quay.png", "image"),
        ("QUAY.JPG", "image"),
        ("a.b/clip.mov", "video"),
        ("https://films.example/waves.mp3?sign=a.png#t", "audio"),
        ("data:image/png;base64,AAAA", "image"),
        ("data:audio/wav;base64,AAAA", "audio"),
        ("data:video/mp4;base64,AAAA", None),
        ("asset://abc", None),
        ("https://films.example/quay", None),
        ("notes.txt", None),
    ],
)
def test_a_name_tells_a_kind_by_its_ending(where: str, kind: str | None) -> None:
    """A path or address is a picture, a video or a sound by its ending; a video is never sent as data."""
    assert kind_by_name(where) == kind


def test_a_files_kind_is_that_of_its_content() -> None:
    """A file's content decides its kind, not its name."""
    assert FileFacts("clip.mp4", format="png").kind == "image"


@pytest.mark.parametrize(
    ("where", "origin"),
    [
        ("quay.png", LocalFile("quay.png")),
        ("../stills/quay.png", LocalFile("../stills/quay.png")),
        ("HTTPS://films.example/q.png", RemoteFile("HTTPS://films.example/q.png")),
        ("asset://abc", RemoteFile("asset://abc")),
        ("http-notes/q.png", LocalFile("http-notes/q.png")),
    ],
)
def test_paths_and_addresses_are_told_apart(where: str, origin: object) -> None:
    """What begins like an address is one; all else is a path."""
    assert origin_of(where) == origin


def test_every_local_file_is_looked_at_once() -> None:
    """Files of assets, of the cast and of scenes are looked at, whatever name a scene gives them; addresses aren't."""
    graph = graph_of(
        "storyboard: 1\n"
        'assets: {quay: {image: quay.png}, far: {image: "https://films.example/far.png"}}\n'
        "cast: {keeper: {name: the keeper, images: [front.png]}}\n"
        "scenes: {a: {references: [quay, far, keeper, side.png, {asset: waves.mp3, as: sea}]}}\n"
    )
    assert [row[:2] for row in files_meant(graph.storyboard)] == [
        ("quay.png", "image"),
        ("front.png", "image"),
        ("side.png", "image"),
        ("waves.mp3", "audio"),
    ]
