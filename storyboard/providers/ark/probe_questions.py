"""The questions of the probes, with what follows from each answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Word = Literal["yes", "no", "open"]


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what follows from each answer."""

    asks: str
    means: Mapping[Word, str]


QUESTIONS: Mapping[str, Question] = {
    "P1": Question(
        "Does the list repeat execution_expires_after of a task that is not ended?",
        {
            "yes": "a submission in doubt can be found again by a life that only it has: it could be adopted by itself",
            "no": "a list does not distinguish our tasks from others: a submission in doubt stays held for a person",
            "open": "no task was seen before it ended: a submission in doubt stays held for a person",
        },
    ),
    "P2": Question(
        "Is a new task in the list within moments, and the newest first?",
        {
            "yes": "the first page is enough to look for a submission in doubt; the seconds seen are how long to wait",
            "no": "every page has to be read, and a doubt has to be waited with for at least as long as this took",
            "open": "the list was not seen to hold both tasks: every page has to be read, after the longest wait",
        },
    ),
    "P3": Question(
        "Does another key of the account see the task?",
        {
            "yes": "tasks of other keys are in our lists: a task without our marks may be another user's",
            "no": "a task made with one key can only be gone on with by that key: keep it until all is fetched",
            "open": "only one key was given: name another's variable with --other-key",
        },
    ),
    "P4": Question(
        "Is the seed repeated in the answer?",
        {
            "yes": "a seed could serve as a second mark of our tasks, and be written into the lock",
            "no": "a seed reveals nothing about a task afterwards",
            "open": "the task was not seen to succeed",
        },
    ),
    "P5": Question(
        "Do lists and looks repeat safety_identifier of a task that is not ended?",
        {
            "yes": 'it marks a task better than its life does: marker = "safety_identifier" can be set in the settings',
            "no": "it can't serve as a mark: the marker in the settings has to stay execution_expires_after",
            "open": "no task was seen before it ended: the marker in the settings has to stay execution_expires_after",
        },
    ),
    "P6": Question(
        "Are two identical creates two tasks?",
        {
            "yes": "nothing at the service keeps us from paying twice: a create is never repeated (as it is now)",
            "no": "the service knows a create again: repeating one in doubt would be safe",
            "open": "the second create was refused, or its result is unknown",
        },
    ),
    "P7": Question(
        "Does a later question give the video a new address?",
        {
            "yes": "an address that has died can be had anew by asking for the task again",
            "no": "an address lives from the task's end on, not from the question: what isn't fetched in time is lost",
            "open": "no video was seen",
        },
    ),
    "P8": Question(
        "Does a 429 say when to come again (Retry-After)?",
        {
            "yes": "its seconds could be waited instead of ours",
            "no": "we wait by our own measure (as it is now)",
            "open": "no 429 was met: we wait by our own measure (as it is now)",
        },
    ),
    "P9": Question(
        "Can a queued task be cancelled, without a bill?",
        {
            "yes": "it was cancelled; that it isn't billed, only the bill shows: a queued twin could be cancelled",
            "no": "it ran already, and will be billed: a twin's video is kept as another take",
            "open": "there was no second task to cancel",
        },
    ),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a probe. `seen` is its evidence; `again` is when to check once more, and what."""

    probe: str
    word: Word
    seen: Mapping[str, Any] = field(default_factory=dict)
    again: str = ""

    @property
    def means(self) -> str:
        """The sentence that follows from the answer."""
        return QUESTIONS[self.probe].means[self.word]

    def value(self) -> dict[str, Any]:
        """The answer as JSON."""
        question = QUESTIONS[self.probe].asks
        told = {"probe": self.probe, "question": question, "answer": self.word, "seen": dict(self.seen)}
        return told | {"means": self.means, "look_again": self.again}
