"""How often a scene is held because a task of somebody else carries its marker by chance.

Foreign tasks are other projects' of the same program and account, marked in the same band: the most likely to collide.
"alike" are all made with the very settings of our scene, so that nothing they say contradicts it; "mixed" have lengths,
formats and sound of their own, and nine in ten have ended and say so. Figures are shares of scenes, by simulation with
a fixed seed; an incomplete record may have gaps: the markers of five remakes are looked for as well.
"""

from __future__ import annotations

import random
from dataclasses import replace

from storyboard.executor.reconcile import Scan, find_unrecorded
from storyboard.planning.marker import FIRST, WIDTH, Marker, identifier_of, marker_of
from storyboard.providers.provider import Task

SCENES = 20_000
ASKED: dict[str, str | int | bool] = {
    "model": "m",
    "duration": 5,
    "ratio": "16:9",
    "resolution": "720p",
    "sound": True,
}


def foreign(chance: random.Random, count: int, *, alike: bool) -> dict[int, list[Task]]:
    """So many tasks of others, by the marker that they carry."""
    tasks: dict[int, list[Task]] = {}
    for number in range(count):
        marker = FIRST + chance.randrange(WIDTH)
        task = Task(f"cgt-{number}", "succeeded", "succeeded", expires_after=marker, model="m")
        task = replace(task, duration=5, ratio="16:9", resolution="720p", sound=True)
        if not alike:
            ended = chance.random() < 0.9
            task = replace(
                task,
                status="succeeded" if ended else "running",
                duration=chance.choice((4, 5, 5, 6, 8, 10, 12, 15)) if ended else None,
                ratio=chance.choice(("16:9", "16:9", "9:16", "1:1")) if ended else "",
                resolution=chance.choice(("480p", "720p", "720p", "1080p")) if ended else "",
                sound=chance.random() < 0.7 if ended else None,
            )
        tasks.setdefault(marker, []).append(task)
    return tasks


def share_held(count: int, *, alike: bool, identified: bool, gaps: bool) -> float:
    """The share of scenes that are held by chance."""
    chance = random.Random(7)  # noqa: S311 - it has to repeat itself
    held, others = 0, dict[int, list[Task]]()
    for number in range(SCENES):
        if number % 200 == 0:
            others = foreign(chance, count, alike=alike)
        key = {"prompt": f"scene {number}"}
        occurrences = range(6 if gaps else 1)
        if identified:
            markers = [Marker(identifier=identifier_of(key, one)) for one in occurrences]
        else:
            markers = [Marker(marker_of(key, one)) for one in occurrences]
        listed = tuple(task for marker in markers for task in others.get(marker.seconds or 0, ()))
        held += bool(find_unrecorded(Scan(0.0, listed), markers, ASKED, ()))
    return held / SCENES


def main() -> None:
    """Print the table."""
    print(f"{'foreign tasks':>13}  {'':7}  {'complete record':>15}  {'incomplete':>10}  {'safety_identifier':>17}")
    for count in (0, 200, 1000):
        for name, alike in (("alike", True), ("mixed", False)):
            figures = [
                share_held(count, alike=alike, identified=identified, gaps=gaps)
                for identified, gaps in ((False, False), (False, True), (True, True))
            ]
            print(f"{count:>13}  {name:7}  {figures[0]:>15.2%}  {figures[1]:>10.2%}  {figures[2]:>17.2%}")


if __name__ == "__main__":
    main()
