"""Random storyboards: mostly valid ones, with odd values, mutated trees and mutated text.

A case depends on its seed only, so a number identifies a failing one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from storyboard.language.capability import MEGABYTE
from storyboard.language.facts import FileFacts, Trouble, kind_by_name
from storyboard.language.scene import Kind

T = TypeVar("T")
Tree = dict[str, Any]


class Raw(str):
    """A value that is written as it is, without quotes."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Case:
    """The input of one execution: a text, the files that it may include, and the user's options."""

    seed: int
    text: str
    included: Mapping[str, str | Trouble]
    profiles: tuple[str, ...]
    trusted: tuple[str, ...]


IMAGES, VIDEOS, SOUNDS = ("a.png", "in/b.JPG", "光.webp", "c.heic"), ("d.mp4", "in/e.mov"), ("f.wav", "in/g.mp3")
ADDRESSES: dict[Kind, tuple[str, ...]] = {
    "image": ("https://films.example/a.png", "asset://face", "data:image/png;base64,AAAA", "http://127.0.0.1/a.png"),
    "video": ("https://films.example/d.mp4?sig=1", "asset://clip"),
    "audio": ("https://films.example/f.mp3", "data:audio/wav;base64,AAAA"),
}
PATHS: dict[Kind, tuple[str, ...]] = {"image": IMAGES, "video": VIDEOS, "audio": SOUNDS}
BAD_PLACES = (
    "https://me:pw@films.example/a.png",
    "http://films.example/a.mp4",
    "https://[half/a.png",
    "https:///a.png",
    "https://films.example:99999/a.png",
    "data:video/mp4;base64,AAAA",
    "data:image/png,half",
    "data:",
    "asset://",
    "ftp://films.example/a.png",
    "../out.png",
    "/etc/a.png",
    "notes.txt",
    "no.ending/",
    ":",
)
WORDS = (
    "A lighthouse at dusk",
    "gulls in the distance",
    "she says: Hold on.",
    "slow dolly in",
    "灯塔在黄昏",
    "海鸥飞过。",
)
ODD_WORDS = (
    "",
    " ",
    "{",
    "{}",
    "{{quay}}",
    "{nobody}",
    "{dusk}",
    "image 2",
    "video 1 and Image 9",
    "图片3 视频1",
    "a\u0301e\u0301",
    "\u202ecba",
    "\x00",
    "\ud800",
    "\x1b[31m",
    "a\n\n \nb",
    "光" * 520,
    "word " * 1010,
    "sk-" + "a1" * 12,
    "token: abcdefghijklmnop1234",
    "👩‍🚀",
    "\ufeff",
    "\x85",
    "x" * 70,
)
NUMBERS = (-1, 0, 1, 2, 3.5, 4, 5, 8, 12, 15, 16, 30, 31, 3600, 2**32, -(2**70), 1e-9, 4.999, 5.05, 5.06)
RAWS = (".inf", ".nan", "1e400", "0o17", "0x10", "5.0", "1e3", "9" * 5000, "16:9", "no", "~", "", "-", "?", "on", "01")
ODD_IDS = ("Dusk", "film", "NONE", "e\u0301", "12", "a b", "a.b", "", "光", "x" * 65, "{dusk}", "<<", "a\u200bb", "İ")
KEYS = (
    "prompt", "chain", "first_frame", "last_frame", "bridge", "references", "edit", "extend",
    "resolution", "seed", "tools", "style", "language", "direction", "in", "out", "film", "tags", "takes", "audition",
    "set",
    "after", "model", "duration", "ratio", "callback_url", "frames", "camera_fixed",
    "service_tier", "promt", "scenes", "assets", "image", "video",
)  # fmt: skip
MODELS = ("seedance-2.0", "seedance-2.0-fast", "seedance-2.5", "seedance-1.5-pro", "seedance-2.0@2026-10")
RATIOS = ("16:9", "9:16", "1:1", "21:9", "adaptive")


class Author:
    """Writes one random storyboard."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.scenes = self.ids(("dusk", "storm", "ashore", "lamp"), dice.choice((1, 1, 1, 2, 2, 3)))
        self.assets = self.ids(("quay", "harbour", "waves"), dice.choice((0, 1, 2, 3)))
        self.kinds: dict[str, Kind] = {}
        self.cast = self.ids(("keeper",), dice.choice((0, 0, 1)))
        self.sets = self.ids(("kitchen",), dice.choice((0, 0, 0, 1)))

    def some(self, chance: float) -> bool:
        """Return True with this probability."""
        return self.dice.random() < chance

    def pick(self, values: Sequence[T]) -> T:
        """Return one of them."""
        return values[int(self.dice.random() * len(values))]

    def ids(self, names: Sequence[str], count: int) -> list[str]:
        """Return this many IDs, rarely an odd one."""
        return [self.pick(ODD_IDS) if self.some(0.01) else name for name in names[:count]]

    def number(self) -> float:
        """Return a number of seconds, mostly small."""
        return self.pick(NUMBERS) if self.some(0.15) else self.pick((0, 1, 1.5, 2, 3, 4))

    def words(self) -> str:
        """Return a prompt, perhaps with names in it."""
        text = self.pick(WORDS)
        if self.some(0.05):
            text += f" {{{self.pick([*self.scenes, *self.assets, *self.cast])}}}"
        if self.some(0.03):
            text += self.pick(ODD_WORDS)
        return text

    def where(self, kind: Kind) -> str:
        """Return a path or an address of a file of that kind."""
        if self.some(0.03):
            return self.pick(BAD_PLACES)
        if self.some(0.03):
            return self.pick(PATHS[self.pick(("image", "video", "audio"))])
        return self.pick(ADDRESSES[kind] if self.some(0.25) else PATHS[kind])

    def storyboard(self) -> Tree:
        """Return the whole file."""
        tree: Tree = {"storyboard": 1}
        for key, chance, make in self._top():
            if self.some(chance):
                tree[key] = make()
        if self.assets:
            tree["assets"] = {id: self.asset(id) for id in self.assets}
        if self.cast:
            tree["cast"] = {id: self.member() for id in self.cast}
        if self.sets:
            tree["sets"] = {id: self.set() for id in self.sets}
        tree["scenes"] = {id: self.scene(id) for id in self.scenes}
        if self.some(0.15):
            tree["film"] = self.film()
        return tree

    def _top(self) -> tuple[tuple[str, float, Callable[[], Any]], ...]:
        return (
            ("title", 0.1, self.words),
            ("model", 0.3, self.model),
            ("style", 0.1, self.words),
            ("include", 0.06, lambda: self.dice.choices(("cast.yaml", "in/cast.yaml", "gone.yaml", "../x.yaml"), k=1)),
            ("defaults", 0.2, lambda: self.parameters(0.3)),
            ("profiles", 0.15, lambda: {name: self.profile() for name in ("draft", "tall")[: self.pick((1, 2))]}),
        )

    def model(self) -> Any:
        """Return a model's name, or an endpoint."""
        if self.some(0.05):
            return {"id": "ep-1", "like": self.pick(MODELS)}
        return "seedance-3" if self.some(0.03) else self.pick(MODELS)

    def parameters(self, chance: float = 0.12) -> Tree:
        """Return some request parameters."""
        rows: tuple[tuple[str, Callable[[], Any]], ...] = (
            ("ratio", lambda: self.pick(RATIOS)),
            ("resolution", lambda: self.pick(("480p", "720p", "720p", "720p", "480p", "1080p", "4k"))),
            ("duration", lambda: int(self.number()) if self.some(0.1) else self.pick((4, 5, 8, 15, -1))),
            ("generate_audio", lambda: self.some(0.5)),
            ("seed", lambda: self.pick((-1, 0, 7, 8, 9, 2**32 - 1, self.pick((2**32, -2, 7))))),
        )
        found = {key: make() for key, make in rows if self.some(chance)}
        if self.some(chance / 4):
            found |= self._rare_parameter()
        return found

    def _rare_parameter(self) -> Tree:
        return self.pick(
            (
                {"watermark": True},
                {"tools": [{"type": "web_search"}]},
                {"tools": []},
                {"return_last_frame": True},
                {"execution_expires_after": self.pick((3599, 3600, 259_200, 259_201))},
                {"callback_url": self.pick(("https://trusted.example/hook", "http://evil.example", "https://[", "x"))},
                {"safety_identifier": "somebody"},
                {"language": self.pick(("en", "zh"))},
                {"style": self.words()},
                {"takes": self.pick((1, 2, 20))},
                {"frames": 57},
                {"model": self.model()},
            )
        )

    def profile(self) -> Tree:
        """Return what a profile replaces."""
        found = self.parameters(0.3)
        if self.assets and self.some(0.2):
            found["assets"] = {self.assets[0]: self.asset(self.assets[0])}
        if self.some(0.1):
            found["film"] = {"size": self.pick(("1280x720", "720x1280", "12x"))}
        return found

    def asset(self, id: str) -> Tree:
        """Return a named input."""
        usual: dict[str, Kind] = {"quay": "image", "harbour": "video", "waves": "audio"}
        kind: Kind = self.pick(("image", "video", "audio")) if self.some(0.05) else usual.get(id, "image")
        self.kinds[id] = kind
        found: Tree = {kind: self.where(kind)}
        if self.some(0.15):
            found["description"] = self.words()
        if self.some(0.1):
            found["duration"] = self.pick((1.9, 2, 5, 15, 15.2, 15.3))
        if self.some(0.05):
            found["size"] = self.pick(("1280x720", "299x400", "6001x3000", "640x640", "100x10", "3840x2160"))
        if self.some(0.1):
            found["people"] = self.some(0.8)
        if self.some(0.03):
            found["sha256"] = "0" * self.pick((64, 63))
        if self.some(0.03):
            found[self.pick(("legend", "audio", "image"))] = False
        return found

    def member(self) -> Tree:
        """Return a member of the cast."""
        found: Tree = {"name": "the keeper", "images": [self.where("image") for _ in range(self.pick((1, 1, 2, 10)))]}
        if self.some(0.5):
            found["description"] = self.words()
        if self.some(0.1):
            found[self.pick(("legend", "people"))] = self.some(0.5)
        return found

    def set(self) -> Tree:
        """Return a fragment of a scene."""
        found: Tree = self.parameters(0.15) | {"environment": self.words()}
        if self.some(0.5):
            found["references"] = [self.reference()]
        if self.some(0.1):
            found["prompt"] = self.prompt()
        return found

    def scene(self, id: str) -> Tree:
        """Return one scene, mostly in one mode."""
        found: Tree = {} if self.some(0.04) else {"prompt": self.prompt()}
        found |= self.mode(id)
        found |= self.parameters()
        if self.some(0.02):
            found |= self.mode(id)
        if self.sets and self.some(0.5):
            found["set"] = "bathroom" if self.some(0.05) else self.sets[0]
        if self.some(0.25):
            found |= self._rare_key(id)
        return found

    def _rare_key(self, id: str) -> Tree:
        return self.pick(
            (
                {"in": self.number()},
                {"out": self.number()},
                {"in": 1, "out": self.number()},
                {"after": self.earlier(id)},
                {"after": [self.earlier(id), self.earlier(id)]},
                {"tags": ["act1"]},
                {"film": False},
                {"takes": 2, "audition": False},
                {"direction": "backward"},
                {"language": "zh"},
                {"style": self.words()},
                {"title": self.words(), "notes": self.words()},
            )
        )

    def prompt(self) -> Any:
        """Return a prompt as words or in parts."""
        if not self.some(0.12):
            return self.words()
        found: Tree = {"action": self.words()}
        for key in ("subject", "environment", "aesthetics", "camera", "audio", "on_screen_text"):
            if self.some(0.25):
                found[key] = self.words()
        if self.some(0.5):
            speech = {"speaker": self.pick([*self.cast, "a boy"]), "line": self.words()}
            found["dialogue"] = [speech | ({"delivery": "softly"} if self.some(0.3) else {})]
        return found

    def mode(self, id: str) -> Tree:
        """Return the keys of one mode."""
        return self.pick(_MODES)(self, id)

    def earlier(self, id: str) -> str:
        """Return mostly an earlier scene; rarely itself, a later one, or an unknown one."""
        if self.some(0.04):
            return self.pick(("dsuk", "nobody", id, *self.scenes))
        before = self.scenes[: self.scenes.index(id)] if id in self.scenes else []
        return (
            self.pick(before)
            if before
            else self.pick(self.scenes)
            if self.some(0.1)
            else (self.asset_of("video") or "elsewhere")
        )

    def has_earlier(self, id: str) -> bool:
        """Return whether there is an earlier scene."""
        return self.scenes.index(id) > 0

    def asset_of(self, *kinds: Kind) -> str | None:
        """Return an asset of one of these kinds."""
        fitting = [id for id in self.assets if self.kinds.get(id) in kinds]
        return self.pick(fitting) if fitting else None

    def image(self, id: str) -> Any:
        """Return a value for an image."""
        if self.has_earlier(id) and self.some(0.5):
            at = self.pick(("out", "first", self.number()))
            return {"scene": self.earlier(id), "at": at} if self.some(0.5) else self.earlier(id)
        if self.some(0.03):
            return self.pick([*self.assets, *self.cast, *self.scenes])
        return self.asset_of("image") or self.where("image")

    def video(self, id: str) -> Any:
        """Return a value for a video."""
        if self.some(0.03):
            return self.pick([*self.assets, *self.cast, *self.scenes])
        if self.has_earlier(id) and self.some(0.6):
            key, word = "scene", self.earlier(id)
        else:
            key, word = "asset", self.asset_of("video") or self.where("video")
        return {key: word} | self.window() if self.some(0.4) else word

    def window(self) -> Tree:
        """Return a part of a video."""
        if self.some(0.05):
            return {"from": self.number(), self.pick(("to", "tail", "head")): self.number()}
        return self.pick(({"from": 1}, {"from": 0, "to": 4}, {"tail": 4}, {"head": 3}, {"from": self.number()}))

    def reference(self, id: str = "") -> Any:
        """Return one of several references."""
        known: list[Any] = [*self.assets, *self.cast, self.where(self.pick(("image", "image", "video", "audio")))]
        if id and self.has_earlier(id):
            known.append(self.earlier(id))
            known.append(
                {"scene": self.earlier(id), "at": self.pick(("out", "first", self.number())), "as": "start_frame"}
            )
        word = self.pick(known)
        if isinstance(word, str) and self.some(0.06):
            extra: Tree = self.pick(({"at": self.number()}, {"as": "other"}, self.window()))
            return {self.pick(("asset", "asset", "scene")): word} | extra
        return word

    def references(self, id: str) -> list[Any]:
        """Return the references of a scene."""
        return [self.reference(id) for _ in range(self.pick((1, 3, 4, 11) if self.some(0.1) else (1, 2)))]

    def film(self) -> Tree:
        """Return the film's block."""
        items: list[Any] = []
        for id in self.scenes:
            items.append({"scene": id, "in": self.number(), "out": self.number()} if self.some(0.2) else id)
            if self.some(0.3):
                items.append({self.pick(("dissolve", "fade", "wipe")): self.pick((0.5, 1, 5, 0.001))})
        if self.some(0.05):
            items.append(self.pick(("nobody", {"dissolve": 1, "fade": 1}, {"scene": "dusk", "wipe": 1})))
        found: Tree = {"cut": items} if self.some(0.8) else {}
        if self.some(0.2):
            found["size"] = self.pick(("1280x720", "640x640", "1x1", "720x1280"))
        return found | ({"footage": self.pick(("new", "all"))} if self.some(0.1) else {})


_Mode = Callable[[Author, str], Tree]
_MODES: tuple[_Mode, ...] = (
    lambda _author, _id: {},
    lambda author, id: {"chain": author.earlier(id)} if author.has_earlier(id) else {},
    lambda author, id: (
        {"chain": {"scene": author.earlier(id), "at": author.number()}} if author.has_earlier(id) else {}
    ),
    lambda author, id: {"first_frame": author.image(id)},
    lambda author, id: {"first_frame": author.image(id), "last_frame": author.image(id)},
    lambda author, id: {"last_frame": author.image(id)} if author.some(0.1) else {},
    lambda author, id: {"bridge": [author.image(id), author.image(id)]},
    lambda author, id: {"references": author.references(id)},
    lambda author, id: {"references": author.references(id)},
    lambda author, id: {"edit": author.video(id)},
    lambda author, id: {"edit": author.video(id), "references": author.references(id)},
    lambda author, id: {"extend": author.video(id)},
    lambda author, id: {"extend": [author.video(id) for _ in range(author.pick((1, 2, 3)))]},
    lambda author, id: {"extend": author.video(id), "direction": "forward", "references": author.references(id)},
)


def _containers(tree: Any) -> list[Any]:
    found, todo = [], [tree]
    while todo:
        node = todo.pop()
        if isinstance(node, (dict, list)):
            found.append(node)
            todo.extend(node.values() if isinstance(node, dict) else node)
    return found


def mutate(tree: Tree, dice: Random) -> None:
    """Return the tree with one change: a key or item removed, duplicated, renamed, moved, or given another value."""
    containers = [node for node in _containers(tree) if node]
    if not containers:
        return
    node = dice.choice(containers)
    place = dice.choice(list(node)) if isinstance(node, dict) else dice.randrange(len(node))
    match dice.randrange(6):
        case 0:
            del node[place]
        case 1 if isinstance(node, dict):
            node[dice.choice(KEYS)] = node[place]
        case 2 if isinstance(node, dict):
            node[dice.choice(KEYS + ODD_IDS)] = node.pop(place)
        case 3 if isinstance(node, dict):
            node[place] = node.pop(place)
        case 4:
            node[place] = dice.choice(
                (*map(Raw, RAWS), *ODD_WORDS, *NUMBERS, True, None, [], {}, [1], {"scene": "dusk"})
            )
        case _:
            other = dice.choice(containers)
            node[place] = json.loads(
                json.dumps(dice.choice(list(other.values()) if isinstance(other, dict) else other))
            )


_PLAIN = re.compile(r"[A-Za-z光-鿿][A-Za-z光-鿿0-9_./ -]*")


def _flow(value: Any) -> str:
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flow(key)}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value[-1] != " ":
        return value
    return json.dumps(value, ensure_ascii=len(str(value)) % 2 == 0)


def to_text(tree: Tree, dice: Random) -> str:
    """Return the tree as YAML: blocks outside, brackets inside; now and then a folded prompt."""
    lines: list[str] = []
    for key, value in tree.items():
        if not isinstance(value, dict) or not value:
            lines.append(f"{_flow(key)}: {_flow(value)}")
            continue
        lines.append(f"{_flow(key)}:")
        for name, inner in value.items():
            if not isinstance(inner, dict) or not inner or key != "scenes":
                lines.append(f"  {_flow(name)}: {_flow(inner)}")
                continue
            lines.append(f"  {_flow(name)}:")
            for word, item in inner.items():
                folded = isinstance(item, str) and item.isprintable() and item.strip() and dice.random() < 0.3
                lines.append(f"    {_flow(word)}: " + (f">-\n      {item}" if folded else _flow(item)))
    return "\n".join(lines) + "\n"


_INSERTS = (
    "&a ", "*a", "!t ", "<<: {a: 1}", "---\n", "\t", "\x00", "\x07", "{", "}", "[", "]", ",", '"', "'", ": ", " #x",
    "%", "@", "`", "|", ">", "\n", "\r", "\r\n", "\u2028", "\x85", "\ufeff", "\ud800", "\ufffe", "[" * 70,
    "?", "- ", "!!str ",
    "...\n", "\u00a0",
)  # fmt: skip


def spoil(text: str, dice: Random) -> str:
    """Return the text with one change: something inserted or removed, a line duplicated or moved, or a value that is
    nested too deeply."""
    if dice.random() < 0.05:
        return text.replace(": ", ": " + "[" * 70 + "]" * 70 + "\n#", 1)
    at = dice.randrange(len(text) + 1)
    match dice.randrange(4):
        case 0:
            return text[:at] + text[at + dice.choice((1, 1, 2, 9)) :]
        case 1:
            lines = text.split("\n")
            lines.insert(dice.randrange(len(lines)), dice.choice(lines))
            return "\n".join(lines)
        case 2:
            lines = text.split("\n")
            number = dice.randrange(len(lines))
            return "\n".join([*lines[:number], lines[number], *lines[number:]])
        case _:
            return text[:at] + dice.choice(_INSERTS) + text[at:]


def case_of(seed: int) -> Case:
    """Return the storyboard of that number."""
    dice = Random(seed)
    author = Author(dice)
    tree = author.storyboard()
    for _ in range(dice.choice((0, 0, 0, 0, 0, 1, 1, 2, 4))):
        mutate(tree, dice)
    text = to_text(tree, dice)
    if dice.random() < 0.1:
        text = spoil(text, dice)
    included: dict[str, str | Trouble] = {}
    if "include" in tree:
        included = {"cast.yaml": _included(author), "in/cast.yaml": _included(author), "../x.yaml": "outside"}
    profiles: tuple[str, ...] = ("draft",) if "profiles" in tree and dice.random() < 0.6 else ()
    if dice.random() < 0.02:
        profiles = dice.choice((("darft",), ("draft", "tall"), ("draft", "draft"), ("",)))
    return Case(seed, text, included, profiles, ("trusted.example",))


def _included(author: Author) -> str | Trouble:
    if author.some(0.1):
        return author.pick(("unreadable", "missing", "torn", "no file"))
    tree: Tree = {
        "assets": {"pier": author.asset("pier")},
        "cast": {"girl": author.member()},
        "sets": {"attic": author.set()},
    }
    for _ in range(author.pick((0, 0, 0, 1))):
        mutate(tree, author.dice)
    text = to_text(tree, author.dice)
    return spoil(text, author.dice) if author.some(0.1) else text


def facts_for(paths: Iterable[str], dice: Random) -> dict[str, FileFacts]:
    """Return facts about each file: mostly what its name suggests, with one odd measure now and then."""
    return {path: _fact(path, dice) for path in paths if dice.random() > 0.02}


_TROUBLES: tuple[Trouble, ...] = ("missing", "outside", "no file", "unreadable", "torn")
_FAR_TROUBLES: tuple[Trouble, ...] = ("silent", "unfetched", "torn")
_USUAL = {
    "png": "png",
    "jpg": "jpeg",
    "webp": "webp",
    "heic": "heic",
    "mp4": "mp4",
    "mov": "mov",
    "wav": "wav",
    "mp3": "mp3",
}
_FORMATS = (*_USUAL.values(), "bmp", "tiff", "gif", "avif", "")


def _fact(path: str, dice: Random) -> FileFacts:
    if dice.random() < 0.04:
        trouble = dice.choice(_FAR_TROUBLES if "://" in path else _TROUBLES)
        return FileFacts(path, trouble, format=_USUAL.get(path.rpartition(".")[2].lower(), ""), why="it is so")
    format = _USUAL.get(path.rpartition(".")[2].lower(), "png") if dice.random() > 0.05 else dice.choice(_FORMATS)
    kind = kind_by_name(f"x.{format}")
    seconds = (
        0.0
        if kind == "image"
        else dice.choice((2.0, 4.0, 5.04) if dice.random() < 0.7 else (0.0, 1.9, 8.0, 15.0, 15.2, 15.3, 31.0))
    )
    size = 1000 if dice.random() < 0.8 else dice.choice((14, 15, 29, 30, 50)) * MEGABYTE
    usual = (
        (1280, 720)
        if dice.random() > 0.05
        else dice.choice(((299, 400), (6001, 3000), (750, 299), (3840, 2160), (0, 0)))
    )
    width, height = usual
    fps = dice.choice((24.0, 24.0, 24.0, 30.0, 30.0, 60.0, 23.976, 61.0)) if kind == "video" else 0.0
    digest = f"sha256:{len(path):064d}"
    return FileFacts(path, None, size, format, digest, width, height, seconds, fps, animated=dice.random() < 0.05)
