"""What differs from run to run gets a plain name, by two tables: patterns in text, and keys that hold sentences."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

PATTERNS: tuple[tuple[str, str], ...] = (
    (r"127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
    (r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|\+00:00)?", "TIME"),
    (r"\d{4}-\d\d-\d\d(?= at )", "DAY"),
    (r"\b\d+ (s|seconds?|minutes?|min|h|hours?|days?) (old|ago)\b", "AGE \\2"),
    (r"\bprocess \d+", "process PID"),
    (r"\bsha256:([0-9a-f]{12})…", "sha256:DIGEST…"),
    (r"Request id: \w+", "Request id: ID"),
    (r"\bagain in \d+ s\b", "again in SECONDS"),
    (r"\b\d+(\.\d+)? GiB\b", "SIZE"),
    (r"\(\d+\.\d+\.\d+[^()]*\)", "(VERSION)"),
)
"""What is put in the place of what, in every text: everything that time, the machine and chance have a part in."""

SENTENCES = frozenset(
    {
        "$comment",
        "answer",
        "broke_off",
        "description",
        "error",
        "hint",
        "look_again",
        "means",
        "note",
        "notes",
        "odd",
        "question",
        "sentence",
        "text",
        "title",
        "what",
        "why",
    }
)
"""Keys of JSON whose values are sentences: wording, which may be bettered."""

CHANGING = frozenset({"pid", "at", "created_at", "updated_at", "addresses_expire_at", "seen"})
"""Keys whose values are times, processes, or what a probe measured."""

PASSING = frozenset({"queued", "running"})
"""How a task stands before it has ended: whether anybody saw it is a matter of time."""

_TASK = re.compile(r"\bcgt-\d{14}-[0-9a-z]+\b")
_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_ATTEMPT = re.compile(r"\b[0-9a-f]{32}\b")
_PLACE = re.compile(r"^(\S+?:\d+:\d+:? (?:warning:? |note:? )?SB\d{3})\b", re.MULTILINE)
_ONE_SCENE = re.compile(r"^([^\W\d][\w-]*): ")


def places(text: str) -> list[str]:
    """The places and codes of the problems that are told in a text."""
    return _PLACE.findall(text)


def without_wording(value: Any) -> Any:
    """A value with every sentence as `…`; how many there are, and which are empty, is kept."""
    match value:
        case dict():
            return {
                key: _hidden(one) if key in SENTENCES and not isinstance(one, dict) else without_wording(one)
                for key, one in value.items()
            }
        case list():
            return [without_wording(one) for one in value]
        case _:
            return value


def _hidden(value: Any) -> Any:
    """A sentence, or sentences, as `…`."""
    match value:
        case str():
            return "…" if value else ""
        case list():
            return [_hidden(one) for one in value]
        case _:
            return without_wording(value)


def wording(value: Any) -> list[str]:
    """The sentences of a value, in its order."""
    match value:
        case dict():
            return [
                word
                for key, one in value.items()
                for word in (_strings(one) if key in SENTENCES and not isinstance(one, dict) else wording(one))
            ]
        case list():
            return [word for one in value for word in wording(one)]
        case _:
            return []


def _strings(value: Any) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [word for one in value for word in _strings(one)]
        case _:
            return wording(value)


@dataclass
class Names:
    """Plain names for tasks, attempts and digests: by scene, so that the order of scenes doesn't matter."""

    root: str
    version: str
    known: dict[str, str] = field(default_factory=dict)
    markers: dict[int, str] = field(default_factory=dict)

    @classmethod
    def of(
        cls, journals: Mapping[str, Sequence[Mapping[str, Any]]], tasks: Sequence[str], root: str, version: str
    ) -> Names:
        """The names of all that some journals tell of; tasks that they don't know follow in the service's order."""
        names = cls(root, version)
        for rows in journals.values():
            for row in sorted(rows, key=lambda row: (row["storyboard"], row["scene"])):
                names.learn(row)
        for task in tasks:
            names._name(task, "T")
        return names

    def learn(self, row: Mapping[str, Any]) -> None:
        """Name what one event tells of."""
        body, scene = row["body"], row["scene"]
        attempt = row["attempt"] and self._name(row["attempt"], f"A-{scene}-")
        if task := body.get("task"):
            self._name(task, f"T-{scene}-")
        if row["kind"] == "intended":
            self.known.setdefault(body.get("body", "").removeprefix("sha256:"), f"REQUEST of {attempt}")
            if "marker" in body and "sha256:" in str(body.get("key", "")):
                self.markers.setdefault(body["marker"], f"M of {attempt}")
        if take := body.get("take"):
            id = take.get("id", "")
            name = self.known.get(id.rpartition(":")[2], id)
            self.known.setdefault(take.get("video", "").removeprefix("sha256:"), f"VIDEO of {name}")
            self.known.setdefault(take.get("frame", "").removeprefix("sha256:"), f"FRAME of {name}")

    def _name(self, word: str, prefix: str) -> str:
        if word not in self.known:
            count = sum(name.startswith(prefix) and name[len(prefix) :].isdigit() for name in self.known.values())
            self.known[word] = f"{prefix}{count + 1}"
        return self.known[word]

    def text(self, text: str) -> str:
        """A text without what differs from run to run."""
        text = text.replace(self.root, "ROOT")
        text = re.sub(rf"(?<![\d.]){re.escape(self.version)}(?![\d.])", "VERSION", text)
        text = _TASK.sub(lambda found: self._name(found[0], "T"), text)
        text = _DIGEST.sub(lambda found: self._name(found[0], "D"), text)
        text = _ATTEMPT.sub(lambda found: self._name(found[0], "A"), text)
        for pattern, replacement in PATTERNS:
            text = re.sub(pattern, replacement, text)
        for marker, name in self.markers.items():
            text = re.sub(rf"\b{marker}\b", name, text)
        return text

    def path(self, path: str) -> str:
        """A file's path with plain names."""
        path = re.sub(r"sha256/[0-9a-f]{2}/", "sha256/XX/", path)
        path = _DIGEST.sub(lambda found: self.known.get(found[0], "DIGEST"), path)
        return _TASK.sub(lambda found: self.known.get(found[0], "TASK"), path)

    def value(self, value: Any) -> Any:
        """A value of JSON without what differs from run to run."""
        match value:
            case dict():
                return {
                    self.text(key): "CHANGING" if key in CHANGING and one else self.value(one)
                    for key, one in value.items()
                }
            case list():
                return [self.value(one) for one in value]
            case str():
                return self.text(value)
            case int() if not isinstance(value, bool):
                return self.markers.get(value, value)
            case _:
                return value

    def events(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
        """The events of a journal by scene, in their order there; without those that only time decides about."""
        found: dict[str, list[Any]] = {}
        for row in rows:
            body = row["body"]
            if row["kind"] == "seen" and body.get("status") in PASSING and not body.get("odd"):
                continue
            whose = f"{row['storyboard']}/{row['scene']}"
            attempt = self.known.get(row["attempt"], row["attempt"])
            found.setdefault(whose, []).append([row["kind"], attempt, without_wording(self.value(body))])
        return found

    def lines(self, text: str) -> list[str]:
        """A text's lines; where scenes are told of side by side, by scene."""
        found: list[str] = []
        side_by_side: list[tuple[str, str]] = []

        def put() -> None:
            found.extend(line for _, line in sorted(side_by_side, key=lambda pair: pair[0]))
            side_by_side.clear()

        for line in self.text(text).splitlines():
            scene = _ONE_SCENE.match(line)
            if scene and line.rpartition(": ")[2] in PASSING:
                continue
            if scene:
                side_by_side.append((scene[1], line))
            else:
                put()
                found.append(line)
        put()
        return found
