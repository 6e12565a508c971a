"""Rules about how scenes take over from one another: one mode each, no circles, and windows that are windows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from storyboard.language.inputs import RemoteFile, inputs_of, named, shown_address
from storyboard.language.problem import Problem
from storyboard.language.scene import Cut, Dependency, Scene, Storyboard, Window

_TOGETHER: tuple[frozenset[str], ...] = (
    frozenset({"chain", "last_frame"}),
    frozenset({"first_frame", "last_frame"}),
    frozenset({"edit", "references"}),
    frozenset({"extend", "references"}),
)
"""The keys of modes that one scene may have together; any other two are a mistake (seed, *Generation Modes*)."""


def one_mode(storyboard: Storyboard) -> Iterator[Problem]:
    """SB305: a scene is in exactly one mode."""
    for scene in storyboard.scenes.values():
        keys = scene.mode_keys
        if len(keys) > 1 and frozenset(keys) not in _TOGETHER:
            first, second = sorted(keys, key=lambda key: scene.place_of(key))[:2]
            sentence = f'scene "{scene.id}" mixes `{first}` (line {scene.place_of(first).line}) and `{second}`'
            yield Problem("SB305", sentence, scene.place_of(second), _legal_way(scene))


def _legal_way(scene: Scene) -> str:
    keys = scene.mode_keys
    if "references" in keys and "chain" in keys:
        source = next(dependency.ref.word for dependency in scene.dependencies if dependency.edge == "chain")
        return f"give the frame as a reference: `references: [{{scene: {source}, at: out, as: start}}, …]`"
    return "keep one of them"


def first_frame_before_last(storyboard: Storyboard) -> Iterator[Problem]:
    """SB306: a last frame wants a first one (seed, *First + Last Frame*)."""
    for scene in storyboard.scenes.values():
        if scene.mode_keys == ("last_frame",):
            hint = "add `first_frame:` or `chain:`"
            yield Problem(
                "SB306",
                f'scene "{scene.id}" has a last frame but no first',
                scene.place_of("last_frame"),
                hint,
            )


def direction_of_what(storyboard: Storyboard) -> Iterator[Problem]:
    """SB307: only an extension has a direction."""
    for scene in storyboard.scenes.values():
        if "direction" in scene.places and scene.mode != "extend":
            place = scene.place_of("direction")
            yield Problem("SB307", f'scene "{scene.id}" has a direction but extends nothing', place, "remove it")


def whole_windows(storyboard: Storyboard) -> Iterator[Problem]:
    """SB308: a window is `from` and/or `to`, or `head`, or `tail`, and not empty."""
    for scene in storyboard.scenes.values():
        for dependency in scene.dependencies:
            window = dependency.ref.window
            if window is not None and not _sound(window):
                sentence = f'scene "{scene.id}" asks for a part of "{dependency.ref.word}" that can\'t be'
                hint = "a part is `from` and `to` (the later one larger), or `head`, or `tail`, in seconds"
                yield Problem("SB308", sentence, dependency.ref.place, hint)
        if scene.starts is not None and scene.out is not None and scene.starts >= scene.out:
            sentence = f'scene "{scene.id}" is left at {scene.out:g} s, before it is entered at {scene.starts:g} s'
            yield Problem("SB308", sentence, scene.place_of("out"), "`out` has to be the larger one")
    for item in storyboard.cut:
        if isinstance(item, Cut) and item.scene.word in storyboard.scenes:
            yield from _empty_cut(item, storyboard.scenes[item.scene.word])


def _empty_cut(item: Cut, scene: Scene) -> Iterator[Problem]:
    starts = item.starts if item.starts is not None else scene.starts or 0.0
    out = item.out if item.out is not None else scene.out
    if (item.starts, item.out) != (None, None) and out is not None and starts >= out:
        sentence = f'the film leaves "{scene.id}" at {out:g} s, before it enters it at {starts:g} s'
        yield Problem("SB308", sentence, item.scene.place, "`out` has to be the larger one")


def _sound(window: Window) -> bool:
    ways = [
        window.start is not None or window.end is not None,
        window.head is not None,
        window.tail is not None,
    ]
    if sum(ways) != 1 or 0 in (window.head, window.tail):
        return False
    return window.end is None or window.end > (window.start or 0)


def frames_from_frames(storyboard: Storyboard) -> Iterator[Problem]:
    """SB309: what a key takes is what it is given: frames are pictures, sources of `edit` and `extend` videos."""
    for scene in storyboard.scenes.values():
        for dependency in scene.dependencies:
            yield from _unfit(scene, dependency, storyboard)


def _unfit(scene: Scene, dependency: Dependency, storyboard: Storyboard) -> Iterator[Problem]:
    if dependency.ref.located:
        return
    owner = named(dependency.ref, storyboard)
    kind = "video" if isinstance(owner, Scene) else getattr(owner, "kind", "image")
    wanted = "video" if dependency.edge in ("edit", "extend") else "image"
    single = isinstance(owner, Scene) or wanted != "image" or kind == "image"
    fits = dependency.edge == "reference" or ((kind == wanted or isinstance(owner, Scene)) and single)
    if owner is not None and not fits:
        sentence = f'scene "{scene.id}" takes "{dependency.ref.word}" as {_an(wanted)}, but it is {_an(kind)}'
        yield Problem("SB309", sentence, dependency.ref.place, f"name {_an(wanted)}, or a scene")


def _an(kind: str) -> str:
    return {"image": "an image", "video": "a video", "audio": "a sound"}[kind]


def one_video_to_edit(storyboard: Storyboard) -> Iterator[Problem]:
    """SB318: beside the video that is edited there are pictures and sounds alone."""
    for scene in storyboard.scenes.values():
        for item in inputs_of(scene, storyboard) if scene.mode == "edit" else ():
            if item.edge == "reference" and item.kind == "video":
                sentence = f'scene "{scene.id}" edits a video and is given another'
                hint = (
                    "leave it out; or name both in `references` without `edit`, and let the prompt say what is changed"
                )
                yield Problem("SB318", sentence, item.place, hint)


def parts_at_hand(storyboard: Storyboard) -> Iterator[Problem]:
    """SB319: only a local file or a scene can be cut to a part; a remote file is sent whole."""
    for scene in storyboard.scenes.values():
        for item in inputs_of(scene, storyboard):
            cut_up = item.window is not None or isinstance(item.moment, float)
            if cut_up and isinstance(item.origin, RemoteFile):
                where = shown_address(item.origin.address)
                sentence = f'scene "{scene.id}" asks for a part of {where}, of which only all can be sent'
                hint = "copy it into the project and name it by its path, or put the part itself at an address"
                yield Problem("SB319", sentence, item.place, hint)


def circle(path: Sequence[str], storyboard: Storyboard) -> Problem:
    """SB310: scenes don't wait for each other; the message shows the path of the cycle."""
    scene = storyboard.scenes[path[0]]
    before = path[-2]
    refs = [dependency.ref for dependency in scene.dependencies] + list(scene.after)
    place = next((ref.place for ref in refs if ref.word == before), scene.place)
    sentence = "scenes wait for each other: " + " → ".join(path)
    if len(path) == 2:
        sentence = f'scene "{path[0]}" waits for itself'
    return Problem("SB310", sentence, place, "remove one of these edges")


RULES = (
    one_mode,
    first_frame_before_last,
    direction_of_what,
    whole_windows,
    frames_from_frames,
    one_video_to_edit,
    parts_at_hand,
)
