"""What the service refuses: each no once, with its status, code and parameter."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.emulator.validation import Refusal, refusal_of
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, ask, audio, image, listed, order, video
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
    (b"", 400, "MissingParameter", "model"),
    (b'{"model":"ep-1","content":[{"type":"text","text":"half a \\ud800 character"}]}', 400, BAD, ""),
    (b'{"model":"\\uDFFF","content":[]}', 400, BAD, ""),
    (b'{"model":"ep-\xff","content":[]}', 400, BAD, ""),
    ([], 400, BAD, ""),
    (without("model"), 400, "MissingParameter", "model"),
    (without("content"), 400, "MissingParameter", "content"),
    (order(model="doubao-seedance-9"), 404, "InvalidEndpointOrModel.NotFound", "model"),
    (order(model=7), 404, "InvalidEndpointOrModel.NotFound", "model"),
    (order(model=["ep-1"]), 404, "InvalidEndpointOrModel.NotFound", "model"),
    ({"model": "doubao-seedance-9"}, 404, "InvalidEndpointOrModel.NotFound", "model"),
    (order(model="doubao-seedance-2-5-260628"), 404, "ModelNotOpen", "model"),
    ({"model": "dreamina-seedance-2-5-260628"}, 404, "ModelNotOpen", "model"),
    ({"model": "doubao-seedance-2-0-260128"}, 400, "MissingParameter", "content"),
    (order(frames=121), 400, UNSUPPORTED, "frames"),
    (order(camera_fixed=False), 400, UNSUPPORTED, "camera_fixed"),
    (order(service_tier="flex"), 400, UNSUPPORTED, "service_tier"),
    (order(service_tier=[]), 400, UNSUPPORTED, "service_tier"),
    (order(draft=True), 400, UNSUPPORTED, "draft"),
    (order(output_format="mov"), 400, UNSUPPORTED, "output_format"),
    (order(omni_reference_task_type="edit"), 400, UNSUPPORTED, "omni_reference_task_type"),
    (order(priority=-1), 400, BAD, "priority"),
    (order(priority=10), 400, BAD, "priority"),
    (order(priority="high"), 400, BAD, "priority"),
    (order(safety_identifier="x" * 65), 400, BAD, "safety_identifier"),
    (order(safety_identifier=7), 400, BAD, "safety_identifier"),
    (order(callback_url=5), 400, BAD, "callback_url"),
    (order(callback_url="ftp://hooks.example/"), 400, BAD, "callback_url"),
    (order(tools="web_search"), 400, BAD, "tools"),
    (order(tools=[{"type": "code"}]), 400, BAD, "tools"),
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
    (order("a", first("a picture")), 400, BAD, "content[1].image_url.url"),
    (order("a", first("data:image/png;base64,bm8gcGljdHVyZQ==")), 400, BAD, "content[1].image_url.url"),
    (order("a", reference(), audio("data:audio/wav;base64,AAAA")), 400, BAD, "content[2].audio_url.url"),
    (order("a", first("file:///etc/passwd")), 400, BAD, "content[1].image_url.url"),
    (order("a", first("https://")), 400, BAD, "content[1].image_url.url"),
    (order("a", first("data:image/PNG;base64,AAAA")), 400, BAD, "content[1].image_url.url"),
    (order("a", first("data:audio/wav;base64,AAAA")), 400, BAD, "content[1].image_url.url"),
    (order("a", first("data:image/png,AAAA")), 400, BAD, "content[1].image_url.url"),
    (order("a", reference(), audio("data:image/png;base64,AAAA")), 400, BAD, "content[2].audio_url.url"),
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
    (order("a", first(), *[image(NEAR, "last_frame")] * 2), 400, BAD, "content"),
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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
FIELDS = (
    "model", "content", "ratio", "resolution", "duration", "seed", "priority", "tools", "watermark", "callback_url",
    "safety_identifier", "service_tier", "frames", "execution_expires_after",
)  # fmt: skip
ITEMS = st.dictionaries(st.sampled_from(["type", "text", "image_url", "video_url", "role"]), JSON)
ODD_ITEMS = st.sampled_from(["text", "image_url", "video_url", "audio_url"]).flatmap(
    lambda sort: st.fixed_dictionaries({"type": st.just(sort)}, optional={sort: JSON, "role": JSON})
)


@given(st.dictionaries(st.sampled_from(FIELDS), JSON), st.none() | st.lists(JSON | ITEMS | ODD_ITEMS, max_size=4))
def test_no_body_breaks_what_refuses(body: dict[str, Any], content: list[Any] | None) -> None:
    """Whatever stands where: it is taken on, or it has a refusal."""
    said = {"model": "ep-1", "content": content} if content is not None else {}
    assert isinstance(refusal_of({**body, **said}), Refusal | None)


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


@pytest.mark.parametrize("path", ["/contents/generations", "/models", f"{TASKS}/", f"{TASKS}/a/b"])
def test_other_paths_are_not_there(emulated: Emulator, path: str) -> None:
    """404, in the same shape."""
    answer = ask("GET", emulated.base_url + path)
    assert (answer.status, answer.value["error"]["code"]) == (404, "NotFound")


@pytest.mark.parametrize(("method", "path"), [("PUT", TASKS), ("PATCH", f"{TASKS}/x"), ("DELETE", TASKS)])
def test_other_verbs_are_not_done(emulated: Emulator, method: str, path: str) -> None:
    """405, in the same shape."""
    answer = ask(method, emulated.base_url + path)
    assert (answer.status, answer.value["error"]["code"]) == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (order(duration=3), "`duration` specified in the request is not valid for model doubao-seedance-2-0 in t2v"),
        (order("a", first(), seed=-9, model="ep-1"), "not valid for model doubao-seedance-2-0 in i2v"),
        (order("a", image(NEAR), ratio="2:1"), "not valid for model doubao-seedance-2-0 in i2v"),
        (
            order("a", reference(), frames=29, model="dreamina-seedance-2-0-fast-260128"),
            "not supported for model dreamina-seedance-2-0-fast in r2v",
        ),
        (order("a", video(NEAR), ratio="2:1"), "in r2v"),
        (order("a", first(), first()), "expected at most one first frame image content but got 2"),
        (order("a", image(NEAR, "last_frame")), "last frame image content cannot be mixed with first frame"),
        (order("a", video(NEAR, "first_frame")), "requires video role to be reference_video"),
    ],
)
def test_the_words_tell_the_mode(emulated: Emulator, body: object, words: str) -> None:
    """As the service's do: by the model's family, and by what the content makes of it."""
    assert words in ask("POST", emulated.base_url + TASKS, body).value["error"]["message"]


def test_what_breaks_here_is_told_as_the_service_would(tmp_path: Path) -> None:
    """A ledger that can't be written: 500, in the API's shape."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as running:
        (tmp_path / "ledger").mkdir()
        answer = ask("POST", running.base_url + TASKS, order())
    error = answer.value["error"]
    assert (answer.status, error["code"], error["type"]) == (500, "InternalServiceError", "InternalServerError")


def test_a_post_to_cancel_is_a_create(emulated: Emulator) -> None:
    """There is no such endpoint: the vendor's falls through to the create, and so does this."""
    answer = ask("POST", f"{emulated.base_url}{TASKS}/cgt-1/cancel", {})
    assert (answer.status, answer.value["error"]["code"]) == (400, "MissingParameter")
