"""For the same call, what we send is what the vendor's clients send, but for nulls."""

from __future__ import annotations

import json
from typing import Any

import pytest

from storyboard.providers.ark import wire
from storyboard.providers.provider import TaskQuery
from tests.witness.seed import DEFAULTS, EXAMPLES, MODES
from tests.witness.vendor import BASE, KEY, Vendor, sent_by


def meant(body: dict[str, Any]) -> dict[str, Any]:
    """A body with what it leaves open said outright: the defaults, and a single image's role."""
    media = [item for item in body["content"] if item["type"] != "text"]
    single = len(media) == 1 and media[0]["type"] == "image_url"
    content = [item | {"role": "first_frame"} if single and item in media else item for item in body["content"]]
    return DEFAULTS | body | {"content": content}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_of_the_description_means_what_we_send(vendor: Vendor, name: str) -> None:
    """The call as it stands there; we say outright what it leaves open, and always want the last frame."""
    example = EXAMPLES[name]
    sent = sent_by(vendor, lambda tasks: tasks.create(**example.call))
    assert wire.body_of(example.order) == meant(sent.said) | {"return_last_frame": True}


@pytest.mark.parametrize("name", EXAMPLES)
def test_our_words_in_the_vendors_mouth_are_the_same_body(vendor: Vendor, name: str) -> None:
    """A client that is told each of our parameters sends our body."""
    body = wire.body_of(EXAMPLES[name].order)
    assert sent_by(vendor, lambda tasks: tasks.create(**body)).said == body


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_the_same_bytes(name: str) -> None:
    """The client of the description writes them in our order, without spaces or escapes."""
    order = EXAMPLES[name].order
    sent = sent_by(Vendor("volcenginesdkarkruntime"), lambda tasks: tasks.create(**wire.body_of(order)))
    nulls = [key for key, value in json.loads(sent.body).items() if value is None]
    left = sent.body
    for key in nulls:
        left = left.replace(f',"{key}":null'.encode(), b"")
    assert left == wire.encode_order(order)


@pytest.mark.parametrize("name", ["web search", "every parameter"])
def test_every_name_of_ours_is_a_name_of_theirs(vendor: Vendor, name: str) -> None:
    """Each parameter that we ever send is one that both clients know."""
    sent = sent_by(vendor, lambda tasks: tasks.create(**MODES[name]))
    assert sent.said == MODES[name]


def test_where_and_how_a_create_goes(vendor: Vendor) -> None:
    """Verb, path, and the headers that we send as well."""
    sent = sent_by(vendor, lambda tasks: tasks.create(**EXAMPLES["text to video"].call))
    assert (sent.method, sent.path, sent.query) == ("POST", BASE + wire.TASKS, ())
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert sent.headers["content-type"] == "application/json"
    assert "x-client-request-id" in sent.headers


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_where_a_task_is_asked_after(vendor: Vendor, verb: str) -> None:
    """Its id is the last part of the path."""
    sent = sent_by(vendor, lambda tasks: getattr(tasks, verb)(task_id="cgt-1"))
    assert (sent.method, sent.path) == (verb.upper(), f"{BASE}{wire.TASKS}/cgt-1")


@pytest.mark.parametrize("status", ["", "queued"])
@pytest.mark.parametrize("ids", [(), ("cgt-1",), ("cgt-1", "cgt-2")])
def test_the_query_of_a_list(vendor: Vendor, status: str, ids: tuple[str, ...]) -> None:
    """The same names, several ids as one key repeated."""
    sent = sent_by(
        vendor, lambda tasks: tasks.list(page_num=2, page_size=50, status=status or None, task_ids=list(ids) or None)
    )
    ours = wire.query_of(TaskQuery(status=status, tasks=ids, page=2, size=50))
    assert sorted(sent.query) == sorted(ours)
