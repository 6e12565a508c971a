"""Two tables of the same facts, typed apart: each catches the other's slips."""

from __future__ import annotations

from storyboard.emulator import validation
from storyboard.providers.ark.models import PIXELS, ROWS
from storyboard.providers.catalogue import capabilities


def test_both_tables_have_the_same_models() -> None:
    """By the vendor's ids, of those that are known from its description."""
    assert {row.id for row in ROWS if row.verified} == set(validation.MODELS)


def test_both_tables_have_the_same_sizes() -> None:
    """For every resolution and ratio."""
    flat = {
        (resolution, ratio): size for resolution, sizes in validation.SIZES.items() for ratio, size in sizes.items()
    }
    assert dict(PIXELS) == flat


def test_both_tables_have_the_same_limits() -> None:
    """Of length, seed, ratios and numbers of inputs, for each model."""
    limits = validation.LIMITS
    theirs = (limits.duration, limits.seed, limits.ratios, (limits.images, limits.videos, limits.audios))
    ours = [
        ((row.shortest, row.longest), row.seeds, row.ratios, (row.images, row.videos, row.audios))
        for row in ROWS
        if row.verified
    ]
    assert ours == [theirs] * 2


def test_a_model_is_found_by_either_of_its_names() -> None:
    """The short one, and the vendor's."""
    found = capabilities()
    assert found["seedance-2.0"] is found["doubao-seedance-2-0-260128"]
