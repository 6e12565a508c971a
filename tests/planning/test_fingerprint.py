"""What changes a scene's key, and what doesn't."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storyboard.language.facts import FileFacts
from storyboard.planning.fingerprint import Components, canonical, is_pending
from tests.builders import graph_of
from tests.planning.values import digest, key, take

FILM = """\
storyboard: 1
defaults: {ratio: 16:9}
scenes:
  dusk:
    prompt: >-
      A lighthouse at dusk,
      gulls in the distance.
    duration: 8
  lamp:
    chain: dusk
    prompt: He lights the lamp.
"""


def of_dusk(text: str) -> Components:
    """The key of the scene `dusk`."""
    return key("dusk", graph_of(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("scenes:", "# a comment\nscenes:"),
        ("    duration: 8", "    duration: 8   # seconds"),
        ("    duration: 8", "    duration: 8\n    resolution: 720p"),
        ("    duration: 8", "    duration: 8\n    generate_audio: true\n    seed: -1\n    watermark: false"),
        ("    duration: 8", "    duration: 8.0"),
        ("at dusk,\n      gulls in", "at\n      dusk, gulls   in"),
        ("    duration: 8", "    duration: 8\n    title: Dusk\n    notes: softer\n    tags: [act1]"),
        ("    duration: 8", "    duration: 8\n    in: 1\n    out: 4\n    film: false"),
        ("    duration: 8", "    duration: 8\n    after: lamp2"),
        ("    duration: 8", "    duration: 8\n    return_last_frame: true\n    safety_identifier: someone"),
        ("    duration: 8", "    duration: 8\n    execution_expires_after: 3600"),
        ("scenes:", "model: seedance-2.0\nscenes:"),
        ("scenes:", "model: doubao-seedance-2-0-260128\nscenes:"),
        ("scenes:", "title: The Lighthouse\nfilm: {cut: [lamp]}\nscenes:"),
        ("{ratio: 16:9}", "{ratio: 16:9, duration: 5}"),
        ("  lamp:\n    chain: dusk", "  other:\n    prompt: Waves.\n  lamp:\n    chain: dusk"),
    ],
)
def test_what_costs_nothing(old: str, new: str) -> None:
    """Comments, line breaks, defaults written out, words for people, and what comes after change no key."""
    text = FILM + "  lamp2:\n    prompt: Waves.\n"
    assert of_dusk(text.replace(old, new, 1)) == of_dusk(FILM)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("at dusk", "at dawn"),
        ("duration: 8", "duration: 9"),
        ("{ratio: 16:9}", "{ratio: 4:3}"),
        ("scenes:", "style: 35mm film\nscenes:"),
        ("scenes:", "model: seedance-2.0-fast\nscenes:"),
        ("scenes:", "model: {id: ep-1, like: seedance-2.0}\nscenes:"),
        ("duration: 8", "seed: 7\n    duration: 8"),
        ("duration: 8", "resolution: 480p\n    duration: 8"),
        ("duration: 8", "generate_audio: false\n    duration: 8"),
        ("duration: 8", "watermark: true\n    duration: 8"),
        ("duration: 8", "tools: [{type: web_search}]\n    duration: 8"),
        ("duration: 8", "first_frame: quay.png\n    duration: 8"),
    ],
)
def test_what_makes_another_video(old: str, new: str) -> None:
    """Words, parameters that shape the video, the model and the inputs change the key."""
    assert of_dusk(FILM.replace(old, new, 1)) != of_dusk(FILM)


def test_a_chained_child_changes_nothing_above_it() -> None:
    """Adding a scene that starts where another ends costs nothing but itself."""
    assert of_dusk(FILM.partition("  lamp:")[0]) == of_dusk(FILM)


def test_a_new_name_changes_no_key() -> None:
    """A scene's name, and its parent's, are no part of a key."""
    renamed = graph_of(FILM.replace("dusk:", "evening:").replace("chain: dusk", "chain: evening"))
    graph = graph_of(FILM)
    made = take("one", key("dusk", graph))
    assert key("lamp", renamed, {"evening": made}) == key("lamp", graph, {"dusk": made})


def test_what_is_still_to_be_made_is_pending() -> None:
    """As long as a parent has no take, its child's key has a gap."""
    assert is_pending(key("lamp", graph_of(FILM)))


def test_a_chain_is_handed_the_services_own_last_frame() -> None:
    """The first frame of a chained scene counts by the digest of the frame."""
    graph = graph_of(FILM)
    parent = take("one", key("dusk", graph))
    assert key("lamp", graph, {"dusk": parent})["upstream.1"] == f"first_frame {parent.frame}"


def test_where_the_film_leaves_a_parent_reaches_its_child() -> None:
    """With `out`, the child starts with the frame there."""
    graph = graph_of(FILM.replace("duration: 8", "duration: 8\n    out: 4.5"))
    parent = take("one", key("dusk", graph))
    assert key("lamp", graph, {"dusk": parent})["upstream.1"] == f"first_frame {parent.digest}@4.5"


def test_another_take_with_the_same_bytes_changes_nothing_below() -> None:
    """A parent's output counts by its bytes, not by what it was made from."""
    graph = graph_of(FILM)
    one, other = take("one", {"prompt": "a"}), take("one", {"prompt": "b"})
    assert key("lamp", graph, {"dusk": one}) == key("lamp", graph, {"dusk": other})


def test_a_file_counts_by_its_digest() -> None:
    """Other bytes under the same name are another input; the same bytes under another name are the same."""
    graphs = [graph_of(f"storyboard: 1\nscenes: {{a: {{first_frame: {name}}}}}") for name in ("one.png", "two.png")]
    facts = {name: FileFacts(name, format="png", digest=digest("quay")) for name in ("one.png", "two.png")}
    changed = {**facts, "one.png": FileFacts("one.png", format="png", digest=digest("pier"))}
    keys = [key("a", graphs[0], facts=facts), key("a", graphs[1], facts=facts), key("a", graphs[0], facts=changed)]
    assert (keys[0] == keys[1], keys[0] == keys[2]) == (True, False)


def test_the_order_of_references_counts() -> None:
    """What is image 1 and what is image 2 is part of the key."""
    keys = [
        key("a", graph_of(f"storyboard: 1\nscenes: {{a: {{references: [{names}], prompt: Boats.}}}}"))
        for names in (
            '"https://f.example/a.png", "https://f.example/b.png"',
            '"https://f.example/b.png", "https://f.example/a.png"',
        )
    ]
    assert keys[0] != keys[1]


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="abcdef0123456789", min_size=8, max_size=40))
def test_the_query_of_an_address_is_never_in_clear(secret: str) -> None:
    """A signature in an address is in the key only as a digest; user and password aren't there at all."""
    text = f'storyboard: 1\nscenes: {{a: {{first_frame: "https://films.example/q.png?sign={secret}"}}}}'
    written = str(key("a", graph_of(text))["input.1"])
    clear, _, query = written.partition("?")
    assert (clear, query.partition(":")[0], f"sign={secret}" in written) == (
        "first_frame https://films.example/q.png",
        "sha256",
        False,
    )


def test_another_query_is_another_input() -> None:
    """Two addresses that differ only in their queries are different inputs."""
    keys = [
        key("a", graph_of(f'storyboard: 1\nscenes: {{a: {{first_frame: "https://films.example/q.png?v={number}"}}}}'))
        for number in (1, 2)
    ]
    assert keys[0] != keys[1]


def test_a_stated_digest_stands_for_an_address() -> None:
    """Where the author gives a digest, an asset may move to another address."""
    sha = "0" * 64
    keys = [
        key(
            "a",
            graph_of(
                f'storyboard: 1\nassets: {{q: {{image: "{at}", sha256: "{sha}"}}}}\nscenes: {{a: {{first_frame: q}}}}'
            ),
        )
        for at in ("https://films.example/q.png", "https://other.example/r.png")
    ]
    assert keys[0] == keys[1]


def test_data_is_keyed_by_its_digest() -> None:
    """A picture written into the storyboard isn't copied into the key."""
    text = 'storyboard: 1\nscenes: {a: {first_frame: "data:image/png;base64,' + "A" * 999 + '"}}'
    assert len(str(key("a", graph_of(text))["input.1"])) < 120


def test_the_canonical_form_knows_no_order() -> None:
    """Two keys with the same components are written alike, as JSON without spaces."""
    one, other = {"b": True, "a": "ü"}, {"a": "ü", "b": True}
    assert (canonical(one), json.loads(canonical(one))) == (canonical(other), other)


def test_a_key_is_known_for_good() -> None:
    """The key of a plain scene is the same in every version: a new one would cost every user money."""
    graph = graph_of("storyboard: 1\nscenes: {a: {prompt: Waves.}}")
    assert canonical(dict(key("a", graph))).decode() == (
        '{"duration":5,"generate_audio":true,"mode":"text","model":"doubao-seedance-2-0-260128","prompt":"Waves.",'
        '"ratio":"adaptive","resolution":"720p","seed":-1,"watermark":false,"web_search":false}'
    )
