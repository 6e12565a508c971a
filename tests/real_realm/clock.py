"""A clock that can be shifted and can go faster, for the program and the service alike, by Debian's libfaketime.

libfaketime (0.9.10) stands between a process and the C library: the wall clock, the monotonic clocks, sleeps and the
time limits of `epoll_wait` all follow it, and so do Python, asyncio, SQLite and OpenSSL. Not so the time limit of a
wait between threads, which then never comes: the commands that run here use none. Its mode that leaves the monotonic
clock alone makes `time.sleep` of Python 3.11 fail, so that clock is always faked too, also at a rate of 1.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path


class Clock:
    """The time of one scenario: it begins as the machine's, goes `rate` times as fast, and can be shifted ahead."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._began = time.time()
        self._ahead = 0.0

    def now(self) -> float:
        """What a process that runs by this clock takes the time for, in Unix seconds."""
        return self._began + (time.time() - self._began) * self.rate + self._ahead

    def shift(self, seconds: float) -> None:
        """Let so many seconds pass at once. A process that runs already doesn't notice."""
        self._ahead += seconds

    def environment(self) -> Mapping[str, str]:
        """The variables by which a process that is started now runs by this clock."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME": f"{self.now() - time.time():+.3f} x{self.rate:g}",
            "NO_FAKE_STAT": "1",  # else a file has another time in each process
        }


def library() -> Path:
    """Where libfaketime lies. Raises FileNotFoundError."""
    for path in sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")):
        return path
    raise FileNotFoundError("libfaketime isn't installed: `apt-get install faketime`")
