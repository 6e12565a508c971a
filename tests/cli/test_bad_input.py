"""Every error that a user or a server can cause ends in one clear message and an exit code, never in a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.command_line import STORYBOARD, run, run_command

Write = Callable[[str], Path]
ONE = "storyboard: 1\nscenes:\n  a: {prompt: words}\n"


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["nonsense"], 2),
        (["run", "--nonsense"], 2),
        (["plan", "-f", "nowhere.yaml"], 2),
        (["why"], 2),
        (["validate", "nowhere.yaml"], 2),
        (["resolve", "a"], 2),
        (["resolve", "a", "--adopt", "nonsense"], 2),
        (["emulator", "--port", "99999"], 2),
        (["emulator", "--speed", "0"], 2),
        (["emulator", "--speed", "inf"], 2),
        (["run", "--max-cost", "nan"], 2),
    ],
)
def test_wrong_words_exit_with_2(words: list[str], code: int) -> None:
    """Wrong usage exits with 2, and the message states what is wrong."""
    result = run_command(*words)
    assert (result.code, bool(result.err), "Traceback" in result.err) == (code, True, False)


def test_a_wrong_command_is_answered_with_the_nearest() -> None:
    """The message suggests the command that was probably meant."""
    result = run_command("pln")
    assert (result.code, 'did you mean "plan"?' in result.err) == (2, True)


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe\x00", b"a: [", b"- a\n", b"storyboard: 2\nscenes: {}\n", b"{" * 100_000, b"a: &x [*x]\n", b"\0"],
)
@pytest.mark.parametrize("verb", ["validate", "plan", "run", "status", "film"])
def test_a_broken_file_exits_with_1(tmp_path: Path, verb: str, content: bytes) -> None:
    """Every command that reads a storyboard reports its errors."""
    path = tmp_path / "storyboard.yaml"
    path.write_bytes(content)
    assert run_command(verb, "-f", str(path)).code == 1


def test_no_key_exits_with_5(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a key nothing starts, and the message names the way that needs none."""
    monkeypatch.delenv("ARK_API_KEY", raising=False)
    result = run_command("run", "-f", str(write(ONE)), "--yes")
    assert result.code == 5
    assert "ARK_API_KEY is not set" in result.err
    assert "--emulator" in result.err


def test_nobody_to_ask_exits_with_4(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that would spend money asks first; without a terminal it stops."""
    monkeypatch.setenv("ARK_API_KEY", "key")
    result = run_command("run", "-f", str(write(ONE)))
    assert result.code == 4
    assert "--yes" in result.err


def test_more_than_the_most_exits_with_4(write: Write) -> None:
    """A run that may exceed `--max-cost` is refused."""
    result = run(write(ONE), "--max-cost", "0.5")
    assert result.code == 4
    assert "¥5.04, more than the ¥0.50 of --max-cost" in result.err


def test_an_untrusted_host_gets_no_key(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment may name another host only if the user's settings trust it."""
    monkeypatch.setenv("ARK_API_KEY", "key")
    monkeypatch.setenv("ARK_BASE_URL", "https://ark.example.com/api/v3")
    result = run_command("run", "-f", str(write(ONE)), "--yes")
    assert result.code == 5
    assert "trusted_hosts" in result.err


def test_an_unknown_scene_is_answered_with_the_nearest(write: Write) -> None:
    """An unknown name is wrong usage, with a suggestion."""
    result = run_command("plan", "-f", str(write(STORYBOARD)), "strom")
    assert (result.code, 'did you mean "storm"?' in result.err) == (2, True)


@pytest.mark.parametrize("verb", ["validate", "plan", "run", "status", "film"])
def test_an_unknown_profile_is_wrong_usage(write: Write, verb: str) -> None:
    """The message lists the existing profiles, and the error is not reported as one of the file."""
    path = write(ONE + "profiles: {draft: {resolution: 480p}, tall: {ratio: '9:16'}}\n")
    told = 'storyboard: the storyboard has no profile "darft"\n  did you mean "draft"? there are: draft, tall\n'
    result = run_command(verb, "-f", str(path), "--profile", "darft")
    assert (result.code, result.out, result.err) == (2, "", told)


def test_without_profiles_an_unknown_one_is_told_so(write: Write) -> None:
    """Without profiles the message about an unknown one suggests none."""
    result = run_command("plan", "-f", str(write(ONE)), "--profile", "draft")
    assert (result.code, "it has no `profiles:`" in result.err) == (2, True)


@pytest.mark.parametrize("words", [["plan"], ["status"], ["why", "a"]])
def test_with_json_mistakes_are_json_too(write: Write, words: list[str]) -> None:
    """A program that asked for JSON reads the problems as JSON, and nothing else is reported."""
    path = write("storyboard: 1\nscenes:\n  a: {prompt: words, duration: 99}\n")
    result = run_command(*words, "-f", str(path), "--json")
    (problem,) = json.loads(result.out)["problems"]
    assert (result.code, problem["code"], problem["line"], result.err) == (1, "SB402", 3, "")


def test_a_mistake_of_the_defaults_is_told_once(write: Write) -> None:
    """It is reported once at its place there, however many scenes inherit it; a scene's own error is reported
    separately."""
    scenes = "".join(f"  s{number}: {{prompt: words}}\n" for number in range(4))
    path = write(f"storyboard: 1\ndefaults: {{duration: 99}}\nscenes:\n{scenes}  own: {{prompt: w, duration: 98}}\n")
    problems = json.loads(run_command("validate", "-f", str(path), "--json").out)
    assert [(problem["line"], problem["sentence"].partition(" asks")[0]) for problem in problems] == [
        (2, 'scene "s0" (and 3 more)'),
        (8, 'scene "own"'),
    ]


def test_a_damaged_lock_stops_before_anything_is_bought(write: Write) -> None:
    """A lock with merge marks is reported as such, and nothing is bought on a guess."""
    path = write(ONE)
    lock = path.parent / ".storyboard" / "emulated" / "storyboard.lock"
    lock.parent.mkdir(parents=True)
    lock.write_text("<<<<<<< mine\n{}\n", "utf-8")
    assert run(path).code == 5


def test_a_link_that_leads_out_of_the_project_is_not_followed(write: Write, tmp_path: Path) -> None:
    """Renders that link to another place are refused, because a repository can contain links."""
    path = write(ONE)
    (tmp_path / ".git").mkdir()
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.mkdir()
    (tmp_path / "renders").symlink_to(outside)
    result = run(path)
    assert (result.code, "leads out of the project" in result.err, list(outside.iterdir())) == (5, True, [])


DIGEST = f"sha256:{'0' * 64}"


@pytest.mark.parametrize("field", ["video", "frame"])
@pytest.mark.parametrize("digest", ["sha256:/etc/hostname", "sha256:**x", "sha256:../../../x", "x"])
def test_a_lock_names_files_by_digests_alone(write: Write, digest: str, field: str) -> None:
    """The content of a stranger's lock is never used as a path or a pattern."""
    path = write(ONE)
    lock = path.parent / "storyboard.lock"
    take = {"take": 1, "video": DIGEST, "frame": "", "recipe": 1, "key": {}, "seconds": 1, "width": 1, "height": 1}
    takes = {"ark:cgt-1": take | {"tokens": None, field: digest}}
    lock.write_text(json.dumps({"storyboard_lock": 2, "scenes": {"a": {"selected": "", "takes": takes}}}), "utf-8")
    result = run_command("plan", "-f", str(path))
    assert (result.code, "can't be read as a lock" in result.err) == (5, True)


@pytest.mark.parametrize("digest", ["sha256:/etc/hostname", "sha256:**x", "sha256:../../../x", "x"])
def test_a_lock_of_version_1_names_files_by_digests_alone(write: Write, digest: str) -> None:
    """The same holds for a lock that is converted first."""
    path = write(ONE)
    lock = path.parent / "storyboard.lock"
    take = {"recipe": 1, "key": {}, "frame": digest, "seconds": 1, "width": 1, "height": 1, "task": "", "tokens": None}
    block = {"selected": "", "takes": {DIGEST: take}}
    lock.write_text(json.dumps({"storyboard_lock": 1, "scenes": {"a": block}}), "utf-8")
    result = run_command("plan", "-f", str(path))
    assert (result.code, "can't be read as a lock" in result.err) == (5, True)


@pytest.mark.parametrize(
    "text", ["[" * 200_000, '{"storyboard_lock": 1, "scenes": []}', '{"storyboard_lock": 2, "scenes": []}', "null", ""]
)
def test_a_lock_that_is_none_is_told(write: Write, text: str) -> None:
    """Whatever the file contains, the message is one line without a traceback."""
    path = write(ONE)
    (path.parent / "storyboard.lock").write_text(text, "utf-8")
    assert run_command("status", "-f", str(path)).code == 5


def test_a_second_runner_is_told_who_is_at_work(write: Write) -> None:
    """Two runs of one project never overlap."""
    from storyboard.world.run_lock import sole_runner

    path = write(ONE)
    with sole_runner(path.parent / ".storyboard" / "emulated"):
        result = run(path)
    assert (result.code, "is at work" in result.err) == (5, True)


def test_what_a_stranger_wrote_reaches_no_terminal(write: Write) -> None:
    """Escape sequences in a storyboard are shown, not executed."""
    result = run_command("validate", "-f", str(write('storyboard: 1\nscenes:\n  a: {prompt: "{\\e[2J}"}\n')))
    assert (result.code, "\x1b" in result.out, "\\x1b[2J" in result.out) == (1, False, True)


def test_a_name_of_a_file_reaches_no_terminal(tmp_path: Path) -> None:
    """Escape sequences in a file's name are shown, not executed."""
    path = tmp_path / "\x1b[2J.yaml"
    path.write_text(ONE, "utf-8")
    result = run_command("validate", str(path))
    assert (result.code, result.out) == (0, "\\x1b[2J.yaml: 1 scene, no mistakes\n")


def test_a_folder_is_told_from_what_is_not_there(tmp_path: Path) -> None:
    """If the folder is named instead of the file, the message states which of the two is wrong."""
    result = run_command("validate", str(tmp_path))
    assert (result.code, "is a folder" in result.err) == (2, True)


def test_what_init_says_can_be_pasted(tmp_path: Path) -> None:
    """A folder name with a space is quoted."""
    result = run_command("init", str(tmp_path / "my film"))
    assert (result.code, f"cd '{tmp_path / 'my film'}'" in result.out) == (0, True)


def test_init_leaves_what_is_there_alone(tmp_path: Path) -> None:
    """An existing storyboard is not overwritten."""
    assert run_command("init", str(tmp_path)).code == 0
    assert run_command("init", str(tmp_path)).code == 2


def test_init_writes_a_storyboard_that_is_valid(tmp_path: Path) -> None:
    """The storyboard that `init` writes can be run at once."""
    run_command("init", str(tmp_path))
    assert run_command("validate", str(tmp_path / "storyboard.yaml")).code == 0
