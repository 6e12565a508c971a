from tests.real_realm.figures import Figures, Row, table
from tests.real_realm.scenarios import SCENARIOS, storyboard
from tests.real_realm.service import Behaviour, script_of


def figures(paid: int, *, right: bool) -> Figures:
    """The figures of one seed."""
    return Figures(paid, 8, [0, -9, None], (1, 2), right, listed=paid - 8)


def test_a_row_is_right_if_every_seed_is() -> None:
    """A row is right if every seed is, and its cells cover all of them."""
    assert Row("a", "b", "8 requests", [figures(8, right=True)]).is_right
    row = Row("a", "b", "8 requests", [figures(8, right=True), figures(10, right=False)])
    assert not row.is_right
    assert row.cells() == ["a", "b", "2", "9", "8", "+1.00", "+2", "1.00", "2/4", "WRONG 1/2", "0,-9,late"]


def test_a_row_is_wrong_if_its_mean_is_too_high() -> None:
    """A row is wrong if its mean is too high, even if each seed is right."""
    rows = [
        Row("a", "b", "few", [figures(9, right=True), figures(8, right=True)], mean_most=most) for most in (0.5, 0.3)
    ]
    assert [row.is_right for row in rows] == [True, False]


def test_a_row_without_figures_or_with_a_failure_is_wrong() -> None:
    """A row without figures or with an interrupted seed is wrong."""
    assert not Row("a", "b", "8 requests").is_right
    assert not Row("a", "b", "8 requests", [figures(8, right=True)], ["broke off"]).is_right
    assert "WRONG, 1 broke off" in table([Row("a", "b", "8 requests", failures=["it broke off"])])


def test_the_share_of_lists_that_fail_is_what_was_asked_for() -> None:
    """Two faults together produce the requested share of failing lists."""
    script = script_of(Behaviour(list_faults=0.3, seed=3))
    hit = sum(bool(script.firing("list", number, 1)) for number in range(1, 5001))
    assert 0.27 < hit / 5000 < 0.33
    assert not script_of(Behaviour()).firing("list", 1, 1)


def test_scenes_of_one_name_are_the_same_in_every_storyboard() -> None:
    """The request of a scene depends on its ID only."""
    one, other = storyboard("one", "two"), storyboard("two", "three")
    assert one.split("  two:")[1] == other.split("  two:")[1].split("  three:")[0]
    assert all(scenario.wanted and scenario.variants for scenario in SCENARIOS.values())
