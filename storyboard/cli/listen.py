"""The options `--listen` and `--callback-url`: where callbacks are received, and the URL that the service gets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from storyboard.errors import SettingsTrouble, UsageError
from storyboard.hosts import is_loopback
from storyboard.language.rules.parameters import host_called
from storyboard.protocols import Realm

if TYPE_CHECKING:
    from storyboard.web.callbacks import Receiver
    from storyboard.world.layout import Layout

WILDCARD_HOSTS = ("0.0.0.0", "::")  # noqa: S104 - accepted from the user, never a default


def parse_listen_address(listen: str) -> tuple[str, int]:
    """Return host and port of HOST:PORT, or of [HOST]:PORT for IPv6. Raise UsageError if it is neither."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", listen)
    if found is None or int(found[3]) > 65535:
        raise UsageError(f"--listen takes HOST:PORT, not {listen}", "for example --listen 127.0.0.1:8080")
    return found[1] or found[2], int(found[3])


def public_base(callback_url: str | None, realm: Realm, trusted: tuple[str, ...], settings: object) -> str:
    """Return the base URL for callbacks; empty for the embedded emulator, which reaches the listening address itself.

    Raise UsageError if it is no usable URL, SettingsTrouble if the user's `settings` don't trust its host.
    """
    if callback_url is None:
        if realm == "real":
            hint = "name the address under which the service reaches this machine: --callback-url https://HOST/PATH"
            raise UsageError("--listen needs --callback-url with the real service", hint)
        return ""
    if realm == "emulated" and is_loopback(callback_url):
        return callback_url
    host = host_called(callback_url)
    if not host or re.search(r"[?#@\s]", callback_url):
        raise UsageError(
            "--callback-url is not an https address without query or user name", "write it as https://HOST/PATH"
        )
    if host not in trusted:
        hint = f'if you trust it, write trusted_hosts = ["{host}"] in {settings}'
        raise SettingsTrouble(f"--callback-url sends results to {host}, which your settings do not trust", hint)
    return callback_url


@contextmanager
def receive_callbacks(layout: Layout, listen: str | None, callback_url: str | None) -> Iterator[Receiver | None]:
    """Run a receiver of callbacks for the length of the block; yield None without --listen.

    Raise UsageError, SettingsTrouble or MachineRefuses.
    """
    if listen is None:
        if callback_url is not None:
            raise UsageError("--callback-url needs --listen", "add --listen 127.0.0.1:8080")
        yield None
        return
    from storyboard.web.callbacks import Receiver, load_secret, serve_callbacks
    from storyboard.world import settings
    from storyboard.world.clock import SystemDice

    host, port = parse_listen_address(listen)
    environment = settings.environment()
    trusted = settings.read(environment).trusted_hosts
    base = public_base(callback_url, layout.realm, trusted, settings.path_of(environment))
    if not base and not (
        is_loopback(f"http://[{host}]" if ":" in host else f"http://{host}") or host in WILDCARD_HOSTS
    ):
        raise UsageError(
            f"the emulator sends callbacks to this machine only, not to {host}", "use --listen 127.0.0.1:PORT"
        )
    dice = SystemDice()
    receiver = Receiver(base, load_secret(layout, dice), dice)
    with serve_callbacks(receiver, host, port) as origin:
        receiver.base = base or origin.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        yield receiver
