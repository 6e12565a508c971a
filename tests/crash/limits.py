"""Limits that a process sets on itself, as a machine may set them."""

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
"""The system call numbers of `capget` and `capset`."""
_VERSION = 0x20080522
_OVERRIDE_RIGHTS = 0b110
"""The capabilities to write and read files regardless of their permissions."""


def only_files_of(size: int) -> None:
    """Limit the size of each file to this many bytes: a write is cut off there, then refused, as on a full disk."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Set the same limit for a while."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def only_so_many_files(count: int) -> None:
    """Limit the number of open files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (count, count))


def no_rights_of_root() -> None:
    """Make file permissions apply to root as well. Raise OSError where that isn't possible."""
    if os.geteuid():
        return
    libc = ctypes.CDLL(None, use_errno=True)
    get, put = _CALLS[platform.machine()]
    header = ctypes.create_string_buffer(struct.pack("Ii", _VERSION, 0))
    rights = (ctypes.c_uint32 * 6)()
    failed = libc.syscall(get, header, rights)
    for place in (0, 1):  # the effective capabilities, and those that could be regained
        rights[place] &= ~_OVERRIDE_RIGHTS
    if failed or libc.syscall(put, header, rights):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
