"""The list of the service's tasks: how much of it is read, for which callers, and when reading is given up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from storyboard.errors import Rejected, StoryboardError, Unreachable
from storyboard.executor.reconcile import Scan
from storyboard.executor.task_listing import DRIFTS, LATE, PAGE, PAGES, TaskListing
from storyboard.providers.provider import EVERYTHING, Page, Task, TaskQuery
from storyboard.testing.clock import VirtualClock
from tests.executor.fake_provider import Desk

T0 = VirtualClock().now()
NO_ANSWER = Unreachable("no answer")


@dataclass(slots=True)
class Shelf(Desk):
    """A provider whose pages take this many seconds each, and give the time; `changes` happen right after a page was
    read."""

    pages: list[int] = field(default_factory=list)
    """The requested pages."""
    seconds: float = 1.0
    ahead: float = 0.0
    """Seconds by which its clock is ahead; 0 if it gives no time."""
    changes: list[list[Task]] = field(default_factory=list)
    """The tasks listed after the first page was read, after the second, and so on."""
    total: int | None = None
    """The total that it reports, if that is wrong."""

    async def list(self, query: TaskQuery = EVERYTHING) -> Page:
        """Return the next page."""
        self.pages.append(query.page)
        await self.clock.sleep(self.seconds)
        found = await Desk.list(self, query)
        if self.changes:
            self.listed = self.changes.pop(0)
        total = found.total if self.total is None else self.total
        return Page(found.tasks, total, self.clock.now() + self.ahead if self.ahead else 0.0)


def rows(count: int, newest: float = T0, first: int = 0) -> list[Task]:
    """This many tasks, the newest first, each a second older than the one before."""
    return [Task(f"cgt-{first + number}", "running", "running", created_at=newest - number) for number in range(count)]


def shelf(listed: Sequence[Task] = (), **fields: float) -> Shelf:
    """A provider with these tasks."""
    return Shelf(VirtualClock(), listed=list(listed), **fields)  # type: ignore[arg-type]  # fields that are numbers


def listing(desk: Shelf) -> TaskListing:
    """The scanner that reads it."""
    return TaskListing(desk, desk.clock)


def read(desk: Shelf, reading: TaskListing | None = None) -> Scan:
    """Read a list that begins now."""
    return asyncio.run((reading or listing(desk)).since(desk.clock.now()))


def error_of(desk: Shelf, reading: TaskListing | None = None) -> str:
    """The message of the error that a list beginning now raises; empty if it raises none."""
    try:
        read(desk, reading)
    except StoryboardError as error:
        return error.what
    return ""


# the first list


def test_the_first_list_is_whole() -> None:
    """The first list reads every page."""
    desk = shelf(rows(2 * PAGE + 1))
    scan = read(desk)
    assert (desk.pages, scan.tasks, scan.began) == ([1, 2, 3], tuple(rows(2 * PAGE + 1)), T0)


@pytest.mark.parametrize(("count", "pages"), [(0, [1]), (1, [1]), (PAGE, [1]), (PAGE + 1, [1, 2])])
def test_no_page_is_read_beyond_the_last(count: int, pages: list[int]) -> None:
    """The total number of tasks gives the number of pages."""
    desk = shelf(rows(count))
    read(desk)
    assert desk.pages == pages


def test_an_empty_page_ends_a_list_whatever_its_total_says() -> None:
    """If the service counts more tasks than it shows, the shown tasks are the list."""
    desk = shelf(rows(3), total=5000)
    assert (len(read(desk).tasks), desk.pages) == (3, [1, 2])


def test_a_list_says_by_how_much_the_services_clock_is_ahead() -> None:
    """The time of the last page gives the difference between the clocks."""
    assert read(shelf(rows(1), ahead=600.0)).ahead == 600.0


def test_a_service_that_says_no_time_is_believed_to_have_ours() -> None:
    """A service that gives no time is assumed to have our time."""
    assert read(shelf(rows(1))).ahead == 0.0


def test_a_list_of_more_tasks_than_the_service_shows_is_given_up() -> None:
    """A list with more tasks than the service shows is given up after the last page."""
    desk = shelf(total=PAGES * PAGE + 1)
    desk.listed = rows(PAGES * PAGE)
    told = error_of(desk)
    assert (told, desk.pages) == (
        f"the service has more than {PAGES * PAGE} tasks, but it lists no more than that",
        list(range(1, PAGES + 1)),
    )


def test_a_list_of_as_many_tasks_as_the_service_shows_is_whole() -> None:
    """Its last page is the last one that the service gives."""
    desk = shelf(rows(PAGES * PAGE))
    assert len(read(desk).tasks) == PAGES * PAGE


# lists are shared


def test_a_list_that_began_in_time_is_shared() -> None:
    """Two callers that need one at the same moment read one."""
    desk = shelf(rows(1))
    reading = listing(desk)

    async def both() -> list[Scan]:
        return list(await asyncio.gather(reading.since(T0), reading.since(T0)))

    first, second = asyncio.run(both())
    assert (first is second, desk.listings) == (True, 1)


def test_a_list_that_began_too_early_is_not_shared() -> None:
    """A caller that needs a list that begins later waits for the first to end, and reads another."""
    desk = shelf(rows(1))
    reading = listing(desk)

    async def both() -> list[Scan]:
        first = asyncio.ensure_future(reading.since(T0))
        await asyncio.sleep(0)
        return [await reading.since(T0 + 0.5), await first]

    second, first = asyncio.run(both())
    assert (first.began, second.began >= T0 + 0.5, desk.listings) == (T0, True, 2)


def test_a_list_that_failed_is_not_shared() -> None:
    """A caller that waited for it reads its own."""
    desk = shelf(rows(1))
    desk.no_lists = [NO_ANSWER]
    reading = listing(desk)

    async def both() -> list[Scan | BaseException]:
        return list(await asyncio.gather(reading.since(T0), reading.since(T0), return_exceptions=True))

    first, second = asyncio.run(both())
    assert (first, isinstance(second, Scan), desk.listings) == (NO_ANSWER, True, 2)


# later lists


def pages_of_second(listed: Sequence[Task], then: Sequence[Task] | None = None, **fields: float) -> list[int]:
    """The pages that the second list requested, an hour after the first; `then` are the tasks listed by then."""
    desk = shelf(listed, **fields)
    reading = listing(desk)
    read(desk, reading)
    desk.pages.clear()
    desk.clock.advance(3600.0)
    desk.listed = list(listed if then is None else then)
    read(desk, reading)
    return desk.pages


OLD = rows(2 * PAGE + 1, newest=T0 - 2 * LATE)
"""Older than the tasks that may be listed late."""


def test_a_later_list_ends_at_what_is_known() -> None:
    """A later list ends at the first page that reaches back far enough."""
    assert pages_of_second(OLD) == [1]


def test_a_later_list_reads_on_until_it_reaches_what_is_known() -> None:
    """A page with new tasks only is not the last one."""
    new = rows(PAGE, newest=T0 + 3000.0, first=9000)
    assert pages_of_second(OLD, [*new, *OLD]) == [1, 2]


def test_a_later_list_keeps_what_it_did_not_read() -> None:
    """Tasks of earlier lists are still included, with the new ones."""
    desk = shelf(OLD)
    reading = listing(desk)
    read(desk, reading)
    desk.clock.advance(3600.0)
    new = Task("cgt-new", "queued", "queued", created_at=desk.clock.now())
    desk.listed.insert(0, new)
    assert set(read(desk, reading).tasks) == {new, *OLD}


def test_a_later_list_says_how_its_tasks_stand_by_then() -> None:
    """A later list contains the newer status of its tasks."""
    desk = shelf(rows(2))
    reading = listing(desk)
    read(desk, reading)
    desk.clock.advance(1.0)
    desk.listed[0] = replace(desk.listed[0], status="succeeded")
    assert [task.status for task in read(desk, reading).tasks] == ["succeeded", "running"]


@pytest.mark.parametrize(("age", "pages"), [(LATE, [1, 2]), (LATE + 1, [1])])
def test_a_later_list_reads_again_what_may_have_been_listed_late(age: float, pages: list[int]) -> None:
    """Tasks of the last minutes before the earlier list are read once more."""
    assert pages_of_second(rows(PAGE + 1, newest=T0 - age + PAGE - 1)) == pages


@pytest.mark.parametrize(("ahead", "pages"), [(86_400.0, [1]), (-86_400.0, [1, 2, 3])])
def test_times_of_tasks_are_read_by_the_services_clock(ahead: float, pages: list[int]) -> None:
    """If its clock is a day ahead, so are the times of its tasks."""
    listed = [replace(task, created_at=task.created_at + max(ahead, 0.0)) for task in OLD]
    assert pages_of_second(listed, ahead=ahead) == pages


@pytest.mark.parametrize(
    "listed",
    [
        OLD[::-1],
        [*OLD[1:], OLD[0]],
        [replace(task, created_at=0.0) for task in OLD],
        [*OLD[:-1], replace(OLD[-1], created_at=0.0)],
    ],
    ids=["the oldest first", "one in its wrong place", "no times", "one without a time"],
)
def test_a_later_list_is_whole_where_the_order_is_not_known(listed: Sequence[Task]) -> None:
    """Only a list that has listed the newest tasks first may end early."""
    assert pages_of_second(listed) == [1, 2, 3]


def test_tasks_of_the_same_second_are_in_order() -> None:
    """Tasks of the same second count as ordered, whichever comes first."""
    assert pages_of_second([replace(task, created_at=T0 - 2 * LATE) for task in OLD]) == [1]


def test_a_list_of_one_task_shows_no_order() -> None:
    """After a list of one task the order is unknown, so the next list is complete."""
    assert pages_of_second(rows(1), OLD) == [1, 2, 3]


def test_a_page_without_a_time_at_its_end_is_not_the_last() -> None:
    """A page whose last task has no time is not the last one."""
    then = [replace(task, created_at=0.0) for task in OLD]
    assert pages_of_second(OLD, then) == [1, 2, 3]


# a list that changes while it is read


def test_a_list_that_changes_while_it_is_read_is_begun_anew() -> None:
    """A task that moved from one page to another may be missing from both."""
    listed, fewer = rows(PAGE + 2), rows(PAGE + 1)
    desk = shelf(listed)
    desk.changes = [fewer]
    assert (read(desk).tasks, desk.pages) == (tuple(fewer), [1, 2, 1, 2])


def test_a_list_that_was_begun_anew_began_then() -> None:
    """Its content is valid from the later moment on."""
    desk = shelf(rows(PAGE + 2))
    desk.changes = [rows(PAGE + 1)]
    assert read(desk).began == T0 + 2.0


def test_a_list_that_never_stands_still_is_given_up() -> None:
    """A list that keeps changing is given up after the limit on restarts."""
    desk = shelf(rows(PAGE + 1))
    desk.changes = [rows(PAGE + 2 + number) for number in range(2 * DRIFTS)]
    assert (error_of(desk), desk.pages) == (
        "the service's list of tasks changed faster than it could be read",
        [1, 2] * DRIFTS,
    )


def read_while_creating(desk: Shelf, creates: int) -> Scan:
    """Read a list while this many requests of this run are in progress."""
    reading = listing(desk)

    async def reads() -> Scan:
        if not creates:
            return await reading.since(desk.clock.now())
        with reading.note_create():
            return await reading.since(desk.clock.now())

    return asyncio.run(reads())


NEW = rows(1, newest=T0 + 1.0, first=9000)


@pytest.mark.parametrize(("creates", "pages"), [(0, [1, 2, 1, 2]), (1, [1, 2])])
def test_a_list_that_grows_by_a_task_of_this_run_has_not_changed(creates: int, pages: list[int]) -> None:
    """A request in progress adds one task; without one the list is started again."""
    desk = shelf(rows(PAGE + 1))
    desk.changes = [[*NEW, *rows(PAGE + 1)]]
    read_while_creating(desk, creates)
    assert desk.pages == pages


def test_a_list_that_grows_by_more_than_this_run_creates_has_changed() -> None:
    """A list that grows by more than this run creates has changed, because another process submits as well."""
    desk = shelf(rows(PAGE + 1))
    desk.changes = [rows(PAGE + 3)]
    read_while_creating(desk, 1)
    assert desk.pages == [1, 2, 1, 2]


def test_a_list_that_shrinks_while_this_run_creates_has_changed() -> None:
    """A task that moved to a page that was read already would be missing."""
    desk = shelf(rows(PAGE + 2))
    desk.changes = [rows(PAGE + 2)[1:]]
    read_while_creating(desk, 1)
    assert desk.pages == [1, 2, 1, 2]


def test_a_request_that_was_sent_while_a_list_is_read_counts() -> None:
    """A request sent while a list is read counts, because its task may appear on the later pages."""
    desk = shelf(rows(PAGE + 1))
    desk.changes = [[*NEW, *rows(PAGE + 1)]]
    reading = listing(desk)

    async def both() -> None:
        going = asyncio.ensure_future(reading.since(T0))
        await asyncio.sleep(0)
        with reading.note_create():
            pass  # it is answered before the list is read to its end
        await going

    asyncio.run(both())
    assert desk.pages == [1, 2]


def test_a_request_that_was_answered_before_a_list_began_does_not_count() -> None:
    """Its task is in the list from the first page on, even if the request failed."""
    desk = shelf(rows(PAGE + 1))
    desk.changes = [[*NEW, *rows(PAGE + 1)]]
    reading = listing(desk)
    with pytest.raises(Unreachable), reading.note_create():
        raise NO_ANSWER
    read(desk, reading)
    assert desk.pages == [1, 2, 1, 2]


# how long lists have been failing


def test_a_list_that_was_never_asked_for_does_not_fail() -> None:
    """A list that was never requested has been failing for zero seconds."""
    assert listing(shelf()).seconds_of_failure(T0) == 0.0


@pytest.mark.parametrize("no", [NO_ANSWER, Rejected("forbidden", status=403)], ids=["no answer", "refused"])
def test_lists_fail_since_the_first_of_the_failures_in_a_row(no: StoryboardError) -> None:
    """The duration of failures is counted from the first of them."""
    desk = shelf()
    desk.no_lists = [no, no]
    reading = listing(desk)
    error_of(desk, reading)
    desk.clock.advance(30.0)
    error_of(desk, reading)
    assert reading.seconds_of_failure(T0 + 61.0) == 60.0


def test_a_list_that_succeeds_ends_the_failures() -> None:
    """A successful list ends the failures, and the next failure counts as the first."""
    desk = shelf()
    desk.no_lists = [NO_ANSWER]
    reading = listing(desk)
    error_of(desk, reading)
    read(desk, reading)
    assert reading.seconds_of_failure(desk.clock.now() + 60.0) == 0.0
