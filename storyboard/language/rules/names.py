"""Rules about names: every name refers to something, and no two things share a name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from storyboard.language.inputs import named
from storyboard.language.problem import Problem, nearest
from storyboard.language.prompt import own_words, placeholders
from storyboard.language.scene import Cut, Ref, Scene, Storyboard
from storyboard.language.source import Place

RESERVED = ("film", "none", "first", "last", "in", "out", "start", "end")
GUESSED = 50
"""The maximum number of mistakes of one kind for which the most similar name is searched."""


def unknown_names(storyboard: Storyboard) -> Iterator[Problem]:
    """SB301: every name refers to a scene, an asset or a member of the cast."""
    unknown = (row for row in _mentions(storyboard) if named(row[1], storyboard) is None)
    for count, (subject, ref) in enumerate(unknown):
        yield _unknown(subject, ref, storyboard, guess=count < GUESSED)
    for scene in storyboard.scenes.values():
        if scene.set is not None and scene.set.word not in storyboard.sets:
            yield _no_such_set(scene, scene.set, storyboard)


def _mentions(storyboard: Storyboard) -> Iterator[tuple[str, Ref]]:
    """Return every reference by ID, with the subject of its message."""
    for scene in storyboard.scenes.values():
        subject = f'scene "{scene.id}"'
        yield from ((subject, dependency.ref) for dependency in scene.dependencies if not dependency.ref.located)
        yield from ((subject, _as_scene(ref)) for ref in scene.after)
    yield from (("the film", item.scene) for item in storyboard.cut if isinstance(item, Cut))


def _no_such_set(scene: Scene, ref: Ref, storyboard: Storyboard) -> Problem:
    known = storyboard.sets
    hint = nearest(ref.word, known) or (f"there are: {', '.join(known[:20])}" if known else "there is no `sets:`")
    return Problem("SB301", f'scene "{scene.id}" names the set "{ref.word}", which is not there', ref.place, hint)


def _as_scene(ref: Ref) -> Ref:
    return Ref(ref.word, ref.place, "scene")


def _unknown(subject: str, ref: Ref, storyboard: Storyboard, *, guess: bool) -> Problem:
    scenes, others = list(storyboard.scenes), [*storyboard.assets, *storyboard.cast]
    known = scenes if ref.sort == "scene" else others if ref.sort == "asset" else [*scenes, *others]
    sort = {"scene": "scene", "asset": "asset or cast member"}.get(ref.sort or "", "scene, asset or cast member")
    listed = f"there are: {', '.join(known[:20])}" if known else f"there is no {sort} at all"
    hint = (nearest(ref.word, known) if guess else "") or listed
    return Problem("SB301", f'{subject} names "{ref.word}", but there is no such {sort}', ref.place, hint)


def unfit_ids(storyboard: Storyboard) -> Iterator[Problem]:
    """SB302: ids are NFC words of letters, digits, `_` and `-`, none of them reserved."""
    for _, id, place in storyboard.ids:
        if id.casefold() in RESERVED:
            yield Problem("SB302", f'"{id}" is a reserved word', place, f"reserved are: {', '.join(RESERVED)}")
        elif not all(_fit(char) for char in id) or unicodedata.normalize("NFC", id) != id:
            hint = "an id has letters of any script in composed form (NFC), digits, `_` and `-`"
            yield Problem("SB302", f'"{id}" can\'t be an id', place, hint)


def _fit(char: str) -> bool:
    return char in "_-" or unicodedata.category(char)[0] in "LMN"


def check_shared_ids(storyboard: Storyboard) -> Iterator[Problem]:
    """SB303: scenes, assets and cast share one space of ids, and none differs from another by case alone."""
    seen: dict[str, tuple[str, str, Place]] = {}
    for block, id, place in storyboard.ids:
        other = seen.setdefault(id.casefold(), (block, id, place))
        if other[2] != place:
            where = f"line {other[2].line}" if other[2].file == place.file else str(other[2])
            sentence = f'"{id}" is also {_sort(other[0])} "{other[1]}" ({where})'
            yield Problem("SB303", sentence, place, "give one of them another name")


def _sort(block: str) -> str:
    return {"scenes": "scene", "assets": "asset", "cast": "cast member"}[block]


def scene_where_one_has_to_be(storyboard: Storyboard) -> Iterator[Problem]:
    """SB304: a moment other than a video's, or a window, is a part of a video: a scene's or a video asset's."""
    for scene in storyboard.scenes.values():
        yield from _parts_of_stills(scene, storyboard)


def _parts_of_stills(scene: Scene, storyboard: Storyboard) -> Iterator[Problem]:
    for dependency in scene.dependencies:
        ref = dependency.ref
        owner = None if ref.located else named(ref, storyboard)
        is_video = isinstance(owner, Scene) or (owner is not None and getattr(owner, "kind", "") == "video")
        cut_up = ref.window is not None or (ref.moment is not None and dependency.edge == "reference")
        if owner is not None and cut_up and not is_video:
            sentence = f'scene "{scene.id}" asks for a part of "{ref.word}", which is not a video'
            yield Problem("SB304", sentence, ref.place, "remove `at`, `from`, `to`, `head` and `tail`")


def names_told_apart(storyboard: Storyboard) -> Iterator[Problem]:
    """SB316: a name in a prompt refers to one input of the scene, and a name given by `as` to nothing else."""
    ids = {id for _, id, _ in storyboard.ids}
    for scene in storyboard.scenes.values():
        spoken = placeholders(own_words(scene))
        seen: dict[str, Ref] = {}
        for ref in (dependency.ref for dependency in scene.dependencies):
            name = ref.alias or ("" if ref.located else ref.word)
            other = seen.setdefault(name, ref)
            if name and other is not ref and (ref.alias or other.alias or name in spoken):
                sentence = f'two inputs of scene "{scene.id}" are called "{name}" (the other is in line {{}})'
                hint = "give one of them a name of its own: `{…, as: NAME}`"
                yield Problem("SB316", sentence.format(other.place.line), ref.place, hint)
            elif ref.alias in ids and ref.alias != ref.word:
                sentence = f'scene "{scene.id}" calls an input "{name}", which is the id of something else'
                yield Problem("SB316", sentence, ref.place, "choose another name after `as`")


RULES = (unknown_names, unfit_ids, check_shared_ids, scene_where_one_has_to_be, names_told_apart)
