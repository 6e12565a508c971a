"""What a run may cost at the most: reported on the command line, and in the user's own settings."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from storyboard.planning.money import money_of
from storyboard.world import settings, spending
from storyboard.world.clock import SystemClock
from storyboard.world.spending import Spending
from tests.cli.command_line import STORYBOARD, CommandResult, run, run_command

Write = Callable[[str], Path]
ONE = "storyboard: 1\ndefaults: {ratio: 16:9}\nscenes:\n  dusk: {prompt: A lighthouse.}\n"


def allow(text: str) -> None:
    """Write the user's settings."""
    path = settings.path_of(settings.environment())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@pytest.fixture
def for_real(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], CommandResult]:
    """Run a storyboard for real, with an invalid key: whatever isn't refused beforehand would fail at once."""
    monkeypatch.setenv("ARK_API_KEY", "key")
    return lambda path: run_command("run", "-f", str(path), "--yes")


def state(path: Path) -> Path:
    """The path of the real realm's record."""
    return path.parent / ".storyboard" / "real"


def submitted(path: Path) -> bool:
    """Whether any intent was recorded."""
    return b"intended" in b"".join(file.read_bytes() for file in state(path).glob("state.db*"))


@pytest.mark.parametrize("name", ["max_cost_project", "max_cost_day"])
def test_more_than_a_cap_of_the_user_s_exits_with_4(
    write: Write, for_real: Callable[[Path], CommandResult], name: str
) -> None:
    """It exits before anything starts, with the amounts, the cap's name, and the file that sets it."""
    allow(f'{name} = "5 CNY"\n')
    path = write(ONE)
    result = for_real(path)
    assert (result.code, submitted(path)) == (4, False)
    assert f"it may cost ¥5.01, more than the ¥5.00 of {name}" in result.err
    assert "settings.toml" in result.err


def test_a_day_counts_what_other_projects_spent(write: Write, for_real: Callable[[Path], CommandResult]) -> None:
    """Of twelve yuan ten are spent, so a scene of five does not fit."""
    allow('max_cost_day = "12 CNY"\n')
    Spending(spending.folder(settings.environment()), SystemClock()).reserve("another's", money_of("10 CNY"))
    result = for_real(write(ONE))
    assert (result.code, "of which ¥2.00 is left" in result.err) == (4, True)


def test_a_cap_in_another_currency_refuses(write: Write, for_real: Callable[[Path], CommandResult]) -> None:
    """A cap in another currency refuses the run, because there are no exchange rates."""
    allow('max_cost_day = "100 USD"\n')
    result = for_real(write(ONE))
    assert (result.code, "it is priced in CNY, and max_cost_day is in USD" in result.err) == (4, True)


@pytest.mark.parametrize("line", ['max_cost_day = "lots"', "max_cost_day = 200", 'max_cost_project = "200"'])
def test_a_cap_that_is_none_exits_with_5(write: Write, for_real: Callable[[Path], CommandResult], line: str) -> None:
    """A cap that can't be read does not permit spending."""
    allow(line)
    result = for_real(write(ONE))
    assert (result.code, "200 CNY" in result.err) == (5, True)


def test_no_storyboard_sets_a_cap(write: Write) -> None:
    """A cap belongs to the user: in a storyboard it is an unknown key."""
    result = run_command("validate", "-f", str(write(ONE + 'max_cost_day: "1000000 CNY"\n')))
    assert (result.code, "SB201" in result.out + result.err) == (1, True)


def test_the_emulator_is_not_capped_by_the_settings(write: Write) -> None:
    """A free run is allowed, and does not count in the daily budget."""
    allow('max_cost_day = "0 CNY"\nmax_cost_project = "0 CNY"\n')
    assert run(write(ONE)).code == 0
    assert not spending.folder(settings.environment()).exists()


@pytest.mark.parametrize("most", ["50", "50 CNY", "5.0094CNY"])
def test_what_is_not_more_than_the_most_is_made(write: Write, most: str) -> None:
    """A number alone uses the plan's currency; a cost equal to the limit fits."""
    assert run(write(ONE), "--max-cost", most).code == 0


@pytest.mark.parametrize(("most", "code"), [("5.009399", 4), ("100 USD", 4), ("lots", 2), ("-1", 2), ("1e3", 2)])
def test_what_is_not_allowed_is_not_made(write: Write, most: str, code: int) -> None:
    """A higher cost, another currency, and an invalid amount are refused, on the emulator as for real."""
    path = write(ONE)
    assert run(path, "--max-cost", most).code == code
    assert not (path.parent / ".storyboard/emulated/service/ledger.jsonl").exists()


def test_a_wallet_bomb_is_refused_with_its_price(write: Write, for_real: Callable[[Path], CommandResult]) -> None:
    """A thousand scenes whose length the model chooses: the longest length counts."""
    allow('max_cost_day = "200 CNY"\n')
    scenes = "".join(f"  s{number}: {{prompt: A wave., duration: -1}}\n" for number in range(1000))
    path = write("storyboard: 1\ndefaults: {ratio: 16:9}\nscenes:\n" + scenes)
    result = for_real(path)
    assert (result.code, submitted(path), result.out) == (4, False, "")
    assert "it may cost ¥14945.40, more than the ¥200.00 of max_cost_day" in result.err


def test_a_run_tells_what_the_service_billed(write: Write) -> None:
    """It equals the sum of the emulator's own bills to the millionth, by its own table; none is higher than the
    reserved amount."""
    path = write(STORYBOARD)
    result = run(path)
    lines = (path.parent / ".storyboard/emulated/service/ledger.jsonl").read_text("utf-8").splitlines()
    bills = sum((Decimal(str(json.loads(line)["price"])) for line in lines), Decimal(0))
    status = json.loads(run_command("status", "-f", str(path), "--emulator", "--json").out)
    assert status["money"] == {"spent": [f"{bills:.6f} CNY"], "reserved": []}
    assert (
        f"nothing was paid; the real service would cost: ¥{bills:.2f}; the project so far: ¥{bills:.2f}" in result.out
    )


def test_status_tells_the_day(write: Write) -> None:
    """If there is a daily cap: the total of all projects."""
    allow('max_cost_day = "12 CNY"\n')
    Spending(spending.folder(settings.environment()), SystemClock()).reserve("another's", money_of("10 CNY"))
    result = run_command("status", "-f", str(write(ONE)))
    assert "today, in all projects: nothing, and ¥10.00 reserved, of ¥12.00" in result.out


def test_status_tells_what_was_spent(write: Write) -> None:
    """Of a project that was made; for one that wasn't, nothing."""
    path = write(ONE)
    before = run_command("status", "-f", str(path), "--emulator").out
    run(path)
    after = run_command("status", "-f", str(path), "--emulator").out
    assert ("spent" in before, "spent so far, as if real: ¥5.01" in after) == (False, True)
