"""Rules about the form of the tree for which JSON Schema's errors are unclear: exactly one of several keys."""

from __future__ import annotations

import re
from collections.abc import Iterator

from storyboard.language.nodes import Mapping, Node, Scalar, Sequence
from storyboard.language.problem import Problem
from storyboard.language.source import LINE_END, Place, Source

_LONG_FORMS = ("chain", "first_frame", "last_frame", "bridge", "references", "edit", "extend")
_TRANSITIONS = ("dissolve", "fade", "wipe")


def one_sort_of_asset(tree: Mapping) -> Iterator[Problem]:
    """SB207: an asset is exactly one of image, video and audio."""
    assets = tree.entries.get("assets")
    if not isinstance(assets, Mapping):
        return
    for id, asset in assets.entries.items():
        sorts = [kind for kind in ("image", "video", "audio") if isinstance(asset, Mapping) and kind in asset.entries]
        if len(sorts) != 1:
            says = f"is {' and '.join(sorts)} at once" if sorts else "has no kind"
            hint = "give it one of `image:`, `video:` and `audio:`"
            yield Problem("SB207", f'asset "{id}" {says}', assets.keys[id], hint)


def one_subject(tree: Mapping) -> Iterator[Problem]:
    """SB208: a long form names exactly one scene or asset; an item of the cut, a scene or a transition."""
    for key, node in _long_forms(tree):
        subjects = [word for word in ("scene", "asset") if word in node.entries]
        if len(subjects) != 1:
            says = "names a scene and an asset" if subjects else "names neither a scene nor an asset"
            yield Problem("SB208", f"this part of `{key}` {says}", node.place, "keep one of `scene:` and `asset:`")
    for node in _cut_items(tree):
        things: list[str] = [word for word in ("scene", *_TRANSITIONS) if word in node.entries]
        if len(things) != 1 or (things[0] != "scene" and len(node.entries) > 1):
            hint = "an item is `{scene: ID, in: S, out: S}` or one of `{dissolve: S}`, `{fade: S}`, `{wipe: S}`"
            yield Problem("SB208", "this item of the cut isn't one thing", node.place, hint)


def _long_forms(tree: Mapping) -> Iterator[tuple[str, Mapping]]:
    scenes = tree.entries.get("scenes")
    for scene in scenes.entries.values() if isinstance(scenes, Mapping) else ():
        for key in _LONG_FORMS:
            value = scene.entries.get(key) if isinstance(scene, Mapping) else None
            for node in _several(value):
                if isinstance(node, Mapping):
                    yield key, node


def _cut_items(tree: Mapping) -> Iterator[Mapping]:
    film = tree.entries.get("film")
    cut = film.entries.get("cut") if isinstance(film, Mapping) else None
    yield from (node for node in _several(cut) if isinstance(node, Mapping))


def _several(node: Node | None) -> tuple[Node, ...]:
    if node is None:
        return ()
    return node.items if isinstance(node, Sequence) else (node,)


def no_secrets(tree: Mapping) -> Iterator[Problem]:
    """SB701: a storyboard contains no key, since it is in git and is shared."""
    for scalar in _scalars(tree):
        value = scalar.value
        if isinstance(value, str) and len(value) >= SHORTEST_SECRET and _holds_secret(value):
            hint = "remove it, and make it void where it comes from; keys come from the environment alone"
            yield Problem("SB701", "this looks like a key", scalar.place, hint)


def _holds_secret(text: str) -> bool:
    lowered = text.lower()
    return any(trace in lowered for trace in _TRACES) and _SECRET.search(text) is not None


_TRACES = ("sk-", "ark-", "aklt", "bearer ", "-4", "key", "secret", "token")
"""One of these, in small letters, is in whatever the pattern finds: ten times as quick to look for in a long film."""
_SECRET = re.compile(
    r"\b(?:sk|ark)-[A-Za-z0-9_-]{20,}|\bAKLT[A-Za-z0-9+/=]{20,}|\bBearer [A-Za-z0-9._-]{16,}"
    r"|\b[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b"
    r"|(?i:api[_-]?key|secret|token)[\"' ]{0,3}[:=][\"' ]{0,3}[A-Za-z0-9._-]{16,}"
)
"""The form of keys: vendors' prefixes, UUIDs as Ark's keys are, bearer tokens, and values named as keys."""
SHORTEST_SECRET = 22
"""Characters of the shortest text that one of these patterns finds: `token:` and sixteen more."""


def _scalars(node: Node) -> Iterator[Scalar]:
    todo: list[Node] = [node]
    while todo:
        match todo.pop():
            case Scalar() as scalar:
                yield scalar
            case Sequence(items=items):
                todo.extend(items)
            case inner:
                todo.extend(inner.entries.values())


def no_words_lost(tree: Mapping, source: Source) -> Iterator[Problem]:
    """SB607, a warning: after a space a `#` begins a comment, even in the middle of a prompt that isn't in quotes."""
    lines = LINE_END.split(source.text.removeprefix("\ufeff")) if " #" in source.text else []
    for scalar in _texts(tree) if lines else ():
        lost = _comment_after(scalar, lines)
        if lost is not None:
            hint = "put the text in quotes or write it as a block (`>-`); a comment may stand in a line of its own"
            yield Problem("SB607", "these words are a comment to YAML, and are not sent", lost, hint, "warning")


_TEXTS = (
    *("prompt", "style", "description", "environment", "subject", "action", "aesthetics", "camera", "audio"),
    *("on_screen_text", "line", "speaker", "delivery"),
)
"""Keys whose text is sent to the model."""


def _texts(tree: Mapping) -> Iterator[Scalar]:
    todo: list[Node] = [tree]
    while todo:
        match todo.pop():
            case Sequence(items=items):
                todo.extend(items)
            case Mapping(entries=entries):
                todo.extend(entries.values())
                texts = (node for key, node in entries.items() if key in _TEXTS)
                yield from (node for node in texts if isinstance(node, Scalar) and not node.block)
            case _:
                pass


def _comment_after(scalar: Scalar, lines: list[str]) -> Place | None:
    """Return the place of the comment that ends an unquoted text: after as many words as the text has.

    A comment after two spaces is intended.
    """
    row, column = scalar.place.line - 1, scalar.place.column - 1
    if not isinstance(scalar.value, str) or lines[row][column : column + 1] in ("'", '"'):
        return None
    words = len(scalar.value.split())
    while words > len(found := list(re.finditer(r"\S+", lines[row][column:]))):
        words, row, column = words - len(found), row + 1, 0
    rest = found[words:]
    if not rest or not rest[0].group().startswith("#"):
        return None
    begin = column + rest[0].start()
    if lines[row][:begin].endswith("  "):
        return None
    return Place(scalar.place.file, row + 1, begin + 1, len(lines[row][begin:].rstrip()))


def free_profile_names(tree: Mapping) -> Iterator[Problem]:
    """SB302: a profile's name is also that of its folder in `renders/`, where two names are taken, and
    where case may be nothing."""
    profiles = tree.entries.get("profiles")
    seen: dict[str, str] = {}
    for name, place in profiles.keys.items() if isinstance(profiles, Mapping) else ():
        other = seen.setdefault(name.casefold(), name)
        if name.casefold() in TAKEN_FOLDERS:
            taken = " and ".join(TAKEN_FOLDERS)
            yield Problem("SB302", f'a profile can\'t be called "{name}"', place, f"in `renders/` {taken} are taken")
        elif other != name:
            sentence = f'a profile can\'t be called "{name}", since another is called "{other}"'
            yield Problem("SB302", sentence, place, "their folders in `renders/` would be one where case is nothing")


TAKEN_FOLDERS = ("emulated", "scenes")
RULES = (one_sort_of_asset, one_subject, no_secrets, free_profile_names)
