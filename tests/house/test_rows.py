"""The table of faults is that of the tests, and leaves no row out."""

from __future__ import annotations

from tests.failure_matrix import PAGE, PLAYED, ROWS, WITHOUT, page, shown


def test_the_page_is_what_the_tests_say() -> None:
    """`python -m tests.failure_matrix` was run after the last change."""
    assert PAGE.read_text("utf-8") == page()


def test_every_row_has_a_test_or_a_reason() -> None:
    """And none has both."""
    assert set(shown()) ^ set(WITHOUT) == set(ROWS)


def test_what_is_played_has_a_test() -> None:
    """Its reason is said beside it."""
    assert set(PLAYED) <= set(shown())
