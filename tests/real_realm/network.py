"""The network and the host names of a scenario's processes: this process leaves the machine's network for them."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.real_realm.certificates import SERVICE_HOST, VIDEO_HOST

ADDRESSES = {SERVICE_HOST: "101.126.0.10", VIDEO_HOST: "101.126.0.11"}
"""Addresses that count as public for the program's checks; here they belong to the loopback device of the namespace."""
NEEDED = ("ip", "mount", "unshare", "openssl", "faketime")


def command_inside(module: str, *words: str) -> list[str]:
    """Return the command that runs a module of ours in new namespaces of network, mounts and processes.

    All its child processes end with it, and the namespaces with the last of them, however it ends.
    """
    unshare = shutil.which("unshare") or "unshare"
    apart = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    return [unshare, *apart, sys.executable, "-m", module, *words]


def build_network(folder: Path) -> None:
    """Give the two hosts their addresses, in this process's namespaces. Raise RuntimeError outside of new
    namespaces."""
    devices = {name for _, name in socket.if_nameindex()}
    if devices != {"lo"}:
        raise RuntimeError(f"this is no network of its own: it has {', '.join(sorted(devices))}")
    _run("ip", "link", "set", "lo", "up")
    for address in ADDRESSES.values():
        _run("ip", "address", "add", f"{address}/32", "dev", "lo")
    hosts = folder / "hosts"
    rows = [f"{address} {host}" for host, address in ADDRESSES.items()]
    hosts.write_text("\n".join(["127.0.0.1 localhost", "::1 localhost", *rows, ""]))
    _run("mount", "--bind", str(hosts), "/etc/hosts")
    _run("mount", "-t", "tmpfs", "tmpfs", "/dev/shm")  # noqa: S108 - libfaketime leaves files there, named by processes
    for host, address in ADDRESSES.items():
        found = socket.gethostbyname(host)
        if found != address:
            raise RuntimeError(f"{host} resolves to {found}")


def missing_tools() -> Sequence[str]:
    """Return the tools that have to be installed first."""
    return [name for name in NEEDED if shutil.which(name) is None]


def _run(*words: str) -> None:
    program = shutil.which(words[0]) or words[0]
    subprocess.run([program, *words[1:]], check=True, timeout=30)
