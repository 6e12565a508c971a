"""The books: what every test may ask the service itself, and how it begins anew."""

from __future__ import annotations

import hashlib
import json
from email.utils import parsedate_to_datetime
from pathlib import Path

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import Emulator, emulator
from tests.http_client import TASKS, Answer, ask, create, image, listed, look, order

NOON = 1_790_856_000.0


def books(
    emulated: Emulator, method: str = "GET", path: str = "/__ledger", body: bytes | None = None, **headers: str
) -> Answer:
    """Ask for the books, without a key."""
    return ask(method, emulated.base_url.removesuffix("/api/v3") + path, body, key="", headers=headers)


def test_the_books_tell_what_was_taken_on(tmp_path: Path) -> None:
    """For whom, by what body, at what cost; a key is told apart, not told."""
    body = json.dumps(order()).encode()
    with emulator(tmp_path / "ledger", speed=1, clock=VirtualClock(NOON)) as emulated:
        answer = ask(
            "POST", emulated.base_url + TASKS, body, key="secret-key", headers={"X-Client-Request-Id": "intent-1"}
        )
        told = books(emulated)
    assert told.value == {
        "tasks": [
            {
                "task_id": answer.value["id"],
                "at": NOON,
                "model": "doubao-seedance-2-0-260128",
                "who": hashlib.sha256(b"secret-key").hexdigest()[:12],
                "client_request_id": "intent-1",
                "body_sha256": hashlib.sha256(body).hexdigest(),
                "tokens": 40_594,
                "price": 1.867324,
                "status": "queued",
                "billed": False,
            }
        ],
        "billed": {"tokens": 0, "price": 0},
        "traffic": {
            "CREATE": {"count": 1, "most": 1},
            "GET": {"count": 0, "most": 0},
            "LIST": {"count": 0, "most": 0},
            "DELETE": {"count": 0, "most": 0},
        },
    }
    assert b"secret-key" not in told.body + (tmp_path / "ledger").read_bytes()


def test_a_reset_forgets_everything(tmp_path: Path) -> None:
    """Tasks, removals, media, counts; a service that is started anew doesn't know better."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        picture = image("data:image/bmp;base64,Qk0=")
        tasks = [create(emulated.base_url, order("a", picture)) for _ in range(2)]
        ask("DELETE", f"{emulated.base_url}{TASKS}/{tasks[0]}")
        clock.advance(80)
        ask("GET", look(emulated.base_url, tasks[1])["content"]["video_url"])
        assert books(emulated, "POST", "/__reset").status == 200
        empty = books(emulated).value
        left = sorted(path.name for path in (tmp_path / "ledger.media").iterdir())
        assert (empty["tasks"], empty["traffic"]["CREATE"]["count"], left) == ([], 0, ["signing.key"])
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        assert listed(emulated.base_url)["total"] == 0
        assert create(emulated.base_url, order()).startswith("cgt-")


def test_what_a_snapshot_says_can_be_gone_back_to(tmp_path: Path) -> None:
    """What was taken on and deleted since never was, not even for a service that is started anew."""
    clock = VirtualClock()
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        kept = create(emulated.base_url, order())
        said = books(emulated, path="/__snapshot")
        create(emulated.base_url, order())
        ask("DELETE", f"{emulated.base_url}{TASKS}/{kept}")
        back = books(emulated, "POST", "/__restore", body=said.body)
        found = listed(emulated.base_url)
    with emulator(tmp_path / "ledger", speed=1, clock=clock) as emulated:
        anew = listed(emulated.base_url)
    assert (said.value, back.status) == ({"tasks": 1, "removals": 0}, 200)
    assert [(item["id"], item["status"]) for item in found["items"]] == [(kept, "queued")]
    assert anew == found


@pytest.mark.parametrize(
    "said", [b"", b"[]", b'{"tasks":1,"removals":0}', b'{"tasks":0}', b'{"tasks":-1,"removals":0}', b'{"tasks":true}']
)
def test_what_never_was_can_not_be_gone_back_to(tmp_path: Path, said: bytes) -> None:
    """Nor what is no snapshot."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        assert books(emulated, "POST", "/__restore", body=said).status == 400


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Origin": "http://127.0.0.1"}, {"Host": "[::"}])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/__ledger"), ("POST", "/__reset"), ("GET", "/__snapshot"), ("POST", "/__restore")]
)
def test_a_page_in_a_browser_gets_no_books(tmp_path: Path, method: str, path: str, headers: dict[str, str]) -> None:
    """Nor may it reset anything."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        create(emulated.base_url, order())
        assert (books(emulated, method, path, None, **headers).status, len(emulated.ledger)) == (403, 1)


@pytest.mark.parametrize("offset", [0.0, -3600.0, 90_000.0])
def test_the_date_is_the_service_s(tmp_path: Path, offset: float) -> None:
    """By its own clock, and as wrong as it was told to be; once."""
    conditions = EmulatorConfig(date_offset=offset)
    with emulator(tmp_path / "ledger", clock=VirtualClock(NOON), conditions=conditions) as emulated:
        found = ask("GET", emulated.base_url + TASKS).headers["date"]
    assert parsedate_to_datetime(found).timestamp() == NOON + offset


def test_a_refusal_bears_one_number(tmp_path: Path) -> None:
    """The same in its header and in its words."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        answer = ask("GET", f"{emulated.base_url}{TASKS}/cgt-1")
    assert answer.value["error"]["message"].endswith(f"Request id: {answer.headers['x-request-id']}")
