"""A job: one take to make, with everything that its paid request depends on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from storyboard.language.capability import Capabilities
from storyboard.language.graph import Graph
from storyboard.planning.event import Intended
from storyboard.planning.fingerprint import Components
from storyboard.planning.marker import Marker
from storyboard.planning.money import NO_MONEY, Money
from storyboard.planning.target import Target, Unit


@dataclass(frozen=True, slots=True)
class Job:
    """A take to make, with its key, storyboard and profile.

    `asked` is what its task will report as its parameters. `marked` is whether its request may carry our marker in its
    life (`execution_expires_after`), and `life` the value that the author fixed. `reserve` is the most that it may
    cost, `rate` the price of a million tokens, `pixels` the video sizes of its model. `rank` is the position of the
    scene among the `alike` scenes of its storyboard that have an equal key, in file order, from 0. `identified` is
    whether the request may carry a marker as `safety_identifier`.
    """

    scene: str
    profile: str
    components: Components
    asked: Mapping[str, str | int | bool] = field(default_factory=dict)
    marked: bool = True
    reserve: Money = NO_MONEY
    rate: Money = NO_MONEY
    pixels: Mapping[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    storyboard: str = ""
    ordinal: int = 1
    rank: int = 0
    alike: int = 1
    life: int | None = None
    identified: bool = True

    @property
    def target(self) -> Target:
        """The target that the take is made for."""
        return Target(self.storyboard, self.profile, self.scene, self.ordinal)

    @property
    def unit(self) -> Unit:
        """The scene and the take's ordinal."""
        return self.target.unit

    @property
    def model(self) -> str:
        """The model or endpoint that is requested."""
        return str(self.asked.get("model", ""))

    def intended(self, attempt_id: str, carried: Marker, occurrence: int) -> Intended:
        """Return the event that a request of this job exists, with the marker that identifies its task."""
        return Intended(
            self.scene,
            attempt_id,
            storyboard=self.storyboard,
            profile=self.profile,
            ordinal=self.ordinal,
            key=self.components,
            asked=self.asked,
            reserve=self.reserve,
            rate=self.rate,
            marker=carried.seconds,
            identifier=carried.identifier,
            occurrence=occurrence,
        )


def model_of(id: str, graph: Graph, rows: Capabilities) -> str:
    """Return the model or endpoint that a scene's request names."""
    model = graph.scene(id).model
    return model.name if model.like else rows[model.row].id


def requested_of(id: str, graph: Graph, rows: Capabilities) -> dict[str, str | int | bool]:
    """Return what a scene's request fixes of model, duration, ratio, resolution and sound. Its task reports the same
    values."""
    asked = graph.scene(id).parameters
    return {
        "model": model_of(id, graph, rows),
        "duration": asked.duration,
        "ratio": asked.ratio,
        "resolution": asked.resolution,
        "sound": asked.generate_audio,
    }


@dataclass(frozen=True, slots=True)
class Known:
    """A task of the provider and its attempt."""

    attempt_id: str
    task: str


Order = Callable[[Marker], Awaitable[bytes]]
"""A marker → the exact bytes of a scene's request."""
