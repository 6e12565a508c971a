"""Stop a run on a signal: the first time gently, the second time at once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from storyboard.errors import Interrupted
from storyboard.executor.context import RunContext
from storyboard.planning.event import Interrupting


@asynccontextmanager
async def interruptible(context: RunContext) -> AsyncIterator[None]:
    """The first signal stops new submissions, and what is in flight is waited for; the second leaves at once.

    One that is ignored by whoever began this process stays ignored: `nohup` means it so, and so does a shell that puts
    a command into the background, where Ctrl-C is for others.
    """
    loop = asyncio.get_running_loop()
    walking = asyncio.current_task()
    over = asyncio.Event()

    def stop(number: int) -> None:
        if over.is_set():  # it came as the last scene ended: there is nothing left to stop
            return
        again = bool(context.gate.interrupted)
        context.gate.interrupt(number)
        if again and walking is not None:
            walking.cancel()
            return
        context.tell(Interrupting(number))

    every = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    signals = [number for number in every if signal.getsignal(number) is not signal.SIG_IGN]
    for number in signals:
        loop.add_signal_handler(number, stop, int(number))
    try:
        try:
            yield
        finally:
            over.set()
            for number in signals:
                loop.remove_signal_handler(number)
        if walking is not None and walking.cancelling():
            await asyncio.sleep(0)  # told twice just as the last scene ended: heard here, not while things are closed
    except asyncio.CancelledError:
        if not context.gate.interrupted:
            raise
        raise Interrupted(context.gate.interrupted) from None
