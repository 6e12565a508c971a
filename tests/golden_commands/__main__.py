"""`python -m tests.golden_commands record`, or `compare [--text]`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from tests.golden_commands.comparing import differences, told
from tests.golden_commands.running import ROOT, record, temporary_folder
from tests.golden_commands.table import MADE, SCENARIOS

RECORDED = Path(__file__).with_name("recorded.json")


def main() -> int:
    """Record or compare; the exit code is 1 if something is different."""
    parser = argparse.ArgumentParser(prog="python -m tests.golden_commands", description=__doc__)
    parser.add_argument("what", choices=["record", "compare"])
    parser.add_argument("--text", action="store_true", help="compare what is said, too, word by word")
    parser.add_argument("--code", type=Path, default=ROOT, help="a folder with another copy of the program")
    parser.add_argument("--only", default="", help="only scenarios whose names hold this word")
    asked = parser.parse_args()
    began = time.monotonic()
    now = recording(asked.code.resolve(), asked.only)
    count = sum(len(scenario["commands"]) for scenario in now.values())
    sys.stderr.write(f"{count} commands in {time.monotonic() - began:.0f} s\n")
    if asked.what == "record":
        if asked.only:
            sys.stdout.write(written(now))
        else:
            RECORDED.write_text(written(now), "utf-8")
        return 0
    before = {name: one for name, one in recorded().items() if not asked.only or name in now}
    found = list(differences(before, now, text=asked.text))
    for difference in found:
        sys.stdout.write(f"{told(before, difference)}\n")
    sys.stderr.write(f"{len(found) or 'no'} differences\n")
    return 1 if found else 0


def recording(code: Path = ROOT, only: str = "") -> dict[str, Any]:
    """Run all scenarios, or those with a word in their names, with one copy of the program."""
    with temporary_folder() as temporary:
        return record([one for one in SCENARIOS if only in one.name], MADE, temporary, code)


def recorded() -> dict[str, Any]:
    """What was recorded once."""
    value: dict[str, Any] = json.loads(RECORDED.read_text("utf-8"))
    return value


def written(value: dict[str, Any]) -> str:
    """A record as its file holds it."""
    return json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
