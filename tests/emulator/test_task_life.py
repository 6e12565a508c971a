"""Tasks on a clock: when they are queued, running and done, and what the service says of them."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.tasks import Echo
from storyboard.providers.ark.wire import LIFE
from storyboard.testing.clock import VirtualClock
from storyboard.testing.emulator import emulator
from storyboard.world.media import images
from tests.http_client import TASKS, ask, create, image, listed, look, order
from tests.media import picture

BEGAN = 1_790_000_000.0
SPARSE = ["id", "model", "status", "created_at", "updated_at", "service_tier", "execution_expires_after"]
FULL = [
    *("id", "model", "status", "content", "usage", "created_at", "updated_at"),
    *("seed", "resolution", "ratio", "duration", "framespersecond"),
    *("service_tier", "execution_expires_after", "generate_audio", "draft", "priority"),
]


class Service:
    """A service at speed 1, on a clock that obeys."""

    def __init__(self, base_url: str, clock: VirtualClock) -> None:
        self.base_url = base_url
        self.clock = clock
        self.began = clock.now()

    def create(self, text: str = "A lighthouse.", *media: dict[str, Any], **more: Any) -> str:
        """Take a task on."""
        return create(self.base_url, order(text, *media, **more))

    def at(self, seconds: float, task: str) -> Any:
        """What it says of a task, so many seconds after the beginning."""
        self.clock.advance(self.began + seconds - self.clock.now())
        return look(self.base_url, task)

    def delete(self, task: str) -> tuple[int, str]:
        """Delete it: the status and the code."""
        answer = ask("DELETE", f"{self.base_url}{TASKS}/{task}")
        return answer.status, answer.value.get("error", {}).get("code", "")

    def status(self, task: str) -> int:
        """The HTTP status of a look."""
        return ask("GET", f"{self.base_url}{TASKS}/{task}").status


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, VirtualClock]]:
    """One service for all: tasks don't know each other."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path_factory.mktemp("service") / "ledger", speed=1, clock=clock) as emulated:
        yield emulated.base_url, clock


@pytest.fixture
def serving(running: tuple[str, VirtualClock]) -> Service:
    """The service, from now on."""
    return Service(*running)


@pytest.mark.parametrize("seconds", [4, 15])
def test_a_task_lives_twenty_seconds_for_each_of_its_video_s(serving: Service, seconds: int) -> None:
    """A tenth of them queued."""
    task = serving.create(duration=seconds)
    starts, ends = 2 * seconds, 20 * seconds
    seen = [serving.at(at, task)["status"] for at in (0, starts - 0.1, starts, ends - 0.1, ends)]
    assert seen == ["queued", "queued", "running", "running", "succeeded"]


def test_speed_shortens_it(tmp_path: Path) -> None:
    """Ten times as fast."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path / "ledger", speed=10, clock=clock) as emulated:
        service = Service(emulated.base_url, clock)
        task = service.create()
        seen = [service.at(at, task)["status"] for at in (0.5, 1.0, 7.5, 8.0)]
    assert seen == ["queued", "running", "running", "succeeded"]


def test_a_video_whose_length_the_model_chooses_lasts_five_seconds(serving: Service) -> None:
    """Its task takes 100."""
    task = serving.create(duration=-1)
    assert [serving.at(at, task)["status"] for at in (99.9, 100)] == ["running", "succeeded"]


def test_every_step_of_a_task_s_life_is_in_the_table(serving: Service) -> None:
    """The same that the client knows."""
    task = serving.create()
    seen = [serving.at(at, task)["status"] for at in (0, 10, 80)]
    assert all(after in LIFE[before] for before, after in pairwise(seen))


@pytest.mark.parametrize("at", [0, 10])
def test_a_reply_is_sparse_until_there_is_a_video(serving: Service, at: float) -> None:
    """Exactly the fields that the vendor's sample has."""
    assert list(serving.at(at, serving.create())) == SPARSE


def test_a_reply_is_full_when_there_is_a_video(serving: Service) -> None:
    """In the vendor's order."""
    found = serving.at(80, serving.create())
    assert (list(found), sorted(found["content"])) == (FULL, ["last_frame_url", "video_url"])


def test_what_a_full_reply_says(serving: Service) -> None:
    """What was asked for, and what came of it."""
    found = serving.at(80, serving.create(seed=7, safety_identifier="viewer", execution_expires_after=7200))
    said = {name: found[name] for name in found if name not in ("id", "content")}
    assert said == {
        "model": "doubao-seedance-2-0-260128",
        "status": "succeeded",
        "created_at": int(serving.began),
        "updated_at": int(serving.began) + 80,
        "service_tier": "default",
        "execution_expires_after": 7200,
        "safety_identifier": "viewer",
        "usage": {"completion_tokens": 40594, "total_tokens": 40594},
        "seed": 7,
        "resolution": "480p",
        "ratio": "16:9",
        "duration": 4,
        "framespersecond": 24,
        "generate_audio": False,
        "draft": False,
        "priority": 0,
    }


def test_a_seed_that_the_service_chose_stays_the_same(serving: Service) -> None:
    """However often somebody looks."""
    task = serving.create()
    assert serving.at(80, task)["seed"] == serving.at(90, task)["seed"]


def test_the_service_chooses_a_seed_for_each_task(serving: Service) -> None:
    """Of the same request."""
    one, other = serving.create(seed=-1), serving.create(seed=-1)
    assert (serving.at(80, one)["seed"] == serving.at(80, other)["seed"]) is False


@pytest.mark.parametrize("at", [0, 10])
def test_a_safety_identifier_is_not_echoed_until_the_end(serving: Service, at: float) -> None:
    """Nobody has seen that it is: who relies on it learns so here."""
    assert list(serving.at(at, serving.create(safety_identifier="viewer"))) == SPARSE


@pytest.mark.parametrize(
    ("echo", "told"), [("always", ["viewer"] * 3), ("ended", ["", "", "viewer"]), ("never", ["", "", ""])]
)
def test_when_a_safety_identifier_is_echoed_is_a_condition(tmp_path: Path, echo: Echo, told: list[str]) -> None:
    """In looks at a task that is queued, runs and has ended."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path / "ledger", clock=clock, conditions=EmulatorConfig(1, safety_identifier=echo)) as emulated:
        service = Service(emulated.base_url, clock)
        task = service.create(safety_identifier="viewer")
        seen = [service.at(at, task).get("safety_identifier", "") for at in (0, 10, 80)]
    assert seen == told


@pytest.mark.parametrize(("echo", "told"), [("always", "viewer"), ("ended", ""), ("never", "")])
def test_a_list_echoes_a_safety_identifier_as_a_look_does(tmp_path: Path, echo: Echo, told: str) -> None:
    """Of a task that is queued."""
    with emulator(
        tmp_path / "ledger", clock=VirtualClock(BEGAN), conditions=EmulatorConfig(1, safety_identifier=echo)
    ) as emulated:
        create(emulated.base_url, order(safety_identifier="viewer"))
        (item,) = listed(emulated.base_url)["items"]
    assert item.get("safety_identifier", "") == told


def test_a_task_without_a_safety_identifier_has_none_to_echo(tmp_path: Path) -> None:
    """The field is left out."""
    clock = VirtualClock(BEGAN)
    with emulator(
        tmp_path / "ledger", clock=clock, conditions=EmulatorConfig(1, safety_identifier="always")
    ) as emulated:
        service = Service(emulated.base_url, clock)
        assert list(service.at(0, service.create())) == SPARSE


def test_searches_are_counted(serving: Service) -> None:
    """Where the web was to be searched."""
    usage = serving.at(80, serving.create(tools=[{"type": "web_search"}]))["usage"]
    assert usage["tool_usage"] == {"web_search": 1}


@pytest.mark.parametrize(("priority", "assigned"), [(9, 9), (0, 0), (None, 0)])
def test_the_priority_is_told_at_the_end(serving: Service, priority: int | None, assigned: int) -> None:
    """The one that was assigned."""
    assert serving.at(80, serving.create(priority=priority))["priority"] == assigned


def test_the_last_frame_is_given_only_on_request(serving: Service) -> None:
    """It is off unless somebody asks."""
    assert list(serving.at(80, serving.create(return_last_frame=False))["content"]) == ["video_url"]


@pytest.mark.parametrize(
    ("more", "tokens"),
    [
        ({"resolution": "720p", "duration": 5}, 108900),
        ({"resolution": "480p", "duration": 5}, 50638),
        ({"resolution": "480p", "duration": 4}, 40594),
        ({"resolution": "720p", "duration": 4}, 87300),
        ({"resolution": "720p", "ratio": "3:4", "duration": 10}, 218266),
    ],
)
def test_tokens_are_those_of_the_vendor_s_samples(serving: Service, more: dict[str, Any], tokens: int) -> None:
    """⌊w·h·(24·d + 1)/1024⌋, as measured there."""
    assert serving.at(400, serving.create(**more))["usage"]["completion_tokens"] == tokens


def test_an_adaptive_ratio_follows_the_picture(serving: Service) -> None:
    """The listed one that is nearest; without a picture 16:9."""
    tall = f"data:image/png;base64,{b64encode(images.png(picture(size=(300, 540)))).decode()}"
    tasks = [serving.create(ratio="adaptive"), serving.create("a", image(tall), ratio="adaptive")]
    assert [serving.at(80, task)["ratio"] for task in tasks] == ["16:9", "9:16"]


def test_a_queued_task_can_be_cancelled(serving: Service) -> None:
    """From then on it is, and never becomes anything else."""
    task = serving.create()
    serving.at(1, task)
    assert serving.delete(task) == (200, "")
    found = serving.at(500, task)
    assert (list(found), found["status"], found["updated_at"]) == (SPARSE, "cancelled", int(serving.began) + 1)


def test_a_running_task_can_not_be_deleted(serving: Service) -> None:
    """409, and it goes on."""
    task = serving.create()
    serving.at(10, task)
    assert serving.delete(task) == (409, "InvalidAction.RunningTaskDeletion")
    assert serving.at(80, task)["status"] == "succeeded"


def test_a_cancelled_task_can_not_be_deleted(serving: Service) -> None:
    """Nor cancelled twice."""
    task = serving.create()
    serving.delete(task)
    assert serving.delete(task) == (409, "InvalidAction")


def test_deleting_an_ended_task_removes_its_record(serving: Service) -> None:
    """Nobody knows it afterwards."""
    task = serving.create()
    serving.at(80, task)
    assert (serving.delete(task), serving.status(task), serving.delete(task)) == (
        (200, ""),
        404,
        (404, "NotFound.Task"),
    )


def test_an_unknown_task_can_not_be_deleted(serving: Service) -> None:
    """404."""
    assert serving.delete("cgt-1") == (404, "NotFound.Task")


def test_a_task_that_takes_too_long_expires(tmp_path: Path) -> None:
    """Without an error, and without a video."""
    clock = VirtualClock(BEGAN)
    with emulator(tmp_path / "ledger", speed=0.01, clock=clock) as emulated:
        service = Service(emulated.base_url, clock)
        task = service.create(execution_expires_after=3600)
        before, after = service.at(3599, task), service.at(3601, task)
    assert (before["status"], after["status"], list(after)) == ("running", "expired", SPARSE)


def test_a_task_is_forgotten_after_seven_days(serving: Service) -> None:
    """Counted from when it was created."""
    task = serving.create()
    statuses: list[int] = []
    look_at: Callable[[float], None] = serving.clock.advance
    for seconds in (7 * 86_400, 1):
        look_at(seconds)
        statuses.append(serving.status(task))
    assert statuses == [200, 404]
