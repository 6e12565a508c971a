"""One scene, told twice: as an author's storyboard with facts about its files, and as a request with what it brings.

The two are written apart from each other, so that the validator's table and the emulator's can be held together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from storyboard.emulator.validation import (
    LIMITS,
    Handed,
    Limits,
    refusal_of,
    refusal_of_media,
    refusal_of_size,
)
from storyboard.language.capability import Capabilities
from storyboard.language.facts import Facts, FileFacts
from storyboard.language.graph import Graph
from storyboard.language.problem import mistakes
from storyboard.language.prompt import compose
from storyboard.language.source import Source
from storyboard.language.validator import parse_file, parse_storyboard, validate
from storyboard.protocols import Address
from storyboard.providers.ark import wire
from storyboard.providers.catalogue import capabilities
from storyboard.providers.provider import Item, Order
from tests.builders import SCHEMA

ROWS = capabilities()
MODELS = {"seedance-2.0": "doubao-seedance-2-0-260128", "seedance-2.0-fast": "doubao-seedance-2-0-fast-260128"}
MB = 1024 * 1024
SORTS = {"image": "image_url", "video": "video_url", "audio": "audio_url"}
ENDINGS = {"image": "png", "video": "mp4", "audio": "mp3"}
USUAL = {
    "image": Handed("image_url", 0, "png", 1000, 1280, 720),
    "video": Handed("video_url", 0, "mp4", 1000, 1280, 720, 5.0, 24.0),
    "audio": Handed("audio_url", 0, "mp3", 1000, seconds=5.0),
}


@dataclass(frozen=True, slots=True)
class File:
    """A file that a scene is handed: what it is, in which role, and what it measures."""

    kind: str
    role: str
    measures: Handed

    @property
    def name(self) -> str:
        """A name of its kind."""
        return f"{self.kind}.{ENDINGS[self.kind]}"


def file(kind: str, role: str = "", **measures: Any) -> File:
    """A usual one, but for what is said."""
    return File(kind, role or f"reference_{kind}", replace(USUAL[kind], **measures))


@dataclass(frozen=True, slots=True)
class Case:
    """A scene: its keys (`mode` ones left to the files), its prompt, its files, and a parent that it begins from."""

    keys: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    prompt: str = "A lighthouse at dusk."
    edge: str = ""
    """`chain`, `extend` or `edit`: from a scene before it, or the first file if there is one."""
    mixed: Mapping[str, Any] = field(default_factory=dict)
    """Keys of the scene that hand something over and are written out."""

    def storyboard(self) -> tuple[str, Facts]:
        """The file, and what is known of the files that it names."""
        names = [f"in{n}.{ENDINGS[one.kind]}" for n, one in enumerate(self.files)]
        scene: dict[str, Any] = {**({"prompt": self.prompt} if self.prompt else {}), **self.keys, **self.mixed}
        scenes: dict[str, Any] = {}
        if self.edge and not self.files:
            scenes["parent"] = {"prompt": "The sea.", "duration": 5, "ratio": scene.get("ratio", "16:9")}
            scene[self.edge] = "parent"
        elif self.edge:
            scene[self.edge] = names[0]
        else:
            references = [name for name, one in zip(names, self.files, strict=True) if one.role.startswith("reference")]
            scene |= {one.role: name for name, one in zip(names, self.files, strict=True) if one.role.endswith("frame")}
            if references:
                scene["references"] = references
        scenes["scene"] = scene
        facts = {
            name: FileFacts(
                name, None, one.measures.size, one.measures.format, "sha256:00",
                one.measures.width, one.measures.height, one.measures.seconds, one.measures.fps,
            )
            for name, one in zip(names, self.files, strict=True)
        }  # fmt: skip
        return json.dumps({"storyboard": 1, "scenes": scenes}, ensure_ascii=False), facts

    def body(self) -> tuple[dict[str, Any], tuple[Handed, ...], int]:
        """The request, what comes with it, and how many bytes it has when files are sent as data."""
        content: list[dict[str, Any]] = [{"type": "text", "text": self.prompt}] if self.prompt else []
        files = self.files
        if self.edge and not files:
            role = "first_frame" if self.edge == "chain" else "reference_video"
            files = (file("image" if self.edge == "chain" else "video", role),)
        handed = []
        for one in files:
            sort = SORTS[one.kind]
            handed.append(replace(one.measures, at=len(content)))
            content.append({"type": sort, sort: {"url": f"https://media.example/{one.name}"}, "role": one.role})
        keys = dict(self.keys)
        model = str(keys.pop("model", "seedance-2.0"))
        body: dict[str, Any] = {"model": MODELS.get(model, model), "content": content}
        if keys.pop("tools", None):
            body["tools"] = [{"type": "web_search"}]
        for word in ("language", "style", "notes", "tags", "title"):
            keys.pop(word, None)
        as_data = sum((one.measures.size + 2) // 3 * 4 for one in files if one.kind != "video")
        return {**body, **keys}, tuple(handed), as_data + 1000


def validator_says(case: Case, rows: Capabilities = ROWS) -> tuple[Graph | None, tuple[str, ...]]:
    """The graph, and the codes of its mistakes."""
    text, facts = case.storyboard()
    reading = parse_storyboard(parse_file(Source("storyboard.yaml", text)), SCHEMA)
    judgement = validate(reading, rows, facts, ("hooks.example",))
    return judgement.graph, tuple(problem.code for problem in mistakes(judgement.problems))


def wire_says(case: Case, limits: Limits = LIMITS) -> str:
    """Why the emulator refuses the request; empty if it takes it on."""
    body, handed, size = case.body()
    no = refusal_of_size(size, limits) or refusal_of(body, limits) or refusal_of_media(handed, limits)
    return no.message if no else ""


def sent(graph: Graph) -> dict[str, Any]:
    """What our client would really send for the scene, with an address for each input."""
    scene = graph.scene("scene")
    items = tuple(
        Item(item.kind, item.role, Address(f"https://media.example/{item.kind}")) for item in graph.inputs["scene"]
    )
    model = scene.model.name if scene.model.like else ROWS[scene.model.row].id
    text = compose(scene, graph.storyboard).text
    body: dict[str, Any] = json.loads(wire.encode_order(Order(model, text, items, scene.parameters)))
    return body
