"""What Ark's replies mean: ids, tasks, pages, and every sort of no."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from storyboard.errors import (
    KeyRefused,
    ModelRefused,
    Moderated,
    NotFound,
    Overdue,
    ProviderError,
    QuotaUsedUp,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unusable,
)
from storyboard.protocols import Address
from storyboard.providers.ark import wire
from storyboard.providers.provider import Page, Status, Task

ID = "cgt-20261001120000-ab1c2"


def error(code: str, message: str = "no") -> bytes:
    """An error in Ark's shape."""
    return json.dumps({"error": {"code": code, "message": message, "param": "", "type": "BadRequest"}}).encode()


@pytest.mark.parametrize("id", [ID, "cgt-batch-20261001120000-ab1c2", "cgt-1"])
@pytest.mark.parametrize("status", [200, 201])
def test_a_yes_with_an_id_is_an_accepted_task(status: int, id: str) -> None:
    """The id is taken as it is."""
    assert wire.parse_task_id(status, json.dumps({"id": id}).encode()) == id


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b""),
        (200, b"{}"),
        (200, b"[]"),
        (200, b"<html>welcome</html>"),
        (200, b'{"id":null}'),
        (200, b'{"id":7}'),
        (200, b'{"id":""}'),
        (200, b'{"id":"task-1"}'),
        (200, b'{"id":"cgt-1/../x"}'),
        (200, b'{"id":"cgt-1\\n"}'),
        (204, b""),
        (301, b""),
        (302, error("InvalidParameter")),
        (400, b""),
        (400, b"<html>Bad Request</html>"),
        (400, b'{"detail":"no"}'),
        (401, b"denied"),
        (404, b"not here"),
        (408, error("RequestTimeout")),
        (409, error("Conflict")),
        (499, error("ClientClosedRequest")),
        (500, error("InternalServiceError")),
        (502, b"<html>Bad Gateway</html>"),
        (503, error("ServerOverloaded")),
        (504, b""),
        (100, b""),
    ],
)
@pytest.mark.row(19, 20, 26, 28, 29)
def test_an_answer_that_proves_nothing_leaves_the_request_in_doubt(status: int, body: bytes) -> None:
    """Neither an ID nor a provable refusal: it must not be sent again automatically."""
    with pytest.raises(UnknownOutcome):
        wire.parse_task_id(status, body)


@pytest.mark.parametrize(
    ("status", "body", "sort"),
    [
        (400, error("InvalidParameter"), Rejected),
        (400, error("MissingParameter.model"), Rejected),
        (400, error("InputTextSensitiveContentDetected"), Moderated),
        (400, b'{"code":"InvalidParameter","message":"flat"}', Rejected),
        (404, error("InvalidEndpointOrModel.NotFound"), ModelRefused),
        (413, error("InvalidParameter"), Rejected),
        (422, error("InvalidParameter"), Rejected),
        (400, error("InvalidAccountStatus"), KeyRefused),
        (401, error("AuthenticationError"), KeyRefused),
        (401, error("Anything"), KeyRefused),
        (402, error("Anything"), Overdue),
        (403, error("AccountOverdueError"), Overdue),
        (403, error("AccessDenied"), ModelRefused),
        (403, error("OperationDenied.ServiceNotOpen"), ModelRefused),
        (404, error("ModelNotOpen"), ModelRefused),
        (403, error("OperationDenied.ServiceOverdue"), Overdue),
        (403, error("OperationDenied.InvalidState"), ModelRefused),
        (404, error("UnsupportedModel"), NotFound),
        (400, error("InputImageSensitiveContentDetected.PrivacyInformation"), Moderated),
        (400, error("InputVideoRiskDetection"), Moderated),
        (400, error("InputAudioSensitiveContentDetected"), Moderated),
        (400, error("OutputVideoSensitiveContentDetected.PolicyViolation"), Moderated),
        (400, error("OutputImage.DeepFake"), Moderated),
        (400, error("SensitiveContentDetected.SevereViolation"), Moderated),
        (429, error("QuotaExceeded", "the free quota of this model is used up"), QuotaUsedUp),
        (429, error("QuotaExceeded", "too many tasks are queued"), RateLimited),
        (429, error("RequestBurstTooFast"), RateLimited),
        (404, b'{"error":null,"code":"NotFound.X","message":"flat"}', NotFound),
        (429, error("SetLimitExceeded"), QuotaUsedUp),
        (429, error("InflightBatchsizeExceeded"), QuotaUsedUp),
        (429, error("RateLimitExceeded.EndpointRPMExceeded"), RateLimited),
        (429, error("ServerOverloaded"), RateLimited),
        (429, error("QuotaExceeded"), RateLimited),
        (429, b"", RateLimited),
        (429, b"<html>slow down</html>", RateLimited),
        (429, b"{}", RateLimited),
    ],
)
@pytest.mark.row(11, 12, 13, 14, 15, 16, 18, 22, 23, 24, 25)
def test_a_provable_no_has_its_class(status: int, body: bytes, sort: type[Rejected]) -> None:
    """For this request, for now, or for the whole account: the code and the status decide."""
    with pytest.raises(Rejected) as caught:
        wire.parse_task_id(status, body)
    assert (type(caught.value), caught.value.status) == (sort, status)


@pytest.mark.parametrize(
    "read",
    [wire.parse_task_id, wire.parse_task, wire.parse_page, wire.check_deleted],
    ids=lambda read: str(read.__name__),
)
def test_a_no_for_now_says_for_how_long(read: Callable[[int, bytes, float], object]) -> None:
    """What the service asked for, whatever it was asked."""
    with pytest.raises(RateLimited) as caught:
        read(429, b"", 30.0)
    assert caught.value.after == 30.0


def test_a_no_holds_the_service_s_own_words() -> None:
    """Code and message are for the reader in trouble."""
    with pytest.raises(Rejected) as caught:
        wire.parse_task_id(400, error("InvalidParameter", "duration must be within [4, 15]"))
    assert (caught.value.code, caught.value.what) == (
        "InvalidParameter",
        "the service said no: InvalidParameter: duration must be within [4, 15]",
    )


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("InputTextSensitiveContentDetected", "prompt"),
        ("InputImageSensitiveContentDetected.PrivacyInformation", "real faces"),
        ("OutputVideoSensitiveContentDetected", "submitting again"),
    ],
)
def test_a_refused_content_comes_with_a_hint(code: str, word: str) -> None:
    """What can be done about it."""
    with pytest.raises(Rejected) as caught:
        wire.parse_task_id(400, error(code))
    assert word in caught.value.hint


def reply(**fields: Any) -> bytes:
    """The body of a get."""
    return json.dumps({"id": ID, **fields}).encode()


def test_a_task_that_has_succeeded() -> None:
    """Everything that is used of a full reply."""
    body = reply(
        model="doubao-seedance-2-0-260128",
        status="succeeded",
        content={"video_url": "https://a/v?s=1", "last_frame_url": "https://a/f?s=1"},
        usage={"completion_tokens": 108900, "total_tokens": 108900},
        created_at=1000,
        updated_at=1100,
        execution_expires_after=172800,
        seed=7,
    )
    assert wire.parse_task(200, body) == Task(
        id=ID,
        status="succeeded",
        word="succeeded",
        video=Address("https://a/v?s=1"),
        frame=Address("https://a/f?s=1"),
        expires=1100.0 + 86_400,
        tokens=108900,
        created_at=1000.0,
        updated_at=1100.0,
        expires_after=172800,
        model="doubao-seedance-2-0-260128",
    )


@pytest.mark.parametrize("status", ["queued", "running", "failed", "succeeded"])
def test_a_safety_identifier_is_read_in_every_state(status: str) -> None:
    """Wherever the service repeats it."""
    task = wire.parse_task(200, reply(status=status, safety_identifier="viewer-1"))
    assert task.safety_identifier == "viewer-1"


def test_a_list_tells_safety_identifiers() -> None:
    """Of those of its tasks that have one."""
    body = json.dumps({"items": [{"id": "cgt-2", "safety_identifier": "viewer-1"}, {"id": "cgt-1"}], "total": 2})
    assert [task.safety_identifier for task in wire.parse_page(200, body.encode()).tasks] == ["viewer-1", ""]


@pytest.mark.row(43)
def test_numbers_may_be_written_as_text() -> None:
    """Some copies of the description type them so."""
    task = wire.parse_task(200, reply(usage={"completion_tokens": "50638"}, created_at="1000", updated_at="1100"))
    assert (task.tokens, task.created_at, task.updated_at) == (50638, 1000.0, 1100.0)


@pytest.mark.parametrize(
    ("usage", "tokens"),
    [
        ({"completion_tokens": 7}, 7),
        ({"completion_tokens": 7.0}, 7),
        ({"completion_tokens": "7.0"}, 7),
        ({"completion_tokens": None, "total_tokens": "7"}, 7),
        ({"total_tokens": 7}, 7),
        ({"completion_tokens": "many"}, None),
        ({"completion_tokens": 0}, 0),
        ({"completion_tokens": -1, "total_tokens": 7}, 7),
        ({"completion_tokens": -(10**9)}, None),
        ({"completion_tokens": 2**53 - 1}, 2**53 - 1),
        ({"completion_tokens": 2**53}, None),
        ({"completion_tokens": 1e30}, None),
        ({"completion_tokens": "1e30"}, None),
        ({"completion_tokens": 10**400}, None),
        ({}, None),
        ("7", None),
        (None, None),
    ],
)
@pytest.mark.row(43)
def test_tokens_are_read_however_they_are_written(usage: object, tokens: int | None) -> None:
    """As a number or as text, by either name, or not at all."""
    assert wire.parse_task(200, reply(usage=usage)).tokens == tokens


def test_fields_may_be_null() -> None:
    """Null is as good as missing."""
    names = (
        "model",
        "status",
        "content",
        "usage",
        "created_at",
        "updated_at",
        "error",
        "execution_expires_after",
        "safety_identifier",
    )
    assert wire.parse_task(200, reply(**dict.fromkeys(names))) == wire.parse_task(200, reply())


def test_a_reply_may_hold_nothing_but_an_id() -> None:
    """A task without a status is one of unknown status."""
    assert wire.parse_task(200, reply()) == Task(ID, "unknown", "")


@pytest.mark.row(41)
def test_a_status_that_nobody_knows_is_kept_as_a_word() -> None:
    """It is unknown, but not lost, and not an end."""
    task = wire.parse_task(200, reply(status="paused"))
    assert (task.status, task.word, wire.is_over(task.status)) == ("unknown", "paused", False)


@pytest.mark.parametrize("content", [None, [], "x", {}, {"video_url": None}, {"video_url": ""}, {"video_url": 3}])
@pytest.mark.row(42)
def test_content_may_be_missing_or_nonsense(content: object) -> None:
    """Then there is no video."""
    assert wire.parse_task(200, reply(status="succeeded", content=content)).video is None


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://a/b", "javascript:1", "/etc/passwd"])
def test_an_address_that_is_no_web_address_is_none(url: str) -> None:
    """Nothing but http and https is ever fetched."""
    assert wire.parse_task(200, reply(content={"video_url": url})).video is None


@pytest.mark.parametrize("field", ["error", "failure_reason"])
def test_why_a_task_failed(field: str) -> None:
    """Some services use one name for it, some the other."""
    body = reply(status="failed", **{field: {"code": "OutputVideoSensitiveContentDetected", "message": "no"}})
    assert wire.parse_task(200, body).error == "OutputVideoSensitiveContentDetected: no"


@pytest.mark.parametrize("value", [None, "", [], {"code": None}, {"message": ""}])
def test_a_failure_may_have_no_words(value: object) -> None:
    """Expired and cancelled tasks carry none."""
    assert wire.parse_task(200, reply(status="expired", error=value)).error == ""


def test_a_failure_may_be_bare_words() -> None:
    """They are shown unchanged."""
    assert wire.parse_task(200, reply(status="failed", error="no luck")).error == "no luck"


@pytest.mark.row(39)
def test_a_failed_task_says_what_can_be_done() -> None:
    """By the same table as a refusal."""
    body = reply(status="failed", error={"code": "OutputVideoSensitiveContentDetected", "message": "no"})
    assert "submitting again sometimes passes" in wire.parse_task(200, body).hint


def test_half_characters_in_a_message_become_question_marks() -> None:
    """No file and no screen would take them."""
    body = b'{"id":"cgt-1","status":"failed","error":{"code":"C","message":"\\ud800!"}}'
    assert wire.parse_task(200, body).error == "C: ?!"


@pytest.mark.parametrize("value", [10**400, -(10**400), "x", [], True, 1e300, None])
def test_a_time_that_no_clock_says_is_zero(value: object) -> None:
    """Nonsense in one field doesn't cost the others."""
    assert wire.parse_task(200, reply(updated_at=value, status="running")).updated_at == 0.0


@pytest.mark.parametrize("value", [10**400, 2**53, 1e300, -0.5, -1, "-1", "1e30", float("inf"), float("nan")])
def test_a_number_that_nothing_has_is_none(value: object) -> None:
    """Negative, endless, or more than can be counted: it is read as if it weren't there."""
    task = wire.parse_task(
        200, reply(duration=value, execution_expires_after=value, created_at=value, updated_at=value)
    )
    assert (task.duration, task.expires_after, task.created_at, task.updated_at) == (None, None, 0.0, 0.0)


@pytest.mark.parametrize("total", [-1, 10**30, "many"])
def test_a_total_that_no_list_has_is_that_of_its_page(total: object) -> None:
    """Pages that don't exist aren't requested."""
    page = wire.parse_page(200, json.dumps({"total": total, "items": [{"id": "cgt-1"}]}).encode())
    assert page.total == 1


@pytest.mark.parametrize(
    ("status", "body", "sort"),
    [
        (200, b"", Unusable),
        (200, b"<html>", Unusable),
        (200, b"[]", Unusable),
        (200, b"{}", Unusable),
        (200, b'{"id":3}', Unusable),
        (302, b"", Unusable),
        (404, b"<html>", Unusable),
        (500, error("InternalServiceError"), Unusable),
        (502, b"<html>", Unusable),
        (404, error("NotFound.Task"), NotFound),
        (401, error("AuthenticationError"), KeyRefused),
        (429, b"", RateLimited),
    ],
)
@pytest.mark.row(27, 28)
def test_a_get_without_a_task(status: int, body: bytes, sort: type[ProviderError]) -> None:
    """Asking again costs nothing, so that what proves nothing is merely unreachable."""
    with pytest.raises(ProviderError) as caught:
        wire.parse_task(status, body)
    assert type(caught.value) is sort


def test_a_page_of_a_list() -> None:
    """Its tasks in their order, and how many there are in all."""
    body = json.dumps({"total": 31, "items": [{"id": "cgt-2", "status": "queued"}, {"id": "cgt-1"}]}).encode()
    tasks = (Task("cgt-2", "queued", "queued"), Task("cgt-1", "unknown", ""))
    assert wire.parse_page(200, body) == Page(tasks, 31)


def test_items_without_an_id_are_left_out() -> None:
    """Nonsense among the items doesn't cost the others."""
    page = wire.parse_page(200, b'{"total":"4","items":[null,{},{"id":1},{"id":"cgt-1"}]}')
    assert ([task.id for task in page.tasks], page.total) == (["cgt-1"], 4)


@pytest.mark.parametrize("body", [b"", b"{}", b'{"items":null}', b"[]", b"<html>"])
def test_a_list_without_a_page(body: bytes) -> None:
    """It got no usable answer."""
    with pytest.raises(Unusable):
        wire.parse_page(200, body)


@pytest.mark.parametrize("body", [b"", b"{}", b"<html>"])
def test_a_delete_is_done_whatever_its_yes_looks_like(body: bytes) -> None:
    """The status alone counts."""
    wire.check_deleted(200, body)


def test_a_delete_of_a_running_task_is_rejected() -> None:
    """The code gives the reason."""
    with pytest.raises(Rejected) as caught:
        wire.check_deleted(409, error("InvalidAction.RunningTaskDeletion"))
    assert (caught.value.status, caught.value.code) == (409, "InvalidAction.RunningTaskDeletion")


@pytest.mark.parametrize(
    ("status", "over"),
    [
        ("queued", False),
        ("running", False),
        ("succeeded", True),
        ("failed", True),
        ("cancelled", True),
        ("expired", True),
        ("unknown", False),
    ],
)
def test_which_statuses_are_ends(status: Status, over: bool) -> None:
    """Nothing follows an end."""
    assert wire.is_over(status) is over


def test_every_status_leads_to_an_end() -> None:
    """A task's life has no circle and no dead end."""
    reached = {next_ for nexts in wire.LIFE.values() for next_ in nexts}
    assert reached <= set(wire.LIFE)
    assert "queued" not in reached
    assert "running" not in wire.LIFE["running"]


WORDS = st.sampled_from(["", "cgt-1", "succeeded", "http://[", "https://a:b", "\ud800", "7", "é", "code", "message"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("id", "status", "content", "usage", "error", "failure_reason", "created_at", "updated_at", "items", "total")
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), VALUES).map(lambda value: json.dumps(value).encode())


@settings(deadline=None)
@given(status=st.integers(100, 599), body=st.binary() | OBJECTS)
@example(200, b"[" * 100_000)
@example(200, b'{"id":"cgt-1","updated_at":' + b"9" * 400 + b"}")
@example(200, b'{"id":"\\ud800","items":[{"id":"\\ud800"}]}')
def test_no_reply_whatever_raises_anything_but_the_declared_errors(status: int, body: bytes) -> None:
    """Any status with any bytes: a value, or one of our own errors that can be printed."""
    for read in (wire.parse_task_id, wire.parse_task, wire.parse_page, wire.check_deleted):
        try:
            text = repr(read(status, body))
        except ProviderError as caught:
            text = f"{caught.what}{caught.hint}"
        assert isinstance(text.encode(), bytes)
