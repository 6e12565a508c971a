"""`storyboard doctor`: the setup of this machine, and the requests to the service."""

from __future__ import annotations

import errno
import fcntl
import json
import os
from pathlib import Path

import pytest

from storyboard.emulator.app import EmulatorConfig
from storyboard.emulator.tasks import Echo
from storyboard.providers.ark.probe_questions import QUESTIONS
from storyboard.testing.emulator import emulator
from storyboard.world.machine_checks import FileSystemChecks, check_file_system
from tests.cli.command_line import CommandResult, run_command

KEY = "sk-0123456789abcdef"


def rows(path: Path, *words: str) -> dict[str, str]:
    """The output by subject."""
    result = run_command("doctor", "-f", str(path / "storyboard.yaml"), "--json", *words)
    return {row["about"]: row["what"] for row in json.loads(result.out)}


def test_left_alone_all_is_well(tmp_path: Path) -> None:
    """A missing key is no problem: only a run needs one."""
    result = run_command("doctor", "-f", str(tmp_path / "storyboard.yaml"))
    assert result.code == 0
    assert "key           ARK_API_KEY is not set; only `run` needs it" in result.out.splitlines()


def test_a_key_is_set_and_never_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output reports that a key is set, but never the key."""
    monkeypatch.setenv("ARK_API_KEY", KEY)
    result = run_command("doctor", "-f", str(tmp_path / "storyboard.yaml"))
    assert "ARK_API_KEY is set" in result.out
    assert KEY not in result.out + result.err


def test_the_chosen_provider_is_told_with_its_host(tmp_path: Path) -> None:
    """It is chosen with an option here; the settings do it too."""
    found = rows(tmp_path, "--provider", "byteplus")
    host = "https://ark.ap-southeast.bytepluses.com/api/v3 (the default)"
    assert (found["provider"], found["host"], found["key"][:16]) == ("byteplus", host, "BYTEPLUS_API_KEY")


def test_a_proxy_is_told_without_its_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host and port are shown, and that there is a user name."""
    monkeypatch.setenv("HTTPS_PROXY", "http://me:secret@proxy.example:3128/?token=secret")
    assert rows(tmp_path)["proxy"] == "HTTPS_PROXY: http://proxy.example:3128 (with a user name)"


def test_where_things_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output contains the paths of the settings and of this realm's state."""
    monkeypatch.setenv("ARK_BASE_URL", "http://127.0.0.1:9/api/v3")
    found = rows(tmp_path)
    assert found["state"] == f"{tmp_path}/.storyboard/emulated (nothing yet)"
    assert found["settings"] == f"{os.environ['XDG_CONFIG_HOME']}/storyboard/settings.toml (missing; defaults apply)"


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("ARK_BASE_URL", "https://elsewhere.example/v3", "which is not one of the vendor's hosts"),
        ("ARK_BASE_URL", "http://ark.cn-beijing.volces.com/api/v3", "is not an https address"),
        ("ARK_API_KEY", "two words", "holds characters that no key has"),
    ],
)
def test_an_account_that_no_run_would_take_is_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, told: str
) -> None:
    """It is reported in the words of a run, before there is one."""
    monkeypatch.setenv(name, value)
    result = run_command("doctor", "-f", str(tmp_path / "storyboard.yaml"))
    assert (result.code, told in result.out) == (5, True)


def test_settings_that_can_not_be_read_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unreadable settings are reported, and the other checks run all the same."""
    (tmp_path / "storyboard").mkdir()
    (tmp_path / "storyboard" / "settings.toml").write_text("provider = 7\n", "utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    result = run_command("doctor", "-f", str(tmp_path / "storyboard.yaml"))
    assert (result.code, "provider has to be a text" in result.out, "files lock" in result.out) == (5, True, True)


def test_a_folder_that_can_not_be_written_to_is_trouble(tmp_path: Path) -> None:
    """A read-only folder is a problem, and the message names it."""
    result = run_command("doctor", "-f", str(tmp_path / "nowhere" / "storyboard.yaml"))
    assert (result.code, f"{tmp_path}/nowhere can't be written" in result.out) == (5, True)


def test_looking_leaves_nothing_behind(tmp_path: Path) -> None:
    """The files that the file system check created are removed."""
    run_command("doctor", "-f", str(tmp_path / "storyboard.yaml"))
    assert list(tmp_path.iterdir()) == []


def test_a_file_system_of_this_machine_is_able(tmp_path: Path) -> None:
    """This machine's file system passes the checks of locks, syncs and renames."""
    found = check_file_system(tmp_path)
    assert found == FileSystemChecks("", "", "", found.free)


def test_a_lock_that_two_can_hold_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a file system that accepts every lock."""
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    assert check_file_system(tmp_path).lock == "two hold one lock at once"


def test_a_sync_that_is_refused_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A refused sync is reported in the machine's words."""

    def refuse(_: int) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    assert check_file_system(tmp_path).sync == "invalid argument"


@pytest.fixture
def at_an_emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An environment for an emulator that isn't started yet, and a path for its ledger."""
    monkeypatch.setenv("ARK_API_KEY", KEY)
    return tmp_path / "ledger.jsonl"


def test_the_probes_answer_every_question(at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With an emulator there is no confirmation, and the answers are printed in order."""
    with emulator(at_an_emulator, speed=100.0) as service:
        monkeypatch.setenv("ARK_BASE_URL", service.base_url)
        result = run_command("doctor", "--probe")
    told = [line[:2] for line in result.out.splitlines() if line.startswith("P")]
    assert (result.code, told) == (0, list(QUESTIONS))


def test_the_probes_answer_as_json(at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They can be published: no key, no signed address."""
    with emulator(at_an_emulator, speed=100.0) as service:
        monkeypatch.setenv("ARK_BASE_URL", service.base_url)
        result = run_command("doctor", "--probe", "--json")
    value = json.loads(result.out)
    assert [row["probe"] for row in value["answers"]] == list(QUESTIONS)
    assert [word for word in (KEY, "X-Tos") if word in result.out + result.err] == []


def advised(base_url: str, monkeypatch: pytest.MonkeyPatch, *words: str) -> CommandResult:
    """The output of the probes for a service at an address."""
    monkeypatch.setenv("ARK_BASE_URL", base_url)
    return run_command("doctor", "--probe", *words)


PACE = 40.0
"""A task takes two seconds: long enough to be listed before it has ended."""
ADVICE = """marker = "safety_identifier" can be set in {}: an unresolved submission is then identified by 128 bits \
instead of about 16, and no other task matches it by chance"""


def advice() -> str:
    """The line of advice, with this user's settings in it."""
    return ADVICE.format(f"{os.environ['XDG_CONFIG_HOME']}/storyboard/settings.toml")


def test_a_better_marker_is_offered_where_the_service_repeats_it(
    at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For tasks that have not ended: one line names the setting and its benefit."""
    with emulator(at_an_emulator, conditions=EmulatorConfig(PACE, safety_identifier="always")) as service:
        result = advised(service.base_url, monkeypatch)
    assert result.out.splitlines()[-1] == advice()


def test_a_better_marker_is_offered_beside_json(at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program reads only the JSON; the line is for people."""
    with emulator(at_an_emulator, conditions=EmulatorConfig(PACE, safety_identifier="always")) as service:
        result = advised(service.base_url, monkeypatch, "--json")
    assert (len(json.loads(result.out)["answers"]), result.err.splitlines()[-1]) == (len(QUESTIONS), advice())


def test_a_better_marker_is_not_set_by_itself(at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The better marker is not set automatically, because the settings belong to the user."""
    with emulator(at_an_emulator, conditions=EmulatorConfig(PACE, safety_identifier="always")) as service:
        advised(service.base_url, monkeypatch)
    assert Path(os.environ["XDG_CONFIG_HOME"], "storyboard", "settings.toml").exists() is False


@pytest.mark.parametrize("echo", ["ended", "never"])
def test_no_marker_is_offered_that_a_list_does_not_tell(
    at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch, echo: Echo
) -> None:
    """No marker is suggested unless lists repeat it for running tasks, because only those can be in doubt."""
    with emulator(at_an_emulator, conditions=EmulatorConfig(PACE, safety_identifier=echo)) as service:
        result = advised(service.base_url, monkeypatch)
    assert ("can be set" in result.out + result.err) is False


def test_the_probes_ask_before_they_spend(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal the highest price is reported, and nothing is sent."""
    monkeypatch.setenv("ARK_API_KEY", KEY)
    result = run_command("doctor", "--probe")
    assert (result.code, "at most ¥3.00" in result.err, "--yes" in result.err) == (4, True, True)


def test_another_key_that_is_not_there_is_told_before_anything_is_paid(
    at_an_emulator: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """P3 was requested, so it isn't left out silently."""
    with emulator(at_an_emulator, speed=100.0) as service:
        monkeypatch.setenv("ARK_BASE_URL", service.base_url)
        result = run_command("doctor", "--probe", "--other-key", "ANOTHER_KEY")
        assert (result.code, service.ledger) == (5, ())


def test_probes_that_break_off_tell_what_they_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The service doesn't exist: no answers, and the reason."""
    monkeypatch.setenv("ARK_API_KEY", KEY)
    monkeypatch.setenv("ARK_BASE_URL", "http://127.0.0.1:9/api/v3")
    result = run_command("doctor", "--probe", "--json")
    assert (result.code, json.loads(result.out)["answers"]) == (3, [])
    assert "can't be reached" in result.err
