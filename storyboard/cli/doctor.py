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
from storyboard.errors import DecisionNeeded, ExitCode, ProviderError, SettingsTrouble, StoryboardError, UsageError
from storyboard.language.source import escape_for_terminal
from storyboard.protocols import Address, Secret
from storyboard.providers.catalogue import capabilities, site_of
from storyboard.providers.sites import SITES
from storyboard.world import settings
from storyboard.world.layout import Layout
from storyboard.world.machine_checks import check_file_system
from storyboard.world.mounts import place_of

LIBRARIES = ("httpx", "av", "pillow", "pyyaml", "jsonschema", "networkx", "click", "rich", "starlette", "uvicorn")
LOW_SPACE = 2 * 1024**3
"""Free bytes below which a warning is shown: a film of some minutes with its takes and frames needs about that."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report; `trouble` if it keeps something from working."""

    about: str
    what: str
    trouble: bool = False


@click.command("doctor")
@file_option
@provider_option
@click.option("--probe", is_flag=True, help="Test what the vendor's documentation leaves open; costs two small tasks.")
@click.option(
    "--other-key",
    metavar="VARIABLE",
    default="",
    help="With --probe: a variable with another key of the account.",
)
@click.option("--yes", is_flag=True, help="With --probe: skip the confirmation.")
@json_option
def command(file: str, provider: str, probe: bool, other_key: str, yes: bool, as_json: bool) -> None:
    """Show the setup of this machine: versions, the provider, its host and whether its key is set, proxies, paths, and
    what the file system supports. Never shows a key. Exits with 5 if something keeps storyboard from working.

    --probe makes two small videos at the provider to test what its documentation leaves open, and shows what each
    answer would change. It shows the highest possible price and asks for confirmation first.
    """
    if probe:
        _run_probes(provider, other_key, yes=yes, as_json=as_json)
        return
    checks = [
        *_check_program(),
        *_check_provider(provider),
        *_check_proxies(settings.environment()),
        *_check_places(file, provider),
    ]
    if as_json:
        value = [{"about": row.about, "what": row.what, "trouble": row.trouble} for row in checks]
        echo(json.dumps(value, ensure_ascii=False, indent=1))
    else:
        for row in checks:
            what = escape_for_terminal(row.what)
            echo(f"{row.about:<14}{colour(what, fg='red') if row.trouble else what}")
    if any(row.trouble for row in checks):
        raise click.exceptions.Exit(ExitCode.REFUSED)


def _check_program() -> list[Check]:
    """Return the versions of the program, Python and the libraries."""
    return [
        Check("storyboard", __version__),
        Check("python", f"{platform.python_version()} ({platform.system()} {platform.machine()})"),
        Check("libraries", ", ".join(f"{name} {_version(name)}" for name in LIBRARIES)),
    ]


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "is missing"


def _check_provider(asked: str) -> list[Check]:
    """Return the provider, its host and whether its key is set; never the key."""
    try:
        name = project.chosen(asked)
        site = site_of(name)
    except SettingsTrouble as error:
        return [Check("provider", _format_error(error), trouble=True)]
    environment = settings.environment()
    address = environment.get(site.address_name, "")
    whence = f"from {site.address_name}" if address else "the default"
    checks = [
        Check("provider", name),
        Check("host", f"{Address(address or site.address).bare} ({whence})"),
        Check(
            "key", f"{site.key_name} is {'set' if environment.get(site.key_name) else 'not set; only `run` needs it'}"
        ),
    ]
    try:
        project.account(name)
    except SettingsTrouble as error:
        if environment.get(site.key_name) or "is not set" not in error.what:
            checks.append(Check("account", _format_error(error), trouble=True))
    return checks


def _format_error(error: StoryboardError) -> str:
    return f"{error.what}; {error.hint}" if error.hint else error.what


def _check_proxies(environment: Mapping[str, str]) -> list[Check]:
    """Return the proxies for requests to other machines; loopback addresses use none. Passwords are not shown."""
    checks = []
    for name in ("https_proxy", "all_proxy", "no_proxy"):
        value = environment.get(name) or environment.get(name.upper(), "")
        if value:
            checks.append(
                Check("proxy", f"{name.upper()}: {value if name == 'no_proxy' else _without_password(value)}")
            )
    return checks or [Check("proxy", "none")]


def _without_password(address: str) -> str:
    try:
        parts = urlsplit(address if "://" in address else f"http://{address}")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "an address that can't be read"
    return f"{parts.scheme}://{parts.hostname or ''}{port}{' (with a user name)' if parts.username else ''}"


def _check_places(file: str, provider: str) -> list[Check]:
    """Return the paths of settings and state, and what the file system supports."""
    environment = settings.environment()
    path = settings.path_of(environment)
    checks = [Check("settings", f"{path}{'' if path.exists() else ' (missing; defaults apply)'}")]
    try:
        realm = project.realm_of(emulator=False, provider=provider)
    except SettingsTrouble:
        realm = "real"  # the reason is in the provider's line
    layout = Layout(Path(file).absolute(), realm)
    checks.append(Check("state", f"{layout.hidden}{'' if layout.hidden.exists() else ' (nothing yet)'}"))
    return checks + _check_file_system(layout.folder)


def _check_file_system(folder: Path) -> list[Check]:
    try:
        found = check_file_system(folder)
    except StoryboardError as error:
        return [Check("files", _format_error(error), trouble=True)]
    place = place_of(folder)
    kind = f"{place.kind or 'an unknown file system'}{f'; it {place.warning}' if place.warning else ''}"
    tried = {"lock": found.lock, "sync": found.sync, "rename": found.rename}
    checks = [Check(f"files {name}", why or "works", trouble=bool(why)) for name, why in tried.items()]
    free = f"{found.free / 1024**3:.1f} GiB"
    little = f"{free}: little for videos" if found.free < LOW_SPACE else free
    return [Check("file system", kind), *checks, Check("files free", little, trouble=found.free < LOW_SPACE)]


def _run_probes(asked: str, other_key: str, *, yes: bool, as_json: bool) -> None:
    """Show the price of the probes, ask for confirmation, then run them."""
    name = project.chosen(asked)
    if name not in SITES:
        raise UsageError(
            f'the probes use the Ark API, which "{name}" does not have', f"providers with it: {', '.join(SITES)}"
        )
    account = project.account(name)
    other = None
    if other_key:
        key = settings.environment().get(other_key, "")
        if not key:
            raise SettingsTrouble(f"{other_key} is not set", "give the variable that holds the other key")
        other = replace(account, key=Secret(key))
    from storyboard.cli.show import format_cost
    from storyboard.net.client import open_net
    from storyboard.providers.ark.probes import Probes, worst
    from storyboard.world.clock import SystemClock, SystemDice

    row = capabilities(name)["seedance-2.0-fast"]
    origin = Address(account.base_url).origin
    if account.realm == "real" and not yes:
        _confirm(f"two tasks of {row.id} at {origin}, at most {format_cost(worst(row))}")
    echo(f"ask_all {origin}, with two tasks of {row.id}", err=True)

    async def ask_all() -> tuple[list[Any], ProviderError | None]:
        async with open_net() as net:
            probes = Probes(
                account, other, net, SystemClock(), SystemDice(), lambda line: echo(escape_for_terminal(line), err=True)
            )
            try:
                await probes.all(row)
            except ProviderError as error:
                return probes.answers, error
            return probes.answers, None

    answers, broke = asyncio.run(ask_all())
    answers.sort(key=lambda answer: answer.probe)
    if as_json:
        value = {"provider": name, "host": origin, "model": row.id, "answers": [answer.value() for answer in answers]}
        echo(json.dumps(value | {"broke_off": broke.what if broke else ""}, ensure_ascii=False, indent=1))
    else:
        for answer in answers:
            _print_answer(answer.value())
    if any(answer.probe == "P5" and answer.word == "yes" for answer in answers):
        echo(_marker_advice(), err=as_json)
    if broke is not None:
        raise broke


def _marker_advice() -> str:
    """Return the advice for a service that repeats safety_identifier of unfinished tasks. Only the user sets it."""
    path = escape_for_terminal(str(settings.path_of(settings.environment())))
    return (
        f'marker = "safety_identifier" can be set in {path}: an unresolved submission is then identified by 128 bits '
        "instead of about 16, and no other task matches it by chance"
    )


def _confirm(price: str) -> None:
    if not sys.stdin.isatty():
        raise DecisionNeeded(
            f"this would make {price}, and there is no terminal to confirm it on", "add --yes to confirm"
        )
    if not click.confirm(f"Make {price}?", default=False):
        raise DecisionNeeded("no probe was run: not confirmed")


def _print_answer(answer: Mapping[str, Any]) -> None:
    echo(f"{answer['probe']} {answer['question']} {answer['answer']}")
    seen = ", ".join(f"{name} {value}" for name, value in answer["seen"].items())
    for line in (f"seen: {seen}" if seen else "", f"meaning: {answer['means']}"):
        if line:
            echo(f"   {escape_for_terminal(line)}")
    if answer["look_again"]:
        echo(f"   look again {escape_for_terminal(answer['look_again'])}")
