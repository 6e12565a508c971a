"""Orders of every kind as the bytes that Ark is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storyboard.errors import UsageError
from storyboard.language.scene import Kind, Parameters, Role
from storyboard.protocols import Address
from storyboard.providers.ark import wire
from storyboard.providers.provider import Item, Order, TaskQuery

MODEL = "doubao-seedance-2-0-260128"
USUAL: dict[str, Any] = {
    "return_last_frame": True,
    "generate_audio": True,
    "watermark": False,
    "seed": -1,
    "resolution": "720p",
    "ratio": "adaptive",
    "duration": 5,
}
TEXT = {"type": "text", "text": "A lighthouse."}


def item(kind: Kind, role: Role, url: str) -> Item:
    """Something that is handed over."""
    return Item(kind, role, Address(url))


def body(*items: Item, text: str = "A lighthouse.", parameters: Parameters | None = None) -> dict[str, Any]:
    """The body of an order."""
    return wire.body_of(Order(MODEL, text, items, parameters or Parameters()))


def test_an_order_of_words_alone() -> None:
    """Text and the parameters, each stated explicitly."""
    assert body() == {"model": MODEL, "content": [TEXT], **USUAL}


def test_an_order_with_a_first_frame() -> None:
    """The image follows the text, with its role."""
    image = {"type": "image_url", "image_url": {"url": "https://a.example/1.png?s=1"}, "role": "first_frame"}
    made = body(item("image", "first_frame", "https://a.example/1.png?s=1"))
    assert made == {"model": MODEL, "content": [TEXT, image], **USUAL}


def test_an_order_with_first_and_last_frame() -> None:
    """Two images, distinguished by their roles."""
    made = body(item("image", "first_frame", "https://a/1"), item("image", "last_frame", "data:image/png;base64,AA=="))
    first = {"type": "image_url", "image_url": {"url": "https://a/1"}, "role": "first_frame"}
    last = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}, "role": "last_frame"}
    assert made == {"model": MODEL, "content": [TEXT, first, last], **USUAL}


def test_an_order_with_references_keeps_their_order() -> None:
    """Images, videos and sounds are in the scene's order, since the prompt counts them."""
    made = body(
        item("image", "reference_image", "asset://asset-1"),
        item("video", "reference_video", "https://a/2"),
        item("image", "reference_image", "https://a/3"),
        item("audio", "reference_audio", "https://a/4"),
    )
    assert made["content"] == [
        TEXT,
        {"type": "image_url", "image_url": {"url": "asset://asset-1"}, "role": "reference_image"},
        {"type": "video_url", "video_url": {"url": "https://a/2"}, "role": "reference_video"},
        {"type": "image_url", "image_url": {"url": "https://a/3"}, "role": "reference_image"},
        {"type": "audio_url", "audio_url": {"url": "https://a/4"}, "role": "reference_audio"},
    ]


def test_an_order_to_extend_or_edit_is_a_reference_video_and_words() -> None:
    """On the 2.0 models no field for it exists."""
    video = {"type": "video_url", "video_url": {"url": "https://a/1"}, "role": "reference_video"}
    made = body(item("video", "reference_video", "https://a/1"), text="Extend video 1.")
    assert made == {"model": MODEL, "content": [{"type": "text", "text": "Extend video 1."}, video], **USUAL}


def test_an_order_without_words_has_no_text() -> None:
    """Words may be left out where there are media."""
    made = body(item("image", "first_frame", "https://a/1"), text="")
    assert [content["type"] for content in made["content"]] == ["image_url"]


def test_an_order_with_every_parameter() -> None:
    """Each parameter is sent under the API's own name."""
    made = body(
        parameters=Parameters(
            ratio="9:16",
            resolution="480p",
            duration=-1,
            generate_audio=False,
            watermark=True,
            seed=42,
            web_search=True,
            return_last_frame=False,
            safety_identifier="viewer-1",
            execution_expires_after=3600,
        )
    )
    assert made == {
        "model": MODEL,
        "content": [TEXT],
        "safety_identifier": "viewer-1",
        "return_last_frame": True,
        "execution_expires_after": 3600,
        "generate_audio": False,
        "watermark": True,
        "seed": 42,
        "resolution": "480p",
        "ratio": "9:16",
        "duration": -1,
        "tools": [{"type": "web_search"}],
    }


def test_the_bytes_are_the_body_without_escapes_or_spaces() -> None:
    """As the vendor's own client writes them."""
    encoded = wire.encode_order(Order(MODEL, "灯塔", (), Parameters()))
    assert encoded.startswith(f'{{"model":"{MODEL}","content":[{{"type":"text","text":"灯塔"}}],'.encode())
    assert json.loads(encoded) == body(text="灯塔")


@pytest.mark.parametrize(
    ("asked", "added"),
    [
        ({}, []),
        ({"status": "queued"}, [("filter.status", "queued")]),
        ({"model": "ep-1"}, [("filter.model", "ep-1")]),
        ({"service_tier": "flex"}, [("filter.service_tier", "flex")]),
        ({"tasks": ("cgt-1", "cgt-2")}, [("filter.task_ids", "cgt-1"), ("filter.task_ids", "cgt-2")]),
    ],
)
def test_the_query_of_a_list(asked: dict[str, Any], added: list[tuple[str, str]]) -> None:
    """Only what is set is sent, and several ids are one key, repeated."""
    assert wire.query_of(TaskQuery(page=2, size=50, **asked)) == [("page_num", "2"), ("page_size", "50"), *added]


@pytest.mark.parametrize(("page", "size"), [(1, 1), (500, 500)])
def test_a_list_has_up_to_500_pages_of_up_to_500(page: int, size: int) -> None:
    """The bounds themselves are within them."""
    assert wire.query_of(TaskQuery(page=page, size=size)) == [("page_num", str(page)), ("page_size", str(size))]


@pytest.mark.parametrize(("page", "size"), [(0, 1), (501, 1), (1, 0), (1, 501), (-1, 1)])
def test_what_no_list_has_is_not_asked_for(page: int, size: int) -> None:
    """The service refuses values beyond the bounds: the error is raised before anything is sent."""
    with pytest.raises(UsageError, match=r"is within \[1, 500\], not"):
        wire.query_of(TaskQuery(page=page, size=size))


def test_where_changes_are_posted() -> None:
    """An address for callbacks is sent where the author has one."""
    found = body(parameters=Parameters(callback_url="https://films.example/hook"))
    assert found["callback_url"] == "https://films.example/hook"
