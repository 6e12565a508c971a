"""Lists: filters, pages and bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import TASKS, ask, create, listed, order

FAST = "doubao-seedance-2-0-fast-260128"


class Listing:
    """A service with five tasks: two succeeded, one running, one cancelled, one queued."""

    def __init__(self, base_url: str, clock: VirtualClock) -> None:
        self.base_url = base_url
        self.clock = clock
        self.tasks = [create(base_url, order("1")), create(base_url, order("2", model=FAST))]
        clock.advance(80)
        self.tasks.append(create(base_url, order("3")))
        clock.advance(10)
        self.tasks += [create(base_url, order("4")), create(base_url, order("5"))]
        ask("DELETE", f"{base_url}{TASKS}/{self.tasks[3]}")

    def numbers(self, query: str) -> list[int]:
        """Which of the tasks a query lists, by number from 1, in its order."""
        return [self.tasks.index(item["id"]) + 1 for item in listed(self.base_url, query)["items"]]


@pytest.fixture(scope="module")
def listing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listing]:
    """One service for all: asking changes nothing."""
    clock = VirtualClock()
    with emulator(tmp_path_factory.mktemp("service") / "ledger", speed=1, clock=clock) as emulated:
        yield Listing(emulated.base_url, clock)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("", [5, 4, 3, 2, 1]),
        ("filter.status=succeeded", [2, 1]),
        ("filter.status=running", [3]),
        ("filter.status=queued", [5]),
        ("filter.status=cancelled", [4]),
        ("filter.status=failed", []),
        (f"filter.model={FAST}", [2]),
        ("filter.model=ep-1", []),
        ("filter.service_tier=default", [5, 4, 3, 2, 1]),
        ("filter.service_tier=flex", []),
        ("page_size=2", [5, 4]),
        ("page_size=2&page_num=2", [3, 2]),
        ("page_size=2&page_num=3", [1]),
        ("page_size=2&page_num=4", []),
        ("page_num=500&page_size=500", []),
        ("page_size=1&filter.status=succeeded&page_num=2", [1]),
    ],
)
def test_what_is_listed(listing: Listing, query: str, numbers: list[int]) -> None:
    """The newest first; all filters have to agree."""
    assert listing.numbers(query) == numbers


def test_several_ids_are_one_key_repeated(listing: Listing) -> None:
    """Unknown ones are left out."""
    query = "&".join(f"filter.task_ids={task}" for task in (listing.tasks[0], listing.tasks[4], "cgt-1"))
    assert listing.numbers(query) == [5, 1]


def test_a_model_is_found_by_its_endpoint_and_by_itself(tmp_path: Path) -> None:
    """The documents say one or the other."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        create(emulated.base_url, order(model="ep-1"))
        found = [
            listed(emulated.base_url, f"filter.model={model}")["total"]
            for model in ("ep-1", "doubao-seedance-2-0-260128", FAST)
        ]
    assert found == [1, 1, 0]


def test_the_total_counts_all_pages(listing: Listing) -> None:
    """Of what the filters let pass."""
    found = [listed(listing.base_url, f"page_size=1{more}")["total"] for more in ("", "&filter.status=succeeded")]
    assert found == [5, 2]


def test_items_are_what_a_get_says(listing: Listing) -> None:
    """The same object."""
    (item,) = listed(listing.base_url, f"filter.task_ids={listing.tasks[0]}")["items"]
    assert item == ask("GET", f"{listing.base_url}{TASKS}/{listing.tasks[0]}").value


@pytest.mark.parametrize("name", ["page_num", "page_size"])
@pytest.mark.parametrize("value", ["0", "501", "-1", "x", "", "1.5", "%D9%A3", "9" * 5000])
def test_pages_have_bounds(listing: Listing, name: str, value: str) -> None:
    """From 1 to 500."""
    answer = ask("GET", f"{listing.base_url}{TASKS}?{name}={value}")
    error = answer.value["error"]
    assert (answer.status, error["code"], error["param"]) == (400, "InvalidParameter", name)


def test_only_the_last_seven_days_are_listed(tmp_path: Path) -> None:
    """What is older is forgotten."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", clock=clock) as emulated:
        create(emulated.base_url, order("old"))
        clock.advance(6 * 86_400)
        young = create(emulated.base_url, order("young"))
        clock.advance(86_401)
        found = listed(emulated.base_url)
    assert (found["total"], [item["id"] for item in found["items"]]) == (1, [young])


def test_removed_records_are_not_listed(tmp_path: Path) -> None:
    """Nor counted."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", clock=clock) as emulated:
        task = create(emulated.base_url, order())
        clock.advance(80)
        ask("DELETE", f"{emulated.base_url}{TASKS}/{task}")
        found = listed(emulated.base_url)
    assert found == {"total": 0, "items": []}
