"""The cost of a request, low and high, from the model's row."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from storyboard.language.capability import Capability
from storyboard.language.facts import Facts
from storyboard.language.graph import Graph
from storyboard.language.window import is_only_stated, seconds_of_input
from storyboard.planning.money import Money, common, price_of
from storyboard.planning.take import Take

FPS = 24


@dataclass(frozen=True, slots=True)
class Cost:
    """An estimate in tokens and money. High differs from low if the model or a file decides later.

    Sums of two currencies raise DecisionNeeded.
    """

    low_tokens: int
    high_tokens: int
    low: Decimal
    high: Decimal
    currency: str

    @property
    def most(self) -> Money:
        """The most that it may cost."""
        return Money(self.high, self.currency)

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.low_tokens + other.low_tokens,
            self.high_tokens + other.high_tokens,
            self.low + other.low,
            self.high + other.high,
            common(self.currency, other.currency),
        )


NOTHING = Cost(0, 0, Decimal(0), Decimal(0), "")


def tokens(width: int, height: int, seconds: float, handed: float | None) -> int:
    """Return the tokens billed for a segment of whole `seconds`.

    `handed` is the number of seconds of video among its inputs, or None if there are none; it counts at least ⌈2/3 of
    the output⌉.

    Files hold 24·d + 1 frames, and 8 of 8 published bills without video equal ⌊w·h·(24·d + 1)/1024⌋.
    """
    billed = seconds if handed is None else seconds + max(handed, math.ceil(2 * seconds / 3))
    return int(width * height * (FPS * billed + 1) // 1024)


def cost_of(id: str, graph: Graph, row: Capability, facts: Facts, takes: Mapping[str, Take]) -> Cost:
    """Return the cost of making a scene, as far as it is known."""
    asked = graph.scene(id).parameters
    short, long = (row.shortest, row.longest) if asked.duration < 0 else (asked.duration, asked.duration)
    sizes = [
        row.pixels[key] for key in row.pixels if key[0] == asked.resolution and asked.ratio in (key[1], "adaptive")
    ]
    areas = sorted(sizes, key=lambda size: size[0] * size[1])
    videos = [item for item in graph.inputs[id] if item.kind == "video"]
    known = [seconds_of_input(item, id, graph, row, facts, takes) for item in videos]
    low_in, high_in = _seconds_of_inputs(known, any(is_only_stated(item, facts) for item in videos), row)
    low = tokens(*areas[0], short, low_in if videos else None)
    high = tokens(*areas[-1], long, high_in if videos else None)
    rate = rate_of(id, graph, row)
    return Cost(low, high, price_of(low, rate).amount, price_of(high, rate).amount, rate.currency)


def rate_of(id: str, graph: Graph, row: Capability) -> Money:
    """Return the price of a million of a scene's tokens. It is lower if a video is among its inputs."""
    price = row.prices[graph.scene(id).parameters.resolution]
    videos = any(item.kind == "video" for item in graph.inputs[id])
    rate = price.with_video if videos else price.plain
    return Money(
        Decimal(str(rate)), price.currency
    )  # the table's figures have few digits, and `str` yields exactly those


def _seconds_of_inputs(seconds: list[float | None], stated: bool, row: Capability) -> tuple[float, float]:
    """Return the least and the most seconds of video among the inputs. A file may be measured a little over the limit.

    The service bills the file at an address, not the length that a storyboard states: a length that is only `stated`
    raises the least, and never lowers the most. Otherwise a storyboard's author could bypass its user's caps.
    """
    known = sum(value for value in seconds if value is not None)
    least = max(known, row.video.seconds[0]) if None in seconds else known
    if None in seconds or stated:
        return least, row.video.together + row.video.tolerance
    return least, least
