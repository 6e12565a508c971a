"""Texts of the service without keys and signatures, short enough to be recorded."""

from __future__ import annotations

import re

LONGEST_MESSAGE = 500
"""The maximum number of characters of a server's message that are kept."""


def safe_text(text: str) -> str:
    """Return a server's text in a form that can be recorded: without keys and signatures, and not too long."""
    text = re.sub(r"(?i)bearer\s+\S+", "Bearer …", re.sub(r"\?\S*", "?…", text) if "://" in text else text)
    text = re.sub(r"X-Tos-[A-Za-z-]+=\S+", "X-Tos-…", text)
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"
