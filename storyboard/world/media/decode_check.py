"""Can a video be decoded from its first picture to its last?"""

from __future__ import annotations

from pathlib import Path

import av

from storyboard.errors import MediaTrouble


def check(path: Path) -> None:
    """Decode everything in a video. Raise MediaTrouble at the first error.

    The boxes of a file don't reveal damage of their content: 64 zeros in the middle are only found here.
    """
    try:
        with av.open(str(path), format="mov", options={"err_detect": "explode"}) as container:
            for stream in container.streams.video:
                stream.codec_context.options = {"err_detect": "explode"}
            for _ in container.decode():
                pass
    except (av.FFmpegError, OSError) as error:
        raise MediaTrouble(f"{path.name} can't be decoded to its end") from error
