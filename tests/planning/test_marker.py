"""The number by which a task is known for ours."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from storyboard.planning.fingerprint import Components
from storyboard.planning.marker import FIRST, WIDTH, marker_of

KEY: Components = {"prompt": "A lighthouse at dusk.", "duration": 5}


def test_the_same_request_has_the_same_mark() -> None:
    """Whoever asks for it, on whatever machine: a lost state knows its tasks again."""
    assert marker_of("", "dusk", KEY, 0) == marker_of("", "dusk", dict(sorted(KEY.items(), reverse=True)), 0)


def test_everything_that_is_asked_for_is_in_the_mark() -> None:
    """Another profile, scene, key or attempt has another (as far as 65,536 go: these do)."""
    marks = {
        marker_of("", "dusk", KEY, 0),
        marker_of("tall", "dusk", KEY, 0),
        marker_of("", "dawn", KEY, 0),
        marker_of("", "dusk", {**KEY, "duration": 6}, 0),
        marker_of("", "dusk", KEY, 1),
    }
    assert len(marks) == 5


@given(st.text(), st.integers(0, 100))
def test_a_mark_is_an_expiry_that_the_service_takes(scene: str, attempt: int) -> None:
    """Never 48 hours, which is what is taken if nothing is said, and never more than 72 (seed)."""
    assert 172_800 < marker_of("", scene, KEY, attempt) < FIRST + WIDTH <= 259_200


def test_a_mark_in_use_is_not_used_again() -> None:
    """The next free one is taken, round the end of the band."""
    first = marker_of("", "dusk", KEY, 0)
    second = marker_of("", "dusk", KEY, 0, {first})
    assert (second, marker_of("", "dusk", KEY, 0, set(range(FIRST, FIRST + WIDTH)) - {FIRST + 7})) == (
        FIRST + (first - FIRST + 1) % WIDTH,
        FIRST + 7,
    )


def test_a_mark_is_the_same_in_every_version() -> None:
    """What was submitted yesterday is known for ours by tomorrow's program."""
    assert (marker_of("", "dusk", KEY, 0), marker_of("tall", "dawn", {}, 3)) == (202_495, 205_610)
