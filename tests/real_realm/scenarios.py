"""The scenarios: each runs one case to its end and reports what was paid for, and whether that is right."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.real_realm.figures import Figures
from tests.real_realm.world import DAY, Create, Ended, User, World

WEEK_AND_A_DAY = 8 * DAY
LIST_MARGIN = 1.0
MEAN_MOST = {("two-copies", "lag 0 s"): 0.3}
"""The most requests that may be extra, on average of all seeds."""
"""Seconds allowed between a list and the create request after it, besides latency: one list a second is allowed."""
HELD = 4
"""The exit code of a run that waits for a person's decision."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A case: the condition for it, its variants, the number of seeds, and the rate of its clock."""

    play: Callable[[World, str, int], Figures]
    wanted: str
    variants: tuple[str, ...] = ("",)
    seeds: int = 1
    rate: float = 10.0


def storyboard(*ids: str, settings: str = "", profiles: Mapping[str, str] | None = None) -> str:
    """Return a storyboard of independent scenes; the request of a scene depends on its ID only."""
    rows = ["storyboard: 1", "model: seedance-2.0-fast"]
    rows.append('defaults: {ratio: "16:9", duration: 4, resolution: 480p, generate_audio: false}')
    if profiles:
        rows += ["profiles:", *(f"  {name}: {{{changes}}}" for name, changes in profiles.items())]
    rows.append("scenes:")
    for id in ids:
        rows += [f"  {id}:", f"    prompt: A small boat crosses the bay, {id} of the islands behind it."]
        rows += [f"    {settings}"] if settings else []
    return "\n".join([*rows, ""])


NUMBERS = ("one", "two", "three", "four", "five", "six", "seven", "eight")


def play_lost_record_own_expiry(world: World, variant: str, seed: int) -> Figures:
    """A scene whose author chose its life: the answer is lost, then the record; the same command runs again."""
    del seed
    user = world.user("anna")
    user.write("storyboard.yaml", storyboard("one", settings="execution_expires_after: 86400"))
    killed = user.run_and_kill(1, "answered" if variant == "answered" else "taken")
    user.lose_record()
    again = user.run()
    paid = world.creates()
    right = len(paid) == 1 and again.exit_code == HELD
    note = f"lives sent: {sorted({each.marker or 0 for each in paid})}"
    return _figures(paid, 1, [killed, again], [], right=right, note=note)


def play_renamed_file(world: World, variant: str, seed: int) -> Figures:
    """Only the storyboard's file is renamed; a week and a day later it is run under that name."""
    del seed
    user = world.user("anna")
    user.write("storyboard.yaml", storyboard(*NUMBERS[:3]))
    first = user.run()
    (user.project / "storyboard.yaml").rename(user.project / "film.yaml")
    if variant == "lock too":
        (user.project / "storyboard.lock").rename(user.project / "film.lock")
    world.shift(WEEK_AND_A_DAY)
    second = user.run("-f", "film.yaml")
    return _figures(world.creates(), 3, [first, second], [user.has_film()])


def play_profiles_of_equal_key(world: World, variant: str, seed: int) -> Figures:
    """Two profiles that don't change the video: killed midway with both, then in the other order, then with none."""
    del variant, seed
    user = world.user("anna")
    profiles = {"x": "takes: 1", "y": "return_last_frame: true"}
    user.write("storyboard.yaml", storyboard(*NUMBERS[:4], profiles=profiles))
    killed = user.run_and_kill(2, "taken", "--profile", "x,y")
    ended, films = _run_for_films(user, [("--profile", "y,x"), ()])
    return _figures(world.creates(), 4, [killed, *ended], films)


def play_week_old_colleagues(world: World, variant: str, seed: int) -> Figures:
    """Two users with separate records of one film, a week later; or the second one only starts then."""
    del seed
    anna = world.user("anna")
    anna.write("storyboard.yaml", storyboard(*NUMBERS[:3]))
    ended = [anna.run()]
    ben = world.copy(anna, "ben")
    if variant == "both ran":
        ended.append(ben.run())
    world.shift(WEEK_AND_A_DAY)
    ended += [anna.run(), ben.run()]
    films = [anna.has_film()] + ([ben.has_film()] if variant == "both ran" else [])
    return _figures(world.creates(), 3, ended, films)


def play_two_copies(world: World, variant: str, seed: int) -> Figures:
    """Two copies without a record, run at nearly the same time; then each recovers once and runs again."""
    drawn = random.Random(seed)
    offset, latency = drawn.uniform(0.0, 3.0), drawn.uniform(0.0, 0.6)
    speed, lag = drawn.uniform(10.0, 60.0), float(variant.removeprefix("lag ").removesuffix(" s"))
    world.behave(list_lag=lag, latency=latency, speed=speed, seed=seed)
    anna, ben = world.user("anna"), world.user("ben")
    for user in (anna, ben):
        user.write("storyboard.yaml", storyboard(*NUMBERS))
    ended: list[Ended] = list(world.run_together(anna, ben, offset))
    began = len(world.creates())
    for user in (anna, ben):
        ended += [user.command("recover"), user.run()]
    films = [anna.has_film(), ben.has_film()]
    note = "" if len(world.creates()) == began else "more was submitted after `recover`"
    paid = world.creates()
    listed = _listed(paid, lag + 2 * latency + LIST_MARGIN)
    right = all(films) and not listed and len(paid) >= 8
    return Figures(len(paid), 8, [each.exit_code for each in ended], (sum(films), len(films)), right, note, listed)


def play_list_faults(world: World, variant: str, seed: int) -> Figures:
    """Three lists in ten fail, with every other seed the first one too; then the record is lost, whole or half made."""
    world.behave(list_faults=0.3, first_list_fails=seed % 2 == 1, seed=seed)
    user = world.user("anna")
    user.write("storyboard.yaml", storyboard(*NUMBERS))
    ended = [user.run_and_kill(4, "taken") if variant == "killed, record lost" else user.run()]
    user.lose_record()
    if variant == "record and lock lost":
        user.lose_lock()
    ended.append(user.run())
    if ended[-1].exit_code == HELD:
        ended += [user.command("recover"), user.run()]
    world.stop_service()
    note = f"of {world.asked['list']} lists {sum(world.fired.values())} failed"
    return _figures(world.creates(), 8, ended, [user.has_film()], note=note)


def play_two_storyboards(world: World, variant: str, seed: int) -> Figures:
    """A film and its trailer in one folder, some scenes in both, under three profiles of which one changes nothing."""
    del variant, seed
    profiles = {"draft": "resolution: 720p", "tall": 'ratio: "9:16"', "again": "return_last_frame: true"}
    user = world.user("anna")
    user.write("storyboard.yaml", storyboard("one", "two", "three", profiles=profiles))
    user.write("trailer.yaml", storyboard("two", "three", "four", profiles=profiles))
    files = ("storyboard.yaml", "trailer.yaml")
    ended, films = _run_for_films(user, [("-f", file, "--profile", name) for name in profiles for file in files])
    paid = world.creates()
    keys = {each.key for each in paid}
    note = f"{len(keys)} different requests" if len(keys) != 12 else ""
    return _figures(paid, 12, ended, films, right=len(keys) == 12, note=note)


def play_self_check(world: World, variant: str, seed: int) -> Figures:
    """Check that the counts can be wrong, and that they count the right things."""
    del seed
    user = world.user("anna")
    user.write("storyboard.yaml", storyboard("one", settings="execution_expires_after: 86400"))
    return _CHECKS[variant](world, user)


def _check_nothing_known(world: World, user: User) -> Figures:
    """A run without a record that is shown an empty list pays twice: the count has to be 2."""
    first = user.run()
    world.behave(list_lag=6 * DAY)
    user.lose_record()
    user.lose_lock()
    forgetful = User(world, "somebody-else", user.project)
    second = forgetful.run()
    paid = world.creates()
    right = len(paid) == 2 and len({each.key for each in paid}) == 1 and {each.marker for each in paid} == {86400}
    return _figures(paid, 2, [first, second], [user.has_film()], right=right)


def _check_untrusted(world: World, user: User) -> Figures:
    """Without our authority the program trusts no host here: TLS is checked, and no request is sent."""
    environment = user.environment()
    del environment["SSL_CERT_FILE"]
    ended = user.start("run", "--yes", environment=environment).wait(60)
    right = not world.creates() and ended.exit_code not in (0, None) and "certificate" in ended.said
    return _figures(world.creates(), 0, [ended], [], right=right)


def _check_real(world: World, user: User) -> Figures:
    """It is the real realm, no key is sent to the host of the videos, and both sides see a shifted clock."""
    first = user.run()
    places = {path.name for path in (user.project / ".storyboard").rglob("*") if path.is_dir()}
    world.shift(3 * DAY)
    user.write("storyboard.yaml", storyboard("one", "two", settings="execution_expires_after: 86400"))
    second = user.run()
    world.stop_service()
    one, two = world.creates()
    note = "" if "real" in places and "emulated" not in places else "it isn't the real realm"
    note = note or ("" if not world.astray else "a key was sent to the host of the videos")
    seen = abs(two.at - world.clock.now()) < 600 and 3 * DAY < two.at - one.at < 3 * DAY + 1200
    note = note or ("" if seen else f"the service saw {one.at} and {two.at}, and it is {world.clock.now()}")
    right = not note and bool(world.asked["file"])
    return _figures(world.creates(), 2, [first, second], [user.has_film()], right=right, note=note)


def _check_killed(world: World, user: User) -> Figures:
    """A kill before the service has accepted anything costs nothing; one after an acceptance costs a request."""
    killed = [user.run_and_kill(1, "asked")]
    before = len(world.creates())
    user.lose_record()
    killed.append(user.run_and_kill(2, "taken"))
    right = before == 0 and len(world.creates()) == 1
    return _figures(world.creates(), 1, killed, [], right=right)


_CHECKS: Mapping[str, Callable[[World, User], Figures]] = {
    "nothing known": _check_nothing_known,
    "untrusted": _check_untrusted,
    "real": _check_real,
    "killed": _check_killed,
}

SCENARIOS: Mapping[str, Scenario] = {
    "self-check": Scenario(play_self_check, "that each fault which was planted is counted", tuple(_CHECKS)),
    "lost-record-own-expiry": Scenario(
        play_lost_record_own_expiry, "1 request in all, and the second run holds (exit 4)", ("taken", "answered")
    ),
    "renamed-file": Scenario(play_renamed_file, "no further request under the new name", ("yaml only", "lock too")),
    "profiles-of-equal-key": Scenario(
        play_profiles_of_equal_key, "one request for each key: 4, and each run that isn't killed cuts its film"
    ),
    "week-old-colleagues": Scenario(
        play_week_old_colleagues, "no request besides the first user's 3", ("both ran", "late copy")
    ),
    "two-copies": Scenario(
        play_two_copies,
        "the film in both copies after at most one `recover`, no extra request that a list would have shown "
        "(`listed`), and at a lag of 0 s at most 0.3 extra ones on average",
        ("lag 0 s", "lag 2 s", "lag 10 s"),
        20,
        4.0,
    ),
    "list-faults": Scenario(
        play_list_faults,
        "8 requests, none more once the record is lost, and the film exists after at most one `recover`",
        ("record lost", "record and lock lost", "killed, record lost"),
        6,
    ),
    "two-storyboards": Scenario(
        play_two_storyboards, "one request for each different key: 12, and each run cuts its film"
    ),
}


def _run_for_films(user: User, runs: Sequence[tuple[str, ...]]) -> tuple[list[Ended], list[bool]]:
    """Return for each of these runs whether it left a film that it wrote itself."""
    ended, films = [], []
    for words in runs:
        began = time.time()
        ended.append(user.run(*words))
        films.append(user.has_film(began))
    return ended, films


def _figures(
    paid: list[Create],
    needed: int,
    ended: list[Ended],
    films: list[bool],
    *,
    right: bool = True,
    note: str = "",
) -> Figures:
    """Return figures that are right if the paid requests equal the needed ones, all films exist, and `right` holds."""
    all_right = right and len(paid) == needed and all(films)
    return Figures(len(paid), needed, [each.exit_code for each in ended], (sum(films), len(films)), all_right, note)


def _listed(paid: Sequence[Create], after: float) -> int:
    """Return how many requests arrived this many seconds after the first of their key, or later."""
    first: dict[str, float] = {}
    for each in paid:
        first.setdefault(each.key, each.at)
    return sum(each.at > first[each.key] + after for each in paid)
