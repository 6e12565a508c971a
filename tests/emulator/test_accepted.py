"""What the service takes on: ids, lines of the ledger, and what needn't be right."""

from __future__ import annotations

import hashlib
import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from tests.http_client import TASKS, ask, create, image, order, video
from tests.servers import answering, http

NOON_UTC = 1_790_856_000.0  # 2026-10-01 12:00:00 UTC


def test_an_id_holds_the_time_in_beijing(tmp_path: Path) -> None:
    """Eight hours ahead, and five signs."""
    with emulator(tmp_path / "ledger", clock=VirtualClock(NOON_UTC)) as emulated:
        task = create(emulated.base_url, order())
    assert re.fullmatch(r"cgt-20261001200000-[a-z0-9]{5}", task)


def test_ids_of_one_second_differ(tmp_path: Path) -> None:
    """Each task has its own line."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        tasks = [create(emulated.base_url, order(f"Scene {number}.")) for number in range(20)]
        rows = [row["task_id"] for row in emulated.ledger]
    assert (rows, len(set(rows))) == (tasks, 20)


def test_an_answer_bears_the_service_s_own_number(tmp_path: Path) -> None:
    """For whoever writes to the vendor."""
    with emulator(tmp_path / "ledger", clock=VirtualClock(1000.0)) as emulated:
        answer = ask("POST", emulated.base_url + TASKS, order())
    assert (list(answer.value), answer.headers["x-request-id"][:11]) == (["id"], "02171000000")


def test_a_line_says_what_was_asked_for(tmp_path: Path) -> None:
    """By digest, by the client's own name for it, and whole."""
    body = json.dumps(order("灯塔 \u2028 at dusk")).encode()
    with emulator(tmp_path / "ledger", clock=VirtualClock(1000.0)) as emulated:
        ask("POST", emulated.base_url + TASKS, body, headers={"X-Client-Request-Id": "intent-1"})
        (row,) = emulated.ledger
    assert (row["body_sha256"], row["client_request_id"]) == (hashlib.sha256(body).hexdigest(), "intent-1")
    assert (row["at"], row["body"], row["size"]) == (1000.0, json.loads(body), [864, 496])


@pytest.mark.parametrize(
    "more",
    [
        {"seed": None, "frames": None, "camera_fixed": None, "tools": None, "service_tier": None},
        {"framespersecond": 999, "unheard_of": {"a": 1}},
        {"duration": -1},
        {"resolution": "480P"},
        {"seed": 4294967295},
        {"priority": 0},
        {"priority": 9},
        {"safety_identifier": "x" * 64},
        {"callback_url": "HTTPS://hooks.example/a"},
        {"tools": [{"type": "web_search"}]},
        {"model": "ep-20261001-abcde"},
        {"model": "doubao-seedance-2-0-fast-260128"},
    ],
)
def test_what_is_let_pass(tmp_path: Path, more: dict[str, Any]) -> None:
    """Nulls, unknown fields, and everything at its bounds."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        assert create(emulated.base_url, order(**more)).startswith("cgt-")


@pytest.mark.parametrize("verb", ["cancel", "stop"])
def test_a_post_to_cancel_with_a_body_costs_a_video(tmp_path: Path, verb: str) -> None:
    """As at the vendor's."""
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        answer = ask("POST", f"{emulated.base_url}{TASKS}/cgt-1/{verb}", order())
        count = len(emulated.ledger)
    assert (answer.status, count) == (200, 1)


def test_a_held_answer_comes_late_but_the_task_is_there(tmp_path: Path) -> None:
    """Whoever is killed while he waits has paid."""
    with emulator(tmp_path / "ledger", hold_reply=0.2) as emulated, ThreadPoolExecutor() as pool:
        began = time.monotonic()
        answer = pool.submit(create, emulated.base_url, order())
        while not emulated.ledger and time.monotonic() < began + 5:
            time.sleep(0.005)
        waiting, task = not answer.done(), emulated.ledger[0]["task_id"]
        assert (waiting, answer.result(), time.monotonic() - began >= 0.2) == (True, task, True)


def test_media_elsewhere_are_never_fetched(tmp_path: Path) -> None:
    """A placeholder stands for them; nothing of a test leaves this machine."""
    urls = ("https://media.invalid/1.mp4", "asset://asset-20261001-abcde", "http://10.255.255.1/1.png", "http://[")
    with emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        for url in urls:
            create(emulated.base_url, order("Extend video 1.", video(url)))
        rows = [row["inputs"] for row in emulated.ledger]
    assert rows == [{}] * 4


def test_media_of_this_machine_are_fetched_and_kept(tmp_path: Path) -> None:
    """By digest, beside the ledger, without a key."""
    with answering(http(b"BM, a picture")) as server, emulator(tmp_path / "ledger", clock=VirtualClock()) as emulated:
        create(emulated.base_url, order("a", image(f"{server.origin}/1.png")))
        (row,) = emulated.ledger
        assert b"authorization" not in server.requests[0].lower()
    digest = hashlib.sha256(b"BM, a picture").hexdigest()
    assert (row["inputs"], (tmp_path / "ledger.media" / f"{digest}.input").read_bytes()) == (
        {"1": digest},
        b"BM, a picture",
    )
