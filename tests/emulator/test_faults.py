"""Faults: each is seen on the wire by a client that knows nothing of it, and is counted when it fires."""

from __future__ import annotations

import gzip
import json
import socket
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyboard.cli.emulator import command
from storyboard.emulator.fault_injection import verb_of
from storyboard.emulator.faults import KINDS, VERBS, Fault, Script, script_of
from storyboard.emulator.faulty_replies import SHAPES
from storyboard.errors import UsageError
from storyboard.language.source import Source
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, order

T = TypeVar("T")
NOW = 1_790_856_000.0  # 2026-10-01 12:00:00 UTC
PAGE = Path(__file__).parents[2] / "docs" / "faults.md"


@dataclass(frozen=True, slots=True)
class Wire:
    """What came over a connection, to its end; `reset` if that end was one."""

    content: bytes
    reset: bool

    @property
    def head(self) -> bytes:
        """Status and headers."""
        return self.content.partition(b"\r\n\r\n")[0]

    @property
    def status(self) -> int:
        """The status; 0 if nothing was answered."""
        return int(self.head.split(b" ")[1]) if self.head else 0

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, by names in lower case."""
        rows = [row.partition(": ") for row in self.head.decode().split("\r\n")[1:]]
        return {name.lower(): value for name, _, value in rows}

    @property
    def body(self) -> bytes:
        """What follows the headers."""
        return self.content.partition(b"\r\n\r\n")[2]

    @property
    def value(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def raw(method: str, url: str, body: object = None, most: int = 1 << 30) -> Wire:
    """Ask over a socket and read to the end of the connection, or of `most` bytes."""
    parts = urlsplit(url)
    content = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {parts.path}?{parts.query} HTTP/1.1\r\nhost: {parts.netloc}\r\nauthorization: Bearer key\r\n"
    head += f"connection: close\r\ncontent-length: {len(content)}\r\n\r\n"
    got = bytearray()
    with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=30) as connection:
        try:
            connection.sendall(head.encode() + content)
            while len(got) < most and (piece := connection.recv(1 << 16)):
                got += piece
        except ConnectionError:
            return Wire(bytes(got), True)
    return Wire(bytes(got), False)


class Running:
    """An emulator under faults, and raw requests to it."""

    def __init__(self, emulated: Emulator, clock: VirtualClock) -> None:
        self.emulated = emulated
        self.clock = clock
        self.tasks = emulated.base_url + TASKS

    def create(self, text: str = "A lighthouse.", **more: Any) -> Wire:
        """Ask for a small video."""
        return raw("POST", self.tasks, order(text, **more))

    def ended(self, text: str = "A lighthouse.") -> str:
        """The id of a task that has succeeded."""
        task = str(self.create(text).value["id"])
        self.clock.advance(80)
        return task

    def look(self, task: str) -> Wire:
        """Ask after a task."""
        return raw("GET", f"{self.tasks}/{task}")

    def listed(self, query: str = "") -> Wire:
        """Ask for a list."""
        return raw("GET", f"{self.tasks}?{query}")

    def ids(self, query: str = "") -> list[str]:
        """The ids that a list holds."""
        return [item["id"] for item in self.listed(query).value["items"]]

    def frame(self, task: str, method: str = "GET", most: int = 1 << 30) -> Wire:
        """Fetch the last frame of a task that has succeeded."""
        return raw(method, self.look(task).value["content"]["last_frame_url"], most=most)

    def ask(self, verb: str) -> Wire:
        """One request of that verb, for a task that has succeeded."""
        if verb in ("create", "list"):
            return self.create() if verb == "create" else self._listed_one()
        task = self.ended()
        if verb == "delete":
            return raw("DELETE", f"{self.tasks}/{task}")
        return self.look(task) if verb == "get" else self.frame(task)

    def _listed_one(self) -> Wire:
        self.ended()
        return self.listed()

    @property
    def taken(self) -> int:
        """How many tasks the service has taken on."""
        return len(self.emulated.ledger)

    @property
    def fired(self) -> Counter[str]:
        """Which faults have fired."""
        return Counter(self.emulated.fired)


@contextmanager
def running(folder: Path, *faults: Fault, seed: int = 0) -> Iterator[Running]:
    """An emulator where a task takes 80 seconds of a clock that obeys."""
    clock = VirtualClock(NOW)
    with emulator(folder / "ledger", speed=1, clock=clock, faults=Script(faults, seed)) as emulated:
        yield Running(emulated, clock)


def _counted(rows: Sequence[T]) -> list[tuple[int, T]]:
    """Each with its number, from 1: that of the request that it is for."""
    return list(enumerate(rows, start=1))


# The answer as a whole.


def test_a_refusal_takes_nothing_on(tmp_path: Path) -> None:
    """The service never sees the request; the body has the service's shape."""
    statuses = [400, 401, 402, 403, 404, 405, 413, 415, 422, 429, 500, 502, 503, 504]
    faults = [Fault("create", at=n, does="refuse", status=no, code="C", message="no") for n, no in _counted(statuses)]
    with running(tmp_path, *faults) as service:
        answers = [service.create() for _ in statuses]
        errors = [answer.value["error"] for answer in answers]
        found = ([answer.status for answer in answers], errors, service.taken, service.fired)
    error = {"code": "C", "message": "no", "param": ""}
    assert found == (statuses, [error] * len(statuses), 0, {"refuse": len(statuses)})


def test_an_answer_may_deny_what_was_taken_on(tmp_path: Path) -> None:
    """The task exists all the same."""
    statuses = [408, 409, 499, 500, 502, 503, 504]
    with running(
        tmp_path, *(Fault("create", at=n, does="answer", status=no) for n, no in _counted(statuses))
    ) as service:
        found = ([service.create().status for _ in statuses], service.taken, service.fired)
    assert found == (statuses, len(statuses), {"answer": len(statuses)})


def test_an_answer_has_a_shape(tmp_path: Path) -> None:
    """As services, gateways and portals write them; with any status."""
    expected = {
        "ark": ("application/json", b'{"error": {"code": "X", "message": "no", "param": ""}}'),
        "flat": ("application/json", b'{"code": "X", "message": "no"}'),
        "html": ("text/html; charset=utf-8", b"<!doctype html>"),
        "xml": ("application/xml", b"<Error><Code>X</Code><Message>no</Message></Error>"),
        "text": ("text/plain", b"no"),
        "empty": ("application/json", b""),
        "malformed": ("application/json", b'{"id": cgt-'),
    }
    words: dict[str, Any] = {"does": "answer", "status": 200, "code": "X", "message": "no"}
    with running(tmp_path, *(Fault("create", at=n, shape=shape, **words) for n, shape in _counted(SHAPES))) as service:
        answers = {shape: service.create() for shape in SHAPES}
    found = {
        shape: (answer.headers["content-type"], answer.body[: len(expected[shape][1])])
        for shape, answer in answers.items()
    }
    assert found == expected


def test_an_answer_may_be_written_out(tmp_path: Path) -> None:
    """Byte by byte."""
    with running(tmp_path, Fault("create", does="answer", status=200, body='{"id": NaN}')) as service:
        assert service.create().body == b'{"id": NaN}'


def test_a_wait_is_told_as_it_stands(tmp_path: Path) -> None:
    """Absurd ones, too."""
    waits = ["7", "99999999", "-5", "NaN", "Wed, 21 Oct 2015 07:28:00 GMT"]
    faults = [Fault("create", at=n, does="refuse", status=429, retry_after=wait) for n, wait in _counted(waits)]
    with running(tmp_path, *faults) as service:
        assert [service.create().headers["retry-after"] for _ in waits] == waits


def test_a_redirect_leads_elsewhere(tmp_path: Path) -> None:
    """And takes nothing on."""
    statuses, to = [301, 302, 303, 307, 308], "http://127.0.0.1:9/other"
    faults = [Fault("create", at=n, does="redirect", status=status, to=to) for n, status in _counted(statuses)]
    with running(tmp_path, *faults) as service:
        answers = [service.create() for _ in statuses]
        found = [(answer.status, answer.headers["location"]) for answer in answers]
        assert (found, service.taken) == ([(status, to) for status in statuses], 0)


@pytest.mark.parametrize(
    ("does", "given", "reset", "taken"),
    [
        ("drop", {}, False, 1),
        ("drop", {"reset": True}, True, 1),
        ("hang_up", {}, False, 0),
        ("hang_up", {"reset": True}, True, 0),
    ],
)
def test_a_connection_ends_without_an_answer(
    tmp_path: Path, does: str, given: dict[str, Any], reset: bool, taken: int
) -> None:
    """With the task taken on or not, in good order or by a reset."""
    with running(tmp_path, Fault("create", does=does, **given)) as service:
        wire = service.create()
        assert (wire, service.taken, service.fired) == (Wire(b"", reset), taken, {does: 1})


@pytest.mark.parametrize("after", [0, 1, 300_000])
def test_a_request_is_reset_while_it_is_read(tmp_path: Path, after: int) -> None:
    """The sender can't finish: nothing was taken on."""
    with running(tmp_path, Fault("create", does="reset", after=after)) as service:
        wire = service.create("x" * 20_000_000)
        assert (wire, service.taken, service.fired) == (Wire(b"", True), 0, {"reset": 1})


def test_a_late_answer_is_held_back(tmp_path: Path) -> None:
    """The task was taken on before."""
    with running(tmp_path, Fault("create", does="late", seconds=600)) as service:
        task = service.create().value["id"]
        found = (service.look(task).value["created_at"], service.clock.now(), service.fired)
    assert found == (NOW, NOW + 600, {"late": 1})


def test_a_request_is_done_twice(tmp_path: Path) -> None:
    """The second task's id is told."""
    with running(tmp_path, Fault("create", does="twice")) as service:
        task = service.create().value["id"]
        ledger = [row["task_id"] for row in service.emulated.ledger]
        assert (len(ledger), ledger[-1], service.fired) == (2, task, {"twice": 1})


def test_faults_add_up(tmp_path: Path) -> None:
    """In the script's order: here a wait, then nothing."""
    faults = [Fault("create", does="late", seconds=9), Fault("create", does="hang_up")]
    with running(tmp_path, *faults) as service:
        wire = service.create()
        assert (wire, service.clock.now(), service.fired) == (Wire(b"", False), NOW + 9, {"late": 1, "hang_up": 1})


# The way it is sent.


@pytest.mark.parametrize(
    ("keep", "length", "arrives", "declared"),
    [
        (0.5, "whole", 0.5, 1.0),
        (0.5, "none", 0.5, None),
        (0.5, "short", 0.5, 0.5),
        (0, "whole", 0, 1.0),
    ],
)
def test_a_file_is_cut(tmp_path: Path, keep: float, length: str, arrives: float, declared: float | None) -> None:
    """With the whole length declared, with none, or with that of what arrives."""
    fault = Fault("file", at=2, does="cut", keep=keep, length=length)
    with running(tmp_path, fault) as service:
        task = service.ended()
        whole, cut = service.frame(task).body, service.frame(task)
        told = None if declared is None else str(int(len(whole) * declared))
        found = (cut.body, cut.headers.get("content-length"), service.fired)
    assert found == (whole[: int(len(whole) * arrives)], told, {"cut": 1})


def test_a_cut_may_be_a_reset(tmp_path: Path) -> None:
    """After so many bytes."""
    with running(tmp_path, Fault("file", does="cut", keep=10, reset=True)) as service:
        assert service.frame(service.ended()).reset is True


def test_a_body_has_no_length(tmp_path: Path) -> None:
    """It is whole, but nobody can know."""
    with running(tmp_path, Fault("file", at=2, does="no_length")) as service:
        task = service.ended()
        whole, other = service.frame(task), service.frame(task)
        found = ("content-length" in other.headers, "transfer-encoding" in other.headers, other.body == whole.body)
        assert (*found, service.fired) == (False, False, True, {"no_length": 1})


def test_a_body_drips(tmp_path: Path) -> None:
    """A few bytes at a time, with a wait after each."""
    with running(tmp_path, Fault("create", does="drip", bytes=4, every=10)) as service:
        body = service.create().body
        assert (service.clock.now() - NOW, service.fired) == (10 * -(-len(body) // 4), {"drip": 1})


def test_a_body_never_ends(tmp_path: Path) -> None:
    """For as long as somebody reads."""
    with running(tmp_path, Fault("file", does="endless")) as service:
        wire = service.frame(service.ended(), most=20_000_000)
        assert (len(wire.content) >= 20_000_000, service.fired) == (True, {"endless": 1})


def test_a_header_says_something_else(tmp_path: Path) -> None:
    """Once."""
    with running(tmp_path, Fault("file", does="header", header="Content-Type", value="text/html")) as service:
        head = service.frame(service.ended()).head.lower()
        assert (head.count(b"content-type"), b"content-type: text/html" in head) == (1, True)


def test_a_header_is_huge(tmp_path: Path) -> None:
    """As many bytes as wanted."""
    with running(tmp_path, Fault("get", does="huge_header", bytes=200_000)) as service:
        assert len(service.ask("get").headers["x-huge"]) == 200_000


def test_the_service_s_clock_is_wrong(tmp_path: Path) -> None:
    """In the Date header, and there only once."""
    with running(tmp_path, Fault("create", does="skew", seconds=-3600)) as service:
        head = service.create().head.lower()
        assert (head.count(b"date:"), b"date: thu, 01 oct 2026 11:00:00 gmt" in head) == (1, True)


def test_a_small_answer_is_a_bomb(tmp_path: Path) -> None:
    """It still is what was to be said."""
    with running(tmp_path, Fault("get", does="gzip_bomb", bytes=5_000_000)) as service:
        answer = service.ask("get")
        whole = gzip.decompress(answer.body)
        found = (answer.headers["content-encoding"], len(answer.body) < 10_000, len(whole) > 5_000_000)
    assert (*found, json.loads(whole)["status"]) == ("gzip", True, True, "succeeded")


def test_bits_of_a_video_are_flipped(tmp_path: Path) -> None:
    """Among its pictures and sounds only; the length is right."""
    with running(tmp_path, Fault("file", at=2, does="flip", count=3000)) as service:
        url = service.look(service.ended()).value["content"]["video_url"]
        whole, spoiled = raw("GET", url).body, raw("GET", url).body
        places = [n for n, (one, other) in enumerate(zip(whole, spoiled, strict=True)) if one != other]
        start = whole.index(b"mdat")
        (size,) = struct.unpack(">I", whole[start - 4 : start])
        inside = all(start + 4 <= place < start - 4 + size for place in places)
        assert (bool(places), inside, service.fired) == (True, True, {"flip": 1})


# What the body says.


_FAILED = {"does": "stands", "status": "failed", "code": "OutputVideoSensitive"}
SAID: dict[str, list[tuple[dict[str, Any], str, object]]] = {
    "create": [
        ({"does": "set", "fields": {"id": 17}}, "id", 17),
        ({"does": "without", "fields": ["id"]}, "id", None),
    ],
    "get": [
        ({"does": "set", "fields": {"content": None}}, "content", None),
        ({"does": "without", "fields": ["content.video_url"]}, "content.video_url", None),
        ({"does": "set", "fields": {"usage.completion_tokens": "x"}}, "usage.completion_tokens", "x"),
        ({"does": "without", "fields": ["usage"]}, "usage", None),
        ({"does": "set", "fields": {"duration": 9, "ratio": "1:1"}}, "duration", 9),
        ({"does": "numbers_as_text"}, "duration", "4"),
        ({"does": "stands", "status": "running"}, "content", None),
        ({"does": "stands", "status": "pondering"}, "status", "pondering"),
        ({"does": "stands", "status": "cancelled"}, "status", "cancelled"),
        ({"does": "stands", "status": "expired"}, "status", "expired"),
        (_FAILED, "error.code", "OutputVideoSensitive"),
    ],
    "list": [
        ({"does": "without", "fields": ["execution_expires_after"]}, "execution_expires_after", None),
        ({"does": "without", "fields": ["created_at"]}, "created_at", None),
        ({"does": "stands", "status": "running"}, "status", "running"),
        ({"does": "numbers_as_text"}, "execution_expires_after", "172800"),
    ],
}


@pytest.mark.parametrize("verb", SAID)
def test_a_body_says_something_else(tmp_path: Path, verb: str) -> None:
    """In one task, or in each of a list."""
    with running(tmp_path, *(Fault(verb, at=n, **fault) for n, (fault, _, _) in _counted(SAID[verb]))) as service:
        task = service.ended() if verb != "create" else ""
        found = []
        for _, path, _ in SAID[verb]:
            if verb == "create":
                said = service.create().value
            else:
                said = service.look(task).value if verb == "get" else service.listed().value["items"][0]
            found.append(_at(said, path))
        assert (found, service.fired.total()) == ([value for _, _, value in SAID[verb]], len(found))


def _at(said: Any, path: str) -> object:
    for name in path.split("."):
        said = said.get(name)
    return said


def test_a_failure_has_another_name(tmp_path: Path) -> None:
    """As other descriptions of the service have it."""
    faults = [Fault("get", does="stands", status="failed", code="X"), Fault("get", does="failure_reason")]
    with running(tmp_path, *faults) as service:
        said = service.ask("get").value
        assert ("error" in said, said["failure_reason"]["code"]) == (False, "X")


def test_a_status_goes_back(tmp_path: Path) -> None:
    """At each task's second look."""
    with running(tmp_path, Fault("get", each=2, does="stands", status="queued")) as service:
        one, other = service.ended("1"), service.ended("2")
        statuses = [service.look(task).value["status"] for task in (one, one, other, other, one)]
        assert statuses == ["succeeded", "queued", "succeeded", "queued", "succeeded"]


def test_a_young_task_is_not_found_yet(tmp_path: Path) -> None:
    """By its age; it fires only while that is so."""
    with running(tmp_path, Fault("get", does="missing", seconds=60)) as service:
        task = service.create().value["id"]
        found = []
        for seconds in (0, 59, 1):
            service.clock.advance(seconds)
            found.append(service.look(task).status)
        assert (found, service.fired) == ([404, 404, 200], {"missing": 2})


# Lists.


def test_a_list_lags(tmp_path: Path) -> None:
    """What is younger isn't listed, nor counted."""
    with running(tmp_path, Fault("list", does="lag", seconds=120)) as service:
        old = service.ended()
        service.clock.advance(40)
        service.create()
        found = service.listed().value
        assert (found["total"], [item["id"] for item in found["items"]], service.fired) == (1, [old], {"lag": 1})


def test_a_list_holds_tasks_of_others(tmp_path: Path) -> None:
    """The same ones at every look; a twin says of itself what our newest does."""
    with running(tmp_path, Fault("list", does="foreign", count=2, twins=True)) as service:
        ours = service.create(execution_expires_after=180_000).value["id"]
        first, second = service.listed().value["items"], service.ids()
        found = [item["execution_expires_after"] for item in first]
        assert (len(set(second)), second[-1], found) == (3, ours, [180_000] * 3)
        assert [item["id"] for item in first] == second


def test_a_filtered_list_holds_no_tasks_of_others(tmp_path: Path) -> None:
    """They aren't what was asked for, and the fault hasn't fired."""
    with running(tmp_path, Fault("list", does="foreign")) as service:
        ours = service.create().value["id"]
        assert (service.ids(f"filter.task_ids={ours}"), service.fired) == ([ours], {})


def test_a_list_is_in_no_order(tmp_path: Path) -> None:
    """Over all its pages: each task stands on one of them."""
    with running(tmp_path, Fault("list", does="shuffle"), seed=1) as service:
        ours = [service.create(str(n)).value["id"] for n in range(6)]
        paged = [id for page in (1, 2, 3) for id in service.ids(f"page_size=2&page_num={page}")]
        assert (paged == ours[::-1], sorted(paged), service.fired) == (False, sorted(ours), {"shuffle": 3})


@pytest.mark.parametrize(("by", "second"), [(1, [3, 2]), (-1, [1])])
def test_pages_drift(tmp_path: Path, by: int, second: list[int]) -> None:
    """Between two pages somebody's tasks come in, so that ours are seen twice, or go, so that one is never seen."""
    with running(tmp_path, Fault("list", does="drift", by=by)) as service:
        ours = [service.create(str(n)).value["id"] for n in range(1, 5)]
        pages = [service.ids(f"page_size=2&page_num={page}") for page in (1, 2)]
        numbers = [[ours.index(id) + 1 for id in page] for page in pages]
        assert (numbers, service.fired) == ([[4, 3], second], {"drift": 1})


# Files.


def test_a_file_is_another_task_s(tmp_path: Path) -> None:
    """It is whole and true, and not what was asked for."""
    with running(tmp_path, Fault("file", at="2-", does="other_video")) as service:
        one, other = service.ended("one"), service.ended("other")
        true = service.frame(other).body
        assert (service.frame(one).body == true, service.fired) == (True, {"other_video": 1})


def test_without_another_task_there_is_no_other_file(tmp_path: Path) -> None:
    """Then the fault hasn't fired."""
    with running(tmp_path, Fault("file", does="other_video")) as service:
        assert (service.frame(service.ended()).status, service.fired) == (200, {})


def test_downloads_have_a_cap(tmp_path: Path) -> None:
    """So many for each task; then the answer that an expired address gets."""
    cap = Fault("file", each="3-", does="refuse", status=403, shape="xml", code="AccessDenied", name="cap")
    with running(tmp_path, cap) as service:
        one, other = service.ended("1"), service.ended("2")
        statuses = [service.frame(task).status for task in (one, one, one, other)]
        assert (statuses, service.fired) == ([200, 200, 403, 200], {"cap": 1})


def test_a_head_gets_no_body(tmp_path: Path) -> None:
    """Not from a fault either."""
    with running(tmp_path, Fault("file", does="answer", status=403, shape="xml")) as service:
        wire = service.frame(service.ended(), "HEAD")
        assert (wire.status, wire.body) == (403, b"")


# When.


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_can_go_wrong(tmp_path: Path, verb: str) -> None:
    """The others go right."""
    with running(tmp_path, Fault(verb, does="refuse", status=503)) as service:
        assert (service.ask(verb).status, service.fired) == (503, {"refuse": 1})


@pytest.mark.parametrize(
    ("at", "hit"),
    [(None, [1, 2, 3, 4, 5]), (2, [2]), ("2-3", [2, 3]), ("4-", [4, 5]), ("1, 3-4", [1, 3, 4])],
)
def test_requests_are_hit_by_number(at: int | str | None, hit: list[int]) -> None:
    """Counted from 1."""
    script = Script((Fault("get", at=at, does="drop"),))
    assert [n for n in range(1, 6) if script.firing("get", n, 1)] == hit


@given(st.integers(), st.floats(0, 1))
def test_chance_repeats_itself(seed: int, chance: float) -> None:
    """Two scripts of the same words hit the same requests."""
    hits = [
        [bool(Script((Fault("get", chance=chance, does="drop"),), seed).firing("get", n, 1)) for n in range(50)]
        for _ in range(2)
    ]
    assert hits[0] == hits[1]


def test_chance_is_about_what_it_says() -> None:
    """And each fault has its own."""
    script = Script((Fault("get", chance=0.3, does="drop"), Fault("get", chance=0.3, does="drop")), 7)
    hits = [len(script.firing("get", n, 1)) for n in range(1, 1001)]
    assert (250 < sum(hits) / 2 < 350, 1 in hits) == (True, True)


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("POST", "/api/v3" + TASKS, "create"),
        ("POST", "/api/v3" + TASKS + "/cgt-1/cancel", "create"),
        ("GET", "/api/v3" + TASKS, "list"),
        ("GET", "/api/v3" + TASKS + "/cgt-1", "get"),
        ("DELETE", "/api/v3" + TASKS + "/cgt-1", "delete"),
        ("HEAD", "/files/cgt-1/video.mp4", "file"),
        ("PUT", "/api/v3" + TASKS, None),
        ("GET", "/elsewhere", None),
    ],
)
def test_a_request_has_a_verb(method: str, path: str, verb: str | None) -> None:
    """Or is nothing that a fault is for."""
    assert verb_of(method, path) == verb


# The script as a text.


def test_a_script_is_yaml() -> None:
    """When and what, side by side."""
    text = (
        "seed: 3\nfaults:\n- {verb: create, at: 1, does: drop}\n"
        "- {verb: list, chance: 0.5, does: lag, seconds: 90, name: blind}\n"
    )
    expected = Script(
        (Fault("create", at=1, does="drop"), Fault("list", chance=0.5, does="lag", seconds=90, name="blind")), 3
    )
    assert script_of(Source("faults.yaml", text)) == expected


def test_a_script_is_json() -> None:
    """Which is YAML."""
    text = '{"faults": [{"verb": "get", "does": "set", "fields": {"status": "odd"}}]}'
    assert script_of(Source("f", text)) == Script((Fault("get", does="set", fields={"status": "odd"}),))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "f:1:1: it is empty"),
        ("- 1", "f:1:1: it is no mapping"),
        ("seed: 1", "f:1:1: it has no list of `faults`"),
        ("faults: 3", "f:1:9: it has no list of `faults`"),
        ("faults: []\nsead: 3", "f:2:1: it has no `sead`"),
        ("faults: []\nseed: x", "f:2:7: `seed` is 'x'"),
        ("faults: [", "f:2:1: not YAML"),
        ("faults:\n- drop", "f:2:3: a fault is a mapping with `verb` and `does`"),
        ("faults:\n- {verb: creat, does: drop}", "f:2:3: `verb` is 'creat'"),
        ("faults:\n- {verb: [create], does: drop}", "f:2:3: `verb` is ['create']"),
        ("faults:\n- {verb: create, does: dorp}", "f:2:3: `does` is 'dorp'"),
        ("faults:\n- {verb: create, does: 3}", "f:2:3: `does` is 3"),
        ("faults:\n- {verb: create, does: drop, at: 0}", "f:2:3: `at` is 0"),
        ("faults:\n- {verb: create, does: drop, at: 3-2}", "f:2:3: `at` is '3-2'"),
        ("faults:\n- {verb: create, does: drop, each: [1]}", "f:2:3: `each` is [1]"),
        ("faults:\n- {verb: create, does: drop, chance: 2}", "f:2:3: `chance` is 2"),
        ("faults:\n- {verb: create, does: drop, name: 7}", "f:2:3: `name` is 7"),
        ("faults:\n- {verb: create, does: drop, self: 7}", "f:2:3: `'drop'` has no `self`"),
        ("faults:\n- {verb: create, does: lag, seconds: 7}", "f:2:3: `lag` is no fault of a create"),
        ("faults:\n- {verb: list, does: lag}", "f:2:3: `lag` lacks `seconds`"),
        ("faults:\n- {verb: list, does: lag, seconds: soon}", "f:2:3: `seconds` of `lag` is 'soon'"),
        ("faults:\n- {verb: list, does: lag, second: 1}", "f:2:3: `lag` has no `second`"),
        ('faults:\n- {verb: get, does: redirect, to: "a\\r\\nb"}', "f:2:3: `to` of `redirect` is 'a\\r\\nb'"),
    ],
)
def test_what_is_no_script_is_told(text: str, what: str) -> None:
    """At its place, with what may be."""
    with pytest.raises(UsageError) as told:
        script_of(Source("f", text))
    assert (told.value.what[: len(what)], bool(told.value.hint)) == (what, True)


@given(st.text() | st.text(alphabet="faults: verbdo{}[],-\n\"'0123"))
def test_no_text_is_too_much(text: str) -> None:
    """It is a script, or it is told why not."""
    with suppress(UsageError):
        assert isinstance(script_of(Source("f", text)), Script)


def test_every_switch_stands_in_the_document() -> None:
    """By its name on the command line."""
    text = PAGE.read_text("utf-8")
    switches = {word for option in command.params for word in option.opts}
    assert [word for word in sorted(switches) if f"`{word}" not in text and f" {word} " not in text] == []


def test_every_fault_stands_in_the_document() -> None:
    """With its parameters and its verbs, as the table has them."""
    text = PAGE.read_text("utf-8").partition("\n## The faults\n")[2]
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line.startswith("| `")]
    said = {row[1].strip("`"): (row[2], row[3]) for row in rows}
    expected = {
        name: (
            ", ".join(f"`{word}`" for word in kind.wants) or "–",
            "all" if kind.verbs == VERBS else ", ".join(kind.verbs),
        )
        for name, kind in KINDS.items()
    }
    assert said == expected
