"""The inputs of a scene, each in a form that the provider accepts."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path

from storyboard.errors import DecisionNeeded, MediaTrouble, Rejected, Unreachable
from storyboard.executor.context import RunContext
from storyboard.language.capability import Capability
from storyboard.language.facts import Facts, format_of
from storyboard.language.graph import Graph
from storyboard.language.inputs import Input, LocalFile, RemoteFile, SceneVideo
from storyboard.language.scene import Kind
from storyboard.language.window import LAST_FRAME, Part, part_of
from storyboard.planning.fingerprint import digest_of
from storyboard.planning.take import Take
from storyboard.protocols import Address
from storyboard.providers.provider import Item
from storyboard.world.durable import temporary_name
from storyboard.world.media import clip, images, splice

_TYPES: dict[str, str] = {
    **{name: f"image/{name}" for name in ("jpeg", "png", "webp", "bmp", "tiff", "gif")},
    "wav": "audio/wav",
    "mp3": "audio/mp3",
}


async def items_of(
    id: str,
    graph: Graph,
    row: Capability,
    facts: Facts,
    takes: Mapping[str, Take],
    context: RunContext,
) -> tuple[Item, ...]:
    """Return the content of a scene's request, in order. Raise MediaTrouble or DecisionNeeded."""
    found = []
    for item in graph.inputs[id]:
        part = part_of(item, id, graph, row, facts, takes)
        address = await _address(item, part, facts, takes, context)
        found.append(Item(item.kind, item.role, address))
    return tuple(found)


async def _address(item: Input, part: Part, facts: Facts, takes: Mapping[str, Take], context: RunContext) -> Address:
    match item.origin:
        case RemoteFile(address):
            return Address(address)
        case LocalFile(path):
            content = await asyncio.to_thread(_read_unchanged, context.root / path, facts[path].digest)
            if item.kind == "video" or part.moment is not None:
                return await _of_video(context.root / path, item.kind, part, context)
            return _as_data(content)
        case SceneVideo(parent):
            return await _of_take(takes[parent], item.kind, part, context)


def _read_unchanged(path: Path, digest: str) -> bytes:
    """A file's bytes, if they are still those that the plan was made with."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DecisionNeeded(f"{path.name} can't be read any more", "bring it back, then run again") from error
    if digest_of(content) != digest:
        raise DecisionNeeded(f"{path.name} changed during the run", "run again to plan with the new file")
    return content


def _as_data(content: bytes) -> Address:
    sort = _TYPES.get(format_of(content[:16]), "")
    if not sort:
        raise MediaTrouble("an image or audio file of the request is damaged", "remove its file, then run again")
    return Address(f"data:{sort};base64,{b64encode(content).decode()}")


async def _of_take(take: Take, kind: Kind, part: Part, context: RunContext) -> Address:
    """Return the take's own address while it is valid, because the service trusts its own files; otherwise use the
    bytes in the store."""
    alive = context.addresses.alive(
        take.task, context.clock.now(), context.provider.origin if context.realm == "emulated" else None
    )
    if kind == "video" and part.whole and alive is not None:
        return alive.video
    if part == LAST_FRAME and take.frame:
        if alive is not None and alive.frame is not None:
            return alive.frame
        if context.store.find(take.frame) is not None or await _download_again(take, context):
            return _as_data(await asyncio.to_thread((await _find_stored(take.frame, context)).read_bytes))
    return await _of_video(await _find_stored(take.digest, context), kind, part, context)


async def _download_again(take: Take, context: RunContext) -> bool:
    """A last frame that is gone from the store is fetched once more, if its task still has just that one.

    If not, the last picture of the take's own video is the same one, coded otherwise. A key goes on naming the frame
    that the service gave: nothing that was made from it is stale because its file was lost.
    """
    try:
        task = await context.provider.get_task(take.task)  # not the poller: several scenes may ask this at once
        if task.frame is not None:
            await context.fetcher.bring(f"{take.task} {context.dice.token()}", task.frame, video=False)
    except (Unreachable, Rejected):
        return False
    return context.store.find(take.frame) is not None


async def _find_stored(digest: str, context: RunContext) -> Path:
    """A file of the store, if it is still what its name says: nothing else is handed to a paid request."""
    found = context.store.find(digest)
    if found is None:
        what = f"{digest[:19]}… is not in the store any more"
        raise DecisionNeeded(what, "run again: it is fetched if it still can be")
    if await asyncio.to_thread(context.store.is_altered, found):
        what = f"{digest[:19]}… in the store was altered"
        raise DecisionNeeded(
            what, "`storyboard verify` puts it aside; then run again: it is fetched if it still can be"
        )
    return found


async def _of_video(path: Path, kind: Kind, part: Part, context: RunContext) -> Address:
    if kind == "image":
        return _as_data(await asyncio.to_thread(_frame, path, part))
    if context.uploads is None:
        raise DecisionNeeded(f"{path.name} has no address that the service could fetch", "see `storyboard plan`")
    if part.whole:
        return context.uploads.address(path)
    return context.uploads.address(await asyncio.to_thread(_stretch, path, part, context))


def _frame(path: Path, part: Part) -> bytes:
    if part.moment is None:
        raise MediaTrouble(f"{path.name} is a video, and no moment of it was named", "name one with `at:`")
    return images.png(clip.last_picture(path) if part.moment < 0 else clip.picture_at(path, part.moment))


def _stretch(path: Path, part: Part, context: RunContext) -> Path:
    """A part of a video as a file of its own, kept by its digest like everything else."""
    kept = context.store.part("cut")
    rough = temporary_name(kept.path)
    try:
        splice.cut(path, rough, part.start or 0.0, part.end)
        kept.write(rough.read_bytes())
        return context.store.keep(kept.path, kept.close(), "mp4")
    finally:
        rough.unlink(missing_ok=True)
        kept.discard()
