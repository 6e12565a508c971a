"""Hostile texts: each ends in a message, in at most 300 MB, in a process of its own.

`benchmarks.hostile` measures the time (goal: 2 s each); here only a hang is a failure, on any machine.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

HANG_SECONDS = 60.0
"""What no machine of any speed takes for what takes a good one 1 s."""
MEGABYTES = 300
MB = 1024 * 1024
ROOT = Path(__file__).parents[2]
HEAD = b"storyboard: 1\nscenes:\n"
SCENE = b"  dusk: {prompt: a lighthouse}\n"


def _bomb() -> bytes:
    levels = [b"a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [b"a%d: &a%d [%s]" % (n, n, b", ".join([b"*a%d" % (n - 1)] * 10)) for n in range(1, 20)]
    return b"\n".join(levels)


def _nested_blocks(count: int) -> bytes:
    return b"\n".join(b" " * number + b"a:" for number in range(count))


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "alias bomb": (_bomb, "SB103"),
    "an alias": (lambda: HEAD + b"  dusk: &a {prompt: x}\n  lamp: *a\n", "SB103"),
    "merge key": (lambda: HEAD + SCENE + b"  lamp:\n    <<: {prompt: x}\n", "SB103"),
    "python tag": (lambda: HEAD + b"  dusk: !!python/object/apply:os.system [id]\n", "SB103"),
    "50,000 brackets": (lambda: b"[" * 50_000, "SB104"),
    "50,000 braces": (lambda: b"{a: " * 50_000, "SB104"),
    "brackets closed": (lambda: b"[" * 50_000 + b"]" * 50_000, "SB104"),
    "5,000 nested mappings": (lambda: _nested_blocks(5_000), "SB104"),
    "50,000 nested sequences": (lambda: b"- " * 50_000, "SB104"),
    "50,000 nested question marks": (lambda: b"? " * 50_000, "SB10"),
    "a NUL": (lambda: HEAD + b"  dusk: {prompt: a\x00b}\n", "SB105"),
    "a lone surrogate": (lambda: HEAD + b"  dusk: {prompt: a\xed\xa0\x80b}\n", "SB105"),
    "no UTF-8": (lambda: HEAD + b"  dusk: {prompt: caf\xe9}\n", "SB105"),
    "UTF-16": (lambda: "storyboard: 1".encode("utf-16"), "SB105"),
    "17 MB of bytes that are no UTF-8": (lambda: b"\xff" * (17 * MB), "SB10"),
    "a huge integer": (lambda: b"storyboard: " + b"9" * 100_000 + b"\n", "SB105"),
    "a huge hexadecimal": (lambda: b"storyboard: 0x" + b"f" * 1_000_000 + b"\n", "SB"),
    "a huge exponent": (lambda: b"storyboard: 1e999999\n", "SB105"),
    "a line of 10 MB": (lambda: b"x" * (10 * MB), "SB202"),
    "a key of 5 MB": (lambda: b'"' + b"x" * (5 * MB) + b'": 1\n', "SB"),
    "a quoted key of 1,000 characters": (lambda: HEAD + b"  " + b"x" * 1_000 + b": {prompt: x}\n", "SB206"),
    "a flow line of 10 MB": (lambda: b"[" + b"x, " * (3 * MB) + b"]", "SB104"),
    "a prompt of 5 MB": (lambda: HEAD + b"  dusk: {seed: x, prompt: " + b"word " * MB + b"}\n", "SB202"),
    "a prompt of 5 MB of blanks": (
        lambda: HEAD + b'  dusk: {duration: 99, prompt: "x' + b" " * (5 * MB) + b'x"}\n',
        "SB204",
    ),
    "a prompt of a million braces": (lambda: HEAD + b'  dusk: {prompt: "' + b"{x} " * MB + b'"}\n', "SB204"),
    "200,000 keys twice": (lambda: b"storyboard: 1\n" * 200_000, "SB102"),
    "40,000 unknown keys": (lambda: b"".join(b"k%d: 1\n" % number for number in range(40_000)), "SB201"),
    "a million scenes": (lambda: HEAD + b"".join(b" s%d: {}\n" % n for n in range(1_000_000)), "SB104"),
    "a million empty lines": (lambda: b"\n" * (15 * MB), "SB101"),
    "a comment of 15 MB": (lambda: b"#" * (15 * MB), "SB101"),
    "10,000 unknown names": (
        lambda: HEAD + b"".join(b"  s%d: {prompt: x, after: t%d}\n" % (n, n) for n in range(10_000)),
        "SB301",
    ),
}

HARMLESS: dict[str, bytes] = {
    "a byte order mark": b"\xef\xbb\xbf" + HEAD + SCENE,
    "carriage returns": (HEAD + SCENE).replace(b"\n", b"\r\n"),
    "a file without a last newline": (HEAD + SCENE).rstrip(b"\n"),
}


@dataclass(frozen=True, slots=True)
class Ended:
    """How a process ended, and what it took."""

    code: int
    out: str
    err: str
    seconds: float
    megabytes: float


PROGRAM = """
import re, sys
from pathlib import Path
from storyboard.__main__ import main
sys.argv = ["storyboard", "validate"]
try:
    main()
finally:
    status = Path("/proc/self/status").read_text()
    Path("peak.txt").write_text(re.search(r"VmHWM:\\s*([0-9]+) kB", status).group(1))
"""
"""The command, which leaves behind how much memory it took at the most: what the system counts for an ended process
is never less than what its parent had."""


def validated(folder: Path) -> Ended:
    """Run `storyboard validate` in another process; its seconds are processor time, without waiting."""
    out, err = folder / "out.txt", folder / "err.txt"
    command = [sys.executable, "-P", "-c", PROGRAM]
    began = time.perf_counter()
    with out.open("wb") as to_out, err.open("wb") as to_err:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, cwd=folder, stdout=to_out, stderr=to_err, env=environment)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    took = min(time.perf_counter() - began, usage.ru_utime + usage.ru_stime)
    texts = out.read_text("utf-8"), err.read_text("utf-8")
    return Ended(process.returncode, *texts, took, int((folder / "peak.txt").read_text("utf-8")) / 1024)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_text_ends_in_a_message(tmp_path: Path, name: str) -> None:
    """It is refused by a code, without a traceback, quickly, in little memory, and in few words."""
    make, code = HOSTILE[name]
    (tmp_path / "storyboard.yaml").write_bytes(make())
    ended = validated(tmp_path)
    assert (ended.code, ended.err, code in ended.out) == (1, "", True), (ended.out[:2000], ended.err[-2000:])
    assert len(ended.out) < 1_000_000
    assert ended.seconds < HANG_SECONDS
    assert ended.megabytes < MEGABYTES


@pytest.mark.parametrize("char", ["x", "字"], ids=["latin", "chinese"])
def test_a_file_of_a_hundred_megabytes_is_refused(tmp_path: Path, char: str) -> None:
    """What is larger than 16 MB is not read to its end, and never taken for its beginning."""
    with (tmp_path / "storyboard.yaml").open("wb") as file:
        file.write(HEAD + SCENE + b"# " + char.encode() * (17 * MB // len(char.encode())))
        file.truncate(100 * MB)
    ended = validated(tmp_path)
    assert (ended.code, "larger than 16 MB" in ended.out) == (1, True), ended
    assert ended.seconds < HANG_SECONDS
    assert ended.megabytes < MEGABYTES


@pytest.mark.parametrize("name", HARMLESS)
def test_what_editors_do_is_no_mistake(tmp_path: Path, name: str) -> None:
    """Marks and line ends of other systems are read."""
    (tmp_path / "storyboard.yaml").write_bytes(HARMLESS[name])
    ended = validated(tmp_path)
    assert (ended.code, ended.out) == (0, "storyboard.yaml: 1 scene, no mistakes\n")
