"""The user's settings on this machine: the environment, and `settings.toml`. A storyboard sets none of them."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from storyboard.errors import SettingsTrouble
from storyboard.hosts import is_loopback
from storyboard.planning.money import Money, money_of
from storyboard.protocols import Account, Address, PollPolicy, Secret

KEYS: Mapping[str, type] = {
    "tasks_in_flight": int,
    "trusted_hosts": list,
    "provider": str,
    "max_cost_project": str,
    "max_cost_day": str,
    "marker": str,
}
Marker = Literal["execution_expires_after", "safety_identifier"]
MARKERS: tuple[Marker, ...] = get_args(Marker)


@dataclass(frozen=True, slots=True)
class Settings:
    """`provider`: the name of the one that makes everything.
    `tasks_in_flight`: how many tasks at once (the vendor lets an individual have 3 running).
    `trusted_hosts`: hosts, other than the vendor's, that a key may be sent to.
    `max_cost_project`, `max_cost_day`: the most that one project may cost in all, and all projects of one day
    (`docs/budget.md`).
    `marker`: the field of a request by which its task is known for ours when the answer was lost: its life, about 16
    bits, or its `safety_identifier`, 128 bits, if the service repeats it (`docs/real-service.md`, P5)."""

    tasks_in_flight: int = 3
    trusted_hosts: tuple[str, ...] = ()
    provider: str = "ark"
    max_cost_project: Money | None = None
    max_cost_day: Money | None = None
    marker: Marker = "execution_expires_after"


_SORTS = {int: "whole number", list: "list of texts", str: "text"}


def path_of(environment: Mapping[str, str]) -> Path:
    """Return the path of the settings."""
    config = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".config")
    return Path(config) / "storyboard" / "settings.toml"


def state_home(environment: Mapping[str, str]) -> Path:
    """Return the folder of what this user's runs remember, apart from every project."""
    home = environment.get("XDG_STATE_HOME") or str(
        Path(environment.get("HOME", "~")).expanduser() / ".local" / "state"
    )
    return Path(home) / "storyboard"


def read(environment: Mapping[str, str]) -> Settings:
    """Return the user's settings, or the defaults without a file. Raise SettingsTrouble."""
    path = path_of(environment)
    try:
        rows = tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise SettingsTrouble(f"{path} can't be read: {(error.strerror or '').lower()}", "mend its rights") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsTrouble(f"{path} can't be read: {error}", "mend or remove it") from error
    return Settings(**{key: _check(key, value, path) for key, value in rows.items()})


def _check(key: str, value: Any, path: Path) -> Any:
    if key not in KEYS:
        raise SettingsTrouble(f'{path} has an unknown key "{key}"', f"known are: {', '.join(KEYS)}")
    if type(value) is not KEYS[key]:
        hint = 'write it like "200 CNY"' if key.startswith("max_cost") else "mend it"
        raise SettingsTrouble(f"{path}: {key} has to be a {_SORTS[KEYS[key]]}", hint)
    if isinstance(value, int) and not 1 <= value <= 1000:
        raise SettingsTrouble(f"{path}: tasks_in_flight is {value}; it may be 1 to 1000")
    if key == "marker" and value not in MARKERS:
        hint = f"write one of: {', '.join(MARKERS)}; left out, it is {MARKERS[0]}"
        raise SettingsTrouble(f'{path}: marker is "{value}", which names no marker', hint)
    if key.startswith("max_cost"):
        return _money(key, str(value), path)
    return tuple(str(item) for item in value) if isinstance(value, list) else value


def _money(key: str, value: str, path: Path) -> Money:
    try:
        money = money_of(value)
    except ValueError as error:
        raise SettingsTrouble(f"{path}: {key}: {error}", 'write it like "200 CNY"') from error
    if not money.currency:
        raise SettingsTrouble(f"{path}: {key} has no currency", f'write it like "{value.strip()} CNY"')
    return money


def account(
    settings: Settings,
    environment: Mapping[str, str],
    *,
    key_name: str,
    address_name: str,
    home: str,
    hosts: tuple[str, ...],
) -> Account:
    """Return the account that the environment names for a provider with these variables, this address and these hosts.

    A loopback address is always allowed, another address than the vendor's only if the settings trust it. Raise
    SettingsTrouble.
    """
    from urllib.parse import urlsplit

    base = (environment.get(address_name) or home).rstrip("/")
    if not Address(base).origin:
        raise SettingsTrouble(f"{address_name} is not a valid address", "mend it")
    parts = urlsplit(base)
    if not is_loopback(base):
        if parts.scheme != "https":
            raise SettingsTrouble(f"{address_name} is not an https address", "a key is never sent in clear")
        if parts.hostname not in (*hosts, *settings.trusted_hosts):
            hint = f'if you trust it, write trusted_hosts = ["{parts.hostname}"] in {path_of(environment)}'
            raise SettingsTrouble(
                f"{address_name} names {parts.hostname}, which is not one of the vendor's hosts", hint
            )
    key = environment.get(key_name, "")
    if not key:
        raise SettingsTrouble(
            f"{key_name} is not set", f"export {key_name}=…, or try it with `--emulator`: that needs no key"
        )
    if not key.isascii() or not key.isprintable() or " " in key:
        raise SettingsTrouble(f"{key_name} holds characters that no key has", "copy it again")
    return Account(base, Secret(key), settings.tasks_in_flight, pace_at(base))


def pace_at(base_url: str) -> PollPolicy:
    """Return how often to poll, and how late a task may be listed: minutes at the vendor's, moments on this machine."""
    return PollPolicy(0.1, 1.0, grace=3.0) if is_loopback(base_url) else PollPolicy(5.0, 30.0)


def environment() -> Mapping[str, str]:
    """The process's environment."""
    return os.environ
