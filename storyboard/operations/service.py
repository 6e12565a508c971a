"""Connect to the service that a command uses: at its own address, or an emulator that the command starts."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import TypeVar

from storyboard import project
from storyboard.net.client import open_net
from storyboard.operations.options import RunOptions
from storyboard.protocols import Account, Clock, Dice, Secret
from storyboard.providers.connect import connect
from storyboard.providers.provider import Provider
from storyboard.providers.rate_limit import RateLimitedProvider
from storyboard.world import serving, settings
from storyboard.world.clock import SystemClock, SystemDice
from storyboard.world.layout import Layout
from storyboard.world.run_lock import sole_runner

T = TypeVar("T")


@contextmanager
def open_account(layout: Layout, clock: Clock, dice: Dice, options: RunOptions) -> Iterator[Account]:
    """Yield the account that pays, with its address; start an embedded emulator if the options request one."""
    chosen = settings.read(settings.environment())
    jobs = options.jobs or chosen.tasks_in_flight
    if options.speed is None:
        yield replace(project.account(options.provider), tasks_in_flight=jobs)
        return
    from storyboard.emulator.app import BASE, EmulatorConfig, service

    conditions = EmulatorConfig(options.speed, options.hold_reply)
    app = service(layout.service / "ledger.jsonl", clock, dice, conditions).app()
    with serving.serve_in_background(app, serving.bind(0)) as origin:
        yield Account(origin + BASE, Secret("emulated"), jobs, settings.pace_at(origin))


def ask(
    layout: Layout, question: Callable[[Provider], Awaitable[T]], speed: float | None = None, provider: str = ""
) -> T:
    """Return the service's answer to a free request.

    `speed` is that of an embedded emulator, None if there is none; only one process uses it at a time. Raise
    ProviderError, SettingsTrouble or AnotherRunner.
    """
    clock, dice = SystemClock(), SystemDice()
    with ExitStack() as stack:
        if speed is not None:
            layout.guard(layout.hidden, layout.service)
            stack.enter_context(sole_runner(layout.hidden, layout.storyboard.name))
        options = RunOptions(speed=speed, provider=provider)
        account = stack.enter_context(open_account(layout, clock, dice, options))
        return asyncio.run(_ask(project.chosen(provider), account, question, clock))


async def _ask(provider: str, account: Account, question: Callable[[Provider], Awaitable[T]], clock: Clock) -> T:
    async with open_net() as net:
        return await question(RateLimitedProvider(connect(provider, account, net), clock))
