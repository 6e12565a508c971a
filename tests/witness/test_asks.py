"""The vendor's clients ask the emulator after tasks, list them, and delete them."""

from __future__ import annotations

from typing import Any
from urllib.request import urlopen

import pytest

from tests.http_client import order
from tests.witness.conftest import FAST, TASKS, World
from tests.witness.vendor import Vendor

STATUSES = {
    "queued": "queued",
    "running": "running",
    "succeeded": "succeeded",
    "expired": "expired",
    "failed": "failed",
    "fast": "succeeded",
}
"""How the world's lasting tasks stand."""


@pytest.mark.parametrize("name", STATUSES)
def test_a_task_has_its_status(tasks: Any, world: World, name: str) -> None:
    """Every status comes through typed, also one that the client's own list lacks."""
    assert tasks.get(task_id=world.ids[name]).status == STATUSES[name]


def test_a_task_that_has_succeeded_is_whole(tasks: Any, world: World) -> None:
    """Every field that the description promises is there, in its type."""
    task = tasks.get(task_id=world.ids["succeeded"])
    assert (task.usage.completion_tokens, task.usage.total_tokens) == (40594, 40594)
    assert (task.resolution, task.ratio, task.duration, task.framespersecond) == ("480p", "16:9", 4, 24)
    assert (task.generate_audio, task.draft, task.service_tier) == (False, False, "default")
    assert (task.execution_expires_after, task.safety_identifier) == (172800, "viewer-1")
    assert isinstance(task.seed, int)
    assert task.error is None
    assert task.created_at < task.updated_at


def test_a_task_that_has_failed_says_why(tasks: Any, world: World) -> None:
    """By the moderators' code; nothing was made, and nothing is billed."""
    task = tasks.get(task_id=world.ids["failed"])
    assert (task.error.code, task.content, task.usage) == ("OutputVideoSensitiveContentDetected", None, None)
    assert "sensitive" in task.error.message


def test_video_and_last_frame_can_be_fetched(tasks: Any, world: World) -> None:
    """By whoever has the address that the client read: an MP4 and a PNG."""
    content = tasks.get(task_id=world.ids["succeeded"]).content
    with urlopen(content.video_url) as video, urlopen(content.last_frame_url) as frame:  # noqa: S310 - this machine's
        begins = video.read(8)[4:], frame.read(4)
    assert begins == (b"ftyp", b"\x89PNG")


@pytest.mark.parametrize("name", ["queued", "running", "expired"])
def test_a_task_without_a_video_has_neither_content_nor_error(tasks: Any, world: World, name: str) -> None:
    """What is absent is None."""
    task = tasks.get(task_id=world.ids[name])
    assert (task.content, task.error, task.usage) == (None, None, None)


def names_in(world: World, page: Any) -> list[str]:
    """Which of the world's tasks are on a page."""
    names = {id: name for name, id in world.ids.items()}
    return sorted(names[task.id] for task in page.items)


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["expired", "failed", "fast", "queued", "running", "succeeded"]),
        ({"status": "succeeded"}, ["fast", "succeeded"]),
        ({"status": "running"}, ["running"]),
        ({"status": "queued"}, ["queued"]),
        ({"status": "failed"}, ["failed"]),
        ({"status": "cancelled"}, []),
        ({"model": FAST}, ["fast"]),
        ({"status": "queued", "model": FAST}, []),
        ({"service_tier": "default", "status": "running"}, ["running"]),
        ({"service_tier": "flex"}, []),
    ],
)
def test_a_list_by_ids_and_filters(tasks: Any, world: World, filters: dict[str, str], names: list[str]) -> None:
    """Several ids are one key, repeated; every filter narrows."""
    page = tasks.list(task_ids=[world.ids[name] for name in STATUSES], **filters)
    assert (names_in(world, page), page.total) == (names, len(names))


def test_a_list_by_one_id(tasks: Any, world: World) -> None:
    """One id is one task."""
    assert names_in(world, tasks.list(task_ids=[world.ids["fast"]])) == ["fast"]


def test_a_list_without_a_filter_has_all(tasks: Any, world: World) -> None:
    """The tasks that nobody deletes are among them."""
    assert {task.id for task in tasks.list(page_size=500).items} >= {world.ids[name] for name in STATUSES}


def test_a_list_by_pages(tasks: Any, world: World) -> None:
    """Six tasks by two are three pages, each with the total of all; one page further is empty."""
    ids = [world.ids[name] for name in STATUSES]
    pages = [tasks.list(page_num=number, page_size=2, task_ids=ids) for number in (1, 2, 3, 4)]
    assert [(len(page.items), page.total) for page in pages] == [(2, 6), (2, 6), (2, 6), (0, 6)]
    assert sorted(task.id for page in pages for task in page.items) == sorted(ids)


def test_a_queued_task_is_cancelled_by_a_delete(tasks: Any) -> None:
    """Its record stays for a while, and says so."""
    made = tasks.create(**order())
    tasks.delete(task_id=made.id)
    assert tasks.get(task_id=made.id).status == "cancelled"
    assert [task.id for task in tasks.list(status="cancelled", task_ids=[made.id]).items] == [made.id]


def test_an_ended_task_is_removed_by_a_delete(tasks: Any, world: World, vendor: Vendor) -> None:
    """Afterwards there is no such task, and no list has it."""
    id = world.ids[f"deleted by {vendor.name}"]
    assert tasks.get(task_id=id).status == "succeeded"
    tasks.delete(task_id=id)
    with pytest.raises(vendor.error("ArkNotFoundError")):
        tasks.get(task_id=id)
    assert tasks.list(task_ids=[id]).total == 0


def test_the_worlds_tasks_are_all_looked_at() -> None:
    """A task that no test asks after would be there for nothing."""
    assert [name for name in TASKS if name not in STATUSES] == [
        "deleted by volcenginesdkarkruntime",
        "deleted by arkruntime",
    ]
