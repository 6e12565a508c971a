"""An app on a socket of this machine alone."""

from __future__ import annotations

import socket

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from storyboard.errors import MachineRefuses
from storyboard.hosts import is_loopback
from storyboard.world import serving
from tests.http_client import ask


def test_an_app_is_served_until_the_end() -> None:
    """And not a moment longer."""
    app = Starlette(routes=[Route("/", lambda _: PlainTextResponse("here"))])
    with serving.serve_in_background(app, serving.bind(0)) as origin:
        answer = ask("GET", f"{origin}/")
    assert (answer.body, is_loopback(origin)) == (b"here", True)
    with pytest.raises(ConnectionRefusedError):
        ask("GET", f"{origin}/")


def test_who_comes_before_anybody_serves_waits() -> None:
    """An address can be used as soon as it is returned."""
    with serving.bind(0) as listening, socket.create_connection(listening.getsockname(), timeout=5) as came:
        assert came.getpeername() == listening.getsockname()


@pytest.mark.row(81)
def test_a_port_that_is_taken_is_told() -> None:
    """With what to do."""
    listening = serving.bind(0)
    with listening, pytest.raises(MachineRefuses, match="can't be served: address already in use"):
        serving.bind(listening.getsockname()[1])


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_there_is_not_is_told(port: int) -> None:
    """In a sentence."""
    with pytest.raises(MachineRefuses, match=f"port {port} can't be served"):
        serving.bind(port)


def test_a_connection_sends_at_once() -> None:
    """What is accepted on the socket is known to be TCP: else each answer waits for the one before to be confirmed."""
    with serving.bind(0) as listening:
        assert listening.proto == socket.IPPROTO_TCP
