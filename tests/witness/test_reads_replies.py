"""The vendor's clients read the recorded replies, and find in them what we find."""

from __future__ import annotations

from typing import Any

import pytest

from storyboard.protocols import Address
from storyboard.providers.ark import wire
from storyboard.providers.provider import Task
from tests.providers.recorded import recorded
from tests.servers import answering, http
from tests.witness.vendor import Vendor

REPLIES = recorded()
GETS = [name for name, reply in REPLIES.items() if reply.answers == "get" and reply.status == 200]
LISTS = [name for name, reply in REPLIES.items() if reply.answers == "list" and reply.status == 200]
NO = [name for name, reply in REPLIES.items() if reply.status >= 400 and isinstance(reply.value, dict)]
ERRORS = {
    400: "ArkBadRequestError",
    401: "ArkAuthenticationError",
    403: "ArkPermissionDeniedError",
    404: "ArkNotFoundError",
    409: "ArkConflictError",
    429: "ArkRateLimitError",
    500: "ArkInternalServerError",
}


def asked(vendor: Vendor, name: str) -> Any:
    """What a client makes of a recorded reply to the verb that it answers."""
    reply = REPLIES[name]
    arguments: dict[str, Any] = {
        "create": {"model": "doubao-seedance-2-0-260128", "content": [{"type": "text", "text": "A wave."}]},
        "list": {},
    }.get(reply.answers, {"task_id": "cgt-1"})
    sort = ["Content-Type: application/json"] if reply.body else []
    answer = http(reply.body, *sort, status=f"{reply.status} Said")
    with answering(answer) as server:
        return getattr(vendor.tasks(server.origin), reply.answers)(**arguments)


def in_our_words(task: Any) -> tuple[Any, ...]:
    """What matters of a client's task, as ours has it."""
    why = task.error or getattr(task, "failure_reason", None)
    why = why if why is None or isinstance(why, dict) else why.model_dump()
    return (
        task.id,
        str(getattr(task.status, "value", task.status)),
        task.model,
        task.content and getattr(task.content, "video_url", None),
        task.content and getattr(task.content, "last_frame_url", None),
        int(task.usage.completion_tokens) if task.usage else None,
        task.created_at,
        task.updated_at,
        task.execution_expires_after,
        f"{why['code']}: {why['message']}" if why else "",
    )


def of_ours(task: Task) -> tuple[Any, ...]:
    """The same of a task of ours."""
    return (
        task.id,
        task.word,
        task.model,
        _shown(task.video),
        _shown(task.frame),
        task.tokens,
        task.created_at,
        task.updated_at,
        task.expires_after,
        task.error,
    )


def _shown(address: Address | None) -> str | None:
    return None if address is None else address.reveal()


@pytest.mark.parametrize("name", GETS)
def test_a_recorded_task_is_read_alike(vendor: Vendor, name: str) -> None:
    """Id, status, addresses, tokens, times and reasons."""
    assert in_our_words(asked(vendor, name)) == of_ours(wire.parse_task(200, REPLIES[name].body))


@pytest.mark.parametrize("name", LISTS)
def test_a_recorded_list_is_read_alike(vendor: Vendor, name: str) -> None:
    """Its tasks in their order, and the total."""
    page, ours = asked(vendor, name), wire.parse_page(200, REPLIES[name].body)
    assert (page.total, *map(in_our_words, page.items)) == (ours.total, *map(of_ours, ours.tasks))


@pytest.mark.parametrize("name", ["create", "create-flex", "create-safety-identifier"])
def test_a_recorded_yes_is_read_alike(vendor: Vendor, name: str) -> None:
    """The new task's id."""
    assert asked(vendor, name).id == wire.parse_task_id(200, REPLIES[name].body)


@pytest.mark.parametrize("name", ["delete", "delete-no-body"])
def test_a_recorded_delete_is_done(vendor: Vendor, name: str) -> None:
    """An empty object or nothing at all: no client complains."""
    asked(vendor, name)


@pytest.mark.parametrize("name", NO)
def test_a_recorded_no_is_the_exception_of_its_status(vendor: Vendor, name: str) -> None:
    """With the code that the reply holds."""
    reply = REPLIES[name]
    with pytest.raises(vendor.error(ERRORS[reply.status])) as caught:
        asked(vendor, name)
    no: Any = caught.value
    assert (no.status_code, no.code) == (reply.status, reply.value.get("error", reply.value)["code"])
