"""What a machine may refuse a process, asked for by the process itself."""

from __future__ import annotations

import ctypes
import os
import platform
import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["no_rights_of_root", "only_files_of", "only_so_many_files"]

_CALLS = {"x86_64": (125, 126), "aarch64": (90, 91)}
"""The numbers of `capget` and `capset`."""
_VERSION = 0x20080522
_OVERRIDE_RIGHTS = 0b110
"""The capabilities to write and to read whatever the rights say."""


def only_files_of(size: int) -> None:
    """No file may be larger than so many bytes: what is written is cut off there, then refused, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """The same, for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def only_so_many_files(count: int) -> None:
    """No more files may be open at once."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def no_rights_of_root() -> None:
    """The rights of files hold for root as well. Raises OSError where that can't be had."""
    if os.geteuid():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    get, put = _CALLS[platform.machine()]
    header = ctypes.create_string_buffer(struct.pack("Ii", _VERSION, 0))
    rights = (ctypes.c_uint32 * 6)()
    failed = libc.syscall(get, header, rights)
    for place in (0, 1):  # those that hold, and those that could be taken up again
        rights[place] &= ~_OVERRIDE_RIGHTS
    if failed or libc.syscall(put, header, rights):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
