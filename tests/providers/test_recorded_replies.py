"""What each recorded reply of the vendor's documents comes to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storyboard.errors import (
    AccountRefused,
    ModelRefused,
    ProviderError,
    RateLimited,
    Rejected,
    UnknownOutcome,
    Unreachable,
)
from storyboard.protocols import Address
from storyboard.providers.ark import wire
from storyboard.providers.provider import Page, Task
from tests.providers.recorded import recorded, sort_of

REPLIES = recorded()
READERS = {
    "create": wire.parse_task_id,
    "get": wire.parse_task,
    "list": wire.parse_page,
    "delete": wire.check_deleted,
}
ID, MODEL = "cgt-20260401120000-ab1c2", "doubao-seedance-2-0-260128"
SIGNED = (
    "?X-Tos-Algorithm=TOS4-HMAC-SHA256&X-Tos-Credential=AK%2F20260401%2Fcn-beijing%2Ftos%2Frequest"
    "&X-Tos-Date=20260401T040200Z&X-Tos-Expires=86400&X-Tos-Signature=5f1e&X-Tos-SignedHeaders=host"
)
BUCKET = "https://ark-content-generation-cn-beijing.tos-cn-beijing.volces.com/doubao-seedance-2-0/"
VIDEO = Address(BUCKET + "02177501.mp4" + SIGNED)
FRAME = Address(BUCKET + "02177501_last.png" + SIGNED)
QUEUED = Task(
    id=ID,
    status="queued",
    word="queued",
    expires=1775102400.0,
    created_at=1775016000.0,
    updated_at=1775016000.0,
    expires_after=172800,
    model=MODEL,
)
SUCCEEDED = Task(
    id=ID,
    status="succeeded",
    word="succeeded",
    video=VIDEO,
    expires=1775102520.0,
    tokens=108900,
    created_at=1775016000.0,
    updated_at=1775016120.0,
    expires_after=172800,
    model=MODEL,
    duration=5,
    ratio="16:9",
    resolution="720p",
    sound=True,
)
SENSITIVE = (
    "OutputVideoSensitiveContentDetected: The request failed because the output video may contain sensitive"
    " information. Request id: 0217501600000000"
)
REFUSED = "what was made was refused, and is not billed; submitting again sometimes passes"

SAID = {
    "create": ID,
    "create-flex": "cgt-batch-20260731120000-ab1c2",
    "create-safety-identifier": ID,
    "get-queued": QUEUED,
    "get-running": replace(QUEUED, status="running", word="running", updated_at=1775016004.0, expires=1775102404.0),
    "get-succeeded": SUCCEEDED,
    "get-succeeded-last-frame": replace(SUCCEEDED, frame=FRAME),
    "get-succeeded-error-null": SUCCEEDED,
    "get-succeeded-tokens-as-text": SUCCEEDED,
    "get-succeeded-web-search": SUCCEEDED,
    "get-succeeded-odd-ratio": replace(SUCCEEDED, ratio="7:5", safety_identifier="viewer-1"),
    "get-succeeded-file": replace(SUCCEEDED, video=None),
    "get-failed": replace(
        QUEUED,
        status="failed",
        word="failed",
        updated_at=1775016060.0,
        expires=1775102460.0,
        error=SENSITIVE,
        hint=REFUSED,
    ),
    "get-failed-failure-reason": replace(
        QUEUED,
        status="failed",
        word="failed",
        updated_at=1775016060.0,
        expires=1775102460.0,
        error="InternalServiceError: The service encountered an unexpected internal error.",
    ),
    "get-expired": replace(QUEUED, status="expired", word="expired", updated_at=1775188800.0, expires=1775275200.0),
    "get-cancelled": replace(
        QUEUED, status="cancelled", word="cancelled", updated_at=1775016003.0, expires=1775102403.0
    ),
    "list": Page((replace(QUEUED, id="cgt-20260401120001-zz9y8"), SUCCEEDED), 31),
    "list-empty": Page((), 0),
    "list-failure-reason": Page(
        (
            replace(
                QUEUED, status="failed", word="failed", error="OutputVideoSensitiveContentDetected: no", hint=REFUSED
            ),
        ),
        1,
    ),
    "delete": None,
    "delete-no-body": None,
}
"""Return the value of a reply, by its name."""

NO: dict[str, tuple[type[ProviderError], str]] = {
    "create-empty-yes": (UnknownOutcome, ""),
    "create-no-account": (AccountRefused, "InvalidAccountStatus"),
    "create-no-face": (Rejected, "InputImageSensitiveContentDetected.PrivacyInformation"),
    "create-no-internal": (UnknownOutcome, ""),
    "create-no-invalid": (Rejected, "InvalidParameter"),
    "create-no-key": (AccountRefused, "AuthenticationError"),
    "create-no-limit-set": (AccountRefused, "SetLimitExceeded"),
    "create-no-missing": (Rejected, "MissingParameter"),
    "create-no-model-not-open": (ModelRefused, "ModelNotOpen"),
    "create-no-no-such-model": (ModelRefused, "InvalidEndpointOrModel.NotFound"),
    "create-no-overdue": (AccountRefused, "AccountOverdueError"),
    "create-no-queue-full": (RateLimited, "QuotaExceeded"),
    "create-no-rights": (ModelRefused, "AccessDenied"),
    "create-no-service-not-open": (ModelRefused, "OperationDenied.ServiceNotOpen"),
    "create-no-too-often": (RateLimited, "RateLimitExceeded.EndpointRPMExceeded"),
    "create-no-unsupported": (Rejected, "InvalidParameter.UnsupportedParameter"),
    "create-no-words": (Rejected, "InputTextSensitiveContentDetected"),
    "delete-running": (Rejected, "InvalidAction.RunningTaskDeletion"),
    "delete-running-flat": (Rejected, "InvalidAction.RunningTaskDeletion"),
    "delete-unknown": (Rejected, "NotFound.Task"),
    "get-gone": (Rejected, "NotFound.Task"),
    "get-internal": (Unreachable, ""),
    "get-page-of-a-proxy": (Unreachable, ""),
    "list-out-of-bounds": (Rejected, "InvalidParameter"),
    "list-too-often": (RateLimited, "APIAccountRpmRateLimitExceeded"),
}
"""Which of our errors a reply comes to, and the code that it holds, by its name."""


@pytest.mark.parametrize("name", SAID)
def test_a_recorded_yes_says_what_it_says(name: str) -> None:
    """An id, a task, a page, or done."""
    reply = REPLIES[name]
    assert READERS[reply.answers](reply.status, reply.body) == SAID[name]


@pytest.mark.parametrize("name", NO)
def test_a_recorded_no_has_its_class_and_code(name: str) -> None:
    """The cause of the error, and whether a retry can help."""
    reply = REPLIES[name]
    with pytest.raises(ProviderError) as caught:
        READERS[reply.answers](reply.status, reply.body)
    assert (sort_of(caught.value), getattr(caught.value, "code", "")) == NO[name]


def test_every_recorded_reply_is_expected_to_say_something() -> None:
    """Every file is used."""
    assert sorted(SAID | NO) == sorted(REPLIES)
