"""Can a video be decoded from its first picture to its last?"""

from __future__ import annotations

from pathlib import Path

import av

from storyboard.errors import MediaTrouble


def check(path: Path) -> None:
    """Decode everything in a video. Raises MediaTrouble at the first thing that can't be.

    The boxes of a file say nothing of the bytes in them: 64 zeros in the middle are only seen here.
    """
    try:
        with av.open(str(path), format="mov", options={"err_detect": "explode"}) as container:
            for stream in container.streams.video:
                stream.codec_context.options = {"err_detect": "explode"}
            for _ in container.decode():
                pass
    except (av.FFmpegError, OSError) as error:
        raise MediaTrouble(f"{path.name} can't be decoded to its end") from error
