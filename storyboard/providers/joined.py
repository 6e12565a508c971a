"""Providers that join from other distributions, through entry points of the group `storyboard.providers`.

An entry point names a function without arguments that gives an `Offer`. Nothing is searched or loaded before the user
has chosen a provider by its name, and nothing is ever taken from the folder one stands in: that is the project's, and
a project that was cloned may not bring code along that is then handed a key. What a joined provider does wrong ends in
a message that names its distribution. Once it has the key, only the kind and the place of its errors are told: their
text might hold the key.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar
from urllib.parse import urlsplit

from storyboard.errors import MachineRefuses, SettingsTrouble, StoryboardError, UnknownOutcome
from storyboard.language.capability import Capability
from storyboard.promises import Account, Address, Sink
from storyboard.providers.homes import HOMES, Home
from storyboard.providers.provider import EVERYTHING, Order, Page, Provider, Task, TaskQuery

if TYPE_CHECKING:  # whoever only validates loads no net
    from storyboard.net import Net

T = TypeVar("T")

GROUP = "storyboard.providers"


@dataclass(frozen=True, slots=True)
class Offer:
    """What a joining provider brings: where it lives, its models, and how it is opened for an account.

    `connect` is handed the account (with the key from the home's own variable) and the way out, which it need not use.
    """

    home: Home
    rows: tuple[Capability, ...]
    connect: Callable[[Account, Net], Provider]


@cache
def offer_of(name: str) -> Offer:
    """What the distribution that names itself so offers. Raises SettingsTrouble."""
    found = _entry_points()
    mine = [(whose, point) for whose, point in found if point.name == name]
    if len(mine) != 1:
        raise _none_or_many(name, mine)
    whose, point = mine[0]
    try:
        with _away_from_here():
            offer = point.load()()
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        raise _unfit(name, whose, said.splitlines()[0]) from error
    why = _why_unfit(offer)
    if why:
        raise _unfit(name, whose, why)
    assert isinstance(offer, Offer)  # noqa: S101 - `_why_unfit` looked
    return offer


def opened(name: str, account: Account, net: Net) -> Provider:
    """A joined provider, open. Raises SettingsTrouble."""
    try:
        return Guarded(name, offer_of(name).connect(account, net))
    except StoryboardError:
        raise
    except Exception as error:
        raise SettingsTrouble(f'the provider "{name}" can\'t be opened: {_place(error)}', _TELL) from None


def _none_or_many(name: str, mine: Sequence[tuple[str, EntryPoint]]) -> SettingsTrouble:
    if mine:
        whose = " and ".join(sorted(whose for whose, _ in mine))
        return SettingsTrouble(f'{whose} both offer a provider "{name}"', "uninstall the one that you don't mean")
    return SettingsTrouble(*no_such(name))


def known() -> tuple[str, ...]:
    """The names of all providers: those that come along, and those that have joined."""
    return (*HOMES, *sorted({point.name for _, point in _entry_points()} - set(HOMES)))


def no_such(name: str) -> tuple[str, str]:
    """What is said of a provider that there isn't, and what may be."""
    hint = f"known are: {', '.join(known())}; another joins by installing a package that offers it"
    return f'there is no provider "{name}"', hint


_TELL = "tell whoever wrote it, or choose another with `--provider`"


def _unfit(name: str, whose: str, why: str) -> SettingsTrouble:
    return SettingsTrouble(f'the provider "{name}" of {whose} can\'t be used: {why}', _TELL)


def _why_unfit(offer: object) -> str:
    """Why an offer can't be taken; empty if it can."""
    if not isinstance(offer, Offer):
        return f"its entry point gives {type(offer).__name__}, not Offer"
    home: object = offer.home
    rows: tuple[object, ...] = offer.rows
    if not isinstance(home, Home) or not all(isinstance(row, Capability) for row in rows):
        return "its home has to be a Home, and its rows Capability values"
    theirs = {home.key_name, home.address_name}
    taken = theirs & {name for own in HOMES.values() for name in (own.key_name, own.address_name)}
    if taken:
        return f"it wants {', '.join(sorted(taken))}, which belongs to another provider"
    if len(theirs) < 2 or not all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) for name in theirs):
        return "its variables have to be two, in capitals"
    if urlsplit(home.address).scheme != "https" or urlsplit(home.address).hostname not in home.hosts:
        return f"its home {Address(home.address).bare} has to be an https address at one of its own hosts"
    return "" if offer.rows else "it offers no models"


def _entry_points() -> list[tuple[str, EntryPoint]]:
    """Every entry point of our group, with the name and version of the distribution that it is of."""
    seen: set[str] = set()
    found = []
    for distribution in distributions(path=_away()):
        text = distribution.read_text("entry_points.txt") or ""
        if GROUP in text and distribution.name not in seen:
            seen.add(distribution.name)
            found += [(f"{distribution.name} {distribution.version}", point) for point in _points_of(distribution)]
    return found


def _points_of(distribution: Distribution) -> Iterator[EntryPoint]:
    try:
        yield from distribution.entry_points.select(group=GROUP)
    except Exception as error:
        what = f"the entry points of {distribution.name} can't be read"
        raise SettingsTrouble(what, "install it again, or uninstall it") from error


def _away() -> list[str]:
    """Where Python looks for modules, but for the folder one stands in."""
    here = Path.cwd().resolve()
    return [place for place in sys.path if place and Path(place).resolve() != here]


@contextmanager
def _away_from_here() -> Iterator[None]:
    before = sys.path[:]
    sys.path[:] = _away()
    try:
        yield
    finally:
        sys.path[:] = before


def _place(error: BaseException) -> str:
    """An error's kind, and where it came from. Never its text."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = f" in {Path(last.tb_frame.f_code.co_filename).name}, line {last.tb_lineno}" if last is not None else ""
    return f"{type(error).__name__}{where}"


class Guarded:
    """A provider of somebody else's: what it breaks off with is told as it has to be for the call that it broke off.

    After `submit` nobody knows what came of the request, so it is held; anything else stops the run, and what is under
    way is gone on with once the provider is mended.
    """

    def __init__(self, name: str, provider: Provider) -> None:
        self._name = name
        self._provider = provider
        self._origin = str(provider.origin)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the service."""
        return self._origin

    def body(self, order: Order) -> bytes:
        """The exact bytes that would be sent."""
        try:
            return self._of(bytes, self._provider.body(order))
        except StoryboardError:
            raise
        except Exception as error:
            self._broke(error)

    async def submit(self, body: bytes, attempt_id: str) -> str:
        """Send a paid request once; the new task's id."""
        try:
            task: object = await self._provider.submit(body, attempt_id)
        except StoryboardError:
            raise
        except Exception as error:
            raise UnknownOutcome(f'the provider "{self._name}" broke off while submitting: {_place(error)}') from None
        if not isinstance(task, str) or not task:
            raise UnknownOutcome(f'the provider "{self._name}" named no task')
        return task

    async def look(self, task: str) -> Task:
        """How a task stands."""
        try:
            return self._of(Task, await self._provider.look(task))
        except StoryboardError:
            raise
        except Exception as error:
            self._broke(error)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """The tasks of the last days, newest first: as `Provider.list`, whatever filters it has."""
        try:
            return self._of(Page, await self._provider.list(query))
        except StoryboardError:
            raise
        except Exception as error:
            self._broke(error)

    async def cancel(self, task: str) -> None:
        """Cancel a queued task, or remove the record of an ended one."""
        try:
            await self._provider.cancel(task)
        except StoryboardError:
            raise
        except Exception as error:
            self._broke(error)

    async def fetch(self, address: Address, sink: Sink) -> None:
        """The bytes at an address that a task gave."""
        try:
            await self._provider.fetch(address, sink)
        except (StoryboardError, OSError):  # an OSError is of the sink's disk, or says as much as it needs to
            raise
        except Exception as error:
            self._broke(error)

    def _of(self, sort: type[T], value: object) -> T:
        if isinstance(value, sort):
            return value
        raise MachineRefuses(f'the provider "{self._name}" gave {type(value).__name__}, not {sort.__name__}', _TELL)

    def _broke(self, error: Exception) -> NoReturn:
        raise MachineRefuses(f'the provider "{self._name}" broke off: {_place(error)}', _TELL) from None
