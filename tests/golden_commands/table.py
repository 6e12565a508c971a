"""The table of all scenarios: which commands are recorded, in which folders, after which edits."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tests.golden_commands.steps import (
    Command,
    Copy,
    Damage,
    Interrupted,
    Link,
    Lose,
    Move,
    Remove,
    Replace,
    Scenario,
    Serve,
    Sql,
    Step,
    Write,
)

FILE = "storyboard.yaml"
HIDDEN = ".storyboard/emulated"
LOCK = f"{HIDDEN}/storyboard.lock"
STATE = f"{HIDDEN}/state.db"
SETTINGS = "../home/config/storyboard/settings.toml"
FAST = "--emulator --speed 4000"
HEAD = """\
storyboard: 1
model: seedance-2.0-fast
defaults: {ratio: 16:9, resolution: 480p, duration: 4, seed: 7}
"""
PROFILES = """\
profiles:
  draft: {}
  tall: {ratio: 9:16}
"""
ONE = "scenes:\n  dusk: {prompt: A lighthouse at dusk.}\n"
TWO = f"{ONE}  gulls: {{prompt: Gulls.}}\n"
FILM = f"""\
{HEAD}{PROFILES}scenes:
  dusk:
    prompt: A lighthouse at dusk.
    tags: [night]
  lamp:
    chain: dusk
    prompt: He lights the lamp.
"""
NO_ACCOUNT = {"ARK_API_KEY": ""}
KEY = {"ARK_API_KEY": "not a real key"}
ELSEWHERE = {"ARK_API_KEY": "not a real key", "ARK_BASE_URL": "https://ark.example.com/api/v3"}

LOST_RECORD = Remove(
    (STATE, f"{STATE}-wal", f"{STATE}-shm", f"{HIDDEN}/witness", f"{HIDDEN}/addresses.jsonl", LOCK, f"{HIDDEN}/store")
)
ANSWER_LOST = """\
faults:
- {verb: create, at: 1, does: drop}
- {verb: list, does: without, fields: [execution_expires_after]}
"""


def run(words: str = "") -> Command:
    """`storyboard run` on the embedded emulator, or on the one that is served."""
    return Command(f"run {FAST} {words}".strip())


def each(*lines: str) -> tuple[Command, ...]:
    """Commands without anything between them."""
    return tuple(Command(line) for line in lines)


def lock(takes: Mapping[str, str], selected: str, version: int = 2) -> str:
    """A lock of one scene: its takes, each with the prompt that it was made from."""
    rows = {
        f"ark:cgt-20261127132850-{name}": {
            "take": number,
            "video": f"sha256:{str(number) * 64}",
            "frame": "",
            "recipe": 1,
            "key": {"duration": 4, "prompt": prompt},
            "seconds": 4.042,
            "width": 864,
            "height": 496,
            "tokens": 40594,
        }
        for number, (name, prompt) in enumerate(takes.items(), 1)
    }
    block = {"selected": f"ark:cgt-20261127132850-{selected}", "takes": rows}
    return json.dumps({"storyboard_lock": version, "scenes": {"dusk": block}}, indent=1) + "\n"


BASE = lock({"aaaaa": "first"}, "aaaaa")
OURS = lock({"aaaaa": "first", "bbbbb": "ours"}, "bbbbb")
THEIRS = lock({"aaaaa": "first", "ccccc": "theirs"}, "ccccc")
MARKED = f"<<<<<<< ours\n{OURS}||||||| base\n{BASE}=======\n{THEIRS}>>>>>>> theirs\n"
VERSION_1 = json.dumps(
    {
        "storyboard_lock": 1,
        "scenes": {
            "dusk": {
                "selected": f"sha256:{'1' * 64}",
                "takes": {
                    f"sha256:{'1' * 64}": {
                        "recipe": 1,
                        "key": {"duration": 4, "prompt": "A lighthouse at dusk."},
                        "frame": "",
                        "seconds": 4.042,
                        "width": 864,
                        "height": 496,
                        "task": "cgt-20261127132850-aaaaa",
                        "tokens": 40594,
                    }
                },
            }
        },
    },
    indent=1,
)

HELP = (
    "",
    "init",
    "validate",
    "plan",
    "run",
    "status",
    "why",
    "resolve",
    "tasks",
    "tasks list",
    "tasks get",
    "tasks cancel",
    "tasks delete",
    "recover",
    "verify",
    "film",
    "merge-lock",
    "emulator",
    "doctor",
    "explain",
    "schema",
)

BROKEN = (
    "SB101-empty-file",
    "SB201-unknown-key",
    "SB204-out-of-bounds",
    "SB305-modes-mixed",
    "SB310-circle",
    "SB317-dissolve-too-long",
    "SB402-too-long",
    "SB521-too-short-or-long",
    "SB601-unknown-placeholder",
    "SB701-a-key",
)
"""Storyboards of `tests/broken` that are looked at one by one; all of them are in one command, too."""

MADE = Scenario(
    "made",
    (Write(FILE, FILM), run("--yes --jobs 1"), *each("plan --emulator --json", "status --emulator --json")),
)
"""The film that many scenarios begin with."""


def broken() -> tuple[Step, ...]:
    """Each broken storyboard in text, some in the other forms, and all of them at once."""
    steps: list[Step] = [Copy("tests/broken", "broken")]
    steps += each(*(f"validate broken/{name}/{FILE}" for name in BROKEN))
    forms = ("--format sarif", "--json --strict", "--format json --provider byteplus")
    steps += each(*(f"validate broken/{name}/{FILE} {form}" for form in forms for name in BROKEN[3:9:5]))
    return (*steps, Remove(("broken",)))


def every_broken() -> tuple[Step, ...]:
    """All broken storyboards in one command."""
    from tests.golden_commands.running import ROOT

    names = sorted(path.name for path in (ROOT / "tests/broken").iterdir() if (path / FILE).exists())
    files = " ".join(f"broken/{name}/{FILE}" for name in names)
    return (Copy("tests/broken", "broken"), Command(f"validate --json {files}"), Remove(("broken",)))


SCENARIOS: tuple[Scenario, ...] = (
    Scenario(
        "answer-lost-adopt",
        (
            Write(FILE, HEAD + TWO),
            Serve(faults=ANSWER_LOST),
            Command("run --jobs 1"),
            *each("plan --json", "status --json", "status", "tasks list --json"),
            Command("resolve dusk --adopt {task 1}"),
            Serve(),
            *each("run", "verify --json"),
        ),
    ),
    Scenario(
        "answer-lost-submit-again",
        (
            Write(FILE, HEAD + ONE),
            Serve(faults=ANSWER_LOST),
            *each("run --jobs 1", "resolve dusk --submit-again --yes"),
            Serve(),
            *each("run --jobs 1 --max-cost 1", "run --jobs 1", "tasks list --json"),
        ),
    ),
    Scenario(
        "answer-lost-abandon",
        (
            Write(FILE, HEAD + TWO),
            Serve(faults=ANSWER_LOST),
            *each("run --jobs 1", "resolve dusk --abandon"),
            Serve(),
            *each("run", "resolve dusk --submit-again", "plan --json"),
        ),
    ),
    Scenario(
        "second-copy",
        (
            Write(f"first/{FILE}", HEAD + TWO),
            Serve(),
            Command(f"run --jobs 1 -f first/{FILE}"),
            Write(FILE, HEAD + TWO),
            *each("run --jobs 1", "resolve dusk --not-mine {task 1}", "run --jobs 1", "recover", "run"),
        ),
    ),
    Scenario(
        "faults-of-the-service",
        (
            Write(FILE, HEAD + ONE),
            Serve(faults="faults:\n- {verb: create, does: refuse, status: 401}\n"),
            Command("run"),
            Serve(faults="faults:\n- {verb: create, does: refuse, status: 400}\n"),
            *each("run", "status --json"),
            Serve(faults="faults:\n- {verb: get, does: stands, status: failed, code: InternalError, message: no}\n"),
            *each("run", "why dusk --json"),
            Serve(faults="faults:\n- {verb: get, does: stands, status: expired}\n"),
            *each("run", "status --json"),
            Serve(faults="faults:\n- {verb: file, at: 1, does: cut}\n"),
            Command("run"),
        ),
    ),
    Scenario(
        "interrupted-and-cancelled",
        (
            Write(FILE, HEAD + ONE),
            Serve("--speed 0.01 --running 1"),
            Interrupted("run --jobs 1"),
            *each("status --json", "plan --json", "tasks list --status queued --json", "tasks list --status failed"),
            *each("tasks cancel {task 1}", "tasks cancel {task 1}", "tasks get {task 1} --json"),
            Serve(),
            *each("run", "tasks delete {task 1}", "tasks list"),
        ),
    ),
    Scenario(
        "interrupted-and-resumed",
        (
            Write(FILE, HEAD + ONE),
            Serve("--speed 0.01"),
            Interrupted("run --jobs 1"),
            Serve(),
            *each("plan --json --detailed-exitcode", "run", "plan --detailed-exitcode"),
        ),
    ),
    Scenario("probes", (Write(FILE, HEAD + ONE), Serve("--speed 20"), Command("doctor --probe --json"))),
    Scenario(
        "moderated",
        (
            Write(
                FILE,
                f"{HEAD}scenes:\n  bad: {{prompt: 'A face. [[refuse input]]'}}\n"
                "  after: {chain: bad, prompt: It goes on.}\n  worse: {prompt: 'A song. [[refuse output]]'}\n"
                "  good: {prompt: Gulls.}\n",
            ),
            run("--jobs 1"),
            *each("status --emulator --json", "status --emulator", "plan --emulator --json", "why after --emulator"),
            run("--jobs 1 worse"),
            Replace(FILE, "A face. [[refuse input]]", "A quay."),
            run("--jobs 1 bad"),
            Command("film --emulator"),
        ),
    ),
    Scenario(
        "fail-fast",
        (
            Write(
                FILE,
                f"{HEAD}scenes:\n  bad: {{prompt: 'A face. [[refuse input]]'}}\n  good: {{prompt: Gulls.}}\n",
            ),
            run("--fail-fast --jobs 1"),
            Command("status --emulator --json"),
        ),
    ),
    Scenario(
        "edited",
        (
            Replace(FILE, "He lights the lamp.", "He lights it."),
            *each("plan --emulator", "plan --emulator --json --detailed-exitcode", "why lamp --emulator"),
            *each("status --emulator", "status --emulator --json state:stale"),
            run("lamp"),
            Replace(FILE, "He lights it.", "He lights the lamp."),
            Command("why dusk --emulator --json"),
            run(),
            Command("verify --emulator --json --deep"),
        ),
        made=True,
    ),
    Scenario(
        "edited-above",
        (
            Replace(FILE, "at dusk.", "at dawn."),
            *each("plan --emulator --json lamp", "plan --emulator --json +lamp", "why lamp --emulator --json"),
            run("lamp --max-cost 1"),
            run("+lamp --max-cost '50 CNY' --yes"),
        ),
        made=True,
    ),
    Scenario(
        "selections",
        (
            Replace(FILE, "scenes:\n", "scenes:\n  gulls:\n    prompt: Gulls.\n    title: Birds\n"),
            *each(
                *(f"plan --emulator --json {one}" for one in ("gulls", "tag:night", "'dusk+'", "'*l*'", "state:new"))
            ),
            *each("plan --emulator --json 'tag:night,lamp'", "status --emulator --json gulls lamp"),
            *each(
                "plan --emulator gulsl", "plan --emulator tag:nigth", "plan --emulator state:old", "why --emulator gull"
            ),
            run("gulls"),
            Command("tasks list --emulator --speed 4000 --json"),
        ),
        made=True,
    ),
    Scenario(
        "renamed",
        (
            Replace(FILE, "lamp:", "light:"),
            run(),
            Move(FILE, "film.yaml"),
            *each("plan --emulator -f film.yaml", "status --emulator --json -f film.yaml"),
            run("-f film.yaml"),
            Write("trailer.yaml", HEAD + "scenes:\n  opening: {prompt: A lighthouse at dusk.}\n"),
            run("-f trailer.yaml"),
            Command("validate film.yaml trailer.yaml"),
        ),
        made=True,
    ),
    Scenario(
        "profiles",
        (
            *each("plan --emulator --profile draft --json", "plan --emulator --profile tall --json"),
            run("--profile draft"),
            run("--profile tall dusk"),
            *each("status --emulator --profile tall --json", "why lamp --emulator --profile draft,tall --json"),
            Command("film --emulator --profile draft"),
            *each("validate --profile tall --json", "validate --profile darft", "plan --emulator --profile darft"),
        ),
        made=True,
    ),
    Scenario(
        "takes",
        (
            Write(
                FILE, f"{HEAD}scenes:\n  dusk: {{prompt: A lighthouse at dusk., takes: 2}}\n  lamp: {{chain: dusk}}\n"
            ),
            run("--jobs 1"),
            *each("status --emulator --json", "plan --emulator --json"),
        ),
    ),
    Scenario(
        "modes",
        (
            Write(
                FILE,
                f"{HEAD}style: 35mm film\nscenes:\n  dusk: {{prompt: A lighthouse at dusk.}}\n"
                "  storm: {extend: dusk, prompt: 'Extend {dusk} forward: a storm.'}\n"
                "film:\n  cut:\n    - dusk\n    - {dissolve: 0.5}\n    - {scene: storm, out: 3}\n",
            ),
            *each("validate --strict", "plan --emulator --json"),
            run("--jobs 1"),
            Replace(FILE, "out: 3}", "out: 2.5}"),
            *each("film --emulator", "film --emulator", "status --emulator --json"),
        ),
    ),
    Scenario(
        "store-altered",
        (
            *each("verify --emulator", "verify --emulator --deep"),
            Damage(f"{HIDDEN}/store/sha256/*/*.mp4"),
            *each("verify --emulator --json", "status --emulator --json", "film --emulator"),
            run(),
        ),
        made=True,
    ),
    Scenario(
        "store-lost",
        (
            Lose(f"{HIDDEN}/store/sha256/*/*.mp4"),
            *each("verify --emulator", "verify --emulator --json", "plan --emulator --json"),
            run(),
        ),
        made=True,
    ),
    Scenario(
        "record-lost",
        (
            LOST_RECORD,
            *each("plan --emulator --json", f"run {FAST}", "tasks list --emulator --speed 4000 --json"),
            *each("recover --emulator dusk", "recover --emulator", "plan --emulator --json"),
            run(),
        ),
        made=True,
    ),
    Scenario(
        "recover-nothing",
        (Write(FILE, HEAD + ONE), *each("recover --emulator", "recover --emulator nothing", "verify --emulator")),
    ),
    Scenario(
        "record-of-another",
        (
            Write(FILE, HEAD + ONE),
            Serve(),
            Command("run"),
            Remove(("../home/state",)),
            Replace(FILE, "at dusk.", "at dawn."),
            *each("run", "status --json", "recover --take-over", "run"),
        ),
    ),
    Scenario(
        "record-damaged",
        (
            Write(STATE, b"this is no database" * 300),
            *each("status --emulator", f"run {FAST}", "recover --emulator"),
        ),
        made=True,
    ),
    Scenario(
        "lock-damaged",
        (
            Write(LOCK, "<<<<<<< mine\n{}\n"),
            *each(f"run {FAST}", "status --emulator --json"),
            Write(LOCK, "null"),
            Command("plan --emulator"),
            Remove((LOCK,)),
            run(),
        ),
        made=True,
    ),
    Scenario(
        "newer-lock",
        (
            Replace(LOCK, '"storyboard_lock": 2', '"storyboard_lock": 99'),
            *each("status --emulator --json", "plan --emulator", f"run {FAST}"),
            Command(f"merge-lock {LOCK}"),
        ),
        made=True,
    ),
    Scenario(
        "newer-record",
        (
            Sql(STATE, "pragma user_version = 99; pragma wal_checkpoint(truncate);"),
            *each("status --emulator --json", f"run {FAST}", "recover --emulator"),
            Command("resolve dusk --submit-again --emulator"),
        ),
        made=True,
    ),
    Scenario(
        "record-of-version-1",
        (
            Write(FILE, HEAD + ONE),
            Sql(".storyboard/storyboard/emulated/state.db", "tests/golden/record-1.sql"),
            *each("status --emulator --json", "plan --emulator --json", "resolve gulls --submit-again --emulator"),
            Command("resolve gulls --abandon --emulator"),
        ),
    ),
    Scenario(
        "lock-of-version-1",
        (
            Write(FILE, HEAD + ONE),
            Write("storyboard.lock", VERSION_1),
            *each("plan --json", "status --json", "why dusk --json"),
        ),
    ),
    Scenario(
        "merge-lock",
        (
            *(Write(name, text) for name, text in (("base", BASE), ("ours", OURS), ("theirs", THEIRS))),
            Command("merge-lock base ours theirs"),
            Copy("ours", "merged.lock"),
            Write("storyboard.lock", MARKED),
            *each(
                "merge-lock storyboard.lock", "merge-lock storyboard.lock", "merge-lock base ours", "merge-lock none"
            ),
            Write("torn.lock", "<<<<<<< mine\n{}\n"),
            *each("merge-lock torn.lock", "merge-lock"),
        ),
    ),
    Scenario(
        "resolve-refused",
        (
            *each(
                "resolve dusk --emulator", "resolve nobody --abandon --emulator", "resolve dusk --abandon --emulator"
            ),
            *each("resolve dusk --adopt nonsense --emulator", "resolve dusk --adopt {task 1} --emulator"),
            *each("resolve dusk --abandon --submit-again"),
            *each("resolve dusk --not-mine {task 1} --emulator", "resolve dusk --submit-again --emulator"),
        ),
        made=True,
    ),
    Scenario(
        "tasks",
        (
            *each(
                *(
                    f"tasks {words} --emulator --speed 4000"
                    for words in (
                        "list",
                        "list --status succeeded --size 1 --page 2 --json",
                        "get {task 1} --json",
                        "get cgt-20200101000000-00000",
                        "get nonsense",
                        "cancel {task 1}",
                        "delete {task 2}",
                    )
                )
            ),
            Lose(f"{HIDDEN}/store/sha256/*/*.mp4"),
            *each(*(f"tasks delete {{task 1}} --emulator --speed 4000{yes}" for yes in ("", " --yes"))),
            Command("plan --emulator --json"),
        ),
        made=True,
    ),
    Scenario(
        "settings",
        (
            Write(FILE, HEAD + ONE),
            Write(SETTINGS, 'provider = "byteplus"\ntasks_in_flight = 2\nmarker = "safety_identifier"\n'),
            *each("plan --emulator --json", f"run {FAST}"),
            Write(SETTINGS, 'provider = "nobody"\n'),
            *each("plan", "doctor --json"),
            Write(SETTINGS, "tasks_in_flight = many\n"),
            Command("plan"),
            Write(SETTINGS, 'max_cost_project = "1 CNY"\n'),
            Command("run --yes", KEY),
        ),
    ),
    Scenario(
        "accounts",
        (
            Write(FILE, HEAD + ONE),
            Command("run --yes", NO_ACCOUNT),
            Command("run", KEY),
            Command("run --yes", ELSEWHERE),
            Command("tasks list", NO_ACCOUNT),
            Command("doctor --json", ELSEWHERE),
            *each("plan", "status --json", "film"),
        ),
    ),
    Scenario(
        "doctor", (Write(FILE, HEAD + ONE), *each("doctor --json", "doctor", "doctor --provider byteplus --json"))
    ),
    Scenario(
        "init",
        (
            *each("init", "init", "validate --strict", "plan --json"),
            Write("full/notes.txt", "notes"),
            *each("init new", "init full", "validate -f new/storyboard.yaml --json"),
            Write("file", ""),
            Command("init file"),
        ),
    ),
    Scenario("broken", broken()),
    Scenario("every-broken", every_broken()),
    Scenario(
        "broken-everywhere",
        (
            Write(FILE, "storyboard: 1\nscenes:\n  a: {prompt: words, duration: 99}\n"),
            *each(f"run {FAST}", "plan --json", "why a --json"),
            *each(
                "resolve a --abandon --emulator",
                "validate --format sarif",
            ),
            Write(FILE, b"\xff\xfe\x00"),
            *each("validate", "plan"),
            Write(FILE, "storyboard: 2\nscenes: {}\n"),
            Command("validate --json"),
        ),
    ),
    Scenario(
        "links",
        (
            Write(FILE, HEAD + ONE),
            Write("../outside/notes.txt", "notes"),
            Write(".git/HEAD", ""),
            Link("renders", "../outside"),
            Command(f"run {FAST}"),
        ),
    ),
    Scenario(
        "wrong-usage",
        (
            Write(FILE, HEAD + ONE),
            *each("nonsense", "pln", "run --nonsense", "plan -f nowhere.yaml", "why", "validate nowhere.yaml"),
            *each(
                "emulator --port 99999", "emulator --speed 0", "run --max-cost nan", "run --jobs 0", "run --speed inf"
            ),
            *each("run --max-cost '5 USD' --emulator", "validate --format xml", "validate --provider nobody", "tasks"),
            *each("plan nothing", "why nothing", f"run {FAST} nothing", "explain SB999", "tasks list --page 0"),
            *each("run --listen nowhere", "run --callback-url http://a.example", "emulator --faults none.yaml"),
            *each(
                "emulator --safety-identifier sometimes", "init a b", "schema extra", "doctor --other-key NONE --probe"
            ),
        ),
    ),
    Scenario("explain", each("explain", "explain SB402", "explain sb101", "explain SB701")),
    Scenario("schema", (Command("schema"),)),
    Scenario("help", each("--version", *(f"{one} --help".strip() for one in HELP))),
)
