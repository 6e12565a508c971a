"""Saying something to whoever reads us, and going on when they have left.

A reader that has had enough (`| head -1`) ends nobody's run and is no fault. A disk that is full behind a log doesn't
end a run either, but is told at its end.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import Any

import click

unheard: list[str] = []
"""Why something that was said could not be written down, each time that happened."""


def unstrict() -> None:
    """Let a terminal that lacks a character see its code in its place: a yen sign in GBK, a name that is no UTF-8."""
    codecs.register_error("escaped", _escaped)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="escaped")


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """`\\u00a5`, as JSON has it: what a program reads stays what it is."""
    assert isinstance(error, UnicodeEncodeError)  # noqa: S101 - we only write
    units = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in zip(units[::2], units[1::2], strict=True)), error.end


def echo(text: str = "", *, err: bool = False, nl: bool = True) -> None:
    """Print a line, if anybody is there."""
    if (sys.stderr if err else sys.stdout) is None:  # closed before we began
        return
    try:
        click.echo(text, err=err, nl=nl)
    except OSError as error:
        _hush(error, err=err)


def flush() -> None:
    """Say the rest, if anybody still listens."""
    for err, stream in ((False, sys.stdout), (True, sys.stderr)):
        if stream is not None:
            try:
                stream.flush()
            except OSError as error:
                _hush(error, err=err)


class Screen:
    """The standard output, for whoever writes to it by himself: a terminal that was closed meanwhile swallows it."""

    def __getattr__(self, name: str) -> Any:
        """Whatever else one may want to know of it."""
        return getattr(sys.stdout, name)

    def write(self, text: str) -> int:
        """Write, if anybody is there."""
        try:
            return sys.stdout.write(text)
        except OSError as error:
            _hush(error, err=False)
            return len(text)

    def flush(self) -> None:
        """Put it on the screen, if anybody is there."""
        try:
            sys.stdout.flush()
        except OSError as error:
            _hush(error, err=False)


def _hush(error: OSError, *, err: bool) -> None:
    """Let everything that is said from now on go nowhere."""
    if not isinstance(error, BrokenPipeError):
        unheard.append((error.strerror or type(error).__name__).lower())
    stream = sys.stderr if err else sys.stdout
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)
