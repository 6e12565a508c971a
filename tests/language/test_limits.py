"""Each limit of the model's row: a value at the limit passes, one beyond it is reported by its code."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storyboard.language.capability import MEGABYTE
from storyboard.language.facts import FileFacts
from tests.builders import codes, judge

HEAD = "storyboard: 1\nscenes:\n  it:\n"
PNG = FileFacts("a.png", format="png", size=1000, width=1280, height=720)
MP4 = FileFacts("a.mp4", format="mp4", size=1000, width=1280, height=720, seconds=5.0, fps=24.0)
WAV = FileFacts("a.wav", format="wav", size=1000, seconds=5.0)


def scene(*keys: str) -> str:
    """A storyboard of one scene."""
    return HEAD + "".join(f"    {key}\n" for key in ("prompt: A lighthouse at dusk.", *keys))


def of_references(*facts: FileFacts) -> list[str]:
    """Return the problems of a scene with these files as references."""
    text = scene(f"references: [{', '.join(fact.path for fact in facts)}]")
    return codes(judge(text, facts={fact.path: fact for fact in facts}))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("duration: 4", []),
        ("duration: 3", ["SB402"]),
        ("duration: 15", []),
        ("duration: 16", ["SB402"]),
        ("duration: -1", []),
        ("duration: 0", ["SB402"]),
        ("resolution: 480p", []),
        ("resolution: 1080p", ["SB403"]),
        ("seed: -1", []),
        ("seed: -2", ["SB405"]),
        ("seed: 4294967295", []),
        ("seed: 4294967296", ["SB405"]),
        ("execution_expires_after: 3600", []),
        ("execution_expires_after: 3599", ["SB406"]),
        ("execution_expires_after: 259200", []),
        ("execution_expires_after: 259201", ["SB406"]),
        ("in: 5", []),
        ("in: 5.1", ["SB312"]),
        ("out: 5.05", []),
        ("out: 5.1", ["SB312"]),
        ("model: seedance-2.0", []),
        ("model: seedance-3", ["SB401"]),
        ("model: seedance-2.5", ["SB409"]),
        ("tools: [{type: web_search}]", []),
        ("callback_url: https://films.example/hook", []),
        ("callback_url: https://evil.example/hook", ["SB410"]),
        ("callback_url: http://films.example/hook", ["SB410"]),
        ("callback_url: https://[half", ["SB410"]),
    ],
)
def test_a_parameter_within_its_limits(key: str, expected: list[str]) -> None:
    """A request parameter may have any value of the row's range, both ends included, and none beyond."""
    assert codes(judge(scene(key), trusted=("films.example",))) == expected


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (replace(PNG, width=2500, height=1000), []),
        (replace(PNG, width=2501, height=1000), ["SB511"]),
        (replace(PNG, width=400, height=1000), []),
        (replace(PNG, width=399, height=1000), ["SB511"]),
        (replace(PNG, width=300, height=300), []),
        (replace(PNG, width=300, height=299), ["SB512"]),
        (replace(PNG, width=6000, height=6000), []),
        (replace(PNG, width=6001, height=6000), ["SB512"]),
        (replace(PNG, size=30 * MEGABYTE - 1), []),
        (replace(PNG, size=30 * MEGABYTE), ["SB513"]),
        (replace(PNG, animated=True), ["SB514"]),
        (replace(PNG, format="heic"), ["SB509"]),
        (replace(PNG, format="gif"), []),
    ],
)
def test_a_picture_within_its_limits(fact: FileFacts, expected: list[str]) -> None:
    """A picture's shape, sides, bytes and format are judged by what was found out about it."""
    assert of_references(fact) == expected


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (replace(MP4, seconds=2.0), []),
        (replace(MP4, seconds=1.99), ["SB521"]),
        (replace(MP4, seconds=15.2), []),
        (replace(MP4, seconds=15.21), ["SB521"]),
        (replace(MP4, width=640, height=640), []),
        (replace(MP4, width=640, height=639), ["SB523"]),
        (replace(MP4, width=834, height=1112), []),
        (replace(MP4, width=834, height=1113), ["SB523"]),
        (replace(MP4, size=50 * MEGABYTE - 1), []),
        (replace(MP4, size=50 * MEGABYTE), ["SB524"]),
        (replace(MP4, fps=23.976), ["SB525"]),
        (replace(MP4, fps=60.0), []),
        (replace(MP4, fps=60.02), ["SB525"]),
        (replace(WAV, seconds=2.0), []),
        (replace(WAV, seconds=1.99), ["SB531"]),
        (replace(WAV, seconds=15.2), []),
        (replace(WAV, seconds=15.21), ["SB531"]),
        (replace(WAV, size=15 * MEGABYTE - 1), []),
        (replace(WAV, size=15 * MEGABYTE), ["SB533"]),
    ],
)
def test_a_clip_within_its_limits(fact: FileFacts, expected: list[str]) -> None:
    """A video's or sound's seconds, pixels, rate and bytes are judged by what was found out about it."""
    others = (PNG,) if fact.path == "a.wav" else ()
    assert of_references(fact, *others) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [((7.6, 7.6), []), ((7.6, 7.7), ["SB522"]), ((5.0, 5.0, 5.2), []), ((5.0, 5.0, 5.21), ["SB522"])],
)
def test_videos_together(seconds: tuple[float, ...], expected: list[str]) -> None:
    """The videos of a scene have 15 seconds together, and the tolerance of a file."""
    assert of_references(*(replace(MP4, path=f"{n}.mp4", seconds=s) for n, s in enumerate(seconds))) == expected


@pytest.mark.parametrize(("seconds", "expected"), [((7.6, 7.6), []), ((7.6, 7.7), ["SB532"])])
def test_sounds_together(seconds: tuple[float, ...], expected: list[str]) -> None:
    """The sounds of a scene have 15 seconds together, and the tolerance of a file."""
    sounds = (replace(WAV, path=f"{n}.wav", seconds=s) for n, s in enumerate(seconds))
    assert of_references(PNG, *sounds) == expected


@pytest.mark.parametrize(("count", "expected"), [(9, []), (10, ["SB506"])])
def test_how_many_pictures(count: int, expected: list[str]) -> None:
    """A scene takes nine pictures."""
    assert of_references(*(replace(PNG, path=f"{n}.png") for n in range(count))) == expected


@pytest.mark.parametrize(("count", "expected"), [(3, []), (4, ["SB506"])])
def test_how_many_videos(count: int, expected: list[str]) -> None:
    """A scene takes three videos."""
    assert of_references(*(replace(MP4, path=f"{n}.mp4", seconds=3.0) for n in range(count))) == expected


@pytest.mark.parametrize(("count", "expected"), [(3, []), (4, ["SB506"])])
def test_how_many_sounds(count: int, expected: list[str]) -> None:
    """A scene takes three sounds."""
    sounds = (replace(WAV, path=f"{n}.wav", seconds=3.0) for n in range(count))
    assert of_references(PNG, *sounds) == expected


def test_sound_alone() -> None:
    """Sound is never the only input, but of a model that takes it so."""
    texts = [scene("references: [a.wav]", *more) for more in ([], ["model: seedance-2.5"])]
    assert [codes(judge(text)) for text in texts] == [["SB507"], ["SB409"]]


def test_a_request_of_64_megabytes() -> None:
    """What is sent as data grows by a third, and has to be less than the body may be."""
    pictures = [replace(PNG, path=f"{n}.png", size=24 * MEGABYTE) for n in range(2)]
    assert [of_references(*pictures[:1]), of_references(*pictures)] == [[], ["SB541"]]


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("word " * 999, []),
        ("word " * 1000, ["SB604"]),
        ("光" * 499, []),
        ("光" * 500, ["SB604"]),
    ],
)
def test_a_prompt_that_is_heard_to_its_end(prompt: str, expected: list[str]) -> None:
    """Chinese is counted in characters, English in words."""
    assert codes(judge(HEAD + f"    prompt: {prompt}\n")) == expected


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (FileFacts("a.png", trouble="missing"), ["SB501"]),
        (FileFacts("a.png", trouble="outside"), ["SB502"]),
        (FileFacts("a.png", trouble="no file"), ["SB501"]),
        (FileFacts("a.png", trouble="unreadable"), ["SB501"]),
        (FileFacts("a.png", trouble="torn", format="png"), ["SB510"]),
        (FileFacts("a.png", format="mp4"), ["SB503"]),
        (FileFacts("a.png"), ["SB503"]),
    ],
)
def test_a_file_that_cannot_be_taken(fact: FileFacts, expected: list[str]) -> None:
    """Why a file can't be handed over has a code for each kind of trouble."""
    assert of_references(fact) == expected


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        ("{image: https://films.example/a.png}", []),
        ("{image: http://films.example/a.png}", ["SB508"]),
        ("{image: http://127.0.0.1/a.png}", []),
        ("{image: asset://face}", []),
        ("{image: asset://}", ["SB508"]),
        ("{image: 'file:///home/me/a.png'}", ["SB508"]),
        ("{image: ftp://films.example/a.png}", ["SB508"]),
        ("{image: s3://films/a.png}", ["SB508"]),
        ("{image: 'https://[half/a.png'}", ["SB508"]),
        ("{image: https://me:pw@films.example/a.png}", ["SB508"]),
        ("{image: https:///a.png}", ["SB508"]),
        ("{image: 'data:image/png;base64,AAAA'}", []),
        ("{image: 'data:image/png,AAAA'}", ["SB508"]),
        ("{video: 'data:video/mp4;base64,AAAA'}", ["SB508"]),
    ],
)
def test_an_address_that_can_be_sent(asset: str, expected: list[str]) -> None:
    """An address is https, or http on this machine, or asset://, or data for pictures and sounds."""
    assert codes(judge(scene() + f"assets:\n  quay: {asset}\n")) == expected


@pytest.mark.parametrize(
    ("asset", "expected"),
    [
        ("{video: https://films.example/a.mp4}", ["SB542"]),
        ("{video: https://films.example/a.mp4, duration: 5}", []),
        ("{video: https://films.example/a.mp4, duration: 16}", ["SB521"]),
        ("{video: https://films.example/a.mp4, duration: 5, size: 300x300}", ["SB523"]),
        ("{video: asset://clip}", []),
    ],
)
def test_what_lies_at_an_address(asset: str, expected: list[str]) -> None:
    """For a file that isn't inspected the author's statement counts; a missing statement is reported."""
    assert codes(judge(scene("references: [clip]") + f"assets:\n  clip: {asset}\n")) == expected


@pytest.mark.parametrize(
    ("asset", "expected"),
    [("{video: a.mp4}", []), ("{video: a.mp4, people: true}", ["SB544"]), ("{video: asset://clip, people: true}", [])],
)
def test_people_in_what_is_sent(asset: str, expected: list[str]) -> None:
    """What shows people is refused, unless it is the service's own avatar."""
    text = scene("references: [clip]") + f"assets:\n  clip: {asset}\n"
    assert codes(judge(text, facts={"a.mp4": MP4})) == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("Waves. #1 of them", ["SB607"]),
        ("Waves.  # gulls later", []),
        ("Waves#1", []),
        ("'Waves. #1'", []),
        ("Waves,\n      and gulls #1", ["SB607"]),
        ("{action: Waves. #1\n      }", ["SB607"]),
        (">-\n      Waves. #1", []),
        ("Waves.\n    # gulls later", []),
    ],
)
def test_words_that_yaml_takes_for_a_comment(prompt: str, expected: list[str]) -> None:
    """A `#` after one space hides words; two spaces, or a line of its own, mark an intended comment."""
    assert codes(judge(HEAD + f"    prompt: {prompt}\n")) == expected
