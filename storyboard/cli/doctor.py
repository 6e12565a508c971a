"""`storyboard doctor`"""

from __future__ import annotations

import asyncio
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from storyboard import __version__, project
from storyboard.cli.common import colour, file_option, json_option, provider_option
from storyboard.cli.echo import echo
from storyboard.errors import DecisionNeeded, ProviderError, SettingsTrouble, StoryboardError, UsageError
from storyboard.language.source import escape_for_terminal
from storyboard.promises import Address, Secret
from storyboard.providers.catalogue import capabilities, site_of
from storyboard.providers.sites import SITES
from storyboard.world import settings
from storyboard.world.layout import Layout
from storyboard.world.machine_checks import check_file_system
from storyboard.world.mounts import place_of

LIBRARIES = ("httpx", "av", "pillow", "pyyaml", "jsonschema", "networkx", "click", "rich", "starlette", "uvicorn")
LITTLE = 2 * 1024**3
"""Bytes below which free space is called little: a film of some minutes, its takes and its frames."""


@dataclass(frozen=True, slots=True)
class Row:
    """A thing that was looked at, and what is; `trouble` where it keeps something from working."""

    about: str
    what: str
    trouble: bool = False


@click.command("doctor")
@file_option
@provider_option
@click.option("--probe", is_flag=True, help="Ask the service what its papers leave open: spends for two small tasks.")
@click.option("--other-key", metavar="VARIABLE", default="", help="With --probe: where another key of the account is.")
@click.option("--yes", is_flag=True, help="With --probe: don't ask before spending.")
@json_option
def command(file: str, provider: str, probe: bool, other_key: str, yes: bool, as_json: bool) -> None:
    """Show what this machine is set up for: versions, the provider, its host and whether its key is set, proxies, where
    things lie, and what the file system can do. Never shows a key. Exits with 5 if something keeps it from working.

    --probe makes two small videos at the provider to find out what its documents leave open, and says what each answer
    would change. It tells the price at the most, and asks first.
    """
    if probe:
        _probe(provider, other_key, yes=yes, as_json=as_json)
        return
    rows = [*_program(), *_provider(provider), *_proxies(settings.environment()), *_places(file, provider)]
    if as_json:
        value = [{"about": row.about, "what": row.what, "trouble": row.trouble} for row in rows]
        echo(json.dumps(value, ensure_ascii=False, indent=1))
    else:
        for row in rows:
            what = escape_for_terminal(row.what)
            echo(f"{row.about:<14}{colour(what, fg='red') if row.trouble else what}")
    if any(row.trouble for row in rows):
        raise click.exceptions.Exit(5)


def _program() -> list[Row]:
    """What runs here."""
    return [
        Row("storyboard", __version__),
        Row("python", f"{platform.python_version()} ({platform.system()} {platform.machine()})"),
        Row("libraries", ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is missing"


def _provider(asked: str) -> list[Row]:
    """Who makes the videos, where, and whether there is a key; never what it is."""
    try:
        name = project.chosen(asked)
        site = site_of(name)
    except SettingsTrouble as error:
        return [Row("provider", _told(error), trouble=True)]
    environment = settings.environment()
    address = environment.get(site.address_name, "")
    whence = f"from {site.address_name}" if address else "its own"
    rows = [
        Row("provider", name),
        Row("host", f"{Address(address or site.address).bare} ({whence})"),
        Row("key", f"{site.key_name} is {'set' if environment.get(site.key_name) else 'not set: only a run needs it'}"),
    ]
    try:
        project.account(name)
    except SettingsTrouble as error:
        if environment.get(site.key_name) or "is not set" not in error.what:
            rows.append(Row("account", _told(error), trouble=True))
    return rows


def _told(error: StoryboardError) -> str:
    return f"{error.what}; {error.hint}" if error.hint else error.what


def _proxies(environment: Mapping[str, str]) -> list[Row]:
    """The proxies that requests to the outside take; addresses of this machine take none. No password is shown."""
    rows = []
    for name in ("https_proxy", "all_proxy", "no_proxy"):
        value = environment.get(name) or environment.get(name.upper(), "")
        if value:
            rows.append(Row("proxy", f"{name.upper()}: {value if name == 'no_proxy' else _bare(value)}"))
    return rows or [Row("proxy", "none")]


def _bare(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that can't be read"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{' (with a name)' if parts.username else ''}"


def _places(file: str, provider: str) -> list[Row]:
    """Where things lie, and what the file system there can do."""
    environment = settings.environment()
    path = settings.path_of(environment)
    rows = [Row("settings", f"{path}{'' if path.exists() else ' (not there: defaults)'}")]
    try:
        realm = project.realm_of(emulator=False, provider=provider)
    except SettingsTrouble:
        realm = "real"  # why is told above
    layout = Layout(Path(file).absolute(), realm)
    rows.append(Row("state", f"{layout.hidden}{'' if layout.hidden.exists() else ' (nothing yet)'}"))
    return rows + _file_system(layout.folder)


def _file_system(folder: Path) -> list[Row]:
    try:
        found = check_file_system(folder)
    except StoryboardError as error:
        return [Row("files", _told(error), trouble=True)]
    place = place_of(folder)
    kind = f"{place.kind or 'a file system that nobody knows'}{f'; it {place.warning}' if place.warning else ''}"
    tried = {"lock": found.lock, "sync": found.sync, "rename": found.rename}
    rows = [Row(f"files {name}", why or "works", trouble=bool(why)) for name, why in tried.items()]
    free = f"{found.free / 1024**3:.1f} GiB"
    little = f"{free}: little, for videos" if found.free < LITTLE else free
    return [Row("files lie on", kind), *rows, Row("files free", little, trouble=found.free < LITTLE)]


def _probe(asked: str, other_key: str, *, yes: bool, as_json: bool) -> None:
    """The probes: told what they cost, asked, then made."""
    name = project.chosen(asked)
    if name not in SITES:
        raise UsageError(f'the probes speak Ark\'s words, not those of "{name}"', f"they know: {', '.join(SITES)}")
    account = project.account(name)
    other = None
    if other_key:
        key = settings.environment().get(other_key, "")
        if not key:
            raise SettingsTrouble(f"{other_key} is not set", "name the variable that holds the other key")
        other = replace(account, key=Secret(key))
    from storyboard.cli.show import money
    from storyboard.net import opened
    from storyboard.providers.ark.probes import Probes, worst
    from storyboard.world.clock import SystemClock, SystemDice

    row = capabilities(name)["seedance-2.0-fast"]
    origin = Address(account.base_url).origin
    if account.realm == "real" and not yes:
        _agree(f"two tasks of {row.id} at {origin}, at the most {money(worst(row))}")
    echo(f"asking {origin}, with two tasks of {row.id}", err=True)

    async def asking() -> tuple[list[Any], ProviderError | None]:
        async with opened() as net:
            probes = Probes(
                account, other, net, SystemClock(), SystemDice(), lambda said: echo(escape_for_terminal(said), err=True)
            )
            try:
                await probes.all(row)
            except ProviderError as error:
                return probes.answers, error
            return probes.answers, None

    answers, broke = asyncio.run(asking())
    answers.sort(key=lambda answer: answer.probe)
    if as_json:
        told = {"provider": name, "host": origin, "model": row.id, "answers": [answer.value() for answer in answers]}
        echo(json.dumps(told | {"broke_off": broke.what if broke else ""}, ensure_ascii=False, indent=1))
    else:
        for answer in answers:
            _tell(answer.value())
    if any(answer.probe == "P5" and answer.word == "yes" for answer in answers):
        echo(_marker_advice(), err=as_json)
    if broke is not None:
        raise broke


def _marker_advice() -> str:
    """What may be set where the service repeats safety_identifier of a task that is not ended: nobody sets it but the
    user."""
    path = escape_for_terminal(str(settings.path_of(settings.environment())))
    return (
        f'marker = "safety_identifier" can be set in {path}: a submission in doubt is then found again by 128 bits '
        "instead of about 16, and no other task matches it by chance"
    )


def _agree(price: str) -> None:
    if not sys.stdin.isatty():
        raise DecisionNeeded(f"this would make {price}, and there is nobody to ask", "say --yes if you agree")
    if not click.confirm(f"Make {price}?", default=False):
        raise DecisionNeeded("nothing was asked: you said no")


def _tell(answer: Mapping[str, Any]) -> None:
    echo(f"{answer['probe']} {answer['question']} {answer['answer']}")
    seen = ", ".join(f"{name} {value}" for name, value in answer["seen"].items())
    for line in (f"seen: {seen}" if seen else "", f"so: {answer['means']}"):
        if line:
            echo(f"   {escape_for_terminal(line)}")
    if answer["look_again"]:
        echo(f"   look again {escape_for_terminal(answer['look_again'])}")
