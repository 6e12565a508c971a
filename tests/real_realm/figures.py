"""What came of scenarios, as values and as the table that is printed at the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

EXITS_SHOWN = 4


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of one scenario with one seed.

    `paid`: creates that the service took on; `needed`: how many different scenes there are. `exits`: the exit codes of
    the commands, in their order (-9: killed as planned, None: took too long). `films`: how many of those that should
    exist at the end do. `right`: is it as the scenario's sentence says? `note`: what else is worth a look.
    `listed`: how many requests a list, made just before, would have shown to be paid for already; None
    where that isn't counted.
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
        """How many requests were paid for and not needed."""
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
    """The most requests that may be extra on average; None if each seed says by itself what is right."""

    @property
    def is_right(self) -> bool:
        """Is every seed right, and their mean, and was there one?"""
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
    """The rows as text, each column as wide as it has to be; below it what is right, and what is worth a look.

    `paid`, `needed`, `extra` and `listed` are means of the seeds, `most` is the most that was extra of one of them.
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
