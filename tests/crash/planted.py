"""Plant bugs in a copy of the program, to check that each harness finds them: `python -m tests.crash.planted`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from tests.crash.place import ROOT

_INTENT_NOTED = (
    "_note_intended(job, context, replace(job.intended(attempt_id, carried, occurrence), body=digest_of(body)))"
)
_NO_LIST = (
    "storyboard/executor/submit.py",
    "                await check_unrecorded(job, context, carried, occurrence)\n",
    "",
)
_DECIDED = 'happened.Decided(job.scene, begun.attempt_id, "submit again", storyboard=job.storyboard)'
BUGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "intent after the POST": (
        (
            "storyboard/executor/submit.py",
            f"    {_INTENT_NOTED}\n    try:\n        _check_awake(context, attempt_id)\n",
            "    try:\n",
        ),
        (
            "storyboard/executor/submit.py",
            "        _note_accepted(job, context, attempt_id, task)\n",
            f"        {_INTENT_NOTED}\n        _note_accepted(job, context, attempt_id, task)\n",
        ),
        _NO_LIST,
    ),
    "a submission in doubt is made again": (
        (
            "storyboard/executor/perform.py",
            "            known = await find_lost_task(job, context, begun)\n",
            "            from storyboard.planning import event as happened\n"
            f"            context.note({_DECIDED})\n            known = await submit(job, context, order)\n",
        ),
        _NO_LIST,
    ),
    "a take's name before its bytes": (
        (
            "storyboard/world/store.py",
            "                part.rename(place)\n",
            "                content = part.read_bytes()\n"
            '                with place.open("wb", buffering=0) as file:\n'
            "                    for at in range(0, len(content), 1024):\n"
            "                        file.write(content[at : at + 1024])\n"
            "                part.unlink()\n",
        ),
    ),
    "a full disk is a failed submission": (
        (
            "storyboard/executor/submit.py",
            '        raise FileTrouble(f"{error.what}; the service has taken task {task} on", error.hint) from error\n',
            "        context.note(happened.NotSent(job.scene, attempt_id, error.what, storyboard=job.storyboard))\n"
            "        raise NotSent(error.what) from error\n",
        ),
        _NO_LIST,
    ),
    "no lock": (("storyboard/world/run_lock.py", "fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),),
    "the journal is not synced": (
        ("storyboard/world/journal.py", "{'full' if durable else 'normal'}", "normal"),
        (
            "storyboard/world/journal.py",
            'database.execute("pragma synchronous = full")\n                database.execute(_TABLE)\n',
            'database.execute("pragma synchronous = normal")\n                database.execute(_TABLE)\n',
        ),
    ),
    "a take's bytes are not synced": (("storyboard/world/store.py", "os.fsync(self._file.fileno())", "pass"),),
    "a take's name is not synced": (
        ("storyboard/world/store.py", "sync_folder(place.parent)  # also", "pass  # not even"),
    ),
    "a new folder's name is not synced": (("storyboard/world/durable.py", "sync_folder(made.parent)", "pass"),),
    "identity by bytes": (
        (
            "storyboard/executor/download.py",
            "        id=id_of(_maker_of(known, context), known.task),\n",
            '        id=f"file:{video.digest}",\n',
        ),
    ),
    "no list": (_NO_LIST,),
    "marker by name": (
        (
            "storyboard/executor/markers.py",
            "Marker(marker_of(job.components, occurrence, taken))",
            'Marker(marker_of({**job.components, "scene": job.scene}, occurrence, taken))',
        ),
    ),
    "import twice": (
        (
            "storyboard/world/first_layout.py",
            "{event.storyboard for event in known if isinstance(event, Imported) and event.source}",
            "set[str]()",
        ),
    ),
    "a signal is a failure": (
        (
            "storyboard/operations/signals.py",
            "        if not context.gate.interrupted:\n            raise\n",
            "        raise\n",
        ),
    ),
}
"""Each bug: the file, the original code, the replacement."""


def planted(bug: str, folder: Path) -> Path:
    """Return the folder of a copy of the program with a bug in it. Raise ValueError if the code has changed."""
    shutil.copytree(ROOT / "storyboard", folder / "storyboard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    for name, before, after in BUGS[bug]:
        text = (folder / name).read_text("utf-8")
        if text.count(before) != 1:
            raise ValueError(f"{name} no longer says {before!r} once")
        (folder / name).write_text(text.replace(before, after), "utf-8")
    return folder


def environment(source: Path) -> Mapping[str, str]:
    """Return the environment of a process that loads the program's code from there."""
    return {**os.environ, "PYTHONPATH": f"{source}:{ROOT}"}


_OF_PYTEST = ["-q", "-x", "-p", "no:cacheprovider", "-o", "pythonpath="]
"""The path comes from the environment: pytest's own setting would put the original program before the copy."""
_POWER = ["tests.crash.power", "--every", "3", "--most", "32"]
SEARCHES = {
    "the journal is not synced": _POWER,
    "a take's bytes are not synced": _POWER,
    "a take's name is not synced": _POWER,
    "a new folder's name is not synced": _POWER,
    "no lock": ["tests.crash.sweep", "runners", "--minutes", "1"],
    "identity by bytes": ["pytest", "tests/unchanged"],
    "no list": ["pytest", "tests/executor/test_locate.py"],
    "marker by name": ["pytest", "tests/cli/test_found_by_key.py"],
    "import twice": ["pytest", "tests/cli/test_first_layout.py"],
    "a signal is a failure": ["tests.crash.sweep", "interrupt", "--shard", "1/20", "--minutes", "4"],
}
"""The harness that finds a bug, if it isn't the sample."""


def found(bug: str) -> str:
    """Return the harness's report on a copy with the bug; empty if it finds nothing."""
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        source = planted(bug, Path(folder))
        words = SEARCHES.get(bug, ["tests.crash.sample", "--first"])
        words = [*words, *_OF_PYTEST] if words[0] == "pytest" else words
        command = [sys.executable, "-P", "-m", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(source), capture_output=True, text=True, check=False, timeout=900
        )
    if words[0] == "pytest":
        return next((line for line in done.stdout.splitlines() if line.startswith("FAILED ")), "")
    if "Traceback" in done.stderr:
        raise RuntimeError(done.stderr)
    return next((line for line in done.stdout.splitlines() if line.startswith("WRONG")), "")


def main() -> None:
    """The command line."""
    missed = 0
    for bug in BUGS:
        began, said = time.time(), found(bug)
        missed += not said
        sys.stdout.write(f"{bug}: {said[:160] or 'NOT FOUND'} ({time.time() - began:.0f} s)\n")
        sys.stdout.flush()
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
