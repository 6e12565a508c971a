"""The reference pages of the problem codes: one Markdown text, a section for each code."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """What a code means: a title, and the text below it."""

    title: str
    text: str


def pages(text: str) -> dict[str, Page]:
    """Return the pages by code, in their order: sections that begin with `## SB402 title`."""
    parts = re.split(r"^## (SB\d{3}) (.+)$", text, flags=re.MULTILINE)
    rows = zip(parts[1::3], parts[2::3], parts[3::3], strict=True)
    return {code: Page(title.strip(), body.strip()) for code, title, body in rows}
