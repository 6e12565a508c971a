"""A short version of `make fuzz`."""

from __future__ import annotations

import pytest

from storyboard.language.validator import ValidationResult
from tests.fuzz.run import Tally, judge, tally
from tests.fuzz.storyboards import Case, case_of

EXECUTIONS = 3000


@pytest.fixture(scope="module")
def found() -> Tally:
    """The totals of the first cases."""
    return tally(range(EXECUTIONS))


def test_no_text_breaks_the_judges(found: Tally) -> None:
    """Any content of a file leads to problems or a graph, never to an exception or a long wait."""
    assert found.failures == []


def test_much_of_it_gets_past_the_schema(found: Tally) -> None:
    """At least three in ten of these texts have the written form, so that the later checks are tested as well."""
    assert found.past_the_schema >= 0.3 * EXECUTIONS


def test_a_case_follows_from_its_seed() -> None:
    """The same number gives the same case again."""
    assert case_of(7) == case_of(7)


def test_an_exception_is_found_and_told_with_its_seed() -> None:
    """An error that occurs with one rare input is caught, with the numbers of the cases that show it."""

    def breaking(case: Case) -> tuple[bool, ValidationResult]:
        if "tail: 4" in case.text:
            raise IndexError("planted")
        return judge(case)

    broken = tally(range(400), breaking)
    seeds = [seed for seed in range(400) if "tail: 4" in case_of(seed).text]
    assert [seed for seed, _ in broken.failures] == seeds != []
