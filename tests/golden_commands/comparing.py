"""Two records, held side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_OF_A_COMMAND = re.compile(r"\S+ commands \d+")


def differences(before: Any, now: Any, *, text: bool, where: str = "") -> Iterator[str]:
    """Where two records differ, a line for each place; texts count only if that is asked for."""
    match before, now:
        case dict(), dict():
            for key in sorted(before.keys() | now.keys()):
                if key == "text" and not text and _OF_A_COMMAND.fullmatch(where):
                    continue
                place = f"{where} {key}".strip()
                if key not in before:
                    yield f"{place}: new: {_short(now[key])}"
                elif key not in now:
                    yield f"{place}: is missing, was {_short(before[key])}"
                else:
                    yield from differences(before[key], now[key], text=text, where=place)
        case list(), list():
            if len(before) != len(now):
                yield f"{where}: {len(before)} entries became {len(now)}: {_short(before)} became {_short(now)}"
                return
            for number, pair in enumerate(zip(before, now, strict=True)):
                yield from differences(*pair, text=text, where=f"{where} {number}")
        case _:
            if before != now or type(before) is not type(now):
                yield f"{where}: {_short(before)} became {_short(now)}"


def told(record: dict[str, Any], difference: str) -> str:
    """A difference with the command line that it belongs to, if it is one's."""
    words = difference.partition(":")[0].split()
    if len(words) > 2 and words[1] == "commands" and words[2].isdigit():
        commands = record.get(words[0], {}).get("commands", [])
        if int(words[2]) < len(commands):
            return f"{difference}\n    in `storyboard {commands[int(words[2])]['line']}`"
    return difference


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:300]}…"
