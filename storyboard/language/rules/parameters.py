"""Rules about request parameters: each asks one field of the model's row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar
from urllib.parse import urlsplit

from storyboard.language.capability import Capabilities, Capability
from storyboard.language.problem import Problem, nearest
from storyboard.language.scene import Scene, Storyboard
from storyboard.language.source import Place

T = TypeVar("T", bound="str | Capability")


def check_model(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB401: the model's limits are known."""
    wrong = ((scene, scene.model.row) for scene in storyboard.scenes.values() if scene.model.row not in rows)
    for who, scene, model in _once(wrong, "model"):
        names = list(dict.fromkeys(row.name for row in rows.values()))
        hint = nearest(model, rows) or f"known are: {', '.join(names)}"
        hint += " (an endpoint is written `model: {id: ep-…, like: seedance-2.0}`)"
        sentence = f'{who} asks for the model "{model}", which is not known'
        yield Problem("SB401", sentence, scene.place_of("model"), hint)


def duration_in_range(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB402: as long as the model makes (seed, *Request Parameters*)."""
    for who, scene, row in _once(_wrong(storyboard, rows, _too_short_or_long), "duration"):
        asked = scene.parameters.duration
        sentence = f"{who} asks for {asked} s; {row.name} makes {row.shortest} to {row.longest} s"
        hint = f"lengthen it to {row.shortest} s; the film may leave it earlier with `out`"
        if asked > row.longest:
            hint = f"shorten it, or continue it in a second scene with `extend: {scene.id}`"
        yield Problem("SB402", sentence, scene.place_of("duration"), hint)


def _too_short_or_long(scene: Scene, row: Capability) -> bool:
    asked = scene.parameters.duration
    return not (row.shortest <= asked <= row.longest or (asked == -1 and row.auto_duration))


def check_resolution(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB403: a resolution that the model has (seed: 1080p not supported for 2.0)."""
    wrong = _wrong(storyboard, rows, lambda scene, row: scene.parameters.resolution not in row.resolutions)
    for who, scene, row in _once(wrong, "resolution"):
        sentence = f"{who} asks for {scene.parameters.resolution}; {row.name} makes {' and '.join(row.resolutions)}"
        yield Problem("SB403", sentence, scene.place_of("resolution"), f"write `{row.resolutions[-1]}`")


def check_ratio(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB404: a ratio that the model has."""
    wrong = _wrong(storyboard, rows, lambda scene, row: scene.parameters.ratio not in row.ratios)
    for who, scene, row in _once(wrong, "ratio"):
        asked = scene.parameters.ratio
        sentence = f"{who} asks for {asked}; {row.name} makes {', '.join(row.ratios)}"
        yield Problem("SB404", sentence, scene.place_of("ratio"), nearest(asked, row.ratios))


def seed_in_range(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB405: a seed that the model takes (seed: [-1, 2^32-1])."""
    wrong = _wrong(storyboard, rows, lambda scene, row: not row.seeds[0] <= scene.parameters.seed <= row.seeds[1])
    for who, scene, row in _once(wrong, "seed"):
        lowest, highest = row.seeds
        sentence = f"{who} has the seed {scene.parameters.seed}; it may be {lowest} to {highest}"
        yield Problem("SB405", sentence, scene.place_of("seed"), "leave it out, or write -1, for any")


def expiry_in_range(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB406: a task lives from an hour to three days (seed: [3600, 259200])."""
    for who, scene, row in _once(_wrong(storyboard, rows, _dies_too_soon_or_late), "execution_expires_after"):
        low, high = row.expiry
        asked = scene.parameters.execution_expires_after
        sentence = f"{who} lets a task live {asked} s; it may be {low:g} to {high:g} s"
        yield Problem("SB406", sentence, scene.place_of("execution_expires_after"), "leave it out for two days")


def _dies_too_soon_or_late(scene: Scene, row: Capability) -> bool:
    asked = scene.parameters.execution_expires_after
    return asked is not None and not row.expiry[0] <= asked <= row.expiry[1]


def search_in_text_scenes(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB407: web search only works with text-only input (seed, *Important Notes*)."""
    for scene, _ in _rows(storyboard, rows):
        if scene.parameters.web_search and scene.mode != "text":
            sentence = f'scene "{scene.id}" asks for web search, which only text-to-video scenes have'
            yield Problem("SB407", sentence, scene.place_of("tools"), "remove `tools`, or what the scene is made from")


def check_mode(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB408: a mode that the model has."""
    for scene, row in _rows(storyboard, rows):
        if scene.mode not in row.modes:
            sentence = (
                f'scene "{scene.id}" is made in the mode {MODE_WORDS[scene.mode]}, which {row.name} does not have'
            )
            place = min((scene.place_of(key) for key in scene.mode_keys), default=scene.place)
            hint = f"it has: {', '.join(MODE_WORDS[mode] for mode in row.modes)}"
            yield Problem("SB408", sentence, place, hint)


MODE_WORDS = {
    "text": "text to video",
    "first_frame": "first frame",
    "first_last": "first and last frame",
    "reference": "reference",
    "edit": "edit",
    "extend": "extend",
}


def check_verified(storyboard: Storyboard, rows: Capabilities) -> Iterator[Problem]:
    """SB409, a warning: limits from third parties' notes may be wrong."""
    told: set[str] = set()
    for scene, row in _rows(storyboard, rows):
        if row.note and row.name not in told:
            told.add(row.name)
            sentence = f"{row.name}: {row.note}"
            hint = f"its row is dated {row.dated}, from {row.source}"
            yield Problem("SB409", sentence, scene.place_of("model"), hint, "warning")


def check_callback(storyboard: Storyboard, trusted: tuple[str, ...]) -> Iterator[Problem]:
    """SB410: a storyboard doesn't choose where results are posted: the user's settings name the hosts."""
    asked = ((scene, scene.parameters.callback_url) for scene in storyboard.scenes.values())
    hosts = ((scene, host_called(address)) for scene, address in asked if address is not None)
    for who, scene, host in _once(((scene, host) for scene, host in hosts if host not in trusted), "callback_url"):
        sentence = f"{who} has results posted to {host}, which your settings do not trust"
        hint = f'if you do, write trusted_hosts = ["{host}"] in your settings; or remove `callback_url`'
        if not host:
            sentence = f"{who} has results posted to an address that is not https"
            hint = "write https://HOST/PATH, or remove `callback_url`"
        yield Problem("SB410", sentence, scene.place_of("callback_url"), hint)


def host_called(address: str) -> str:
    """The host of an https address that results may be posted to; empty for any other address."""
    try:
        parts = urlsplit(address)
        return (parts.hostname or "") if parts.scheme == "https" else ""
    except ValueError:
        return ""


def _wrong(
    storyboard: Storyboard, rows: Capabilities, is_wrong: Callable[[Scene, Capability], bool]
) -> Iterator[tuple[Scene, Capability]]:
    return ((scene, row) for scene, row in _rows(storyboard, rows) if is_wrong(scene, row))


def _once(wrong: Iterable[tuple[Scene, T]], key: str) -> Iterator[tuple[str, Scene, T]]:
    """Return the mistakes of the value of `key`, once for each place where it is written: the defaults have one
    value for many scenes. Each has the subject, the first of the scenes, and the row that limits it."""
    found: dict[tuple[Place, str], tuple[T, list[Scene]]] = {}
    for scene, by in wrong:
        place = scene.place_of(key), by if isinstance(by, str) else by.name
        found.setdefault(place, (by, []))[1].append(scene)
    for by, (first, *others) in found.values():
        more = f" (and {len(others)} more)" if others else ""
        yield f'scene "{first.id}"{more}', first, by


def _rows(storyboard: Storyboard, rows: Capabilities) -> Iterator[tuple[Scene, Capability]]:
    for scene in storyboard.scenes.values():
        if scene.model.row in rows:
            yield scene, rows[scene.model.row]


RULES = (
    check_model,
    duration_in_range,
    check_resolution,
    check_ratio,
    seed_in_range,
    expiry_in_range,
    search_in_text_scenes,
    check_mode,
    check_verified,
)
