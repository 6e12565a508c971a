"""How long the emulator takes to make a segment, and its last picture: 5 s, 720p, with sound (goal: 100 ms of CPU).

Beside it, in the same run, the same pictures and sound encoded plainly: every picture converted and coded.
"""

from __future__ import annotations

import base64
import hashlib
import math
import tempfile
import time
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from statistics import median

import av

from storyboard.emulator import footage
from storyboard.emulator.ledger import Ledger
from storyboard.emulator.tasks import FPS, Line
from storyboard.world.media import clip, images

GOAL, RUNS, PLAIN_RUNS = 100, 15, 3
SIZE, RATE = (1280, 720), 44100
PROMPT = "Scene {}: a lighthouse at dusk, slow dolly in, gulls in the distance, the lamp begins to turn."


def _line(number: int, ledger: Ledger, first: bytes | None = None) -> Line:
    """A task as the service takes it on, with a first frame or without."""
    text = PROMPT.format(number)
    content: list[dict[str, object]] = [{"type": "text", "text": text}]
    if first is not None:
        url = f"data:image/png;base64,{base64.b64encode(first).decode()}"
        content.append({"type": "image_url", "image_url": {"url": url}, "role": "first_frame"})
    digest = hashlib.sha256(text.encode()).hexdigest()
    inputs = {} if first is None else {"1": ledger.keep(first)}
    return Line(f"{number}-{first is None}", 0, "", "", digest, "", {"content": content, "duration": 5}, inputs, SIZE)


def _cpu(act: Callable[[], object]) -> float:
    """Milliseconds of all threads of this process."""
    begun = time.process_time()
    act()
    return (time.process_time() - begun) * 1000


def _plainly(path: Path, look: footage.Look) -> None:
    """Every picture drawn once, converted and coded; the sound coded from its samples."""
    drawn = [(number, clip.to_picture(frame)) for number, frame in _frames(look)]
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=FPS, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = *SIZE, "yuv420p"
        audio = container.add_stream("aac", rate=RATE, layout="mono")
        for number in range(look.frames):
            frame = clip.to_frame(drawn[number // footage.STEP][1])
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for start in range(0, look.frames * RATE // FPS, 1024):
            wave = array("h", (int(2600 * math.sin(2 * math.pi * 300 * n / RATE)) for n in range(start, start + 1024)))
            sound = av.AudioFrame(format="s16", layout="mono", samples=1024)
            sound.planes[0].update(wave.tobytes())
            sound.sample_rate, sound.pts, sound.time_base = RATE, start, Fraction(1, RATE)
            container.mux(audio.encode(sound))
        container.mux(audio.encode())
    images.png(clip.last_picture(path))


def _frames(look: footage.Look) -> list[tuple[int, clip.Frame]]:
    return [(n, one if isinstance(one, clip.Frame) else clip.to_frame(one)) for n, one in footage.pictures(look)]


def main() -> None:
    """Measure; print the first and the median of the others, and what of the goal and of the plain way they took."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(Path(folder) / "ledger")
        lines = [_line(number, ledger) for number in range(RUNS)]
        taken = [_cpu(lambda line=line: footage.make(line, ledger)) for line in lines]  # type: ignore[misc]
        first = ledger.frame(lines[0].task_id).read_bytes()
        chained = [_line(number, ledger, first) for number in range(RUNS)]
        after = [_cpu(lambda line=line: footage.make(line, ledger)) for line in chained]  # type: ignore[misc]
        look = footage.look_of(lines[0], ledger)
        plain = median(_cpu(lambda: _plainly(Path(folder) / "plain.mp4", look)) for _ in range(PLAIN_RUNS))
    usual, chain = median(taken[1:]), median(after)
    print(f"a segment of 5 s, 720p, with sound, and its last picture: first {taken[0]:.0f} ms, then {usual:.0f} ms")
    print(f"the same with a first frame: {chain:.0f} ms; plainly encoded: {plain:.0f} ms")
    print(f"a segment: {usual / GOAL:.2f} of {GOAL} ms, {usual / plain:.2f} of the plain way")


if __name__ == "__main__":
    main()
