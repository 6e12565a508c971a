"""Stop a run on a signal: the first one waits for tasks in flight, the second one exits at once."""

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
    """Handle signals during a run. The first stops new submissions, and tasks in flight are waited for; the second
    exits at once.

    A signal that the parent process ignores stays ignored: `nohup` requests this, and so does a shell that starts a
    background job, where Ctrl-C is meant for other processes.
    """
    loop = asyncio.get_running_loop()
    walking = asyncio.current_task()
    over = asyncio.Event()

    def stop(number: int) -> None:
        if over.is_set():  # # the signal arrived as the last scene ended: there is nothing left to stop
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
            await asyncio.sleep(0)  # # a second signal as the last scene ended is handled here, before files are closed
    except asyncio.CancelledError:
        if not context.gate.interrupted:
            raise
        raise Interrupted(context.gate.interrupted) from None
