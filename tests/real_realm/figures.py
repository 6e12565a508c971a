"""The results of scenarios, as values and as the table that is printed at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EXITS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """The result of one scenario with one seed.

    `paid`: create requests that the service accepted; `needed`: how many different scenes there are. `exits`: the exit
    codes of the commands, in order (-9: killed as planned, None: took too long). `films`: how many of the films that
    should exist at the end do. `right`: whether the condition of the scenario holds. `note`: other notable facts.
    `listed`: how many requests were already shown as paid for in a list requested just before; None where that isn't
    counted.
    """

    paid: int
    needed: int
    exits: Sequence[int | None]
    films: tuple[int, int]
    right: bool
    note: str = ""
    listed: int | None = None

    @property
    def extra(self) -> int:
        """The number of requests that were paid for but not needed."""
        return self.paid - self.needed


@dataclass(slots=True)
class Row:
    """All seeds of one scenario in one variant."""

    scenario: str
    variant: str
    wanted: str
    figures: list[Figures] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    mean_most: float | None = None
    """The highest allowed average of extra requests; None if each seed decides itself what is right."""

    @property
    def is_right(self) -> bool:
        """Whether there is a seed, and every seed and their mean are right."""
        if not self.figures or self.failures or not all(each.right for each in self.figures):
            return False
        mean = sum(each.extra for each in self.figures) / len(self.figures)
        return self.mean_most is None or mean <= self.mean_most

    def cells(self) -> list[str]:
        """The row as words."""
        count, right = len(self.figures), sum(each.right for each in self.figures)
        verdict = "right" if self.is_right else f"WRONG {count - right}/{count}" if count else "WRONG"
        verdict += f", {len(self.failures)} broke off" if self.failures else ""
        if not count:
            return [self.scenario, self.variant, "0", "-", "-", "-", "-", "-", "-", verdict]
        extras = [each.extra for each in self.figures]
        listed = [each.listed for each in self.figures if each.listed is not None]
        films = tuple(sum(each.films[place] for each in self.figures) for place in (0, 1))
        exits = sorted({_exits(each.exits) for each in self.figures})
        shown = " | ".join(exits[:EXITS_SHOWN]) + (" | …" if len(exits) > EXITS_SHOWN else "")
        return [
            self.scenario,
            self.variant,
            str(count),
            f"{sum(each.paid for each in self.figures) / count:.4g}",
            f"{sum(each.needed for each in self.figures) / count:.4g}",
            f"{sum(extras) / count:+.2f}",
            f"{max(extras):+d}",
            f"{sum(listed) / count:.2f}" if len(listed) == count else "-",
            f"{films[0]}/{films[1]}",
            verdict,
            shown,
        ]


HEADS = ("scenario", "variant", "seeds", "paid", "needed", "extra", "most", "listed", "films", "verdict", "exit codes")


def table(rows: Iterable[Row]) -> str:
    """Return the rows as text, each column as wide as necessary; below them the conditions and notable facts.

    `paid`, `needed`, `extra` and `listed` are means of the seeds, `most` is the highest `extra` of a seed.
    """
    rows = list(rows)
    lines = [list(HEADS), *(row.cells() for row in rows)]
    lines = [line + [""] * (len(HEADS) - len(line)) for line in lines]
    widths = [max(len(line[place]) for line in lines) for place in range(len(HEADS))]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    text.append("")
    for scenario, wanted in {row.scenario: row.wanted for row in rows}.items():
        text.append(f"{scenario}: right is {wanted}")
    for row in rows:
        notes = sorted({each.note for each in row.figures if each.note}) + sorted(set(row.failures))
        text += [f"  {row.scenario} {row.variant}: {note}" for note in notes[:EXITS_SHOWN]]
    return "\n".join(text)


def _exits(codes: Sequence[int | None]) -> str:
    return ",".join("late" if code is None else str(code) for code in codes)
