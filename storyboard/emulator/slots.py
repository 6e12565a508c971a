"""Who starts when, if only so many tasks of a model may run at once: the others wait, in order of creation.

A task is got ready first; from then on it waits for a free place. Among those that wait the one of the highest priority
starts first, and of several the one that was created first; nobody who runs is ever stopped for another. Without a
limit there is always a free place, and nobody waits.

It is fed with what happened, in the order in which it happened, and with the time. When a task starts is so a function
of the ledger's lines and of now: whoever feeds in the same lines later finds the same starts.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from dataclasses import dataclass, field
from math import inf

from storyboard.emulator.tasks import Line, expires, got_ready, making


@dataclass(slots=True)
class Slots:
    """When tasks start. `running` is how many of one model may run at once."""

    speed: float
    running: float = inf
    starts: dict[str, float] = field(default_factory=dict)
    _lanes: dict[str, _Lane] = field(default_factory=dict)

    def take(self, line: Line) -> None:
        """A task was taken on."""
        lane = self._lanes.setdefault(line.model, _Lane())
        lane.count += 1
        heapq.heappush(lane.coming, (got_ready(line, self.speed), lane.count, line))

    def cancel(self, line: Line) -> None:
        """A task that hasn't started never will."""
        self._lanes[line.model].cancelled.add(line.task_id)

    def advance(self, now: float) -> None:
        """Let everything happen that happens until now."""
        for lane in self._lanes.values():
            while (at := lane.next_event()) <= now:
                self._step(lane, at)

    def next_start(self, line: Line) -> float:
        """Before when no task of this one's model starts that hasn't yet."""
        return self._lanes[line.model].next_event()

    def _step(self, lane: _Lane, at: float) -> None:
        """All that happens at one instant: places get free, tasks get ready, and then the first in line start."""
        while lane.ends and lane.ends[0] <= at:
            heapq.heappop(lane.ends)
        while lane.coming and lane.coming[0][0] <= at:
            _, number, line = heapq.heappop(lane.coming)
            heapq.heappush(lane.waiting, (-line.priority, number, line))
        while lane.waiting and len(lane.ends) < self.running:
            line = heapq.heappop(lane.waiting)[2]
            if line.task_id not in lane.cancelled and at < expires(line):
                self.starts[line.task_id] = at
                heapq.heappush(lane.ends, min(at + making(line, self.speed), expires(line)))


@dataclass(slots=True)
class _Lane:
    """The tasks of one model: those that are got ready, those that wait, and when those that run will end."""

    coming: list[tuple[float, int, Line]] = field(default_factory=list)
    waiting: list[tuple[int, int, Line]] = field(default_factory=list)
    ends: list[float] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    count: int = 0

    def next_event(self) -> float:
        return min(self.ends[0] if self.ends else inf, self.coming[0][0] if self.coming else inf)


def replay(lines: Iterable[Line], cancelled: Iterable[Line], speed: float, running: float) -> Slots:
    """Where a service stands that took these on, and cancelled some of them."""
    slots = Slots(speed, running)
    for line in lines:
        slots.take(line)
    for line in cancelled:
        slots.cancel(line)
    return slots
