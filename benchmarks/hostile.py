"""How long each text that was made to hurt takes to be refused, and in how much memory (goal: 2 s and 300 MB each)."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.language.test_hostile import HOSTILE, validated

SECONDS, MEGABYTES = 2.0, 300


def main() -> None:
    """Measure each; print the five slowest, and what of the goal they took."""
    rows = []
    for name, (make, _) in HOSTILE.items():
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "storyboard.yaml").write_bytes(make())
            ended = validated(Path(folder))
            rows.append((ended.seconds, ended.megabytes, name))
    for taken, megabytes, name in sorted(rows, reverse=True)[:5]:
        print(f"{name:40} {taken:5.2f} s {megabytes:5.0f} MB")
    print(f"slowest of {len(rows)}: {max(rows)[0] / SECONDS:.2f} of {SECONDS:.0f} s")
    print(f"largest: {max(row[1] for row in rows) / MEGABYTES:.2f} of {MEGABYTES} MB")


if __name__ == "__main__":
    main()
