"""Facts about the files that a storyboard names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from storyboard.language.scene import Kind

Trouble = Literal["missing", "outside", "no file", "unreadable", "torn", "silent", "unfetched"]
"""`torn`: the beginning has the expected format, but the file can't be decoded to its end, or only with too much
memory.

For an address: `silent` if no server answered in time; `unfetched` if it can't be fetched as it is.
"""


@dataclass(frozen=True, slots=True)
class FileFacts:
    """A file below the project's root or at an address, as far as it was inspected.

    `digest` (`sha256:…`) and the measurements (pixels, seconds) are set only if they were requested. `why` is the
    reason why an address couldn't be fetched.
    """

    path: str
    trouble: Trouble | None = None
    size: int = 0
    format: str = ""
    digest: str = ""
    width: int = 0
    height: int = 0
    seconds: float = 0.0
    fps: float = 0.0
    animated: bool = False
    why: str = ""

    @property
    def kind(self) -> Kind | None:
        """The kind of the content: picture, video or sound; None for other content."""
        return KIND_OF_FORMAT.get(self.format)


Facts = Mapping[str, FileFacts]

KIND_OF_FORMAT: dict[str, Kind] = {
    **dict.fromkeys(("jpeg", "png", "webp", "bmp", "tiff", "gif"), "image"),
    "heic": "image",
    **dict.fromkeys(("mp4", "mov"), "video"),
    **dict.fromkeys(("wav", "mp3"), "audio"),
}
KIND_OF_SUFFIX: dict[str, Kind] = {**KIND_OF_FORMAT, "jpg": "image", "tif": "image"}


def kind_by_name(where: str) -> Kind | None:
    """Return the kind of a path or address by its ending; None if the ending is unknown."""
    bare = where.partition("?")[0].partition("#")[0]
    if where.startswith("data:"):
        sort = where[5:].partition("/")[0]
        return sort if sort in ("image", "audio") else None  # type: ignore[return-value]  # narrowed by the tuple
    return KIND_OF_SUFFIX.get(bare.rpartition(".")[2].lower())


def format_of(head: bytes) -> str:
    """Return the format of a file by its first 16 bytes; empty if the API doesn't accept it (seed, *Input
    Constraints*)."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if head[:4] == b"RIFF":
        return {b"WEBP": "webp", b"WAVE": "wav"}.get(head[8:12], "")
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "mov" if brand == b"qt  " else _STILL_BRANDS.get(brand, "mp4")
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE6 == 0xE2:  # a frame of MPEG layer III
        return "mp3"
    return ""


_MAGIC = (
    (b"\xff\xd8\xff", "jpeg"),
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"BM", "bmp"),
    (b"II*\x00", "tiff"),
    (b"MM\x00*", "tiff"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"ID3", "mp3"),
)
_STILL_BRANDS: dict[bytes, str] = {
    **dict.fromkeys((b"heic", b"heix", b"hevc", b"mif1", b"msf1"), "heic"),
    **dict.fromkeys((b"avif", b"avis"), "avif"),
}
