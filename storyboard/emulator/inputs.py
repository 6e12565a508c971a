"""What a create brings with it: media are fetched from this machine, kept by digest, and measured."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from storyboard.emulator.ledger import Ledger
from storyboard.emulator.validation import Handed, Refusal, refusal_of_media
from storyboard.errors import MediaTrouble, Unreachable
from storyboard.hosts import is_loopback
from storyboard.language.facts import format_of
from storyboard.net.client import Net
from storyboard.protocols import Address
from storyboard.world.media import probe

LARGEST_INPUT = 50 * 1024 * 1024
Media = Sequence[tuple[int, Mapping[str, Any]]]
"""Items of a content besides text, with their positions."""


@dataclass(frozen=True, slots=True)
class Found:
    """Digests by position; the pixels of the first that could be measured; the seconds of video, None without one."""

    inputs: Mapping[str, str]
    shape: tuple[int, int] | None
    handed: float | None


async def take_in(media: Media, ledger: Ledger, net: Net) -> Found | Refusal:
    """Fetch, keep and measure; a refusal if something of this machine can't be had."""
    inputs: dict[str, str] = {}
    for index, item in media:
        try:
            content = await _fetch(item[item["type"]]["url"], net)
        except Unreachable as error:
            param = f"content[{index}].{item['type']}.url"
            return Refusal(400, "InvalidParameter", f"The parameter `{param}` is not valid: {error.what}", param)
        if content is not None:
            inputs[str(index)] = await asyncio.to_thread(ledger.keep, content)
    measured = await asyncio.to_thread(_measures, media, inputs, ledger)
    return refusal_of_media(measured) or _find(inputs, measured)


async def _fetch(url: str, net: Net) -> bytes | None:
    """Media from this machine or out of the request itself; None for what a placeholder stands for."""
    if url.startswith("data:"):
        head, _, data = url.partition(",")
        try:
            return b64decode(data, validate=True) if head.endswith(";base64") else data.encode()
        except ValueError:
            raise Unreachable("the base64 can't be decoded") from None
    if not is_loopback(url):
        return None
    sink = _Buffer()
    got = await net.stream(Address(url), sink, largest=LARGEST_INPUT)
    if got.status != 200:
        raise Unreachable(f"the address answered {got.status}")
    return bytes(sink.content)


def _find(inputs: Mapping[str, str], measured: Sequence[Handed]) -> Found:
    shape = next(((file.width, file.height) for file in measured if file.width), None)
    videos = [file.seconds for file in measured if file.sort == "video_url"]
    return Found(inputs, shape, sum(videos) if videos else None)


def _measures(media: Media, inputs: Mapping[str, str], ledger: Ledger) -> list[Handed]:
    return [replace(_measure(item["type"], inputs.get(str(index), ""), ledger), at=index) for index, item in media]


def _measure(sort: str, digest: str, ledger: Ledger) -> Handed:
    """What can be measured; nothing of what isn't here, or is not what it is taken for."""
    if not digest:
        return Handed(sort)
    path = ledger.input(digest)
    measure = {"image_url": probe.image, "video_url": probe.video, "audio_url": probe.audio}[sort]
    with path.open("rb") as file:
        format = format_of(file.read(16))
    try:
        found = measure(path)
    except MediaTrouble:
        return Handed(sort, 0, format, path.stat().st_size)
    return Handed(sort, 0, format, path.stat().st_size, found.width, found.height, found.seconds, found.fps)


class _Buffer:
    def __init__(self) -> None:
        self.content = bytearray()

    def write(self, piece: bytes) -> None:
        self.content += piece
