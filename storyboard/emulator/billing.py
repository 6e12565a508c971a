"""What a task would cost: tokens by the vendor's formula, money by a dated table, both typed afresh.

All of it is fixed when a task is taken on, since here even a length that the model chooses is: the pixels, the seconds
made, and the seconds of video handed in, as far as they could be measured (what lies elsewhere is never fetched and
counts as nothing, which leaves the minimum). Only whether it is billed is open: a task that doesn't succeed is free.
"""

from __future__ import annotations

import math

from storyboard.emulator.tasks import FPS

PRICES = {
    "doubao-seedance-2-0-260128": (46.0, 28.0),
    "doubao-seedance-2-0-fast-260128": (37.0, 22.0),
}
"""CNY for a million tokens at 480p and 720p, without and with a video among the inputs: third parties' tables, as of
October 2026, without promotions."""


def tokens_of(size: tuple[int, int], seconds: int, handed: float | None) -> int:
    """⌊w·h·(24·d + 1)/1024⌋, as 8 of 8 published bills have it. `handed` seconds of video among the inputs are added
    to the video's own, and count at least ⌈2/3⌉ of them (a fit to 531 published rows); None if there is no video.
    """
    width, height = size
    billed = seconds if handed is None else seconds + max(handed, math.ceil(2 * seconds / 3))
    return int(width * height * (FPS * billed + 1) // 1024)


def price_of(model: str, tokens: int, handed: float | None) -> float:
    """So many tokens in CNY."""
    plain, with_video = PRICES[model.replace("dreamina-", "doubao-")]  # told in CNY wherever it is made
    return round(tokens * (plain if handed is None else with_video) / 1_000_000, 6)
