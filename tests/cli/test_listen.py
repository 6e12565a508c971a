"""`storyboard run --listen`: the service reports that a task changed, and the task is polled."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from storyboard.cli.listen import parse_listen_address
from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.callbacks import Manner
from storyboard.errors import UsageError
from storyboard.testing.emulator import emulator
from storyboard.world import serving
from tests.cli.command_line import CommandResult, run_command
from tests.http_client import TASKS, ask

Write = Callable[[str], Path]
ONE = (
    "storyboard: 1\ndefaults: {duration: 4, resolution: 480p, ratio: 16:9}\nscenes:\n  dusk: {prompt: A lighthouse.}\n"
)
LIE = {"id": "cgt-1", "status": "succeeded", "content": {"video_url": "http://127.0.0.1:1/evil.mp4"}}
SLOWLY = ("--emulator", "--speed", "160")
"""Slow enough that a running task is seen."""


def run(path: Path, *words: str) -> CommandResult:
    """Run `storyboard run` in a project."""
    return run_command("run", "-f", str(path), *words)


def asked(path: Path) -> list[str | None]:
    """The callback address of each task."""
    lines = (path.parent / ".storyboard/emulated/service/ledger.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line)["body"].get("callback_url") for line in lines]


def trust(host: str) -> None:
    """Make the user's settings trust a host."""
    import os

    path = Path(os.environ["XDG_CONFIG_HOME"]) / "storyboard" / "settings.toml"
    path.parent.mkdir(parents=True)
    path.write_text(f'trusted_hosts = ["{host}"]\n', "utf-8")


def test_a_run_that_listens_is_called(write: Write) -> None:
    """The address is on this machine and contains a secret; the calls are counted, and none is forged."""
    path = write(ONE)
    result = run(path, *SLOWLY, "--listen", "127.0.0.1:0")
    found = re.search(r"^callbacks: (\d+) used, (\d+) ignored, (\d+) forged$", result.err, re.MULTILINE)
    assert (result.code, found is not None) == (0, True)
    assert found is not None
    used, ignored, forged = map(int, found.groups())
    assert (used + ignored > 0, forged) == (True, 0)
    (url,) = asked(path)
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[0-9a-f]{32}/[0-9a-f]{64}", url or "")


def test_a_callback_is_heeded_while_its_task_is_waited_for(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A forged one is not; a genuine one with a false status changes nothing."""
    told: list[str] = []

    async def create(request: Request) -> JSONResponse:
        told.append((await request.json())["callback_url"])
        return JSONResponse({"id": "cgt-1"})

    def look(_: Request) -> JSONResponse:
        (url,) = told[:1]
        if len(told) == 1:
            told.extend(str(ask("POST", where, LIE, key="").status) for where in (url, f"{url[:-1]}?"))
            return JSONResponse({"id": "cgt-1", "status": "running"})
        return JSONResponse({"id": "cgt-1", "status": "failed", "error": {"code": "Some", "message": "no film"}})

    routes = [
        Route(TASKS, create, methods=["POST"]),
        Route(TASKS, lambda _: JSONResponse({"total": 0, "items": []})),
        Route(f"{TASKS}/cgt-1", look),
    ]
    with serving.serve_in_background(Starlette(routes=routes), serving.bind(0)) as origin:
        monkeypatch.setenv("ARK_BASE_URL", origin)
        monkeypatch.setenv("ARK_API_KEY", "a-key")
        result = run(write(ONE), "--listen", "127.0.0.1:0")
    assert (result.code, told[1:], "no film" in result.err) == (3, ["200", "404"], True)
    assert "callbacks: 1 used, 0 ignored, 1 forged" in result.err


@pytest.mark.parametrize("manner", ["twice", "reversed", "forged"])
def test_whatever_a_service_calls_the_film_is_made(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, manner: Manner
) -> None:
    """Twice, the end first, or with a false status before each change: the service is polled, and its answer counts."""
    with emulator(tmp_path / "ledger", conditions=EmulatorConfig(160.0, calls=manner)) as emulated:
        for name, value in emulated.environment.items():
            monkeypatch.setenv(name, value)
        result = run(write(ONE), "--listen", "127.0.0.1:0")
    assert (result.code, result.submitted, "169.254" in result.out + result.err) == (0, 1, False)
    assert "0 forged" in result.err


def test_listening_is_no_reason_to_make_anything(write: Write) -> None:
    """The callback address is not part of any scene's key."""
    path = write(ONE)
    assert run(path, *SLOWLY).submitted == 1
    assert (run(path, *SLOWLY, "--listen", "127.0.0.1:0").submitted, asked(path)) == (0, [None])


def test_polling_goes_on_where_nobody_calls(write: Write) -> None:
    """A relay that the emulator doesn't call is reported, and the film is made all the same."""
    trust("relay.example")
    path = write(ONE)
    result = run(path, *SLOWLY, "--listen", "127.0.0.1:0", "--callback-url", "https://relay.example/films")
    (url,) = asked(path)
    assert (result.code, (url or "").startswith("https://relay.example/films/")) == (0, True)
    assert "callbacks: 0 used, 0 ignored, 0 forged" in result.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--listen", "nonsense"], "--listen takes HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "--listen takes HOST:PORT"),
        (["--listen", "192.0.2.1:80"], "the emulator sends callbacks to this machine only"),
        (["--callback-url", "https://relay.example"], "--callback-url needs --listen"),
        (["--listen", "127.0.0.1:0", "--callback-url", "http://relay.example"], "not an https address"),
        (
            ["--listen", "127.0.0.1:0", "--callback-url", "https://relay.example/?a=b"],
            "not an https address",
        ),
        (
            ["--listen", "127.0.0.1:0", "--callback-url", "https://me:x@relay.example/"],
            "not an https address",
        ),
        (["--listen", "127.0.0.1:0", "--callback-url", "https://[half"], "not an https address"),
    ],
)
def test_wrong_words_exit_with_2(write: Write, words: list[str], told: str) -> None:
    """Wrong usage exits with 2, and nothing is started."""
    path = write(ONE)
    result = run(path, *SLOWLY, *words)
    assert (result.code, told in result.err, (path.parent / "renders").exists()) == (2, True, False)


def test_the_real_service_has_to_know_where_to_call(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The real service needs a public address, because it can't reach this machine otherwise."""
    monkeypatch.setenv("ARK_API_KEY", "key")
    result = run(write(ONE), "--yes", "--listen", "127.0.0.1:0")
    assert (result.code, "--callback-url https://HOST/PATH" in result.err) == (2, True)


def test_a_host_that_is_not_trusted_is_not_named(write: Write) -> None:
    """Results are only posted to hosts that the user's settings allow, whether the storyboard or an option names the
    host."""
    result = run(write(ONE), *SLOWLY, "--listen", "127.0.0.1:0", "--callback-url", "https://evil.example/x")
    assert (result.code, 'trusted_hosts = ["evil.example"]' in result.err) == (5, True)


@pytest.mark.row(81)
def test_a_port_that_is_taken_exits_with_5(write: Write) -> None:
    """A port in use ends the run before anything is paid for."""
    with serving.bind(0) as taken:
        port = taken.getsockname()[1]
        result = run(write(ONE), *SLOWLY, "--listen", f"127.0.0.1:{port}")
    assert (result.code, f"port {port} can't be served" in result.err) == (5, True)


@pytest.mark.parametrize(
    ("listen", "place"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("0.0.0.0:80", ("0.0.0.0", 80)),  # noqa: S104 - read, not bound
        ("localhost:0", ("localhost", 0)),
        ("[::1]:8080", ("::1", 8080)),
    ],
)
def test_where_to_listen(listen: str, place: tuple[str, int]) -> None:
    """The option accepts a host and a port."""
    assert parse_listen_address(listen) == place


@pytest.mark.parametrize("listen", ["", ":80", "8080", "::1:80", "a b:1", "host:", "host:-1"])
def test_where_nobody_can_listen(listen: str) -> None:
    """For an invalid address the message contains an example."""
    with pytest.raises(UsageError, match="HOST:PORT"):
        parse_listen_address(listen)


@pytest.mark.skipif(not socket.has_ipv6, reason="this machine has no IPv6")
def test_an_address_of_ipv6_is_written_in_brackets() -> None:
    """An IPv6 address is written in brackets."""
    try:
        listening = serving.bind(0, "::1")
    except Exception as error:
        pytest.skip(f"no IPv6 here: {error}")
    with listening:
        assert urlsplit(serving.address_of(listening)).hostname == "::1"
