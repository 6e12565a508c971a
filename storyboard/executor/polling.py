"""Given how long we have waited: when to look again."""

from __future__ import annotations

from storyboard.promises import Pace


def pause(waited: float, pace: Pace) -> float:
    """Seconds until the next look: a tenth of what was waited, within the pace's bounds."""
    return min(pace.most, max(pace.first, waited / 10))
