"""An app on a socket of this machine alone."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from storyboard.errors import MachineRefuses
from storyboard.promises import is_loopback
from storyboard.world import serving
from tests.asking import ask


def test_an_app_is_served_until_the_end() -> None:
    """And not a moment longer."""
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    with serving.served(app, serving.bound(0)) as origin:
        answer = ask("GET", f"{origin}/")
    assert (answer.body, is_loopback(origin)) == (b"here", True)
    with pytest.raises(ConnectionRefusedError):
        ask("GET", f"{origin}/")


def test_a_port_that_is_taken_is_told() -> None:
    """With what to do."""
    listening = serving.bound(0)
    with listening, pytest.raises(MachineRefuses, match="can't be served: address already in use"):
        serving.bound(listening.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_there_is_not_is_told(port: int) -> None:
    """In a sentence."""
    with pytest.raises(MachineRefuses, match=f"port {port} can't be served"):
        serving.bound(port)
