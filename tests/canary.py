"""The canary sweep: a key that sings is used under every fault, by every command; then it is looked for everywhere.

A hostile service knows our key, since we send it: it says it back to us in what it answers, together with a signature,
in the hope that we write them down. `python -m tests.canary` sweeps the whole table of faults (`make canary`).
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from storyboard.emulator.faults import Fault
from storyboard.testing.emulator import Emulator, emulator
from tests.cli.command_line import CommandResult, run_command
from tests.providers.test_faults_on_the_wire import CLASSES, TASKS

KEY = "CANARY7e4d1c0b/9a2+f5SINGS"
SIGNATURE = "CANARY5167a7e4517e"
SONG = f"the key {KEY} of https://x.example/a.mp4?X-Tos-Signature={SIGNATURE} is bad"
ESCAPED = "".join(f"\\u{ord(letter):04x}" for letter in KEY)
PRIVATE = "addresses.jsonl"
"""The one file in which signed addresses may be, for its owner's eyes alone."""


def _error(message: str) -> str:
    return '{"error": {"code": "InvalidParameter", "message": "' + message + '"}}'


SUNG: Mapping[str, Fault] = {
    "sung in a no": Fault("create", does="refuse", status=400, body=_error(SONG)),
    "sung in a no, letter by letter": Fault("create", does="refuse", status=400, body=_error(ESCAPED)),
    "sung in doubt": Fault("create", does="answer", status=500, body=_error(SONG)),
    "sung as an id": Fault("create", does="set", fields={"id": f"cgt-{KEY}"}),
    "sung as a code": Fault("create", does="refuse", status=400, code=KEY, message=SONG),
    "sung to a look": Fault("get", does="refuse", status=503, body=SONG),
    "sung as a status": Fault("get", does="stands", status=KEY),
    "sung as an error": Fault("get", does="stands", status="failed", code=KEY, message=SONG),
    "sung as a model": Fault("get", does="set", fields={"model": KEY, "ratio": SONG}),
    "sung in a header": Fault("get", does="header", header="Retry-After", value=KEY),
    "sung to a list": Fault("list", does="refuse", status=500, body=SONG),
    "sung as a place": Fault("file", does="redirect", to=f"https://x.example/?X-Tos-Signature={SIGNATURE}"),
    "sung as a video": Fault("file", does="answer", status=404, body=SONG),
}
TABLE: Mapping[str, Fault] = {
    **{case: row[0] for case, row in CLASSES.items()},
    **{case: row[0] for case, row in TASKS.items()},
    **SUNG,
}
EVERYBODY = re.compile(r"13 |14 |15 |16 |25 ")
"""Faults after which nothing more is submitted: each has a run of its own."""


@dataclass
class Sweep:
    """What was met, and where the canary was heard."""

    fired: set[str] = field(default_factory=set)
    commands: int = 0
    files: int = 0
    heard: list[str] = field(default_factory=list)

    def look(self, where: str, content: bytes, signatures: Iterable[str] = ()) -> None:
        """Look for the key in whatever form, and for signatures."""
        forms = {KEY, quote(KEY, safe=""), json.dumps(KEY)[1:-1], KEY.replace("/", "\\/"), SIGNATURE, *signatures}
        coded = [
            base64.b64encode(bytes(before) + KEY.encode())[(0, 2, 3)[before] : 4 * ((before + len(KEY)) // 3)]
            for before in range(3)
        ]
        for form in (*(form.encode() for form in forms), *coded):
            if form in content:
                self.heard.append(f"{where}: {form.decode()[:12]}…")


def signatures_in(folder: Path) -> set[str]:
    """Every signature that a service has given us: they are all in the private files."""
    texts = (path.read_text("utf-8") for path in folder.rglob(PRIVATE))
    return {found for text in texts for found in re.findall(r"X-Tos-Signature=([0-9a-f]{16,})", text)}


def numbered(faults: Mapping[str, Fault]) -> list[Fault]:
    """The same faults, each of another request of its verb."""
    count: dict[str, int] = {}
    found = []
    for case, fault in faults.items():
        count[fault.verb] = count.get(fault.verb, 0) + 1
        at = count[fault.verb]
        found.append(Fault(fault.verb, does=fault.does, at=at, name=case, **fault.given))
    return found


def storyboard_of(scenes: int) -> str:
    """A film of so many scenes."""
    head = "storyboard: 1\nmodel: seedance-2.0-fast\ndefaults: {ratio: 16:9, resolution: 480p, duration: 4}\nscenes:\n"
    return head + "".join(f"  s{n}: {{prompt: scene {n}}}\n" for n in range(scenes))


@contextmanager
def environment(emulated: Emulator, home: Path) -> Iterator[None]:
    """The environment of somebody whose key sings."""
    before = dict(os.environ)
    homes = {f"XDG_{sort}_HOME": str(home / sort.lower()) for sort in ("CONFIG", "CACHE", "STATE")}
    os.environ.update({**homes, "HOME": str(home), "ARK_BASE_URL": emulated.base_url, "ARK_API_KEY": KEY})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def commands(path: Path) -> Iterator[CommandResult]:
    """Everything that one may say of a project."""
    here = ("-f", str(path))
    yield run_command("run", *here, "--jobs", "60")
    yield run_command("run", *here, "--jobs", "60")
    for words in (["status"], ["plan"], ["why", "s0"], ["tasks", "list"], ["doctor"], ["verify"], ["validate"]):
        yield run_command(*words, *here)
        if words[0] != "validate":
            yield run_command(*words, *here, "--json")
    listed = run_command("tasks", "list", *here)
    yield listed
    for task in re.findall(r"cgt-[\w-]+", listed.out)[:1]:
        for verb in ("get", "cancel", "delete"):
            yield run_command("tasks", verb, task, *here)
    yield run_command("resolve", "s0", "--abandon", *here)
    yield run_command("film", *here)
    yield run_command("recover", *here)


def sweep(folder: Path, faults: Mapping[str, Fault], found: Sweep, scenes: int = 0) -> None:
    """Meet faults, then look everywhere."""
    project, home = folder / "project", folder / "home"
    project.mkdir(parents=True)
    path = project / "storyboard.yaml"
    creates = sum(fault.verb == "create" for fault in faults.values())
    path.write_text(storyboard_of(scenes or creates + 4), "utf-8")
    result: list[CommandResult] = []
    with emulator(folder / "service" / "ledger", speed=4000, faults=numbered(faults)) as emulated:
        with environment(emulated, home):
            result = list(commands(path))
        found.fired |= set(emulated.fired)
    signatures = signatures_in(project)
    found.commands += len(result)
    for number, one in enumerate(result):
        found.look(f"output of command {number}", (one.out + one.err).encode(), signatures)
    look_through(folder, found, signatures)


def look_through(folder: Path, found: Sweep, signatures: Iterable[str]) -> None:
    """Look into every file that we have written."""
    for path in (*(folder / "project").rglob("*"), *(folder / "home").rglob("*")):
        if not path.is_file() or path.suffix in (".mp4", ".png"):
            continue
        found.files += 1
        private = path.name == PRIVATE
        if private and path.stat().st_mode & 0o077:
            found.heard.append(f"{path}: anybody may read it")
        found.look(str(path.relative_to(folder)), path.read_bytes(), () if private else signatures)


def groups(table: Mapping[str, Fault]) -> Iterator[dict[str, Fault]]:
    """The faults that can be met in one run together; each of those that stop everything alone."""
    yield {case: fault for case, fault in table.items() if not EVERYBODY.match(case)}
    yield from ({case: fault} for case, fault in table.items() if EVERYBODY.match(case))


def main(words: Sequence[str]) -> int:
    """The whole table."""
    del words
    began, found = time.monotonic(), Sweep()
    with TemporaryDirectory() as place:
        for number, group in enumerate(groups(TABLE)):
            sweep(Path(place) / str(number), group, found)
    silent = sorted(TABLE.keys() - found.fired)
    figures = f"{len(found.fired)} of {len(TABLE)} faults fired, {found.commands} commands, {found.files} files"
    sys.stdout.write(f"{figures}, heard {len(found.heard)} times, {time.monotonic() - began:.0f} s\n")
    for line in (*found.heard, *(f"never fired: {case}" for case in silent)):
        sys.stdout.write(f"{line}\n")
    return bool(found.heard or silent)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
