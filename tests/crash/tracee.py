"""Become a process that can be traced: `python -I -S tracee.py FOLDER COMMAND ...`, started by the tracer."""

from __future__ import annotations

import ctypes
import os
import signal
import struct
import sys

CALLS = {
    1: "write",
    2: "open",
    18: "pwrite64",
    20: "writev",
    40: "sendfile",
    42: "connect",
    44: "sendto",
    45: "recvfrom",
    46: "sendmsg",
    47: "recvmsg",
    73: "flock",
    74: "fsync",
    75: "fdatasync",
    77: "ftruncate",
    82: "rename",
    83: "mkdir",
    84: "rmdir",
    87: "unlink",
    90: "chmod",
    91: "fchmod",
    231: "exit_group",
    257: "openat",
    258: "mkdirat",
    263: "unlinkat",
    264: "renameat",
    268: "fchmodat",
    285: "fallocate",
    316: "renameat2",
    326: "copy_file_range",
}
"""System calls of x86-64 that stop the process. SQLite's writes into the memory it shares with its readers are not
calls."""
REFUSED = 99
"""The exit code where tracing is not allowed."""
_TRACEME, _NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER = 0, 38, 22, 2
_ALLOW, _TRACE = 0x7FFF0000, 0x7FF00000


def lets_itself_be_traced() -> None:
    """From here on stop at each of `CALLS`. Raise OSError where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    filters = ctypes.create_string_buffer(program())
    block = struct.pack("HxxxxxxP", (len(filters) - 1) // 8, ctypes.addressof(filters))
    _did(libc.ptrace(_TRACEME, 0, None, None))
    os.kill(os.getpid(), signal.SIGSTOP)
    _did(libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _did(libc.prctl(_SET_SECCOMP, _FILTER, block, 0, 0))


def program() -> bytes:
    """The filter: load the call's number; each of ours jumps to the end, which stops, all others are allowed."""
    numbers = sorted(CALLS)
    load = struct.pack("HBBI", 0x20, 0, 0, 0)
    jumps = [struct.pack("HBBI", 0x15, len(numbers) - place, 0, number) for place, number in enumerate(numbers)]
    ends = [struct.pack("HBBI", 0x06, 0, 0, _ALLOW), struct.pack("HBBI", 0x06, 0, 0, _TRACE)]
    return b"".join([load, *jumps, *ends])


def _did(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


if __name__ == "__main__":
    try:
        os.chdir(sys.argv[1])
        lets_itself_be_traced()
        os.execv(sys.argv[2], sys.argv[2:])  # noqa: S606 - our own program, and no shell
    except OSError as error:
        sys.stderr.write(f"this machine doesn't let processes be traced: {error}\n")
        sys.exit(REFUSED)
