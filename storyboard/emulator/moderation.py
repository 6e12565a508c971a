"""What the moderators would say, on order: certain words in a prompt bring about certain verdicts.

| words in the prompt    | when              | code                                            |
|------------------------|-------------------|-------------------------------------------------|
| `[[refuse input]]`     | at the create     | InputTextSensitiveContentDetected               |
| `[[refuse face]]`      | at the create     | InputImageSensitiveContentDetected.PrivacyInformation |
| `[[refuse output]]`    | when it is made   | OutputVideoSensitiveContentDetected             |
| `[[refuse copyright]]` | when it is made   | OutputVideoSensitiveContentDetected.PolicyViolation   |
| `[[refuse sound]]`     | when it is made   | OutputAudioSensitiveContentDetected             |

A task that fails is not billed. The codes are the vendor's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """A moderator's no: the vendor's code, and what is said with it."""

    code: str
    message: str


_SAYING = "The request failed because the {what} may contain {sort}."

OF_INPUT: Mapping[str, Verdict] = {
    "[[refuse input]]": Verdict(
        "InputTextSensitiveContentDetected", _SAYING.format(what="input text", sort="sensitive information")
    ),
    "[[refuse face]]": Verdict(
        "InputImageSensitiveContentDetected.PrivacyInformation",
        _SAYING.format(what="input image", sort="a real person"),
    ),
}
"""Said at once, with 400: no task is taken on."""

OF_OUTPUT: Mapping[str, Verdict] = {
    "[[refuse output]]": Verdict(
        "OutputVideoSensitiveContentDetected", _SAYING.format(what="output video", sort="sensitive information")
    ),
    "[[refuse copyright]]": Verdict(
        "OutputVideoSensitiveContentDetected.PolicyViolation",
        _SAYING.format(what="output video", sort="what is protected by copyright"),
    ),
    "[[refuse sound]]": Verdict(
        "OutputAudioSensitiveContentDetected", _SAYING.format(what="output audio", sort="sensitive information")
    ),
}
"""Said when the video would be there: the task fails."""


def verdict_of(text: str, moderator: Mapping[str, Verdict]) -> Verdict | None:
    """What a moderator says of a prompt; None if nothing."""
    return next((verdict for words, verdict in moderator.items() if words in text), None)
