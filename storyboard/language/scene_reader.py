"""One scene, read from its tree with the defaults and the chosen profiles applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from storyboard.language.nodes import Mapping as Tree
from storyboard.language.nodes import Node, Scalar, data
from storyboard.language.ref_reader import dependencies, read_ref
from storyboard.language.scene import (
    Mode,
    ModelName,
    Parameters,
    Parts,
    Scene,
    Speech,
)
from storyboard.language.source import Place
from storyboard.language.tree_access import (
    child_of,
    flag_of,
    number_of,
    several,
    text_of,
)

DEFAULT_MODEL = "seedance-2.0"
PARAMETERS = (
    "ratio",
    "resolution",
    "duration",
    "generate_audio",
    "watermark",
    "seed",
    "tools",
    "return_last_frame",
    "safety_identifier",
    "execution_expires_after",
    "callback_url",
)


INHERITED = ("model", "style", "language", "takes", *PARAMETERS)
MODE_KEYS = ("chain", "first_frame", "last_frame", "bridge", "references", "edit", "extend")
_NOT_IN_MODE: Mapping[str, tuple[Mode, ...]] = {
    "tools": ("first_frame", "first_last", "reference", "edit", "extend"),
    "style": ("edit",),
}
"""Parameters of defaults and profiles that a mode forbids: they are left out of such a scene, and `plan` shows that."""


def read_scene(key: str, place: Place, node: Tree, outer: list[dict[str, Node]], inner: list[dict[str, Node]]) -> Scene:
    """Return the scene of a tree.

    `outer` are the profiles, which win over the scene; `inner` the defaults, over which the scene wins.
    """
    mode_keys = tuple(word for word in MODE_KEYS if word in node.entries)
    mode = _mode(mode_keys)
    chosen, left_out = _effective(node, outer, inner, mode)
    places = {word: _place_of(value, node, word) for word, value in {**node.entries, **chosen}.items()}
    values = {word: data(value) for word, value in chosen.items()}
    return Scene(
        id=key,
        place=place,
        mode=mode,
        prompt="" if isinstance(node.entries.get("prompt"), Tree) else text_of(node, "prompt"),
        dependencies=tuple(dependencies(node, mode_keys)),
        after=tuple(read_ref(item) for item in several(child_of(node, "after"))),
        model=_model(values.get("model", DEFAULT_MODEL)),
        parameters=_parameters(values),
        places=places,
        mode_keys=mode_keys,
        left_out=left_out,
        direction="backward" if text_of(node, "direction") == "backward" else "forward",
        style=str(values.get("style", "")),
        language=values.get("language"),
        starts=number_of(node, "in"),
        out=number_of(node, "out"),
        in_film=flag_of(node, "film", True),
        tags=tuple(str(data(item)) for item in several(child_of(node, "tags"))),
        title=text_of(node, "title"),
        notes=text_of(node, "notes"),
        parts=_parts(node.entries.get("prompt")),
        environment=text_of(node, "environment"),
        takes=int(values.get("takes", 1)),
        audition=flag_of(node, "audition", True),
        set=read_ref(node.entries["set"]) if "set" in node.entries else None,
    )


def _parts(node: Node | None) -> Parts | None:
    if not isinstance(node, Tree):
        return None
    words = {key: str(data(value)) for key, value in node.entries.items() if key != "dialogue"}
    spoken = (
        Speech(text_of(item, "speaker"), text_of(item, "line"), text_of(item, "delivery"))
        for item in several(child_of(node, "dialogue"))
    )
    return Parts(**words, dialogue=tuple(spoken))


def _place_of(value: Node, node: Tree, word: str) -> Place:
    """A short value's own place; a block's or a collection's key, which is what one looks for."""
    if isinstance(value, Scalar) and not value.block:
        return value.place
    return node.keys.get(word, value.place)


def _mode(keys: tuple[str, ...]) -> Mode:
    """Return the mode that a scene's keys imply. If they contradict each other, a rule reports that, and the result
    is not used."""
    if "extend" in keys:
        return "extend"
    if "edit" in keys:
        return "edit"
    if "references" in keys:
        return "reference"
    if "last_frame" in keys or "bridge" in keys:
        return "first_last"
    return "first_frame" if keys else "text"


def _effective(
    node: Tree, outer: list[dict[str, Node]], inner: list[dict[str, Node]], mode: Mode
) -> tuple[dict[str, Node], tuple[str, ...]]:
    """Profiles win over the scene, the scene over the defaults; and what the mode forbade of the inherited."""
    chosen: dict[str, Node] = {}
    left_out = []
    for word in INHERITED:
        layers = [*outer, node.entries, *inner]
        layer = next((layer for layer in layers if word in layer), None)
        if layer is None:
            continue
        if layer is not node.entries and mode in _NOT_IN_MODE.get(word, ()):
            left_out.append(word)
        else:
            chosen[word] = layer[word]
    return chosen, tuple(left_out)


def _model(value: Any) -> ModelName:
    if isinstance(value, dict):
        return ModelName(str(value["id"]), str(value["like"]))
    return ModelName(str(value))


def _parameters(values: dict[str, Any]) -> Parameters:
    found = {word: values[word] for word in PARAMETERS if word in values and word != "tools"}
    for word in ("duration", "seed", "execution_expires_after"):  # `5.0` is a whole number to JSON Schema
        if word in found:
            found[word] = int(found[word])
    return Parameters(**found, web_search=bool(values.get("tools")))
