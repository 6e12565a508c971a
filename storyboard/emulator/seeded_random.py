"""Chance that can be had again: the same seed gives the same row of names and numbers, on every machine."""

from __future__ import annotations

import hashlib
import itertools


class SeededDice:
    """Draws that follow from a seed and from what they are for, so that one row doesn't shift another."""

    def __init__(self, seed: int, what: str) -> None:
        self._row = (f"{seed}/{what}/{number}".encode() for number in itertools.count())

    def token(self) -> str:
        """The row's next name: 32 hexadecimal digits."""
        return hashlib.sha256(next(self._row)).hexdigest()[:32]

    def fraction(self) -> float:
        """The row's next number from 0 up to, but not including, 1."""
        return int(self.token()[:13], 16) / 2**52
