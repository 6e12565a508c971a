"""A day's money: shared by all projects, on the disk before anything is submitted, never counted short."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.errors import FileTrouble, OverBudget, StateDamaged
from storyboard.planning.budget import Cap, books_of
from storyboard.planning.event import Intended, Rejected
from storyboard.planning.money import Money, money_of
from storyboard.testing.clock import VirtualClock
from storyboard.world.spending import Spending, folder, settle_known

ONE = money_of("1 CNY")
TEN = Cap("max_cost_day", money_of("10 CNY"))
DAY = 86_400.0


def opened(place: Path, clock: VirtualClock | None = None, cap: Cap | None = TEN) -> Spending:
    """A project's view of the days."""
    return Spending(place / "spending", clock or VirtualClock(), "/a/storyboard.yaml", cap)


def file(place: Path) -> Path:
    """The only day's file."""
    return next((place / "spending").glob("*.jsonl"))


def total(spending: Spending) -> int:
    """What today comes to in whole yuan, read from the disk."""
    return int(spending.today().counted("CNY"))


def granted(spending: Spending, attempt_id: str, wanted: Money = ONE) -> bool:
    """Does it fit?"""
    try:
        spending.reserve(attempt_id, wanted)
    except OverBudget:
        return False
    return True


def test_where_it_lies() -> None:
    """In the user's state folder."""
    assert folder({"HOME": "/home/a"}) == Path("/home/a/.local/state/storyboard/spending")
    assert folder({"HOME": "/home/a", "XDG_STATE_HOME": "/s"}) == Path("/s/storyboard/spending")


def test_what_is_reserved_is_on_the_disk_at_once(tmp_path: Path) -> None:
    """Another instance reads it."""
    opened(tmp_path).reserve("a", ONE)
    assert total(opened(tmp_path)) == 1


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    """File and folder are their owner's."""
    opened(tmp_path).reserve("a", ONE)
    modes = [stat.S_IMODE(path.stat().st_mode) for path in (file(tmp_path), file(tmp_path).parent)]
    assert modes == [0o600, 0o700]


def test_two_projects_share_a_day(tmp_path: Path) -> None:
    """What one has reserved is not there for the other."""
    one, other = opened(tmp_path), opened(tmp_path)
    said = [granted(one, "a", money_of("6 CNY")), granted(other, "b", money_of("5 CNY")), granted(other, "c")]
    assert said == [True, False, True]


def test_many_at_once_never_overspend_a_day_together(tmp_path: Path) -> None:
    """Four runs that try a hundred times in all get ten yuan, and not one more."""

    def one_run(name: int) -> int:
        spending = opened(tmp_path)
        return sum(granted(spending, f"{name}-{number}") for number in range(25))

    with ThreadPoolExecutor(4) as pool:
        got = sum(pool.map(one_run, range(4)))
    assert (got, total(opened(tmp_path))) == (10, 10)


def test_a_bill_makes_room(tmp_path: Path) -> None:
    """What is billed counts in place of what was reserved."""
    spending = opened(tmp_path)
    spending.reserve("a", money_of("10 CNY"))
    spending.settle("a", money_of("4 CNY"))
    assert (total(spending), granted(spending, "b", money_of("6 CNY"))) == (4, True)


def test_a_bill_that_is_told_twice_counts_once(tmp_path: Path) -> None:
    """And is in the file once."""
    spending = opened(tmp_path)
    spending.reserve("a", ONE)
    spending.settle("a", ONE)
    spending.settle("a", ONE)
    assert (total(spending), len(file(tmp_path).read_text().splitlines())) == (1, 2)


def test_a_bill_of_an_unknown_attempt_counts_nothing(tmp_path: Path) -> None:
    """It was reserved on another day."""
    spending = opened(tmp_path)
    spending.settle("a", ONE)
    spending.reserve("b", ONE)
    spending.settle("a", ONE)
    assert total(spending) == 1


def test_a_new_day_begins_at_nothing(tmp_path: Path) -> None:
    """What was reserved yesterday is yesterday's."""
    clock = VirtualClock()
    spending = opened(tmp_path, clock)
    spending.reserve("a", money_of("10 CNY"))
    clock.advance(DAY)
    assert (total(spending), granted(spending, "b")) == (0, True)


def test_without_a_cap_it_is_counted_all_the_same(tmp_path: Path) -> None:
    """A cap that is set in the afternoon knows of the morning."""
    opened(tmp_path, cap=None).reserve("a", money_of("50 CNY"))
    opened(tmp_path, cap=None).check(money_of("50 CNY"))
    with pytest.raises(OverBudget):
        opened(tmp_path).check(ONE)


def test_what_costs_nothing_leaves_no_trace(tmp_path: Path) -> None:
    """No file is made for it."""
    opened(tmp_path).reserve("a", Money())
    assert not (tmp_path / "spending").exists()


def test_a_price_in_another_currency_is_refused(tmp_path: Path) -> None:
    """A day's cap has one."""
    with pytest.raises(OverBudget, match="currencies are never mixed"):
        opened(tmp_path).reserve("a", money_of("0.01 USD"))


def test_a_torn_last_line_is_a_normal_morning(tmp_path: Path) -> None:
    """Its writer was killed before anything was submitted; the next line is separate."""
    opened(tmp_path).reserve("a", ONE)
    with file(tmp_path).open("ab") as torn:
        torn.write(b'{"intent": "b", "reserve": "5 C')
    before = total(opened(tmp_path))
    opened(tmp_path).reserve("c", ONE)
    assert (before, total(opened(tmp_path))) == (1, 2)


@pytest.mark.parametrize(
    "line", [b"nonsense\n", b"[]\n", b'{"reserve": "1 CNY"}\n', b'{"intent": "b", "reserve": "x"}\n']
)
def test_a_damaged_file_stops_what_costs_money(tmp_path: Path, line: bytes) -> None:
    """Nothing is submitted on a guess, and the error has a hint."""
    opened(tmp_path).reserve("a", ONE)
    with file(tmp_path).open("ab") as damaged:
        damaged.write(line)
    with pytest.raises(StateDamaged, match="can't be read"):
        opened(tmp_path).reserve("b", ONE)


def test_a_file_that_is_put_in_its_place_is_read_anew(tmp_path: Path) -> None:
    """The file was deleted: lines of the old one don't count."""
    spending = opened(tmp_path)
    spending.reserve("a", money_of("10 CNY"))
    file(tmp_path).unlink()
    assert (granted(spending, "b"), total(spending)) == (True, 1)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Then nothing is submitted."""
    (tmp_path / "spending").write_text("a file")
    with pytest.raises(FileTrouble):
        opened(tmp_path).reserve("a", ONE)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """Links don't redirect the lines."""
    opened(tmp_path).reserve("a", ONE)
    place = file(tmp_path)
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileTrouble):
        opened(tmp_path).reserve("b", ONE)


def test_a_run_that_was_killed_tells_its_bills_the_next_time(tmp_path: Path) -> None:
    """A bill that only the project knows is recorded; an unknown one counts in full."""
    spending = opened(tmp_path)
    for attempt_id in ("refused", "unknown", "somebody else's"):
        spending.reserve(attempt_id, ONE)
    begun = [Intended("", attempt_id, reserve=money_of("1 CNY")) for attempt_id in ("refused", "unknown")]
    settle_known(spending, books_of([*begun, Rejected("", "refused")]))
    assert total(spending) == 2


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.integers(0, 6), st.booleans()), max_size=20))
def test_a_day_never_holds_more_than_its_cap(
    tmp_path_factory: pytest.TempPathFactory, acts: list[tuple[int, int, int, bool]]
) -> None:
    """Three processes reserve and settle in any order: the file never exceeds the cap."""
    place = tmp_path_factory.mktemp("day")
    three = [opened(place) for _ in range(3)]
    reserved: dict[str, int] = {}
    for number, (who, amount, which, settles) in enumerate(acts):
        if settles and str(which) in reserved:
            three[who].settle(str(which), Money(Decimal(min(amount, reserved.pop(str(which)))), "CNY"))
        elif granted(three[who], str(number), Money(Decimal(amount), "CNY")):
            reserved[str(number)] = amount
        assert total(three[(who + 1) % 3]) <= TEN.limit.amount
