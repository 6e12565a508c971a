"""The validator and the emulator's refusals, two tables typed apart: what one takes the other takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

import pytest

from storyboard.emulator.validation import LIMITS, Limits, refusal_of
from storyboard.language.capability import Capability
from tests.agreement.cases import ROWS, Case, File, file, sent, validator_says, wire_says
from tests.agreement.limits import EDGES, ODD, refused

REFUSED = dict(refused())
TIMES = 110
"""Scenes of a mode that have each of the optional keys; 100 are the least."""

OPTIONAL: dict[str, tuple[Any, ...]] = {
    "model": ("seedance-2.0", "seedance-2.0-fast"),
    "ratio": EDGES["ratios"][1],
    "resolution": EDGES["resolutions"][1],
    "duration": EDGES["duration"][1],
    "seed": EDGES["seed"][1],
    "generate_audio": (True, False),
    "watermark": (True, False),
    "return_last_frame": (True, False),
    "callback_url": ("https://hooks.example/x",),
    "safety_identifier": ("someone", "x" * 64),
    "execution_expires_after": EDGES["execution_expires_after"][1],
    "language": ("en", "zh"),
    "style": ("35mm film",),
    "tools": ([{"type": "web_search"}],),
}


def images(dice: Random, most: int) -> tuple[File, ...]:
    """Some pictures at, or within, their limits."""
    sizes = ((300, 300), (1280, 720), (6000, 6000), (1000, 400), (400, 1000))
    made = (dice.choice(sizes) for _ in range(dice.randint(1, most)))
    formats = EDGES["image_formats"][1]
    return tuple(file("image", width=w, height=h, format=dice.choice(formats)) for w, h in made)


def references(dice: Random) -> tuple[File, ...]:
    """Pictures, videos and sounds, as many and as long as may be together."""
    videos = tuple(file("video", seconds=5.0, fps=dice.choice((24.0, 60.0))) for _ in range(dice.randint(0, 3)))
    sounds = tuple(file("audio", seconds=5.0, format=dice.choice(("wav", "mp3"))) for _ in range(dice.randint(0, 3)))
    return (*images(dice, 9), *videos, *sounds)


FIRST, LAST = file("image", "first_frame"), file("image", "last_frame")
MODES: dict[str, Case] = {
    "text": Case(),
    "first_frame": Case(files=(FIRST,)),
    "first_last": Case(files=(FIRST, LAST)),
    "reference": Case(),
    "extend": Case(prompt="Extend video 1 forward.", edge="extend"),
    "edit": Case(prompt="In video 1, replace the sea.", edge="edit"),
    "chain": Case(prompt="He lights the lamp.", edge="chain"),
}


def cases(mode: str) -> Iterator[Case]:
    """Scenes of a mode that the validator takes, each key in at least so many of them."""
    dice, seen = Random(mode), Counter[str]()  # noqa: S311 - it has to repeat itself
    wanted = [key for key in OPTIONAL if mode == "text" or key != "tools"]
    while any(seen[key] < TIMES for key in wanted):
        keys = {key: dice.choice(OPTIONAL[key]) for key in wanted if dice.random() < 0.6}
        if mode in ("extend", "edit", "chain") or keys.get("ratio") == "adaptive":
            keys["ratio"] = "16:9"  # else the parent's shape would be left open, or cropped
        seen.update(list(keys))
        yield replace(MODES[mode], keys=keys, files=references(dice) if mode == "reference" else MODES[mode].files)


@pytest.mark.parametrize("mode", MODES)
def test_what_the_validator_passes_is_taken_on(mode: str) -> None:
    """Each mode with each optional key, at least a hundred times: what we would really send is refused by nobody."""
    seen: Counter[str] = Counter()
    for case in cases(mode):
        graph, codes = validator_says(case)
        assert (codes, graph is None) == ((), False), case
        assert graph is not None
        body = sent(graph)
        no = refusal_of(body)
        assert (no, wire_says(case)) == (None, ""), case
        seen.update(list(case.keys))
    wanted = [key for key in OPTIONAL if mode == "text" or key != "tools"]
    assert min(seen[key] for key in wanted) >= 100


def test_there_are_enough_refusals() -> None:
    """At least a hundred and fifty."""
    assert len(REFUSED) >= 150


@pytest.mark.parametrize("name", REFUSED)
def test_what_the_emulator_refuses_the_validator_refuses_first(name: str) -> None:
    """Both say no, each by its own table."""
    case = REFUSED[name]
    graph, codes = validator_says(case)
    assert (wire_says(case) != "", graph is None, codes != ()) == (True, True, True), (wire_says(case), codes)


@pytest.mark.parametrize("limit", EDGES)
def test_what_is_just_within_a_limit_is_taken_by_both(limit: str) -> None:
    """The last value on this side of the edge."""
    make, within, _ = EDGES[limit]
    said = [(value, wire_says(make(value)), validator_says(make(value))[1]) for value in within]
    assert said == [(value, "", ()) for value in within]


def edges_of(limit: str) -> list[tuple[Case, bool]]:
    """The scenes at a limit's edges, and whether they are taken."""
    make, within, beyond = EDGES[limit]
    odd = [(case, False) for case in ODD.values()] if limit == "unsupported" else []
    return [*((make(value), True) for value in within), *((make(value), False) for value in beyond), *odd]


def changed(value: Any) -> Iterator[Any]:
    """A limit, a little otherwise: one more, one less; a member of a list fewer, one more."""
    match value:
        case (int() | float(), int() | float()):
            low, high = value
            yield from ((one, high) for one in nudged(low))
            yield from ((low, one) for one in nudged(high))
        case tuple():
            yield from (value[:n] + value[n + 1 :] for n in range(len(value)))
        case _:
            yield from nudged(value)


def nudged(value: float) -> Iterator[float]:
    """One step down and one up: a whole one where it is whole, else a twentieth or a thousandth."""
    step: float = 1 if isinstance(value, int) else 0.15
    if isinstance(value, int) and value >= 1_048_576:
        step = 4 * 1_048_576 if value >= 60 * 1_048_576 else 1
    yield value - step
    yield value + step


SHAPES = ((0.4005, 2.5), (0.399, 2.5), (0.4, 2.4995), (0.4, 2.501))
NOT_AT_AN_EDGE = {"image_shape", "slack", "unsupported"}
"""Limits of the emulator whose steps are others: tried below by hand."""


def test_a_change_of_any_limit_of_the_emulator_is_seen() -> None:
    """Each of its limits, changed by the least that counts, makes a scene at its edge fall on the other side."""
    unseen, tried = [], 0
    for one in fields(Limits):
        if one.name in NOT_AT_AN_EDGE:
            continue
        edge = edges_of(one.name)
        for value in changed(getattr(LIMITS, one.name)):
            tried += 1
            limits = replace(LIMITS, **{one.name: value})
            if all((wire_says(case, limits) == "") is taken for case, taken in edge):
                unseen.append((one.name, value))
    for shape in SHAPES:
        tried += 1
        limits = replace(LIMITS, image_shape=shape)
        if all((wire_says(case, limits) == "") is taken for case, taken in edges_of("image_shape")):
            unseen.append(("image_shape", shape))
    for slack in (0.1, 0.35):
        tried += 1
        limits = replace(LIMITS, slack=slack)
        if all((wire_says(case, limits) == "") is taken for case, taken in edges_of("video_seconds")):
            unseen.append(("slack", slack))
    for name in LIMITS.unsupported:
        tried += 1
        limits = replace(LIMITS, unsupported=tuple(other for other in LIMITS.unsupported if other != name))
        if wire_says(ODD[f"{name}: unsupported"], limits) != "":
            unseen.append(("unsupported", name))
    assert (unseen, tried >= 70) == ([], True), tried


OF_ROW = {
    "ratios": "ratios", "resolutions": "resolutions", "seeds": "seed", "expiry": "execution_expires_after",
    "images": "images", "videos": "videos", "audios": "audios", "body_bytes": "body_bytes",
    "shortest": "duration", "longest": "duration",
    "image.formats": "image_formats", "image.side": "image_side", "image.below_bytes": "image_bytes",
    "video.formats": "video_formats", "video.seconds": "video_seconds", "video.together": "video_together",
    "video.below_bytes": "video_bytes", "video.area": "video_area", "video.fps": "video_fps",
    "video.tolerance": "video_seconds",
    "audio.formats": "audio_formats", "audio.seconds": "audio_seconds", "audio.together": "audio_together",
    "audio.below_bytes": "audio_bytes", "audio.tolerance": "audio_seconds", "image.shape": "image_shape",
}  # fmt: skip
"""Fields of a model's row, and the limit at whose edges they are tried."""

NO_LIMIT = {
    "name", "id", "dated", "source", "verified", "note", "counts_as", "modes", "pixels", "prices", "words",
    "characters", "auto_duration", "sound_alone", "audio.area", "audio.fps",
}  # fmt: skip
"""Fields that say no limit of the wire: names and prices, what is only warned of, and what is tried by itself."""


def leaves(row: Capability) -> Iterator[tuple[str, Any]]:
    """The fields of a row, those of its parts by dotted names."""
    for one in fields(row):
        value = getattr(row, one.name)
        if is_dataclass(value):
            yield from ((f"{one.name}.{inner.name}", getattr(value, inner.name)) for inner in fields(value))
        else:
            yield one.name, value


def with_leaf(row: Capability, name: str, value: Any) -> Capability:
    """The row with another value of a field."""
    part, _, inner = name.partition(".")
    return replace(row, **{part: replace(getattr(row, part), **{inner: value}) if inner else value})


def test_every_field_of_a_row_is_tried_or_is_no_limit() -> None:
    """A new limit has to come with its edges."""
    assert {name for name, _ in leaves(ROWS["seedance-2.0"])} == set(OF_ROW) | NO_LIMIT


def otherwise(name: str, value: Any) -> Iterator[Any]:
    """Changes of a field that count."""
    if name == "image.shape":
        yield from SHAPES
    elif name.endswith("tolerance"):
        yield from (0.1, 0.35)
    else:
        yield from changed(value)


def test_a_change_of_any_limit_of_a_model_is_seen() -> None:
    """Each limit of the row that the seed's model has, changed by the least that counts, is noticed at its edge."""
    row, unseen, tried = ROWS["seedance-2.0"], [], 0
    for name, value in leaves(row):
        for other in otherwise(name, value) if name in OF_ROW else ():
            tried += 1
            rows = {**ROWS, "seedance-2.0": with_leaf(row, name, other)}
            edge = edges_of(OF_ROW[name])
            if all((validator_says(case, rows)[1] == ()) is taken for case, taken in edge):
                unseen.append((name, other))
    assert (unseen, tried >= 70) == ([], True), tried


@pytest.mark.parametrize(
    ("name", "case"), [("auto_duration", Case({"duration": -1})), ("sound_alone", ODD["sound alone"])]
)
def test_a_changed_yes_or_no_is_seen(name: str, case: Case) -> None:
    """A model that makes up its own length, and one that takes sound alone."""
    row = ROWS["seedance-2.0"]
    rows = {**ROWS, "seedance-2.0": with_leaf(row, name, not getattr(row, name))}
    assert (validator_says(case)[1] == ()) is not (validator_says(case, rows)[1] == ())
