"""One video: making it of pictures, and taking pictures and parts out of it."""

from __future__ import annotations

import io
import math
from array import array
from collections.abc import Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import av
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace

from storyboard.errors import MediaTrouble
from storyboard.world.media.still import Picture, Size

FPS = 24
RATE = 44100
_AAC_FRAME = 1024
_UNTAGGED = 2
_CODING = {
    "preset": "ultrafast",
    "crf": "12",
    "bf": "0",
    "forced-idr": "1",
    "x264-params": "keyint=infinite:scenecut=0",
}


def write(path: Path, pictures: Iterable[tuple[int, Picture]], frames: int, size: Size, tone: int | None) -> None:
    """Make an MP4 of `frames` pictures at 24 a second.

    `pictures` gives those that change, each with the number of the frame from which on it is seen, beginning with 0;
    `tone` is the pitch in hertz of a quiet sound (mono AAC), None for silence without a track.

    Only the pictures that change are encoded. Between them stand packets that say "as before", which were encoded
    once for each size: they hold no content, so that the same ones serve every clip.
    """
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video = _video(container, size)
        audio = container.add_stream("aac", rate=RATE, layout="mono") if tone else None
        number = 0
        for number, packet in enumerate(_packets(video, pictures, frames, size)):
            packet.pts = packet.dts = number
            packet.duration, packet.time_base, packet.stream = 1, Fraction(1, FPS), video
            container.mux(packet)
        if audio is not None and tone:
            for sound in _tone(tone, (number + 1) * RATE // FPS):
                container.mux(audio.encode(sound))
            container.mux(audio.encode())


def _video(container: av.container.OutputContainer, size: Size) -> av.VideoStream:
    stream = container.add_stream("libx264", rate=FPS, options=_CODING)
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    stream.codec_context.thread_count = 1
    tag_colours(stream.codec_context)
    return stream


def _packets(
    video: av.VideoStream, pictures: Iterable[tuple[int, Picture]], frames: int, size: Size
) -> Iterator[av.Packet[Any]]:
    seen = [(start, to_frame(picture)) for start, picture in pictures if start < frames]
    starts = [start for start, _ in seen] + [frames]
    keys = []
    for start, frame in seen:
        frame.pts, frame.time_base, frame.pict_type = start, Fraction(1, FPS), PictureType.I
        keys += video.encode(frame)
    keys += video.encode()
    for index, key in enumerate(keys):
        yield key
        yield from (av.Packet(content) for content in _unchanged(size, starts[index + 1] - starts[index] - 1))


@cache
def _unchanged(size: Size, count: int) -> tuple[bytes, ...]:
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
    """Say that the colours are BT.709, as players guess differently where nothing is said."""
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
    )


def to_picture(frame: VideoFrame) -> Picture:
    """A decoded frame as a picture; untagged colours are taken for BT.709 from 720 lines on."""
    if int(frame.colorspace) == _UNTAGGED and frame.height >= 720:
        frame.colorspace = Colorspace.ITU709
    picture: Picture = frame.to_image()  # type: ignore[no-untyped-call]  # likewise
    return picture


def _tone(pitch: int, samples: int) -> Iterator[av.AudioFrame]:
    wave = array("h", (int(2600 * math.sin(2 * math.pi * pitch * n / RATE)) for n in range(RATE // 4)))
    around = wave * 2
    for start in range(0, samples, _AAC_FRAME):
        count = min(_AAC_FRAME, samples - start)
        frame = av.AudioFrame(format="s16", layout="mono", samples=count)
        at = start % len(wave)
        frame.planes[0].update(around[at : at + count].tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        yield frame


def last_picture(path: Path) -> Picture:
    """The last picture of a video. Raises MediaTrouble."""
    found = None
    for frame in _decoded(path, from_end=True):
        if found is None or (frame.pts or 0) >= (found.pts or 0):
            found = frame
    if found is None:
        raise MediaTrouble(f"{path.name} has no pictures")
    return to_picture(found)


def picture_at(path: Path, seconds: float) -> Picture:
    """The picture that is seen at a time, counted from the start. Raises MediaTrouble if the video is shorter."""
    found = None
    start = None
    for frame in _decoded(path):
        start = (frame.time or 0.0) if start is None else start
        if (frame.time or 0.0) - start > seconds + 0.5 / FPS:
            break
        found = frame
    if found is None or (found.time or 0.0) - (start or 0.0) < seconds - 1.5 / FPS:
        raise MediaTrouble(f"{path.name} has no picture at {seconds:g} s: it is shorter", "name an earlier time")
    return to_picture(found)


def pictures(path: Path) -> Iterator[Picture]:
    """Every picture of a video, in order. Raises MediaTrouble."""
    return (to_picture(frame) for frame in _decoded(path))


def _decoded(path: Path, *, from_end: bool = False) -> Iterator[VideoFrame]:
    try:
        with av.open(str(path), format="mov") as container:
            stream = container.streams.video[0]
            if from_end and stream.duration:
                container.seek(max(0, stream.duration - 1), stream=stream, backward=True)
            yield from container.decode(stream)
    except (av.FFmpegError, IndexError, OSError) as error:
        raise MediaTrouble(f"{path.name} is no video that can be read") from error
