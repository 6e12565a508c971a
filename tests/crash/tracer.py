"""Stop a process at a chosen system call, to kill, refuse or interrupt it there.

A seccomp filter stops the process, in all of its threads, only at the calls that change the world or communicate with
it, so that it runs nearly at full speed. The calls are counted over all threads together, from the one that takes the
runner's lock, so that the n-th is a reproducible point. A call at which the process is stopped has not been made yet: a
kill there comes after everything before it.
"""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TypeAlias

from tests.crash.start import Start, cold
from tests.crash.tracee import CALLS, REFUSED

PATHS = {"open": 0, "openat": 1, "rename": 0, "renameat": 1, "mkdir": 0, "mkdirat": 1, "unlink": 0, "unlinkat": 1}
PATHS |= {"chmod": 0, "fchmodat": 1, "rmdir": 0, "renameat2": 1}
"""The argument that is a path; in the other calls the first is a descriptor, in `copy_file_range` the third."""
SOCKETS = frozenset({"connect", "sendto", "recvfrom", "sendmsg", "recvmsg"})

_CONT, _GETREGS, _SETREGS, _SETOPTIONS = 7, 12, 13, 0x4200
_OPTIONS = 0x00000002 | 0x00000004 | 0x00000008 | 0x00000080 | 0x00100000  # forks, vforks, clones, seccomp, exit-kill
_EVENT_SECCOMP = 7
_ALL = 0x40000000  # __WALL: threads are waited for as processes are
_REGISTERS = 27
_ARGUMENTS = (14, 13, 12)  # rdi, rsi, rdx
_RAX, _ORIG_RAX = 10, 15
_libc = ctypes.CDLL(None, use_errno=True)
_libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
_libc.ptrace.restype = ctypes.c_long
_Registers = ctypes.c_ulonglong * _REGISTERS


class Forbidden(Exception):
    """Processes can't be traced on this machine."""


@dataclass(frozen=True, slots=True)
class Point:
    """The n-th call since the lock was taken, and its object: a path, or the target of its descriptor."""

    number: int
    call: str
    about: str

    def __str__(self) -> str:
        return f"{self.number} {self.call} {self.about}"


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answer the call with this error number."""

    error: int


@dataclass(frozen=True, slots=True)
class Send:
    """Let the call be made, and send a signal; SIGKILL prevents the call."""

    signal: int


Act: TypeAlias = "Callable[[Point], Refuse | Send | None]"
"""What is done at a point; None: nothing."""


@dataclass(slots=True)
class Traced:
    """The result of a process: its exit code (negative for a signal), its output, the points that it passed."""

    code: int
    stdout: str
    stderr: str
    points: list[Point] = field(default_factory=list)
    acted: list[Point] = field(default_factory=list)


def possible() -> bool:
    """Return whether processes can be traced here."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        return False
    try:
        return ended(cold([sys.executable, "-c", ""], Path("/"), os.environ), lambda _: None).code == 0
    except Forbidden:
        return False


def ended(start: Start, act: Act | None, *, whole: bool = False, seconds: float = 120) -> Traced:
    """Run something to its end, doing at each point what `act` returns; None: it isn't traced. `whole`: points are
    counted from the very beginning.

    Raise Forbidden or TimeoutError.
    """
    with tempfile.TemporaryFile() as stdout, tempfile.TemporaryFile() as stderr:
        process = start(stdout.fileno(), stderr.fileno())
        late = threading.Timer(seconds, os.kill, (process, signal.SIGKILL))
        late.start()
        try:
            result = _followed(process, act, whole) if act else _waited_for(process)
        finally:
            on_time = not late.finished.is_set()
            late.cancel()
        result.stdout, result.stderr = _read(stdout), _read(stderr)
    if result.code == REFUSED:
        raise Forbidden(result.stderr)
    if not on_time:
        raise TimeoutError(f"still there after {seconds} s: {result.points[-1:]}")
    return result


def _waited_for(process: int) -> Traced:
    return Traced(os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]), "", "")


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


def _followed(process: int, act: Act, whole: bool) -> Traced:
    """Handle the stops of the process and its threads until it has ended."""
    result = Traced(0, "", "")
    counting, known = whole, False
    while True:
        one, status = os.waitpid(-process, _ALL)
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            if one == process:
                result.code = os.waitstatus_to_exitcode(status)
                return result
            continue
        passed = os.WSTOPSIG(status)
        if not known:
            _libc.ptrace(_SETOPTIONS, one, None, _OPTIONS)
            known, passed = True, 0
        elif status >> 16 == _EVENT_SECCOMP:
            passed = 0
            registers = _Registers()
            _libc.ptrace(_GETREGS, one, None, ctypes.addressof(registers))
            counting = counting or CALLS[registers[_ORIG_RAX]] == "flock"
            if counting:
                _meet(process, one, registers, act, result)
        elif status >> 16 or passed in (signal.SIGSTOP, signal.SIGTRAP):
            passed = 0  # an event of the tracing, or the first stop of a new thread
        _libc.ptrace(_CONT, one, None, passed)


def _meet(process: int, thread: int, registers: ctypes.Array[ctypes.c_ulonglong], act: Act, result: Traced) -> None:
    """Call `act` with a point, and do what it returns."""
    call = CALLS[registers[_ORIG_RAX]]
    point = Point(len(result.points) + 1, call, _about(thread, call, registers))
    result.points.append(point)
    match act(point):
        case Send(number):
            result.acted.append(point)
            os.kill(process, number)
        case Refuse(error):
            result.acted.append(point)
            registers[_ORIG_RAX] = 2**64 - 1  # no call at all, with this result
            registers[_RAX] = 2**64 - error
            _libc.ptrace(_SETREGS, thread, None, ctypes.addressof(registers))
        case None:
            pass


def _about(thread: int, call: str, registers: ctypes.Array[ctypes.c_ulonglong]) -> str:
    try:
        if call in PATHS:
            return _text(thread, registers[_ARGUMENTS[PATHS[call]]])
        descriptor = registers[_ARGUMENTS[2 if call == "copy_file_range" else 0]]
        return "" if call == "exit_group" else os.readlink(f"/proc/{thread}/fd/{descriptor}")  # noqa: PTH115 - no path
    except OSError:
        return "?"


def _text(thread: int, place: int) -> str:
    """Return the text at an address in the process's memory."""
    with open(f"/proc/{thread}/mem", "rb", buffering=0) as memory:  # noqa: PTH123 - no path of the disk
        memory.seek(place)
        return os.fsdecode(memory.read(4096 - place % 4096).split(b"\0")[0])
