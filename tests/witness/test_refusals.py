"""The emulator's refusals arrive as the vendor's clients' own exceptions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.http_client import order
from tests.witness.conftest import SPEED, World
from tests.witness.seed import IMAGE, VIDEO, media, text
from tests.witness.service import emulator
from tests.witness.vendor import Vendor

NOBODY = "cgt-20260101000000-aaaaa"
SOUND = "https://example.com/a.mp3"
FIRST, LAST = media("image", IMAGE, "first_frame"), media("image", IMAGE, "last_frame")
REFERENCE = media("image", IMAGE, "reference_image")

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "too short": ({"duration": 3}, "InvalidParameter"),
    "too long": ({"duration": 16}, "InvalidParameter"),
    "unknown ratio": ({"ratio": "2:1"}, "InvalidParameter"),
    "resolution of no model": ({"resolution": "1081p"}, "InvalidParameter"),
    "seed too small": ({"seed": -2}, "InvalidParameter"),
    "expires too soon": ({"execution_expires_after": 60}, "InvalidParameter"),
    "a long name of somebody": ({"safety_identifier": "x" * 65}, "InvalidParameter"),
    "called back by no address": ({"callback_url": "somewhere"}, "InvalidParameter"),
    "a tool that nobody has": ({"tools": [{"type": "hammer"}]}, "InvalidParameter"),
    "a draft": ({"draft": True}, "InvalidParameter.UnsupportedParameter"),
    "frames": ({"frames": 97}, "InvalidParameter.UnsupportedParameter"),
    "camera fixed": ({"camera_fixed": True}, "InvalidParameter.UnsupportedParameter"),
    "offline": ({"service_tier": "flex"}, "InvalidParameter.UnsupportedParameter"),
    "no content": ({"content": None}, "MissingParameter"),
    "no model": ({"model": None}, "MissingParameter"),
    "nothing said": ({"content": []}, "InvalidParameter"),
    "search beside an image": ({"content": [text("a"), FIRST], "tools": [{"type": "web_search"}]}, "InvalidParameter"),
    "two first frames": ({"content": [FIRST, FIRST]}, "InvalidParameter"),
    "last frame alone": ({"content": [LAST]}, "InvalidParameter"),
    "frame beside a reference": ({"content": [FIRST, REFERENCE]}, "InvalidParameter"),
    "ten images": ({"content": [REFERENCE] * 10}, "InvalidParameter"),
    "four videos": ({"content": [media("video", VIDEO, "reference_video")] * 4}, "InvalidParameter"),
    "sound alone": ({"content": [text("a"), media("audio", SOUND, "reference_audio")]}, "InvalidParameter"),
    "video as data": ({"content": [media("video", "data:video/mp4;base64,AA==")]}, "InvalidParameter"),
    "role of another kind": ({"content": [media("video", VIDEO, "first_frame")]}, "InvalidParameter"),
    "no address": ({"content": [media("image", "picture.png")]}, "InvalidParameter"),
    "bare address": ({"content": [{"type": "image_url", "image_url": IMAGE}]}, "InvalidParameter"),
}  # fmt: skip
"""What is refused with a 400, and the beginning of its code."""


@pytest.mark.parametrize("name", BAD)
def test_what_the_service_does_not_make_is_a_bad_request(tasks: Any, vendor: Vendor, name: str) -> None:
    """The exception bears status, code, sort, and a sentence that ends with the request's id."""
    more, code = BAD[name]
    with pytest.raises(vendor.error("ArkBadRequestError")) as caught:
        tasks.create(**order() | more)
    no: Any = caught.value
    assert (no.status_code, no.type) == (400, "BadRequest")
    assert no.code.startswith(code)
    assert "Request id: 0217" in no.message


def test_which_parameter_is_meant(tasks: Any, vendor: Vendor) -> None:
    """The client finds it in the error."""
    with pytest.raises(vendor.error("ArkBadRequestError")) as caught:
        tasks.create(**order(duration=3))
    no: Any = caught.value
    assert (no.param, no.code) == ("duration", "InvalidParameter")


def test_an_error_is_wrapped_as_the_service_wraps_it(tasks: Any, vendor: Vendor) -> None:
    """The clients would take it unwrapped too, so the answer itself is looked at."""
    with pytest.raises(vendor.error("ArkBadRequestError")) as caught:
        tasks.create(**order(duration=3))
    no: Any = caught.value
    body = no.response.json()
    assert (list(body), sorted(body["error"])) == (["error"], ["code", "message", "param", "type"])


def test_a_page_out_of_bounds_is_a_bad_request(tasks: Any, vendor: Vendor) -> None:
    """Pages go from 1 to 500."""
    with pytest.raises(vendor.error("ArkBadRequestError")):
        tasks.list(page_size=501)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("[[refuse input]]", "InputTextSensitiveContentDetected"),
        ("[[refuse face]]", "InputImageSensitiveContentDetected.PrivacyInformation"),
    ],
)
def test_what_the_moderators_refuse_is_a_bad_request(tasks: Any, vendor: Vendor, words: str, code: str) -> None:
    """With the moderators' own code, before any task is taken on."""
    with pytest.raises(vendor.error("ArkBadRequestError")) as caught:
        tasks.create(**order(words))
    no: Any = caught.value
    assert (no.status_code, no.code) == (400, code)


@pytest.mark.parametrize("verb", ["create", "get", "list", "delete"])
def test_without_a_key_nobody_is_served(tasks: Any, vendor: Vendor, world: World, verb: str) -> None:
    """401, whatever is asked."""
    asked = {"create": order(), "list": {}}.get(verb, {"task_id": world.ids["running"]})
    with pytest.raises(vendor.error("ArkAuthenticationError")) as caught:
        getattr(tasks, verb)(**asked, extra_headers={"Authorization": "Basic YTpi"})
    no: Any = caught.value
    assert (no.status_code, no.code, no.type) == (401, "AuthenticationError", "Unauthorized")


def test_a_model_that_is_not_activated(tasks: Any, vendor: Vendor) -> None:
    """404 as well, with another code."""
    with pytest.raises(vendor.error("ArkNotFoundError")) as caught:
        tasks.create(**order(model="doubao-seedance-2-5-260628"))
    no: Any = caught.value
    assert (no.status_code, no.code, no.type) == (404, "ModelNotOpen", "NotFound")


def test_a_model_that_does_not_exist(tasks: Any, vendor: Vendor) -> None:
    """404, with the code that says so."""
    with pytest.raises(vendor.error("ArkNotFoundError")) as caught:
        tasks.create(**order(model="doubao-seedance-9-9-990101"))
    no: Any = caught.value
    assert (no.status_code, no.code, no.type) == (404, "InvalidEndpointOrModel.NotFound", "NotFound")


@pytest.mark.parametrize("verb", ["get", "delete"])
def test_a_task_that_does_not_exist(tasks: Any, vendor: Vendor, verb: str) -> None:
    """404."""
    with pytest.raises(vendor.error("ArkNotFoundError")) as caught:
        getattr(tasks, verb)(task_id=NOBODY)
    no: Any = caught.value
    assert (no.status_code, no.type) == (404, "NotFound")


def test_a_running_task_can_not_be_deleted(tasks: Any, vendor: Vendor, world: World) -> None:
    """409, and it runs on."""
    with pytest.raises(vendor.error("ArkConflictError")) as caught:
        tasks.delete(task_id=world.ids["running"])
    no: Any = caught.value
    assert (no.status_code, no.code) == (409, "InvalidAction.RunningTaskDeletion")
    assert tasks.get(task_id=world.ids["running"]).status == "running"


def test_a_cancelled_task_can_not_be_deleted(tasks: Any, vendor: Vendor) -> None:
    """It is refused; by which code, nobody has written down."""
    made = tasks.create(**order())
    tasks.delete(task_id=made.id)
    with pytest.raises(vendor.error("ArkAPIStatusError")):
        tasks.delete(task_id=made.id)


FAULTS = """\
faults:
- {verb: create, at: 1, does: refuse, status: 403, code: AccountOverdueError}
- {verb: create, at: 2, does: refuse, status: 422, code: UnprocessableEntity}
- {verb: create, at: 3, does: refuse, status: 429, code: QuotaExceeded}
- {verb: create, at: 4, does: answer, status: 500, code: InternalServiceError}
- {verb: get, at: 1, does: refuse, status: 503}
- {verb: get, at: 2, does: answer, status: 429}
- {verb: list, at: 1, does: drop}
"""


def test_each_error_is_the_clients_own(vendor: Vendor, tmp_path: Path) -> None:
    """Overdue, unprocessable, no more quota, broken, overloaded, and no answer at all."""
    script = tmp_path / "faults.yaml"
    script.write_text(FAULTS, "utf-8")
    with emulator(tmp_path / "ledger.jsonl", SPEED, "--faults", str(script)) as base_url:
        tasks = vendor.tasks(base_url)
        met = [error_of(lambda: tasks.create(**order())) for _ in range(4)]
        met += [error_of(lambda: tasks.get(task_id=NOBODY)) for _ in range(2)] + [error_of(tasks.list)]
    assert met == [
        ("ArkPermissionDeniedError", 403, "AccountOverdueError"),
        ("ArkUnprocessableEntityError", 422, "UnprocessableEntity"),
        ("ArkRateLimitError", 429, "QuotaExceeded"),
        ("ArkInternalServerError", 500, "InternalServiceError"),
        ("ArkInternalServerError", 503, "InternalServiceError"),
        ("ArkRateLimitError", 429, "ServerOverloaded"),
        ("ArkAPIConnectionError", None, None),
    ]


def test_who_asks_too_often_meets_the_clients_own_error(vendor: Vendor, tmp_path: Path) -> None:
    """A second list within a second, at a service that keeps its limits."""
    with emulator(tmp_path / "ledger.jsonl", SPEED, "--limits", "--retry-after") as base_url:
        tasks = vendor.tasks(base_url)
        tasks.list()
        with pytest.raises(vendor.error("ArkRateLimitError")) as caught:
            tasks.list()
    no: Any = caught.value
    assert (no.code, no.type, no.response.headers["retry-after"]) == (
        "AccountRateLimitExceeded",
        "TooManyRequests",
        "1",
    )


def error_of(call: Callable[[], object]) -> tuple[str, int | None, str | None]:
    """The exception of a call: its class, and the status and code that it bears."""
    try:
        call()
    except Exception as error:
        return type(error).__name__, getattr(error, "status_code", None), getattr(error, "code", None)
    raise AssertionError("nothing was refused")
