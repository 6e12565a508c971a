"""A clock that can be shifted and accelerated, for the program and the service alike, by Debian's libfaketime.

libfaketime (0.9.10) stands between a process and the C library. The wall clock, the monotonic clocks, sleeps and the
time limits of `epoll_wait` all follow it, and so do Python, asyncio, SQLite and OpenSSL. The time limit of a wait
between threads does not follow it and never expires; the commands that run here use none. Its mode that leaves the
monotonic clock alone makes `time.sleep` of Python 3.11 fail, so that clock is always faked too, even at a rate of 1.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path


class Clock:
    """The time of one scenario: it starts as the machine's, runs `rate` times as fast, and can be shifted ahead."""

    def __init__(self, rate: float) -> None:
        self.rate = rate
        self._began = time.time()
        self._ahead = 0.0

    def now(self) -> float:
        """The time that a process with this clock sees, in Unix seconds."""
        return self._began + (time.time() - self._began) * self.rate + self._ahead

    def shift(self, seconds: float) -> None:
        """Skip this many seconds. A process that is already running doesn't notice."""
        self._ahead += seconds

    def environment(self) -> Mapping[str, str]:
        """The variables that make a new process use this clock."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME": f"{self.now() - time.time():+.3f} x{self.rate:g}",
            "NO_FAKE_STAT": "1",  # otherwise a file has a different time in each process
        }


def library() -> Path:
    """Return the path of libfaketime. Raise FileNotFoundError."""
    for path in sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")):
        return path
    raise FileNotFoundError("libfaketime isn't installed: `apt-get install faketime`")
