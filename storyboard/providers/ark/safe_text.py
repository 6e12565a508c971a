"""Texts of the service without keys and signatures, short enough to be recorded."""

from __future__ import annotations

import re

LONGEST_MESSAGE = 500
"""Characters of what a server says that are worth keeping."""


def safe_text(text: str) -> str:
    """What a server said, fit to be written down: no key, no signature, and not a book."""
    text = re.sub(r"(?i)bearer\s+\S+", "Bearer …", re.sub(r"\?\S*", "?…", text) if "://" in text else text)
    text = re.sub(r"X-Tos-[A-Za-z-]+=\S+", "X-Tos-…", text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"
