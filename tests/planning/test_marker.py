"""What a task carries to identify it as this project's."""

from __future__ import annotations

from collections.abc import Collection

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.planning.fingerprint import Components
from storyboard.planning.marker import (
    FIRST,
    IDENTIFIER_BITS,
    NO_MARKER,
    WIDTH,
    WIDTH_OF_VERSION_1,
    Marker,
    identifier_of,
    marker_of,
    marker_of_version_1,
    occurrence_of,
)

KEY: Components = {"prompt": "A lighthouse at dusk.", "duration": 5}
LONGEST_LIFE = 259_200


def test_the_same_key_has_the_same_marker() -> None:
    """The order in which its components are written down makes no difference."""
    assert marker_of(KEY, 0) == marker_of(dict(sorted(KEY.items(), reverse=True)), 0)


def test_the_key_and_the_occurrence_are_in_the_marker() -> None:
    """Another key or another occurrence has another marker (as far as 86,400 go: these do)."""
    markers = {marker_of(KEY, 0), marker_of({**KEY, "duration": 6}, 0), marker_of(KEY, 1)}
    assert len(markers) == 3


@given(st.text(), st.integers(0, 100))
def test_a_marker_is_a_life_that_the_service_takes(prompt: str, occurrence: int) -> None:
    """It is more than 48 hours, the service's default, and at most 72."""
    assert 172_800 < marker_of({"prompt": prompt}, occurrence) < FIRST + WIDTH <= LONGEST_LIFE + 1


def test_a_marker_in_use_is_passed_over() -> None:
    """The next free one is taken."""
    first = marker_of(KEY, 0)
    assert marker_of(KEY, 0, {first, first + 1}) == first + 2


def test_after_the_last_marker_comes_the_first() -> None:
    """Where all but one are in use, that one is found."""
    taken = set(range(FIRST, FIRST + WIDTH)) - {FIRST + 7}
    assert marker_of(KEY, 0, taken) == FIRST + 7


def test_a_marker_is_the_same_in_every_version() -> None:
    """A later version of the program identifies tasks submitted by an earlier one."""
    assert (marker_of(KEY, 0), marker_of(KEY, 3), marker_of({}, 0)) == (182_959, 174_635, 200_713)


def test_a_marker_of_version_1_is_what_that_version_gave() -> None:
    """Profile, scene, key and number are in it."""
    markers = marker_of_version_1("", "dusk", KEY, 0), marker_of_version_1("tall", "dawn", {}, 3)
    assert markers == (202_495, 205_610)


@given(st.text(), st.text(), st.integers(0, 100))
def test_a_marker_of_version_1_is_in_its_narrower_band(profile: str, scene: str, number: int) -> None:
    """There were 65,536 of them."""
    assert FIRST <= marker_of_version_1(profile, scene, KEY, number) < FIRST + WIDTH_OF_VERSION_1


def test_the_key_and_the_occurrence_are_in_the_identifier() -> None:
    """Another key or another occurrence has another one."""
    identifiers = {identifier_of(KEY, 0), identifier_of({**KEY, "duration": 6}, 0), identifier_of(KEY, 1)}
    assert len(identifiers) == 3


def test_an_identifier_has_128_bits() -> None:
    """They are written as hexadecimal digits, and the same in every version."""
    identifier = identifier_of(KEY, 0)
    assert (len(identifier) * 4, identifier) == (IDENTIFIER_BITS, "957364f98e6a0b2edac390a3e951c1f1")


@pytest.mark.parametrize(
    ("marker", "carried"),
    [(NO_MARKER, False), (Marker(FIRST), True), (Marker(0), True), (Marker(identifier="ab"), True)],
)
def test_a_marker_is_one_if_it_has_seconds_or_an_identifier(marker: Marker, carried: bool) -> None:
    """Without either, there is no marker."""
    assert bool(marker) is carried


@pytest.mark.parametrize(
    ("marker", "expires_after", "identifier", "fits"),
    [
        (Marker(FIRST), FIRST, "", True),
        (Marker(FIRST), FIRST, "somebody", True),
        (Marker(FIRST), FIRST + 1, "", False),
        (Marker(FIRST), None, "", False),
        (NO_MARKER, None, "", False),
        (NO_MARKER, FIRST, "", False),
        (Marker(identifier="ab"), 7200, "ab", True),
        (Marker(identifier="ab"), 7200, "cd", False),
        (Marker(identifier="ab"), None, "", False),
        (Marker(FIRST, "ab"), FIRST, "cd", False),
    ],
)
def test_a_task_carries_a_marker_if_it_echoes_it(
    marker: Marker, expires_after: int | None, identifier: str, fits: bool
) -> None:
    """The identifier counts if there is one, else the seconds; an empty marker fits no task."""
    assert marker.fits(expires_after, identifier) is fits


@pytest.mark.parametrize(
    ("rank", "alike", "used", "occurrence"),
    [
        (0, 1, (), 0),
        (2, 3, (), 2),
        (2, 3, (0, 1), 2),
        (0, 1, (0,), 1),
        (1, 3, (1,), 3),
        (1, 3, (1, 3, 4), 5),
        (0, 2, (0, 3), 2),
    ],
    ids=["first", "rank", "others used", "remake", "after all", "after remakes", "a gap"],
)
def test_remakes_follow_after_the_first_tasks_of_all_equal_scenes(
    rank: int, alike: int, used: Collection[int], occurrence: int
) -> None:
    """A scene takes its rank, and the next number that is free after the ranks if that is used."""
    assert occurrence_of(rank, alike, used) == occurrence
