"""Print to standard output and standard error, and keep running when that fails.

A closed pipe (`| head -1`) is not an error and doesn't end a run. A write error, such as a full disk under a log file,
doesn't end a run either, but is reported when the command ends.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import Any

import click

write_errors: list[str] = []
"""The reason of each failed write, except for closed pipes."""


def lenient_streams() -> None:
    """Make the output streams escape what they can't encode: a yen sign in GBK, a file name that is not UTF-8."""
    codecs.register_error("escaped", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="escaped")


def _escape(error: UnicodeError) -> tuple[str, int]:
    """Return `\\u00a5`, as in JSON: the JSON that a command prints keeps its meaning."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - output streams only encode
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)), error.end


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a line; ignore a closed stream."""
    if (sys.stderr if err else sys.stdout) is None:  # the stream was closed before the program started
        return
    try:
        click.echo(text, err=err, nl=nl)
    except OSError as error:
        _discard_output(error, err=err)


def flush() -> None:
    """Flush both streams; ignore a closed one."""
    for err, stream in ((False, sys.stdout), (True, sys.stderr)):
        if stream is not None:
            try:
                stream.flush()
            except OSError as error:
                _discard_output(error, err=err)


class TolerantStdout:
    """Standard output for libraries that write to it directly; errors of a closed terminal are ignored."""

    def __getattr__(self, name: str) -> Any:
        """Return any other attribute of standard output."""
        return getattr(sys.stdout, name)

    def write(self, text: str) -> int:
        """Write text; ignore a closed stream."""
        try:
            return sys.stdout.write(text)
        except OSError as error:
            _discard_output(error, err=False)
            return len(text)

    def flush(self) -> None:
        """Flush; ignore a closed stream."""
        try:
            sys.stdout.flush()
        except OSError as error:
            _discard_output(error, err=False)


def _discard_output(error: OSError, *, err: bool) -> None:
    """Discard all further output of the stream; record the error unless the reader closed the pipe."""
    if not isinstance(error, BrokenPipeError):
        write_errors.append((error.strerror or type(error).__name__).lower())
    stream = sys.stderr if err else sys.stdout
    with suppress(OSError, ValueError):
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, stream.fileno())
        os.close(devnull)
