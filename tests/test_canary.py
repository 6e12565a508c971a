"""Our key and signatures appear only where they have to: a small sweep, and one with planted leaks.

`make canary` sweeps the whole table of faults.
"""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from storyboard.protocols import Address
from storyboard.testing.emulator import emulator
from tests.canary import KEY, SIGNATURE, SUNG, TABLE, Sweep, groups, look_through, sweep
from tests.executor.test_interrupt import ROOT, STORYBOARD, until


def test_what_a_service_sings_is_written_nowhere(tmp_path: Path) -> None:
    """Our own key and a signature in codes, messages, IDs, models and headers: in no output and in no file."""
    found = Sweep()
    sweep(tmp_path, SUNG, found)
    assert (found.heard, SUNG.keys() - found.fired, found.commands > 15, found.files > 5) == ([], set(), True, True)


def test_a_key_that_is_refused_is_told_without_it(tmp_path: Path) -> None:
    """The message about a wrong key doesn't contain it either."""
    found, case = Sweep(), "13 the key is refused"
    sweep(tmp_path, {case: TABLE[case]}, found, scenes=1)
    assert (found.heard, found.fired) == ([], {case})


def test_every_fault_is_in_one_of_the_runs() -> None:
    """Every fault of the whole sweep is in one of the runs."""
    assert sorted(case for group in groups(TABLE) for case in group) == sorted(TABLE)


def test_a_signature_that_is_told_is_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted leak: an address shown with its query."""
    monkeypatch.setattr(Address, "bare", property(Address.reveal))
    found, case = Sweep(), "47 a video is a 503"
    sweep(tmp_path, {case: TABLE[case]}, found, scenes=1)
    assert any(where.startswith("output of command 0") for where in found.heard)


CODED = base64.b64encode(b"ab" + KEY.encode() + b"cd")


@pytest.mark.parametrize("content", [KEY.encode(), SIGNATURE.encode(), CODED, quote(KEY, safe="").encode()])
def test_a_key_in_a_file_is_heard(tmp_path: Path, content: bytes) -> None:
    """A planted key in a file is detected in any encoding."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "log").write_bytes(b"..." + content + b"...")
    found = Sweep()
    look_through(tmp_path, found, ())
    assert len(found.heard) == 1


def test_a_private_file_that_anybody_may_read_is_heard(tmp_path: Path) -> None:
    """A private file may contain signatures, but must not be readable by others."""
    (tmp_path / "project").mkdir()
    path = tmp_path / "project" / "addresses.jsonl"
    path.write_text("X-Tos-Signature=0123456789abcdef0123")
    path.chmod(0o644)
    found = Sweep()
    look_through(tmp_path, found, {"0123456789abcdef0123"})
    assert ["anybody may read it" in where for where in found.heard] == [True]


def test_no_process_of_ours_bears_the_key_in_its_words(tmp_path: Path) -> None:
    """Every user of the machine can read the arguments of a process."""
    (tmp_path / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    with emulator(tmp_path / "ledger", speed=400, hold_reply=0.2) as emulated:
        environment = {**os.environ, **emulated.environment, "ARK_API_KEY": KEY, "PYTHONPATH": str(ROOT)}
        words = [sys.executable, "-P", "-m", "storyboard", "run"]
        running = subprocess.Popen(
            words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        until(running, "one: submitting")
        bears = {pid: Path(f"/proc/{pid}/environ").read_bytes() for pid in _family(running.pid)}
        said = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in bears]
        running.send_signal(signal.SIGINT)
        out, _ = running.communicate(timeout=60)
    assert KEY.encode() in bears[running.pid]
    assert [KEY in out, *(KEY.encode() in one for one in said)] == [False] * (1 + len(said))


def _family(pid: int) -> list[int]:
    """A process and its children."""
    found = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdecimal()]
    return [pid, *(child for child in found if _parent(child) == pid)]


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
