"""What is to be made: one scene's take, with everything that its paid request hangs on."""

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
    """A scene to be made: from which key, for which storyboard, profiles and take.

    `asked` is what its task will say that it was made with; `marked`, whether its request may carry our marker in its
    life (`execution_expires_after`), and `life` the one that its author fixed; `reserve`, what it may cost at the most;
    `rate`, what a million of its tokens cost; `pixels`, how large its model's videos are. `rank` is the scene's place
    among the `alike` scenes of its storyboard that have an equal key, in file order, from 0. `identified` says whether
    the request may carry a marker as `safety_identifier`.
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
        """What it is made for."""
        return Target(self.storyboard, self.profile, self.scene, self.ordinal)

    @property
    def unit(self) -> Unit:
        """The scene and the take."""
        return self.target.unit

    @property
    def model(self) -> str:
        """The model or endpoint that is asked."""
        return str(self.asked.get("model", ""))

    def intended(self, attempt_id: str, carried: Marker, occurrence: int) -> Intended:
        """That a request of this job exists, and what its task is known by."""
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
    """The model or endpoint that a scene's request names."""
    model = graph.scene(id).model
    return model.name if model.like else rows[model.row].id


def asked_of(id: str, graph: Graph, rows: Capabilities) -> dict[str, str | int | bool]:
    """What a scene's request fixes of model, duration, ratio, resolution and sound: its task will say the same."""
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
    """A task that the provider has, and the intent that it came of."""

    attempt_id: str
    task: str


Order = Callable[[Marker], Awaitable[bytes]]
"""A marker → the exact bytes of a scene's request."""
