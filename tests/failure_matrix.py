"""Everything that goes wrong between us, the service, the disk and the day: eighty-two rows, each with its tests.

A test says which rows it shows by `@pytest.mark.row(7, 19)`, and fails if its fault did not fire. `docs/rows.md` is the
table that follows from that: `python -m tests.failure_matrix` writes it, a test holds it to the tests.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "rows.md"

ROWS: dict[int, str] = {
    1: "DNS NXDOMAIN / SERVFAIL",
    2: "connect refused / no route",
    3: "connect timeout (blackhole)",
    4: "TLS: bad cert, expired, wrong host",
    5: "TLS reset after ClientHello",
    6: "proxy 407 / CONNECT 502",
    7: "POST read timeout",
    8: "POST write error mid-body",
    9: "GET read timeout",
    10: "Ctrl-C between send and ack",
    11: "400 InvalidParameter",
    12: "400 Input…SensitiveContent",
    13: "401",
    14: "402 / 403 AccountOverdue, ServiceOverdue",
    15: "403 AccessDenied / OperationDenied",
    16: "404 ModelNotOpen / NotFound on POST",
    17: "404 on GET of known id",
    18: "405/415",
    19: "408/499/502/503/504 POST",
    20: "409 on POST",
    21: "409 on DELETE (running)",
    22: "413 / body > 64 MB",
    23: "422",
    24: "429 RateLimit*/ServerOverloaded/RequestBurstTooFast",
    25: "429 QuotaExceeded (free quota) / SetLimitExceeded",
    26: "500 InternalServiceError on POST",
    27: "5xx on GET/LIST",
    28: "200, malformed JSON / HTML / empty",
    29: "200, JSON but no id / id of wrong shape",
    30: "truncated body with Content-Length",
    31: "truncated body without length (close-delimited)",
    32: "slow-loris body",
    33: "endless body / huge header",
    34: "gzip bomb in JSON",
    35: "status never terminal",
    36: "status goes backwards (running→queued) or terminal→running",
    37: "expired",
    38: "cancelled (by us/by console user)",
    39: "failed: OutputVideoSensitive…",
    40: "failed: TaskTypeMismatch/Constraint (2.5 async)",
    41: "unknown status string",
    42: "succeeded without video_url / null content",
    43: "usage missing / string",
    44: "duration/ratio differ from request",
    45: "video URL 403 expired",
    46: "URL download cap (100, 2.5)",
    47: "download 5xx/timeouts",
    48: "wrong Content-Type / HTML page with 200",
    49: "MP4 truncated but length OK (server-side)",
    50: "MP4 bit rot inside mdat",
    51: "valid but wrong video (swap)",
    52: "disk full while downloading",
    53: "disk full on journal append",
    54: "EIO/fsync error",
    55: "permission denied / read-only FS",
    56: "quota EDQUOT, EMFILE, ENFILE",
    57: "SIGINT once / twice / SIGTERM / SIGHUP",
    58: "SIGKILL / OOM / segfault",
    59: "SIGSTOP 1 h then SIGCONT",
    60: "laptop sleep 25 h",
    61: "wall clock wrong/jumps",
    62: "two runners same store",
    63: "lock file deleted / left behind",
    64: "NFS/SMB/FUSE/cloud-sync dir",
    65: "YAML edited while running",
    66: "input image changed mid-run",
    67: "cached artifact deleted by user",
    68: "cached artifact modified",
    69: "journal truncated/corrupted",
    70: "journal from newer version",
    71: "journal restored from old backup",
    72: "power loss / reordered writes",
    73: "rename not durable",
    74: "case-insensitive FS, 255-byte names, Windows reserved names, NFC/NFD",
    75: "poller overload: 500 tasks",
    76: "clock-skewed certificate failure after sleep",
    77: "unquoted `ratio: 16:9` → 969; `on/no/off` scene names; duplicate keys (last wins silently)",
    78: "graph cycle, missing ref, last-frame URL expired before dependent starts",
    79: "dependency failed",
    80: "budget reached mid-run",
    81: "web page/emulator port busy, client vanishes mid-SSE",
    82: "log disk full / stdout EPIPE",
}

WITHOUT: dict[int, str] = {}
"""Rows that no test shows, each with its reason."""

PLAYED: dict[int, str] = {
    59: "an hour is virtual; a true process is stopped for a fifth of a second",
    60: "the lid is played by clocks that part: a test can't put the machine to sleep",
    61: "the clock that is set is played: a test may not set the machine's",
    64: "what Linux and macOS say of mounts is written down: a test has no right to mount, and no other machine",
    75: "ten minutes are virtual",
    78: "thirty hours are virtual",
    81: "there is no page yet: callbacks are all that is listened for",
}
"""Rows of which a part is played rather than done, with the reason."""

HEAD = """\
# What can go wrong, and the tests for it

Each test makes its fault happen, and fails if it didn't. `python -m tests.failure_matrix` generates this table.

| row | fault | tests |
|---|---|---|
"""


def shown() -> dict[int, list[str]]:
    """The tests that show each row, as `file::test`."""
    found: dict[int, list[str]] = {}
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for name, rows in _marked(ast.parse(path.read_text("utf-8"))):
            for row in rows:
                found.setdefault(row, []).append(f"{path.relative_to(ROOT)}::{name}")
    return found


def _marked(module: ast.Module) -> Iterator[tuple[str, tuple[int, ...]]]:
    for node in module.body:
        for mark in node.decorator_list if isinstance(node, ast.FunctionDef) else ():
            if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row":
                assert isinstance(node, ast.FunctionDef)
                yield node.name, tuple(int(ast.literal_eval(row)) for row in mark.args)


def page() -> str:
    """The table."""
    tests = shown()
    lines = [f"| {row} | {what} | {'<br>'.join(_told(row, tests.get(row, [])))} |" for row, what in ROWS.items()]
    return HEAD + "\n".join(lines) + "\n"


def _told(row: int, tests: list[str]) -> list[str]:
    """A row's tests, and what is to be said of them."""
    said = [f"`{test}`" for test in tests] or [WITHOUT.get(row, "")]
    return [*said, PLAYED[row]] if row in PLAYED else said


if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
