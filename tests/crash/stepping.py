"""The command line in a process that kills itself at a chosen call: `python -m tests.crash.stepping N ARGUMENTS ...`.

It is for machines on which processes can't be traced. After the lock is taken, it counts Python's calls into C that
change the world or communicate with it. A call of SQLite's is one step; its system calls are not seen. With N = 0
nothing is killed, and the count is the last line of stderr.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from types import FrameType
from typing import Any

NAMES = frozenset(
    (
        *("flock", "open", "write", "flush", "fsync", "replace", "rename", "unlink", "mkdir", "chmod", "truncate"),
        *("execute", "connect", "send", "sendmsg", "recv", "recv_into", "sendfile"),
    )
)


class Steps:
    """Counts calls, and kills the process at the chosen one."""

    def __init__(self, last: int) -> None:
        self.last = last
        self.count = 0

    def __call__(self, frame: FrameType, what: str, called: Any) -> None:
        """Python's profile hook: a function is called or returns."""
        del frame
        if what != "c_call" or called.__name__ not in NAMES or not (self.count or called.__name__ == "flock"):
            return
        self.count += 1
        if self.count == self.last:
            os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Run `storyboard`, and count."""
    from storyboard.cli.main import main

    steps = Steps(int(sys.argv.pop(1)))
    threading.setprofile(steps)
    sys.setprofile(steps)
    try:
        main()
    finally:
        sys.setprofile(None)
        sys.stderr.write(f"{steps.count}\n")


if __name__ == "__main__":
    main()
