"""A project on disk: validate, plan: what needs only thought and files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from storyboard.errors import FileTrouble, MediaTrouble, StateDamaged, UsageError
from storyboard.hosts import is_loopback
from storyboard.language.facts import FileFacts
from storyboard.language.graph import Graph
from storyboard.language.problem import Problem
from storyboard.language.scene import Kind
from storyboard.language.source import Place, Source
from storyboard.planning.event import FileRenamed, Recorded
from storyboard.planning.history import past_of
from storyboard.planning.lock import Lockfile
from storyboard.planning.lock_format import from_text
from storyboard.planning.lock_update import with_past
from storyboard.planning.past import Past
from storyboard.planning.plan import Plan, PlanInputs
from storyboard.planning.planner import plan
from storyboard.planning.selection import names_state, select
from storyboard.planning.status import SceneState, statuses_of
from storyboard.protocols import Account, Clock, Realm
from storyboard.providers.catalogue import capabilities, site_of
from storyboard.providers.sites import SITES
from storyboard.world import files, input_files, settings, shipped
from storyboard.world.addresses import Addresses
from storyboard.world.cache import Cache, program
from storyboard.world.layout import Layout
from storyboard.world.store import Store

if TYPE_CHECKING:  # an unchanged storyboard is not parsed, and its parser not loaded
    from storyboard.language.validator import IncludedFile, ParseResult, ValidationResult
    from storyboard.net.guard import Guard
    from storyboard.world.first_layout import OldRecord


def chosen(provider: str = "") -> str:
    """The provider that makes everything: the one asked for, else that of the user's settings. A storyboard has no say
    in where a key goes. Raises UsageError if there is none of the name asked for, SettingsTrouble if the settings can't
    be read."""
    if provider and provider not in SITES:
        from storyboard.providers.plugins import provider_names, unknown_provider

        if provider not in provider_names():
            raise UsageError(*unknown_provider(provider))
    return provider or settings.read(settings.environment()).provider


def account(provider: str = "") -> Account:
    """The account that the environment names for a provider. Raises SettingsTrouble."""
    site = site_of(chosen(provider))
    return settings.account(
        settings.read(settings.environment()),
        settings.environment(),
        key_name=site.key_name,
        address_name=site.address_name,
        home=site.address,
        hosts=site.hosts,
    )


def realm_of(*, emulator: bool, provider: str = "") -> Realm:
    """Where takes come from: the embedded emulator, the address in the environment, or the vendor."""
    name = chosen(provider)
    if emulator:
        if name not in SITES:
            hint = f"try it at an address of this machine: set {site_of(name).address_name}"
            raise UsageError(f'the emulator does not speak as the provider "{name}" does', hint)
        return "emulated"
    return "emulated" if is_loopback(settings.environment().get(site_of(name).address_name, "")) else "real"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a storyboard: its problems by place, and how many scenes it has if none of them is a mistake."""

    sources: Mapping[str, Source]
    problems: tuple[Problem, ...]
    scenes: int


def read(layout: Layout, profiles: tuple[str, ...] = ()) -> ParseResult:
    """What the storyboard's file says, as far as its form goes, with the files that it brings in."""
    from storyboard.language.validator import parse_file, parse_storyboard

    main = parse_file(Source(layout.storyboard.name, files.read_text(layout.storyboard)))
    included = {path: _read_included(layout, path) for path in main.includes}
    return parse_storyboard(main, shipped.schema(), profiles, included)


def _read_included(layout: Layout, path: str) -> IncludedFile:
    """A file that a storyboard brings in; nothing outside the root is opened, and nothing but a regular file."""
    from storyboard.language.validator import parse_file

    fact = input_files.inspect_files(layout, [path], digests=False)[path]
    real = input_files.inside(layout, path)
    if fact.trouble is not None or real is None:
        return fact.trouble or "outside"
    return parse_file(Source(path, files.read_text(real)))


def probe_addresses(
    layout: Layout, profiles: tuple[str, ...] = (), provider: str = "", guard: Guard | None = None
) -> Verdict:
    """Every mistake in a storyboard, and in what lies at the addresses that it names; nothing is remembered of that."""
    from storyboard.language.rules.inputs import addresses_meant
    from storyboard.language.validator import validate
    from storyboard.world import remote

    reading = read(layout, profiles)
    meant = () if reading.storyboard is None else addresses_meant(reading.storyboard)
    facts = input_files.inspect_files(layout, _paths_of(reading), digests=False)
    known = {path: _measure(layout, fact) for path, fact in facts.items()}
    known |= remote.look((row[0] for row in meant), _with_measures, guard)
    trusted = settings.read(settings.environment()).trusted_hosts
    judgement = validate(reading, capabilities(chosen(provider)), known, trusted)
    return Verdict(judgement.sources, judgement.problems, len(judgement.graph.order) if judgement.graph else 0)


def validate(
    layout: Layout, profiles: tuple[str, ...] = (), provider: str = "", remembered: Cache | None = None
) -> Verdict:
    """Every mistake in a storyboard, with its place. What was said of an unchanged one is said again, unread."""
    remembered = remembered or Cache(settings.environment())
    trusted = settings.read(settings.environment()).trusted_hosts
    name = chosen(provider)
    key = ("verdict", program(), str(layout.storyboard), str(layout.root), profiles, trusted, name)
    value = remembered.get(*key) if name in SITES else None  # another's rows may change without our noticing
    if value is not None:
        return _recall(layout, value)
    from storyboard.language.validator import validate

    reading = read(layout, profiles)
    paths = tuple(_paths_of(reading))
    facts = {
        path: _measure(layout, fact) for path, fact in input_files.inspect_files(layout, paths, digests=False).items()
    }
    judgement = validate(reading, capabilities(name), facts, trusted)
    scenes = len(judgement.graph.order) if judgement.graph else 0
    rests_on = [layout.folder / name for name in (*judgement.sources, *reading.includes, *paths)]
    remembered.put({"problems": [asdict(p) for p in judgement.problems], "scenes": scenes}, rests_on, *key)
    return Verdict(judgement.sources, judgement.problems, scenes)


def _recall(layout: Layout, value: Mapping[str, Any]) -> Verdict:
    problems = tuple(Problem(**{**row, "place": Place(*row["place"])}) for row in value["problems"])
    names = {problem.place.file for problem in problems} | {layout.storyboard.name}
    read_again = {name: Source(name, files.read_text(layout.folder / name)) for name in names} if problems else {}
    return Verdict(
        read_again or {layout.storyboard.name: Source(layout.storyboard.name, "")}, problems, value["scenes"]
    )


def find_changed(layout: Layout, sources: Mapping[str, Source]) -> tuple[str, ...]:
    """The files of a storyboard that don't say any more what was read of them."""

    def now(name: str) -> str:
        with suppress(FileTrouble):
            return files.read_text(layout.folder / name)
        return ""

    return tuple(name for name, source in sources.items() if now(name) != source.text)


def survey(
    layout: Layout, profiles: tuple[str, ...] = (), provider: str = ""
) -> tuple[ValidationResult, Mapping[str, FileFacts]]:
    """The same judgement with its graph, and the files' digests and measures, as a plan wants them."""
    from storyboard.language.validator import validate

    reading = read(layout, profiles)
    facts = input_files.inspect_files(layout, _paths_of(reading), digests=True)
    facts = {path: _measure(layout, fact) for path, fact in facts.items()}
    trusted = settings.read(settings.environment()).trusted_hosts
    return validate(reading, capabilities(chosen(provider)), facts, trusted), facts


def _paths_of(reading: ParseResult) -> Iterable[str]:
    from storyboard.language.rules.inputs import files_meant

    return () if reading.storyboard is None else (row[0] for row in files_meant(reading.storyboard))


def _measure(layout: Layout, fact: FileFacts) -> FileFacts:
    """Pixels and seconds, as remembered or as found; a file that begins well but can't be decoded is torn."""
    real = input_files.inside(layout, fact.path)
    if fact.trouble is not None or real is None or fact.kind is None or fact.format == "heic":
        return fact
    remembered = Cache(settings.environment())
    value = remembered.get("measures", str(real))
    if value is None:
        value = _probe(real, fact.kind)
        remembered.put(value, [real], "measures", str(real))
    return replace(fact, **value)


def _with_measures(fact: FileFacts, path: Path) -> FileFacts:
    return fact if fact.kind is None or fact.format == "heic" else replace(fact, **_probe(path, fact.kind))


def _probe(real: Path, kind: Kind) -> dict[str, Any]:
    from storyboard.world.media import probe

    measure = {"image": probe.image, "video": probe.video, "audio": probe.audio}[kind]
    try:
        found = measure(real)
    except MediaTrouble:
        return {"trouble": "torn"}
    value = asdict(found)
    return {name: value[name] for name in ("width", "height", "seconds", "fps", "animated")}


@dataclass(frozen=True, slots=True)
class Loaded:
    """A storyboard without mistakes, with what is known of the files that it names, and the texts that it was read
    from, by name."""

    layout: Layout
    graph: Graph
    facts: Mapping[str, FileFacts]
    sources: Mapping[str, Source]


def load_validated(layout: Layout, judgement: ValidationResult, facts: Mapping[str, FileFacts]) -> Loaded:
    """Return a storyboard that was judged and has no mistakes."""
    if judgement.graph is None:
        raise AssertionError("a storyboard with mistakes has no graph")
    return Loaded(layout, judgement.graph, facts, judgement.sources)


def files_now(layout: Layout, facts: Mapping[str, FileFacts]) -> Mapping[str, FileFacts]:
    """Return the digests of the same files as they are now."""
    return input_files.inspect_files(layout, list(facts), digests=True)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan and the world that it was made for."""

    plan: Plan
    inputs: PlanInputs


@dataclass(frozen=True, slots=True)
class State:
    """What a folder has on the disk in one realm: everything that happened, the locks of its storyboards, and where
    its videos lie.

    `taken_over` names the lock that is this storyboard's own from now on, since the file that it belonged to was
    renamed; empty if there is none. `unread` says which other locks can't be read, and why.
    """

    events: tuple[tuple[float, Recorded], ...]
    locks: Mapping[str, Lockfile]
    boards: frozenset[str]
    store: Store
    taken_over: str = ""
    unread: Mapping[str, str] = field(default_factory=dict)

    def past(self, storyboard: str) -> Past:
        """What the events add up to; what belonged to a file that was renamed is this storyboard's."""
        renamed = [(0.0, FileRenamed(storyboard=storyboard, was=self.taken_over))] if self.taken_over else []
        return past_of([*self.events, *renamed])

    def lock(self, storyboard: str) -> Lockfile:
        """The storyboard's lock; an empty one if there is none."""
        return self.locks.get(self.taken_over or storyboard, Lockfile())

    def others(self, storyboard: str) -> dict[str, Lockfile]:
        """The locks of the other storyboards."""
        return {stem: lock for stem, lock in self.locks.items() if stem not in (storyboard, self.taken_over)}


def state_on_disk(layout: Layout, clock: Clock, journal: Sequence[tuple[float, Recorded]] | None = None) -> State:
    """What the folder has; a record of the first layout that was not brought over yet is read where it lies.

    `journal` are the events of a record that is open already. Raises StateDamaged if the record, or the storyboard's
    own lock, can't be read.
    """
    from storyboard.world import first_layout

    events = list(_read_events(layout.hidden, clock) if journal is None else journal)
    old = first_layout.old_records(layout, (event for _, event in events))
    for record in old:
        found = record.read(clock)
        if found is not None:
            events += found.past
            found.close()
    providers = first_layout.providers_of(event for _, event in events)
    locks, unread = _locks(layout, old, providers)
    boards = frozenset(layout.boards())
    taken_over = find_orphan_lock(layout.stem, locks, unread, boards)
    store = Store(layout.hidden / "store", tuple(record.store for record in old))
    return State(tuple(events), locks, boards, store, taken_over, unread)


def _read_events(folder: Path, clock: Clock) -> list[tuple[float, Recorded]]:
    from storyboard.world.journal import Journal

    if not (folder / "state.db").exists() and not (folder / "witness").exists():
        return []
    journal = Journal(folder, clock, writing=False)
    try:
        return journal.past
    finally:
        journal.close()


def _locks(
    layout: Layout, old: Sequence[OldRecord], providers: Mapping[str, str]
) -> tuple[dict[str, Lockfile], dict[str, str]]:
    """The locks of a folder by storyboard, and why others can't be read. Raises StateDamaged if that is our own."""
    places = {stem: layout.lock_of(stem) for stem in layout.lock_stems()}
    if layout.lock.exists():  # also by a link: it is the user's own file
        if not layout.lock.is_file():
            raise FileTrouble(f"{layout.lock} is no file", "remove it, or restore the lock from git")
        places[layout.stem] = layout.lock
    if layout.realm == "emulated":
        places = {record.stem: record.lock for record in old if record.lock.exists()} | places
    locks: dict[str, Lockfile] = {}
    unread: dict[str, str] = {}
    for stem, path in places.items():
        text = files.read_text(path, LARGEST_LOCK)
        if stem != layout.stem and MARK not in text:
            continue  # some other program's lock
        try:
            locks[stem] = from_text(text, path.name, providers)
        except StateDamaged as error:
            if stem == layout.stem:
                raise
            unread[stem] = error.what
    return locks, unread


LARGEST_LOCK = 1 << 30
"""Bytes."""
MARK = '"storyboard_lock"'
"""What stands in every lock of ours, and in no other program's."""


def find_orphan_lock(
    stem: str, locks: Mapping[str, Lockfile], unread: Mapping[str, str], boards: frozenset[str]
) -> str:
    """The lock that a storyboard takes over: it has none, and exactly one belongs to a file that is not there."""
    orphans = [name for name in (*locks, *unread) if name not in boards]
    return orphans[0] if stem not in locks and len(orphans) == 1 and orphans[0] in locks else ""


def past_on_disk(layout: Layout, clock: Clock) -> Past:
    """What happened in this realm so far, for readers."""
    return state_on_disk(layout, clock).past(layout.stem)


def planned(
    layout: Layout,
    graph: Graph,
    facts: Mapping[str, FileFacts],
    state: State,
    clock: Clock,
    selection: tuple[str, ...] = (),
    provider: str = "",
) -> Planned:
    """What would be made, and why. Writes nothing."""
    name, past = chosen(provider), state.past(layout.stem)
    inputs = PlanInputs(
        rows=capabilities(name),
        facts=facts,
        lock=with_past(state.lock(layout.stem), past, layout.stem),
        past=past,
        stored=state.store.digests(),
        uploads=layout.realm == "emulated",
        alive=Addresses(layout.hidden / "addresses.jsonl").tasks_alive(clock.now()),
        storyboard=layout.stem,
        others=state.others(layout.stem),
        boards=state.boards,
        provider=name,
        notes=tuple(_notes(layout, state)),
    )
    if not selection:
        return Planned(plan(graph, inputs), inputs)
    states: dict[str, SceneState] = {}
    if names_state(selection):  # only a plan of the whole knows the state of each scene
        states = {status.scene: status.state for status in statuses_of(plan(graph, inputs), inputs)}
    return Planned(plan(graph, inputs, select(selection, graph, states)), inputs)


def _notes(layout: Layout, state: State) -> Iterable[str]:
    """What was found in the folder beside the storyboard's own."""
    if state.taken_over:
        old = layout.lock_of(state.taken_over).name
        yield f"{old} has no storyboard any more: its takes are those of {layout.storyboard.name} from now on"
    for stem, why in state.unread.items():
        yield f"takes of {stem} can't be used: {why}"
