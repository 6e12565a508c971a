"""The nouns: Storyboard, Scene, Asset, Cast, and how a scene names what it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from storyboard.language.source import Place

Kind = Literal["image", "video", "audio"]
Role = Literal["first_frame", "last_frame", "reference_image", "reference_video", "reference_audio"]
Mode = Literal["text", "first_frame", "first_last", "reference", "edit", "extend"]
Edge = Literal["chain", "bridge", "frame", "extend", "edit", "reference"]
Moment: TypeAlias = "Literal['out', 'first'] | float"
"""A moment of a scene's video: where the film leaves it, its first frame, or seconds from its start."""


@dataclass(frozen=True, slots=True)
class Window:
    """A part of a video, in seconds; the fields that the author left out are None."""

    start: float | None = None
    end: float | None = None
    head: float | None = None
    tail: float | None = None


@dataclass(frozen=True, slots=True)
class Ref:
    """An author's reference to an input: an ID, a path or an address, perhaps with a moment or a window, and a name.

    `sort` is None if the word alone decides what it is, else the key of the long form.
    """

    word: str
    place: Place
    sort: Literal["scene", "asset"] | None = None
    moment: Moment | None = None
    window: Window | None = None
    alias: str | None = None

    @property
    def located(self) -> bool:
        """Whether it is a path or an address, not an ID."""
        return self.sort is None and any(sign in self.word for sign in "/.:")


@dataclass(frozen=True, slots=True)
class Dependency:
    """One thing that a scene depends on: the key that names it, its role, and the reference."""

    edge: Edge
    ref: Ref
    role: Role | None = None
    """None where it follows from what the reference resolves to."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A named input: a path below the project's root, or an address."""

    id: str
    kind: Kind
    where: str
    place: Place
    description: str = ""
    sha256: str = ""
    duration: float | None = None
    legend: bool = True
    size: tuple[int, int] | None = None
    people: bool = False


@dataclass(frozen=True, slots=True)
class CastMember:
    """A person or thing of the cast whose look stays the same."""

    id: str
    name: str
    images: tuple[str, ...]
    place: Place
    description: str = ""
    legend: bool = True
    image_places: tuple[Place, ...] = ()
    people: bool = False


@dataclass(frozen=True, slots=True)
class Parameters:
    """A scene's request parameters, by the API's own names and with its defaults (seed, *Request Parameters*)."""

    ratio: str = "adaptive"
    resolution: str = "720p"
    duration: int = 5
    generate_audio: bool = True
    watermark: bool = False
    seed: int = -1
    web_search: bool = False
    return_last_frame: bool = False
    safety_identifier: str | None = None
    execution_expires_after: int | None = None
    callback_url: str | None = None


@dataclass(frozen=True, slots=True)
class Speech:
    """A line of dialogue, with its speaker and perhaps the way of speaking."""

    speaker: str
    line: str
    delivery: str = ""


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt in parts, in the order in which they are composed."""

    action: str
    subject: str = ""
    environment: str = ""
    aesthetics: str = ""
    camera: str = ""
    audio: str = ""
    on_screen_text: str = ""
    dialogue: tuple[Speech, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelName:
    """A model as the author names it: an alias or id, or an endpoint's id that is `like` one of them."""

    name: str
    like: str | None = None

    @property
    def row(self) -> str:
        """The name by which its limits are looked up."""
        return self.like or self.name


@dataclass(frozen=True, slots=True)
class Scene:
    """A node: one generation request."""

    id: str
    place: Place
    mode: Mode
    prompt: str
    dependencies: tuple[Dependency, ...]
    after: tuple[Ref, ...]
    model: ModelName
    parameters: Parameters
    places: Mapping[str, Place]
    mode_keys: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()
    direction: Literal["forward", "backward"] = "forward"
    style: str = ""
    language: Literal["en", "zh"] | None = None
    starts: float | None = None
    """`in`: where the film enters it, in seconds."""
    out: float | None = None
    in_film: bool = True
    tags: tuple[str, ...] = ()
    title: str = ""
    notes: str = ""
    parts: Parts | None = None
    """The prompt, where it is written in parts; `prompt` is empty then."""
    environment: str = ""
    """The place of the action, from the scene's set."""
    takes: int = 1
    audition: bool = True
    set: Ref | None = None

    def place_of(self, key: str) -> Place:
        """Return the place where the value of `key` is written: in the scene, the defaults or a profile."""
        return self.places.get(key, self.place)


@dataclass(frozen=True, slots=True)
class Cut:
    """One item of the film: a scene, perhaps shortened."""

    scene: Ref
    starts: float | None = None
    out: float | None = None


@dataclass(frozen=True, slots=True)
class Transition:
    """The transition from the item before to the item after."""

    sort: Literal["dissolve", "fade", "wipe"]
    seconds: float
    place: Place


@dataclass(frozen=True, slots=True)
class Storyboard:
    """A whole storyboard, with defaults and profiles applied."""

    name: str
    title: str
    scenes: Mapping[str, Scene]
    assets: Mapping[str, Asset]
    cast: Mapping[str, CastMember]
    cut: tuple[Cut | Transition, ...]
    place: Place
    profile: str = ""
    """The profiles in force, joined by commas, as `--profile` named them."""
    ids: tuple[tuple[str, str, Place], ...] = ()
    """Block, id and place of everything that has a name: `scenes`, `assets` and `cast`, those of included files too."""
    sets: tuple[str, ...] = ()
    film_size: tuple[int, int] | None = None
    footage: Literal["new", "all"] = "new"
    inputs: dict[str, tuple[object, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The result of `inputs_of` for each scene: a dozen rules need it."""
