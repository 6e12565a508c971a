"""The values of plain scalars by the core schema of YAML 1.2."""

from __future__ import annotations

import re

from storyboard.language.nodes import Plain

MOST_DIGITS = 4000
"""Python reads, and writes, no longer numbers in decimals."""
_NUMERIC = frozenset("+-.0123456789")
_INT = re.compile(r"[-+]?[0-9]+")
_OCT = re.compile(r"0o[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INF = re.compile(r"[-+]?\.(?:inf|Inf|INF)")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def scalar_value(text: str) -> Plain:
    """A scalar_value scalar by the core schema of YAML 1.2 (chapter 10.3.2 of its specification).

    >>> [scalar_value(word) for word in ("16:9", "no", "8", "0x10", "1.5", "~", "true")]
    ['16:9', 'no', 8, 16, 1.5, None, True]
    """
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _NUMERIC:  # most are words: four patterns need not be asked
        return text
    if _INT.fullmatch(text):
        return int(text)
    for numeral, base in ((_OCT, 8), (_HEX, 16)):
        if numeral.fullmatch(text):
            if len(text) > MOST_DIGITS:
                raise ValueError(f"more than {MOST_DIGITS} digits")
            return int(text[2:], base)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _INF.fullmatch(text):
        return float(text.replace(".", "", 1))
    if text in (".nan", ".NaN", ".NAN"):
        return float("nan")
    return text
