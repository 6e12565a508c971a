"""Signals that whoever began the tests ignores."""

from __future__ import annotations

import signal

HEARD = (
    (signal.SIGINT, signal.default_int_handler),
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGHUP, signal.SIG_DFL),
)


def heeded() -> None:
    """Ignore none any more: in the background, or by `nohup`, what tests start would ignore them too, and a test that
    sends one would see nothing come of it."""
    for number, heard in HEARD:
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, heard)
