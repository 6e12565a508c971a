"""`--listen` and `--callback-url`: where callbacks are heard, and where the service is told to send them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from storyboard.errors import SettingsTrouble, UsageError
from storyboard.language.rules.parameters import host_called
from storyboard.promises import Realm, is_loopback

if TYPE_CHECKING:
    from storyboard.web.callbacks import Receiver
    from storyboard.world.layout import Layout

WILD = ("0.0.0.0", "::")  # noqa: S104 - what somebody may ask for, not what is bound by itself


def place_of(listen: str) -> tuple[str, int]:
    """The host and the port of HOST:PORT, or [HOST]:PORT for IPv6. Raises UsageError."""
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})", listen)
    if found is None or int(found[3]) > 65535:
        raise UsageError(f"--listen takes HOST:PORT, not {listen}", "for example --listen 127.0.0.1:8080")
    return found[1] or found[2], int(found[3])


def public_base(callback_url: str | None, realm: Realm, trusted: tuple[str, ...], settings: object) -> str:
    """The address that the service is given; empty where it is on this machine, and reaches us as we are.

    Raises UsageError if it can't be one, SettingsTrouble if the user's `settings` don't trust its host.
    """
    if callback_url is None:
        if realm == "real":
            hint = "name the address under which the service reaches you: --callback-url https://HOST/PATH"
            raise UsageError("with --listen the service has to know where to call", hint)
        return ""
    if realm == "emulated" and is_loopback(callback_url):
        return callback_url
    host = host_called(callback_url)
    if not host or re.search(r"[?#@\s]", callback_url):
        raise UsageError("--callback-url is no address that could be called", "write it as https://HOST/PATH")
    if host not in trusted:
        hint = f'if you trust it, write trusted_hosts = ["{host}"] in {settings}'
        raise SettingsTrouble(f"--callback-url has results posted to {host}, which your settings do not trust", hint)
    return callback_url


@contextmanager
def receiving(layout: Layout, listen: str | None, callback_url: str | None) -> Iterator[Receiver | None]:
    """A receiver of callbacks until the end; None if nobody listens. Raises UsageError, SettingsTrouble,
    MachineRefuses."""
    if listen is None:
        if callback_url is not None:
            raise UsageError("--callback-url needs --listen", "say where to hear: --listen 127.0.0.1:8080")
        yield None
        return
    from storyboard.web.callbacks import Receiver, listening, secret_of
    from storyboard.world import settings
    from storyboard.world.clock import SystemDice

    host, port = place_of(listen)
    environment = settings.environment()
    trusted = settings.read(environment).trusted_hosts
    base = public_base(callback_url, layout.realm, trusted, settings.path_of(environment))
    if not base and not (is_loopback(f"http://[{host}]" if ":" in host else f"http://{host}") or host in WILD):
        raise UsageError(f"the emulator calls this machine alone, not {host}", "say --listen 127.0.0.1:PORT")
    dice = SystemDice()
    receiver = Receiver(base, secret_of(layout, dice), dice)
    with listening(receiver, host, port) as origin:
        receiver.base = base or origin.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:")
        yield receiver
