"""One video: making it of pictures, and taking pictures and parts out of it."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import av
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from storyboard.errors import MediaTrouble
from storyboard.world.media.images import Area, Picture, Size

Frame: TypeAlias = VideoFrame
FPS = 24
RATE = 44100
_AAC_FRAME = 1024
_BEGINNING = 12
"""Packets after which the coder has settled on a tone that doesn't change."""
_UNTAGGED = 2
_CODING = {
    "preset": "ultrafast",
    "tune": "zerolatency",
    "qp": "14",  # the same for every picture, whatever is in it; noise too keeps 43 dB
    "bf": "0",
    "forced-idr": "1",
    "x264-params": "keyint=infinite:scenecut=0",
}


def write(
    path: Path, pictures: Iterable[tuple[int, Picture | VideoFrame]], frames: int, size: Size, tone: int | None
) -> None:
    """Make an MP4 of `frames` pictures at 24 a second.

    `pictures` are those that change, each with the number of the frame from which on it is shown, beginning with 0.
    `tone` is the pitch in hertz, give or take 22, of a quiet sound (mono AAC), None for silence without a track.

    Only the pictures that change are encoded. Between them are packets of an unchanged picture, which were encoded once
    for each size: they hold no content, so the same ones serve every clip. A tone's packets are cached too.
    """
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = _video(container, size)
        audio = _audio(container) if tone else None
        number = 0
        for number, packet in enumerate(_packets(video, pictures, frames, size)):
            packet.pts = packet.dts = number
            packet.duration, packet.time_base, packet.stream = 1, Fraction(1, FPS), video
            container.mux(packet)
        if audio is not None and tone:
            for sound in _tone(tone, (number + 1) * RATE // FPS):
                sound.stream = audio
                container.mux(sound)


def _video(container: av.container.OutputContainer, size: Size) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=FPS, options=_CODING)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    tag_colours(stream.codec_context)
    return stream


def _audio(container: av.container.OutputContainer) -> av.AudioStream:
    return container.add_stream("aac", rate=RATE, layout="mono")


def _packets(
    video: av.VideoStream, pictures: Iterable[tuple[int, Picture | VideoFrame]], frames: int, size: Size
) -> Iterator[av.Packet[Any]]:
    starts, keys = [], []
    for start, picture in pictures:
        if start < frames:
            frame = picture if isinstance(picture, VideoFrame) else to_frame(picture)
            frame.pts, frame.time_base, frame.pict_type = start, Fraction(1, FPS), PictureType.I
            starts.append(start)
            keys += video.encode(frame)
    keys += video.encode()
    starts.append(frames)
    for index, key in enumerate(keys):
        yield key
        yield from (av.Packet(content) for content in _is_unchanged(size, starts[index + 1] - starts[index] - 1))


@cache
def _is_unchanged(size: Size, count: int) -> tuple[bytes, ...]:
    """The packets of `count` pictures that are the same as the one before them."""
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        video = _video(container, size)
        grey = VideoFrame(*size, "yuv420p")
        for plane in grey.planes:
            plane.update(bytes([128]) * plane.buffer_size)
        packets = []
        for number in range(count + 1):
            grey.pts, grey.time_base = number, Fraction(1, FPS)
            grey.pict_type = PictureType.I if number == 0 else PictureType.NONE
            packets += video.encode(grey)
        packets += video.encode()
        return tuple(bytes(packet) for packet in packets[1:])


def tag_colours(context: av.VideoCodecContext) -> None:
    """Tag the colours as BT.709, as players guess differently for untagged ones."""
    context.color_primaries = context.color_trc = context.colorspace = 1
    context.color_range = 1


def to_frame(picture: Picture) -> VideoFrame:
    """A picture as a frame that an encoder takes."""
    frame: VideoFrame = VideoFrame.from_image(picture)  # type: ignore[no-untyped-call]  # PyAV leaves it untyped
    return frame.reformat(
        format="yuv420p",
        dst_colorspace=Colorspace.ITU709,
        dst_color_range=ColorRange.MPEG,
        interpolation="BICUBIC",
        threads=1,  # otherwise each frame would start its own threads, which takes longer than the work
    )


def patch(frame: VideoFrame, picture: Picture, areas: Iterable[Area]) -> VideoFrame:
    """The frame of a picture that differs from another frame's in some areas at most: only these are converted.

    Their edges are even numbers, as two lines and two columns share their colours.
    """
    copy = VideoFrame(frame.width, frame.height, "yuv420p")
    for plane, before in zip(copy.planes, frame.planes, strict=True):
        memoryview(plane)[:] = memoryview(before)
    for area in areas:
        for index, (plane, new) in enumerate(zip(copy.planes, to_frame(picture.crop(area)).planes, strict=True)):
            left, top = (edge // 2 if index else edge for edge in area[:2])
            target, source = memoryview(plane), memoryview(new)
            for row in range(new.height):
                start, begin = (top + row) * plane.line_size + left, row * new.line_size
                target[start : start + new.width] = source[begin : begin + new.width]
    return copy


def to_picture(frame: VideoFrame) -> Picture:
    """A decoded frame as a picture; untagged colours are taken for BT.709 from 720 lines on."""
    if int(frame.colorspace) == _UNTAGGED and frame.height >= 720:
        frame.colorspace = Colorspace.ITU709
    picture: Picture = frame.to_image(threads=1)  # type: ignore[no-untyped-call]  # likewise
    return picture


def _tone(pitch: int, samples: int) -> Iterator[av.Packet[Any]]:
    """The packets of a tone. The first is heard before the pictures begin: it is what a decoder warms up with."""
    beginning = _begin(max(1, round(pitch * _AAC_FRAME / RATE)))
    for number, start in enumerate(range(-_AAC_FRAME, samples, _AAC_FRAME)):
        packet: av.Packet[Any] = av.Packet(beginning[min(number, len(beginning) - 1)])
        packet.pts = packet.dts = start
        packet.duration, packet.time_base = min(_AAC_FRAME, samples - start), Fraction(1, RATE)
        yield packet


@cache
def _begin(waves: int) -> tuple[bytes, ...]:
    """Return the packets with which a tone begins; the last of them can be repeated for as long as the tone lasts.

    A whole number of waves fills a packet, so all packets of the tone are alike.
    """
    wave = array("h", (int(2600 * math.sin(2 * math.pi * waves * n / _AAC_FRAME)) for n in range(_AAC_FRAME)))
    with av.open(io.BytesIO(), "w", format="mp4") as container:
        audio = _audio(container)
        packets = []
        for number in range(_BEGINNING):
            frame = av.AudioFrame(format="s16", layout="mono", samples=_AAC_FRAME)
            frame.planes[0].update(wave.tobytes())
            frame.sample_rate, frame.pts, frame.time_base = RATE, number * _AAC_FRAME, Fraction(1, RATE)
            packets += audio.encode(frame)
        return tuple(bytes(packet) for packet in packets)


def last_picture(path: Path) -> Picture:
    """Return the last picture of a video. Raise MediaTrouble."""
    found = None
    for frame in _decode(path, from_end=True):
        if found is None or (frame.pts or 0) >= (found.pts or 0):
            found = frame
    if found is None:
        raise MediaTrouble(f"{path.name} has no pictures")
    return to_picture(found)


def picture_at(path: Path, seconds: float) -> Picture:
    """Return the picture at a time, counted from the start. Raise MediaTrouble if the video is shorter."""
    found = None
    start = None
    for frame in _decode(path):
        start = (frame.time or 0.0) if start is None else start
        if (frame.time or 0.0) - start > seconds + 0.5 / FPS:
            break
        found = frame
    if found is None or (found.time or 0.0) - (start or 0.0) < seconds - 1.5 / FPS:
        raise MediaTrouble(f"{path.name} has no picture at {seconds:g} s: it is shorter", "name an earlier time")
    return to_picture(found)


def pictures(path: Path) -> Iterator[Picture]:
    """Return every picture of a video, in order. Raise MediaTrouble."""
    return (to_picture(frame) for frame in _decode(path))


def _decode(path: Path, *, from_end: bool = False) -> Iterator[VideoFrame]:
    try:
        with av.open(str(path), format="mov") as container:
            stream = container.streams.video[0]
            if from_end and stream.duration:
                container.seek(max(0, stream.duration - 1), stream=stream, backward=True)
            yield from container.decode(stream)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaTrouble(f"{path.name} is not a readable video") from error
