"""What looks like a key is found in whatever text of a storyboard, and what doesn't isn't."""

from __future__ import annotations

import json

import pytest

from tests.builders import codes, judge

LETTERS = "a1b2c3d4e5f6g7h8i9j0"


def told(words: str) -> list[str]:
    """The codes of what is found in a prompt."""
    return codes(judge(f"storyboard: 1\nscenes:\n  dusk:\n    prompt: {json.dumps(words)}\n"))


@pytest.mark.parametrize(
    "words",
    [
        f"sk-{LETTERS}",
        f"ark-{LETTERS}",
        f"AKLT{LETTERS}",
        f"Bearer {LETTERS}",
        "0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d",
        f"api_key = {LETTERS}",
        f"API-KEY: {LETTERS}",
        f"ApiKey: '{LETTERS}'",
        f"Secret={LETTERS}",
        f"the TOKEN: {LETTERS}",
    ],
)
def test_a_key_is_found(words: str) -> None:
    """Every sort of key that is looked for is a mistake, alone and in the middle of a prompt."""
    assert (told(words), told(f"Gulls over {words}, and the sea.")) == (["SB701"], ["SB701"])


@pytest.mark.parametrize(
    "words",
    [
        "A task-force of ducks on a dark-blue lake.",
        "The secret: a token of love.",
        "Room 12345678-1234-1234-1234-123456789012",
    ],
)
def test_words_are_no_key(words: str) -> None:
    """Natural words that hold the beginning of one, and other numbers, are none."""
    assert told(words) == []
