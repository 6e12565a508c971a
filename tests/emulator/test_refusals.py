"""What the service refuses: each no once, with its status, code and parameter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.asking import TASKS, ask, audio, image, listed, order, video
from tests.servers import answering, closed_port, http

NEAR = "https://media.example/1"
PNG = "data:image/png;base64,AAAA"
BAD = "InvalidParameter"
UNSUPPORTED = "InvalidParameter.UnsupportedParameter"


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """One service for all: what it refuses changes nothing."""
    with emulator(tmp_path_factory.mktemp("service") / "ledger", clock=VirtualClock()) as running:
        yield running


def without(name: str) -> dict[str, Any]:
    """A valid body, less one field."""
    return {key: value for key, value in order().items() if key != name}


def first(url: str = NEAR) -> dict[str, Any]:
    """A first frame."""
    return image(url, "first_frame")


def reference(url: str = NEAR) -> dict[str, Any]:
    """A reference image."""
    return image(url, "reference_image")


REFUSED: list[tuple[object, int, str, str]] = [
    (b"not json", 400, BAD, ""),
    (b"[" * 100_000, 400, BAD, ""),
    ([], 400, BAD, ""),
    (without("model"), 400, "MissingParameter", "model"),
    (without("content"), 400, "MissingParameter", "content"),
    (order(model="doubao-seedance-9"), 404, "InvalidEndpointOrModel.NotFound", "model"),
    (order(model=7), 404, "InvalidEndpointOrModel.NotFound", "model"),
    (order(frames=121), 400, UNSUPPORTED, "frames"),
    (order(camera_fixed=False), 400, UNSUPPORTED, "camera_fixed"),
    (order(service_tier="flex"), 400, UNSUPPORTED, "service_tier"),
    (order(duration=3), 400, BAD, "duration"),
    (order(duration=16), 400, BAD, "duration"),
    (order(duration=5.5), 400, BAD, "duration"),
    (order(duration=True), 400, BAD, "duration"),
    (order(seed=-2), 400, BAD, "seed"),
    (order(seed=2**32), 400, BAD, "seed"),
    (order(execution_expires_after=3599), 400, BAD, "execution_expires_after"),
    (order(execution_expires_after=259201), 400, BAD, "execution_expires_after"),
    (order(watermark="no"), 400, BAD, "watermark"),
    (order(generate_audio=1), 400, BAD, "generate_audio"),
    (order(ratio="2:1"), 400, BAD, "ratio"),
    (order(resolution="1080p"), 400, BAD, "resolution"),
    (order(content=[]), 400, BAD, "content"),
    (order(content="words"), 400, BAD, "content"),
    (order(content=["words"]), 400, BAD, "content[0].type"),
    (order("a", {"type": []}), 400, BAD, "content[1].type"),
    (order("a", {"type": "draft_task"}), 400, BAD, "content[1].type"),
    (order(content=[{"type": "text", "text": 3}]), 400, BAD, "content[0].text"),
    (order("a", {"type": "image_url", "image_url": NEAR}), 400, BAD, "content[1].image_url.url"),
    (order("a", first("")), 400, BAD, "content[1].image_url.url"),
    (order("a", video("data:video/mp4;base64,AAAA")), 400, BAD, "content[1].video_url.url"),
    (order("a", image(NEAR, "reference_video")), 400, BAD, "content[1].role"),
    (order("a", video(NEAR, "first_frame")), 400, BAD, "content[1].role"),
    (order("a", image("data:image/png;base64,*")), 400, BAD, "content[1].image_url.url"),
    (order("a", *[reference()] * 10), 400, BAD, "content"),
    (order("a", *[video(NEAR)] * 4), 400, BAD, "content"),
    (order("a", reference(), *[audio(NEAR)] * 4), 400, BAD, "content"),
    (order("a", first(), reference()), 400, BAD, "content"),
    (order("a", image(NEAR), image(NEAR)), 400, BAD, "content"),
    (order("a", first(), first()), 400, BAD, "content"),
    (order("a", image(NEAR, "last_frame")), 400, BAD, "content"),
    (order("a", audio(NEAR)), 400, BAD, "content"),
    (order("a", first(), tools=[{"type": "web_search"}]), 400, BAD, "tools"),
    (order(""), 400, BAD, "content"),
]


@pytest.mark.parametrize(("body", "status", "code", "param"), REFUSED)
def test_what_is_refused(emulated: Emulator, body: object, status: int, code: str, param: str) -> None:
    """In the vendor's shape, and no task is taken on."""
    answer = ask("POST", emulated.base_url + TASKS, body)
    error = answer.value["error"]
    assert (answer.status, error["code"], error["param"]) == (status, code, param)
    assert (set(error), "Request id: 0217" in error["message"]) == ({"code", "message", "param", "type"}, True)
    assert (listed(emulated.base_url)["total"], emulated.ledger) == (0, ())


@pytest.mark.parametrize("reply", [http(b"", status="404 Not Found"), http(b"half", length=8), b""])
def test_media_of_this_machine_that_cannot_be_fetched_are_refused(emulated: Emulator, reply: bytes) -> None:
    """Missing, torn, or lost on the way."""
    with answering(reply) as server:
        answer = ask("POST", emulated.base_url + TASKS, order("a", first(f"{server.origin}/1.png")))
    assert (answer.status, answer.value["error"]["param"]) == (400, "content[1].image_url.url")


def test_media_at_a_closed_port_are_refused(emulated: Emulator) -> None:
    """The run that served them is over."""
    body = order("a", video(f"http://127.0.0.1:{closed_port()}/1.mp4"))
    assert ask("POST", emulated.base_url + TASKS, body).status == 400


@pytest.mark.parametrize(
    ("method", "path"), [("POST", TASKS), ("GET", TASKS), ("GET", f"{TASKS}/x"), ("DELETE", f"{TASKS}/x")]
)
def test_nobody_is_served_without_a_key(emulated: Emulator, method: str, path: str) -> None:
    """401, at each of the four endpoints."""
    answer = ask(method, emulated.base_url + path, order() if method == "POST" else None, key="")
    error = answer.value["error"]
    assert (answer.status, error["code"], error["type"]) == (401, "AuthenticationError", "Unauthorized")


@pytest.mark.parametrize("header", ["Basic abc", "Bearer", "Bearer ", "sk-1"])
def test_a_key_comes_as_a_bearer_s(emulated: Emulator, header: str) -> None:
    """Nothing else is one."""
    answer = ask("GET", emulated.base_url + TASKS, key="", headers={"Authorization": header})
    assert answer.status == 401


@pytest.mark.parametrize("path", ["/contents/generations", "/models", "/contents/generations/tasks/a/b"])
def test_other_paths_are_not_there(emulated: Emulator, path: str) -> None:
    """404, in the same shape."""
    answer = ask("GET", emulated.base_url + path)
    assert (answer.status, answer.value["error"]["code"]) == (404, "NotFound")


def test_a_post_to_cancel_is_a_create(emulated: Emulator) -> None:
    """There is no such endpoint: the vendor's falls through to the create, and so does this."""
    answer = ask("POST", f"{emulated.base_url}{TASKS}/cgt-1/cancel", {})
    assert (answer.status, answer.value["error"]["code"]) == (400, "MissingParameter")
