"""The questions to the service, asked of the emulator: which answers they find, and what they send for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.faults import Fault
from storyboard.emulator.tasks import Echo
from storyboard.errors import Rejected
from storyboard.net import client as net
from storyboard.protocols import Account, PollPolicy, Secret
from storyboard.providers.ark import probes
from storyboard.providers.ark.probe_questions import QUESTIONS, Answer
from storyboard.providers.ark.probes import Probes
from storyboard.providers.catalogue import capabilities
from storyboard.testing.clock import LoadedDice, VirtualClock
from storyboard.testing.emulator import emulator
from tests.servers import answering, http

ROW = capabilities()["seedance-2.0-fast"]


def asked(base_url: str, clock: VirtualClock, *, other: str = "") -> dict[str, Answer]:
    """What the probes find at an address."""
    account = Account(base_url, Secret("a-key-of-mine"), 3, PollPolicy(5.0, 30.0))
    second = Account(base_url, Secret(other), 3, PollPolicy(5.0, 30.0)) if other else None

    async def whole() -> dict[str, Answer]:
        async with net.open_net() as way:
            script = Probes(account, second, way, clock, LoadedDice(), lambda _: None)
            await script.all(ROW)
            return {answer.probe: answer for answer in script.answers}

    return asyncio.run(whole())


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Answer], tuple[Mapping[str, Any], ...]]:
    """The answers of an emulator that works at the pace of life, and its ledger."""
    clock = VirtualClock()
    with emulator(tmp_path_factory.mktemp("probes") / "ledger.jsonl", speed=1.0, clock=clock) as service:
        return asked(service.base_url, clock, other="another-key"), service.ledger


Found = tuple[Mapping[str, Answer], tuple[Mapping[str, Any], ...]]


def test_every_question_gets_one_answer(found: Found) -> None:
    """P1 to P9, of a service that lets itself be asked."""
    assert sorted(found[0]) == sorted(QUESTIONS)


@pytest.mark.parametrize(
    ("probe", "word"),
    [
        ("P1", "yes"),
        ("P2", "yes"),
        ("P3", "yes"),
        ("P4", "yes"),
        ("P5", "no"),
        ("P6", "yes"),
        ("P7", "no"),
        ("P8", "open"),
        ("P9", "yes"),
    ],
)
def test_the_emulator_s_answers(found: Found, probe: str, word: str) -> None:
    """It repeats marks, takes equal creates for two, signs once, and has no limit."""
    assert found[0][probe].word == word


def test_two_tasks_are_paid_for_at_the_most(found: Found) -> None:
    """The price shown is that of two."""
    assert len(found[1]) == probes.TASKS


def test_what_needs_a_day_is_told_to_be_looked_at_again(found: Found) -> None:
    """The bill, and an address that has died."""
    assert {name for name, answer in found[0].items() if answer.again} == {"P7", "P9"}


def test_the_files_host_answers_of_heads_and_parts(found: Found) -> None:
    """A head is refused, since the signature is of a get; who asks for a part gets the whole."""
    assert (found[0]["P7"].seen["head"], found[0]["P7"].seen["range"]) == (403, 200)


def test_no_answer_holds_an_address_or_the_key(found: Found) -> None:
    """Answers are meant to be kept and shown."""
    told = str([answer.value() for answer in found[0].values()])
    assert [word for word in ("a-key-of-mine", "another-key", "Signature", "://") if word in told] == []


def test_a_task_that_is_ended_is_not_cancelled(tmp_path: Path) -> None:
    """The twin of a service that is done at once keeps its record: the question stays open."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger.jsonl", speed=1e9, clock=clock) as service:
        clock.advance(1.0)
        answers = asked(service.base_url, _Ticking(clock))
        assert (answers["P9"].word, answers["P1"].word) == ("open", "open")
        assert service.service.ledger.removed == {}


class _Ticking(VirtualClock):
    """A clock that advances by a second at each reading, together with another."""

    def __init__(self, other: VirtualClock) -> None:
        super().__init__(other.now())
        self._other = other

    def now(self) -> float:
        self._other.advance(1.0)
        return self._other.now()


def marked(folder: Path, echo: Echo, *faults: Fault) -> Answer:
    """P5 of an emulator that works at the pace of life."""
    clock = VirtualClock()
    conditions = EmulatorConfig(1.0, safety_identifier=echo)
    with emulator(folder / "ledger.jsonl", clock=clock, conditions=conditions, faults=faults) as service:
        return asked(service.base_url, clock)["P5"]


@pytest.mark.parametrize(("echo", "word"), [("always", "yes"), ("ended", "no"), ("never", "no")])
def test_a_safety_identifier_has_to_be_repeated_before_the_end(tmp_path: Path, echo: Echo, word: str) -> None:
    """A doubt is about tasks that are queued or run."""
    assert marked(tmp_path, echo).word == word


@pytest.mark.parametrize(("verb", "other"), [("get", "list"), ("list", "look")])
def test_a_safety_identifier_has_to_be_repeated_in_lists_and_looks(tmp_path: Path, verb: str, other: str) -> None:
    """One of them alone is a no, and which one it is can be seen."""
    answer = marked(tmp_path, "always", Fault(verb, does="without", fields=["safety_identifier"]))
    way = "list" if verb == "list" else "look"
    assert (answer.word, answer.seen) == ("no", {way: "no", other: "yes"})


def test_of_a_task_that_is_ended_nobody_knows_what_was_repeated_before(tmp_path: Path) -> None:
    """A service that is done at once leaves the question open."""
    clock = VirtualClock()
    conditions = EmulatorConfig(1e9, safety_identifier="always")
    with emulator(tmp_path / "ledger.jsonl", clock=clock, conditions=conditions) as service:
        assert asked(service.base_url, _Ticking(clock))["P5"].word == "open"


def test_a_limit_that_says_when_to_come_again_is_read() -> None:
    """A 429 anywhere answers P8; here on a create, which ends the questions before anything is taken on."""
    body = b'{"error":{"code":"RateLimitExceeded.EndpointRPMExceeded","message":"slowly"}}'
    with answering(http(body, "Retry-After: 7", status="429 Too Many Requests")) as server:
        account = Account(server.origin, Secret("a-key-of-mine"), 3, PollPolicy(5.0, 30.0))

        async def whole() -> Answer:
            async with net.open_net() as way:
                script = Probes(account, None, way, VirtualClock(), LoadedDice(), lambda _: None)
                with pytest.raises(Rejected):
                    await script.all(ROW)
                await script._check_rate_limit()
                return script.answers[0]

        answer = asyncio.run(whole())
    assert (answer.word, answer.seen["retry_after"]) == ("yes", "7")


def test_a_refused_create_is_sent_once() -> None:
    """Nothing is repeated, and nothing else is asked."""
    body = b'{"error":{"code":"ModelNotOpen","message":"not yours"}}'
    with answering(http(body, status="404 Not Found")) as server:
        with pytest.raises(Rejected):
            asked(server.origin, VirtualClock())
        assert [request.split()[0] for request in server.requests] == [b"POST"]


def test_the_price_is_that_of_two_whole_tasks() -> None:
    """Twice ⌊864 · 496 · 97 / 1024⌋ tokens, at 37 a million."""
    cost = probes.worst(ROW)
    assert (cost.high_tokens, f"{cost.high:.2f}", cost.currency) == (81_188, "3.00", "CNY")


def test_every_answer_s_meaning_stands_in_the_page() -> None:
    """`docs/real-service.md` is what one reads before the probes are paid for."""
    page = " ".join((Path(__file__).parents[2] / "docs" / "real-service.md").read_text("utf-8").split())
    missing = [
        (probe, text)
        for probe, question in QUESTIONS.items()
        for text in (question.asks, *question.means.values())
        if text not in page
    ]
    assert missing == []
