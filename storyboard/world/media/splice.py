"""Splicing of videos into one: by copying encoded packets, or by encoding anew."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

import av
from av.video.frame import VideoFrame

from storyboard.errors import FileTrouble, MediaTrouble
from storyboard.planning.timeline import Shot, Timeline, Transition
from storyboard.world.media import images
from storyboard.world.media.clip import FPS, tag_colours, to_frame, to_picture
from storyboard.world.media.images import Picture, Size

RATE = 48000
_BYTES = 4 * 2  # a sample is a 32-bit float for each of two channels
_AAC_FRAME = 1024
TO_THE_END = sys.maxsize
"""The `last` of a shot that ends with its file."""


@dataclass(frozen=True, slots=True)
class Stream:
    """The properties that two videos must share to be copied into one track."""

    codec: str
    size: Size
    pixels: str
    head: bytes
    """The decoder's parameters, which a track has once."""
    frames: int
    endings: tuple[int, ...]
    """After how many pictures it may be cut short by leaving out packets at its end."""
    sound: bool


def stream_of(path: Path) -> Stream:
    """Return the properties of a video's stream that decide whether it can be spliced. Raise MediaTrouble."""
    try:
        with av.open(str(path), format="mov") as container:
            video = container.streams.video[0]
            times = [packet.pts for packet in container.demux(video) if packet.pts is not None]
            context = video.codec_context
            steady = float(video.average_rate or 0) == FPS
            return Stream(
                context.name if steady else "unsteady",
                (video.width, video.height),
                str(context.pix_fmt),
                bytes(context.extradata or b""),
                len(times),
                tuple(_endings(times)),
                bool(container.streams.audio),
            )
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaTrouble(f"{path.name} is not a readable video") from error


def _endings(times: list[int]) -> Iterator[int]:
    """Counts of packets after which all that were read are seen before all that were not."""
    highest = -1
    lowest_after = list(times)
    for index in range(len(times) - 2, -1, -1):
        lowest_after[index] = min(times[index], lowest_after[index + 1])
    for index, time in enumerate(times):
        highest = max(highest, time)
        if index + 1 == len(times) or highest < lowest_after[index + 1]:
            yield index + 1


@contextmanager
def _write(target: Path) -> Iterator[av.container.OutputContainer]:
    """Open a file for writing. Raise FileTrouble if the disk fails."""
    try:
        with av.open(str(target), "w", format="mp4", options={"movflags": "+faststart"}) as container:
            yield container
    except OSError as error:
        target.unlink(missing_ok=True)
        raise FileTrouble.of(error, target) from error
    except BaseException:
        target.unlink(missing_ok=True)
        raise


class _Piece(NamedTuple):
    """A shot, with the file of its take."""

    path: Path
    shot: Shot


def _pieces_of(timeline: Timeline, takes: Mapping[str, Path]) -> list[_Piece]:
    return [_Piece(takes[shot.scene], shot) for shot in timeline.shots]


def copy(timeline: Timeline, takes: Mapping[str, Path], target: Path) -> None:
    """Join by copying the pictures; sound is decoded, fitted to the pictures' length and encoded once, so that there
    is no hole at a join. The caller has made sure that the streams agree and can be cut where the shots end."""
    pieces = _pieces_of(timeline, takes)
    with _write(target) as container:
        with av.open(str(pieces[0].path), format="mov") as first:
            video = container.add_stream_from_template(first.streams.video[0])
        video.time_base = Fraction(1, FPS * 512)
        with_sound = any(stream_of(piece.path).sound for piece in pieces)
        audio = container.add_stream("aac", rate=RATE, layout="stereo") if with_sound else None
        at = 0
        sounds = bytearray()
        for piece in pieces:
            count = 0
            for packet in _packets(piece):
                packet.stream = video
                shift = at * 512
                packet.pts, packet.dts = (
                    _in_ticks(packet.pts, packet) + shift,
                    _in_ticks(packet.dts, packet) + shift,
                )
                packet.duration, packet.time_base = 512, Fraction(1, FPS * 512)
                container.mux(packet)
                count += 1
            if audio is not None:
                sounds += _sound(piece.path, 0, count)
            at += count
        if audio is not None:
            _mux_sound(container, audio, sounds)


def _in_ticks(time: int | None, packet: av.Packet[av.VideoStream]) -> int:
    base = packet.time_base or Fraction(1, FPS)
    return round((time or 0) * base * FPS * 512)


def _packets(piece: _Piece) -> Iterator[av.Packet[av.VideoStream]]:
    with av.open(str(piece.path), format="mov") as container:
        stream = container.streams.video[0]
        for number, packet in enumerate(p for p in container.demux(stream) if p.pts is not None):
            if number >= piece.shot.last:
                return
            yield packet


def encode(timeline: Timeline, takes: Mapping[str, Path], target: Path, size: Size | None) -> None:
    """Splice by encoding anew; other sizes are fitted into `size` (None: that of the first take)."""
    pieces = _pieces_of(timeline, takes)
    transitions = {transition.at: transition for transition in timeline.transitions}
    size = size or stream_of(pieces[0].path).size
    size = (size[0] // 2 * 2, size[1] // 2 * 2)
    with_sound = any(stream_of(piece.path).sound for piece in pieces)
    with _write(target) as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "crf": "16"})
        video.width, video.height = size
        video.pix_fmt = "yuv420p"
        tag_colours(video.codec_context)
        audio = container.add_stream("aac", rate=RATE, layout="stereo") if with_sound else None
        counts: list[int] = []
        for number, frame in enumerate(_frames(pieces, transitions, size, counts)):
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            frame.pict_type = 0
            container.mux(video.encode(frame))
        if not sum(counts):
            raise MediaTrouble(f"{pieces[0].path.name} has no pictures there: it is shorter", "name an earlier time")
        container.mux(video.encode())
        if audio is not None:
            _mux_sound(container, audio, _sounds(pieces, transitions, counts))


def _frames(
    pieces: Sequence[_Piece], transitions: dict[int, Transition], size: Size, counts: list[int]
) -> Iterator[VideoFrame]:
    """The pictures of all pieces; the tail of one is kept back while it overlaps with the next."""
    kept: list[VideoFrame] = []
    for index, piece in enumerate(pieces):
        before, after = transitions.get(index), transitions.get(index + 1)
        waiting: list[VideoFrame] = []
        count = 0
        for count, frame in enumerate(_of_piece(piece, size), start=1):
            waiting.append(_begin(frame, count - 1, kept, before))
            if len(waiting) > (after.frames if after else 0):
                yield waiting.pop(0)
        counts.append(count)
        kept = waiting
        if after is not None and after.kind == "fade":
            yield from (_dim(frame, 1 - (n + 1) / len(kept)) for n, frame in enumerate(kept))
            kept = []


def _begin(frame: VideoFrame, number: int, kept: list[VideoFrame], transition: Transition | None) -> VideoFrame:
    if transition is None or number >= transition.frames:
        return frame
    if transition.kind == "fade":
        return _dim(frame, number / transition.frames)
    if number >= len(kept):
        return frame
    mix = images.blended if transition.kind == "dissolve" else images.wiped
    share = (number + 1) / (len(kept) + 1)
    return to_frame(mix(to_picture(kept[number]), to_picture(frame), share))


def _dim(frame: VideoFrame, light: float) -> VideoFrame:
    picture = to_picture(frame)
    return to_frame(images.blended(images.black(picture.size), picture, light))


def _of_piece(piece: _Piece, size: Size) -> Iterator[VideoFrame]:
    try:
        with av.open(str(piece.path), format="mov") as container:
            stream = container.streams.video[0]
            for number, frame in enumerate(container.decode(stream)):
                if number >= piece.shot.last:
                    return
                if number >= piece.shot.first:
                    yield _resize(frame, size)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaTrouble(f"{piece.path.name} is not a readable video") from error


def _resize(frame: VideoFrame, size: Size) -> VideoFrame:
    if (frame.width, frame.height) == size and frame.format.name == "yuv420p":
        return frame
    return to_frame(_letterbox(to_picture(frame), size))


def _letterbox(picture: Picture, size: Size) -> Picture:
    scale = min(size[0] / picture.width, size[1] / picture.height)
    inner = (round(picture.width * scale), round(picture.height * scale))
    whole = images.black(size)
    images.paste(whole, picture.resize(inner), ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
    return whole


def _samples(frames: int) -> int:
    return frames * RATE // FPS


def _sound(path: Path, first: int, count: int) -> bytes:
    """Return a piece's sound, as long as its pictures to the sample, and silent if it has none."""
    wanted, skip = _samples(count) * _BYTES, _samples(first) * _BYTES
    found = bytearray()
    with av.open(str(path), format="mov") as container:
        if container.streams.audio:
            resampler = av.AudioResampler(format="flt", layout="stereo", rate=RATE)
            for frame in (*container.decode(container.streams.audio[0]), None):
                for part in resampler.resample(frame):
                    found += bytes(part.planes[0])[: part.samples * _BYTES]
                if len(found) >= skip + wanted:
                    break
    return bytes(found[skip : skip + wanted]).ljust(wanted, b"\0")


def _sounds(pieces: Sequence[_Piece], transitions: dict[int, Transition], counts: list[int]) -> bytearray:
    out = bytearray()
    for index, (piece, count) in enumerate(zip(pieces, counts, strict=True)):
        sound = _sound(piece.path, piece.shot.first, count)
        transition = transitions.get(index)
        overlap = (
            min(_samples(transition.frames) * _BYTES, len(out), len(sound))
            if transition and transition.kind != "fade"
            else 0
        )
        if overlap:
            out[-overlap:] = _mix(out[-overlap:], sound[:overlap])
        out += sound[overlap:]
    return out


def _mix(before: bytearray, after: bytes) -> bytes:
    """Both sounds, the one leaving as the other comes."""
    old, new = array("f", bytes(before)), array("f", after)
    steps = max(1, len(old))
    return array("f", (a + (b - a) * n / steps for n, (a, b) in enumerate(zip(old, new, strict=True)))).tobytes()


def _mux_sound(container: av.container.OutputContainer, audio: av.AudioStream, sound: bytes | bytearray) -> None:
    step = _AAC_FRAME * _BYTES
    fifo = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
    for start in range(0, len(sound), step):
        piece = bytes(sound[start : start + step])
        frame = av.AudioFrame(format="flt", layout="stereo", samples=len(piece) // _BYTES)
        frame.planes[0].update(piece.ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, start // _BYTES, Fraction(1, RATE)
        for part in fifo.resample(frame):
            container.mux(audio.encode(part))
    container.mux(audio.encode())


def cut(path: Path, target: Path, start: float, end: float | None) -> None:
    """Write a part of a video to another file, encoded anew: from `start` up to `end` seconds (None: to its end)."""
    last = TO_THE_END if end is None else round(end * FPS)
    encode(Timeline((Shot("", round(start * FPS), last),), (), copied=False), {"": path}, target, None)
