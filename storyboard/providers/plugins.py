"""Provider plug-ins: providers of other distributions, through entry points of the group `storyboard.providers`.

An entry point names a function without arguments that returns a `ProviderPlugin`. Entry points are searched, and a
plug-in loaded, only after the user has chosen a provider by its name. The current folder is left out of the search: it
is the project's, and code of a cloned project must not be handed a key. A fault of a plug-in ends in a message that
names its distribution. Once a plug-in has the key, only the type and the place of its errors are reported: their text
might contain the key.
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
from storyboard.protocols import Account, Address, Sink
from storyboard.providers.provider import EVERYTHING, Order, Page, Provider, Task, TaskQuery
from storyboard.providers.sites import SITES, ProviderSite

if TYPE_CHECKING:  # `validate` loads no HTTP client
    from storyboard.net.client import Net

T = TypeVar("T")

GROUP = "storyboard.providers"


@dataclass(frozen=True, slots=True)
class ProviderPlugin:
    """A provider of another distribution: its site, its models, and a function that opens it for an account.

    `connect` receives the account (with the key from the site's own variable) and the HTTP client, which it need not
    use.
    """

    site: ProviderSite
    rows: tuple[Capability, ...]
    connect: Callable[[Account, Net], Provider]


@cache
def load_plugin(name: str) -> ProviderPlugin:
    """Load the plug-in that offers the provider of that name. Raise SettingsTrouble."""
    matching = [(distribution, point) for distribution, point in _entry_points() if point.name == name]
    if len(matching) != 1:
        raise _none_or_many(name, matching)
    distribution, point = matching[0]
    try:
        with _search_path_without_current_folder():
            plugin = point.load()()
    except Exception as error:
        message = f"{type(error).__name__}: {error}"
        raise _unusable(name, distribution, message.splitlines()[0]) from error
    reason = _why_unusable(plugin)
    if reason:
        raise _unusable(name, distribution, reason)
    assert isinstance(plugin, ProviderPlugin)  # noqa: S101 - `_why_unusable` checked it
    return plugin


def connect_plugin(name: str, account: Account, net: Net) -> Provider:
    """Return the provider of a plug-in, opened for an account. Raise SettingsTrouble."""
    try:
        return GuardedPlugin(name, load_plugin(name).connect(account, net))
    except StoryboardError:
        raise
    except Exception as error:
        raise SettingsTrouble(f'the provider "{name}" can\'t be opened: {_type_and_line(error)}', _REPORT) from None


def _none_or_many(name: str, matching: Sequence[tuple[str, EntryPoint]]) -> SettingsTrouble:
    if matching:
        both = " and ".join(sorted(distribution for distribution, _ in matching))
        return SettingsTrouble(f'{both} both offer a provider "{name}"', "uninstall the one that you don't mean")
    return SettingsTrouble(*unknown_provider(name))


def provider_names() -> tuple[str, ...]:
    """Return the names of all providers: the built-in ones, then those of plug-ins."""
    return (*SITES, *sorted({point.name for _, point in _entry_points()} - set(SITES)))


def unknown_provider(name: str) -> tuple[str, str]:
    """Return the message and the hint for a provider that doesn't exist."""
    hint = f"known are: {', '.join(provider_names())}; to add another, install a package that offers it"
    return f'there is no provider "{name}"', hint


_REPORT = "report it to its author, or choose another with `--provider`"


def _unusable(name: str, distribution: str, reason: str) -> SettingsTrouble:
    return SettingsTrouble(f'the provider "{name}" of {distribution} can\'t be used: {reason}', _REPORT)


def _why_unusable(plugin: object) -> str:
    """Return why a plug-in can't be used; empty if it can."""
    if not isinstance(plugin, ProviderPlugin):
        return f"its entry point returns {type(plugin).__name__}, not ProviderPlugin"
    site: object = plugin.site
    rows: tuple[object, ...] = plugin.rows
    if not isinstance(site, ProviderSite) or not all(isinstance(row, Capability) for row in rows):
        return "its site has to be a ProviderSite, and its rows Capability values"
    names = {site.key_name, site.address_name}
    taken = names & {name for own in SITES.values() for name in (own.key_name, own.address_name)}
    if taken:
        return f"it reads {', '.join(sorted(taken))}, which belongs to another provider"
    if len(names) < 2 or not all(re.fullmatch(r"[A-Z][A-Z0-9_]*", name) for name in names):
        return "its variables have to be two, in capitals"
    if urlsplit(site.address).scheme != "https" or urlsplit(site.address).hostname not in site.hosts:
        return f"its address {Address(site.address).bare} has to be an https address at one of its own hosts"
    if not _is_pattern(site.task_id):
        return f"its task_id is not a regular expression: {site.task_id}"
    return "" if plugin.rows else "it offers no models"


def _is_pattern(text: str) -> bool:
    try:
        re.compile(text)
    except (re.error, TypeError):
        return False
    return True


def _entry_points() -> list[tuple[str, EntryPoint]]:
    """Return every entry point of the group, with the name and version of its distribution."""
    seen: set[str] = set()
    found = []
    for distribution in distributions(path=_search_path()):
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


def _search_path() -> list[str]:
    """Return the folders in which Python looks for modules, without the current one."""
    here = Path.cwd().resolve()
    return [place for place in sys.path if place and Path(place).resolve() != here]


@contextmanager
def _search_path_without_current_folder() -> Iterator[None]:
    before = sys.path[:]
    sys.path[:] = _search_path()
    try:
        yield
    finally:
        sys.path[:] = before


def _type_and_line(error: BaseException) -> str:
    """Return the type of an error and where it was raised, never its text."""
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = f" in {Path(last.tb_frame.f_code.co_filename).name}, line {last.tb_lineno}" if last is not None else ""
    return f"{type(error).__name__}{where}"


class GuardedPlugin:
    """A plug-in's provider whose exceptions are translated to those of the call that they broke off.

    After `submit` the result of the request is unknown, so the scene is held. Anything else stops the run; tasks under
    way are continued once the plug-in is fixed.
    """

    def __init__(self, name: str, provider: Provider) -> None:
        self._name = name
        self._provider = provider
        self._origin = str(provider.origin)

    @property
    def origin(self) -> str:
        """The scheme, host and port of the service."""
        return self._origin

    def body(self, order: Order) -> bytes:
        """Return the exact bytes to be sent."""
        try:
            return self._of(bytes, self._provider.body(order))
        except StoryboardError:
            raise
        except Exception as error:
            self._broke(error)

    async def submit(self, body: bytes, intent: str) -> str:
        """Send a paid request once, and return the new task's ID."""
        try:
            task: object = await self._provider.submit(body, intent)
        except StoryboardError:
            raise
        except Exception as error:
            raise UnknownOutcome(
                f'the provider "{self._name}" broke off while submitting: {_type_and_line(error)}'
            ) from None
        if not isinstance(task, str) or not task:
            raise UnknownOutcome(f'the provider "{self._name}" named no task')
        return task

    async def get_task(self, task: str) -> Task:
        """Return a task."""
        try:
            return self._of(Task, await self._provider.get_task(task))
        except StoryboardError:
            raise
        except Exception as error:
            self._broke(error)

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return a page of the tasks of the last days, newest first."""
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
        """Write the bytes at a task's address to a sink."""
        try:
            await self._provider.fetch(address, sink)
        except (StoryboardError, OSError):  # an OSError comes from the sink's disk, or its text is safe
            raise
        except Exception as error:
            self._broke(error)

    def _of(self, sort: type[T], value: object) -> T:
        if isinstance(value, sort):
            return value
        raise MachineRefuses(f'the provider "{self._name}" gave {type(value).__name__}, not {sort.__name__}', _REPORT)

    def _broke(self, error: Exception) -> NoReturn:
        raise MachineRefuses(f'the provider "{self._name}" broke off: {_type_and_line(error)}', _REPORT) from None
