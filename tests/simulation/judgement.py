"""Compare what happened with what should have happened. The service's data are the truth.

A task is identified by what it was made from: its prompt, and for a chained scene the task whose picture was its input.
The name of the scene at that time does not matter.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from storyboard.planning.attempt import Attempt
from storyboard.planning.history import History
from tests.simulation.boards import PARENTS, prompt_of
from tests.simulation.copies import TERMINAL, Copy
from tests.simulation.world import Api, Made, digest_at

SLACK = 5.0
"""Seconds that a copy may need from the beginning of its list to its request."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The submitter of a task, and the task whose picture was its input; "" for a scene that begins a chain."""

    copy: int
    parent: str
    file: str


@dataclass
class Judgement:
    """The errors of the copies of a project, and the duplicates within the measured period."""

    api: Api
    copies: Sequence[Copy]
    wrong: list[str] = field(default_factory=list)
    doubles: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.ours = [made for made in self.api.tasks.values() if not made.foreign]
        self._histories = [History(copy.past) for copy in self.copies]
        self._doubled: set[str] = set()
        self._known = [
            {attempt.task for attempt in history.past.attempts.values() if attempt.task} for history in self._histories
        ]
        self._files: dict[str, tuple[str, str]] = {}
        for made in self.ours if len(self.copies) > 1 else ():
            for ending in ("png", "mp4"):
                self._files[digest_at(f"https://files.example/{made.id}.{ending}")] = made.id, ending
        self._mixed_up = {attempt.task for copy, attempt in self._swapped() if self._is_held(copy, attempt)}
        self._origins = {made.id: origin for made in self.ours if (origin := self._origin(made)) is not None}
        self._judge_submissions()
        for number, copy in enumerate(self.copies):
            self._judge_copy(number, copy)

    def _origin(self, made: Made) -> Origin | None:
        for number, history in enumerate(self._histories):
            attempt = history.get(made.attempt_id)
            if attempt is not None:
                return Origin(number, *self._handed(attempt))
        self.wrong.append(f"{made.prompt}: {made.id} was submitted, and nobody has written that down")
        return None

    def _handed(self, attempt: Attempt) -> tuple[str, str]:
        """Return the task whose picture or video was the input of an attempt, and which of the two it was."""
        handed = [str(value) for name, value in attempt.components.items() if name.startswith("upstream.")]
        return self._files.get(handed[0].split()[-1], ("", "")) if handed else ("", "")

    def _judge_submissions(self) -> None:
        """Check that no task of a prompt was submitted while another was good: never by one copy, and by two only
        within the period."""
        in_order = sorted(self.ours, key=lambda made: (made.prompt, made.at))
        for _, row in itertools.groupby(in_order, lambda made: made.prompt):
            for earlier, later in itertools.combinations(row, 2):
                if earlier.outcome == "succeeded" or later.at < earlier.ends:
                    self._judge_pair(earlier, later)

    def _judge_pair(self, earlier: Made, later: Made) -> None:
        first, second = self._origins.get(earlier.id), self._origins.get(later.id)
        if first is None or second is None:
            return
        late = later.sent - earlier.shows
        if first.copy == second.copy:
            self.wrong.append(f"{later.prompt}: {later.id} was submitted while {earlier.id} was good")
        elif {first.parent, second.parent} & self._mixed_up:
            self.doubles["made from one that fitted two scenes"] += 1
        elif first.parent != second.parent and {first.parent, second.parent} <= self._good_parents(later.prompt):
            self.doubles["made from doubles"] += 1
        elif first.parent == second.parent and first.file != second.file:
            self.doubles["made from another file of one task"] += 1
        elif late <= SLACK:
            self.doubles["in the window"] += 1
            self._doubled |= {earlier.id, later.id}
        elif any(since <= later.sent <= until for since, until in self.copies[second.copy].blind):
            self.doubles["without a list"] += 1
        else:
            what = f"{later.id} was submitted by another copy, {late:.0f} s after {earlier.id} was listed"
            self.wrong.append(f"{later.prompt}: {what}")

    def _good_parents(self, prompt: str) -> set[str]:
        parent = PARENTS.get(prompt)
        return {made.id for made in self.ours if made.prompt == parent and made.outcome == "succeeded"}

    def _judge_copy(self, number: int, copy: Copy) -> None:
        """Check that no stranger's video is stored, every scene has a standing, and nothing is missing."""
        attempts = self._histories[number].past.attempts.values()
        self.wrong += self._taken_wrongly(copy, attempts)
        for prompt in map(prompt_of, range(len(copy.board.prompts))):
            if copy.standing.get(prompt) not in TERMINAL:
                self.wrong.append(f"{prompt}: stands as {copy.standing.get(prompt)}")
        known = self._known[number]
        doubtful = {str(a.components["prompt"]) for a in attempts if a.state == "in doubt"}
        doubtful |= {prompt for prompt, standing in copy.standing.items() if standing in ("held", "blocked")}
        for made in self.ours:
            origin = self._origins.get(made.id)
            if origin is not None and origin.copy == number and made.id not in known and made.prompt not in doubtful:
                if made.id in self._doubled:  # the other copy's task carries the same marker, and was found first
                    lost = made.outcome == "succeeded" and not any(made.id in known for known in self._known)
                    self.doubles["known to nobody"] += lost
                else:
                    self.wrong.append(f"{made.prompt}: {made.id} was forgotten")
            if made.id in known and made.outcome == "succeeded" and made.id not in copy.vault.fetched:
                self.wrong.append(f"{made.prompt}: {made.id} was never fetched")

    def _taken_wrongly(self, copy: Copy, attempts: Iterable[Attempt]) -> Iterator[str]:
        for attempt in attempts:
            made, prompt = self.api.tasks.get(attempt.task), attempt.components["prompt"]
            if made is not None and made.foreign and attempt.state == "stored":
                yield f"{prompt}: {made.id} is a stranger's"
            if self._is_anothers(attempt) and not self._is_held(copy, attempt):
                yield f"{prompt}: {attempt.task} is {self.api.tasks[attempt.task].prompt}'s"

    def _swapped(self) -> Iterator[tuple[Copy, Attempt]]:
        """Return the attempts that have another scene's task because both markers are equal."""
        for copy, history in zip(self.copies, self._histories, strict=True):
            for attempt in history.past.attempts.values():
                if self._is_anothers(attempt):
                    yield copy, attempt

    def _is_anothers(self, attempt: Attempt) -> bool:
        made = self.api.tasks.get(attempt.task)
        return made is not None and not made.foreign and made.prompt != attempt.components["prompt"]

    def _is_held(self, copy: Copy, attempt: Attempt) -> bool:
        """Return whether the scene that owns the task is held, so that a person decides which of the two it belongs
        to."""
        return copy.standing.get(self.api.tasks[attempt.task].prompt) == "held"
