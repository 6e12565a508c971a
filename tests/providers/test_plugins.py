"""A third provider joins through an entry point: the one that `docs/providers.md` teaches, and broken ones."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.media import video

ROOT = Path(__file__).parents[2]
KEY = "acme-key-0123456789"
STORYBOARD = """\
storyboard: 1
model: reel
defaults: {ratio: 16:9, resolution: 480p, duration: 2, generate_audio: false}
scenes:
  dusk: {prompt: A lighthouse at dusk.}
"""
GOOD_SITE = 'ProviderSite("X_KEY", "X_URL", "https://x.example/v1", ("x.example",))'
HEAD = """\
from storyboard.providers.ark.models import ROWS
from storyboard.providers.sites import ProviderSite
from storyboard.providers.plugins import ProviderPlugin
"""


def taught() -> str:
    """The example's code, as the page shows it."""
    page = (ROOT / "docs" / "providers.md").read_text("utf-8")
    found = re.search(r"<!-- acme_video.py -->\n```python\n(.*?)```", page, re.S)
    assert found is not None
    return found.group(1)


def install(
    place: Path, code: str, *, name: str = "acme", module: str = "acme_video", project: str = "acme-video"
) -> Path:
    """A folder with a module and what an installer writes beside it, so that it offers a provider."""
    told = place / f"{project.replace('-', '_')}-1.2.dist-info"
    told.mkdir(parents=True, exist_ok=True)
    (place / f"{module}.py").write_text(code, "utf-8")
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project}\nVersion: 1.2\n", "utf-8")
    (told / "entry_points.txt").write_text(f"[storyboard.providers]\n{name} = {module}:offer\n", "utf-8")
    return place


def say(
    folder: Path, *words: str, installed: Path | None = None, here: bool = False, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder; `here` puts that folder first among Python's, as `python -m` does."""
    places = os.pathsep.join([str(ROOT), *([str(installed)] if installed else [])])
    ran = [sys.executable, *([] if here else ["-P"]), "-m", "storyboard", *words]
    environment = {**os.environ, "PYTHONPATH": places, **environment}
    return subprocess.run(ran, cwd=folder, env=environment, capture_output=True, text=True, check=False)


class Acme(ThreadingHTTPServer):
    """Acme's service: a film is being made at the first request for it, and ready at the next."""

    daemon_threads = True
    film: Path
    orders: list[dict[str, object]]
    asked: int = 0
    states: list[str]


class Handler(BaseHTTPRequestHandler):
    server: Acme

    def do_POST(self) -> None:
        """Take a film on."""
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.orders.append({**order, "key": self.headers["X-Acme-Key"]})
        self.answer(201, json.dumps({"film": "f-1"}).encode())

    def do_GET(self) -> None:
        """Return the film's state, or the film itself, for which the request must have no key."""
        if self.path == "/f-1.mp4":
            assert self.headers["X-Acme-Key"] is None
            return self.answer(200, self.server.film.read_bytes())
        if self.path.endswith("/films"):
            return self.answer(200, b"[]")
        self.server.asked += 1
        address = f"http://127.0.0.1:{self.server.server_address[1]}/f-1.mp4"
        state = self.server.states[min(self.server.asked, len(self.server.states)) - 1]
        film = {"film": "f-1", "state": state, **({"video": address} if state == "ready" else {})}
        return self.answer(200, json.dumps(film).encode())

    def answer(self, status: int, content: bytes) -> None:
        """Answer with these bytes."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[Acme]:
    """Acme's service on this machine."""
    with Acme(("127.0.0.1", 0), Handler) as server:
        server.film, server.orders = video(tmp_path / "film.mp4", frames=49), []
        server.states = ["making", "ready"]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.005})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with a storyboard for Acme's model."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "storyboard.yaml").write_text(STORYBOARD, "utf-8")
    return folder


def settings_for_acme(folder: Path) -> dict[str, str]:
    """The environment of a user whose settings choose Acme."""
    (folder / "config" / "storyboard").mkdir(parents=True)
    (folder / "config" / "storyboard" / "settings.toml").write_text('provider = "acme"\n', "utf-8")
    return {"XDG_CONFIG_HOME": str(folder / "config")}


def made_by(acme: Acme, project: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Return the result of a run with Acme's service and this code."""
    installed = install(project.parent / "site", code)
    address = f"http://127.0.0.1:{acme.server_address[1]}"
    words = ("run", "--provider", "acme", "--yes")
    return say(project, *words, installed=installed, ACME_VIDEO_KEY=KEY, ACME_VIDEO_URL=address)


def test_the_provider_that_the_page_teaches_makes_a_scene(acme: Acme, project: Path) -> None:
    """Its code is taken out of the page, installed, and called once for the storyboard's scene."""
    ran = made_by(acme, project, taught())
    assert ran.returncode == 0, ran.stderr
    assert acme.orders == [{"model": "acme-reel-1", "words": "A lighthouse at dusk.", "seconds": 2, "key": KEY}]
    assert (project / "renders/emulated/storyboard/scenes/dusk.mp4").read_bytes() == acme.film.read_bytes()


def test_what_a_joined_provider_made_is_kept(acme: Acme, project: Path) -> None:
    """The second run asks for nothing."""
    made_by(acme, project, taught())
    again = made_by(acme, project, taught())
    assert (again.returncode, len(acme.orders)) == (0, 1)


def test_the_settings_choose_it_too(project: Path) -> None:
    """`provider` in the user's settings is enough for a storyboard with its models to be valid."""
    environment = settings_for_acme(project.parent)
    ran = say(project, "validate", installed=install(project.parent / "site", taught()), here=False, **environment)
    assert (ran.returncode, ran.stdout) == (0, "storyboard.yaml: 1 scene, no mistakes\n")


def test_nothing_joins_unasked(project: Path) -> None:
    """An installed provider that the user didn't choose is not loaded: this one would leave a file behind."""
    code = f"import pathlib\npathlib.Path({str(project / 'loaded')!r}).touch()\n"
    say(project, "plan", installed=install(project.parent / "site", code))
    assert not (project / "loaded").exists()


def test_distributions_are_not_searched_for_a_provider_of_ours() -> None:
    """That would take longer than reading the storyboard: the module that does it isn't even loaded."""
    asked = (
        "import sys\nimport storyboard.project as p\np.capabilities('byteplus'), p.site_of('ark')\nprint(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert {"storyboard.providers.plugins", "importlib.metadata"} & set(loaded.split()) == set()


@pytest.mark.parametrize("here", [False, True])
def test_nothing_joins_from_the_project(project: Path, here: bool) -> None:
    """A project that brings a provider along is not served, not even where Python itself looks there first."""
    install(project, f"import pathlib\npathlib.Path({str(project / 'loaded')!r}).touch()\n" + taught())
    ran = say(project, "plan", "--provider", "acme", here=here)
    assert (ran.returncode, (project / "loaded").exists()) == (2, False)
    assert 'there is no provider "acme"' in ran.stderr


def test_a_module_of_the_project_does_not_stand_in_for_an_installed_one(project: Path) -> None:
    """Of two modules of one name, the one beside the storyboard is never loaded."""
    (project / "acme_video.py").write_text("raise SystemExit('the wrong one')\n", "utf-8")
    ran = say(project, "plan", "--provider", "acme", here=True, installed=install(project.parent / "site", taught()))
    assert (ran.returncode, "to make" in ran.stdout) == (0, True), ran.stderr


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("import nothing_of_this_name\n", "ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("def offer(:\n", "SyntaxError"),
        ("other = 1\n", "AttributeError"),
        ("def offer(): return 1\n", "its entry point returns int, not ProviderPlugin"),
        ("def offer(): raise ValueError('the moon')\n", "ValueError: the moon"),
        (f"{HEAD}def offer(): return ProviderPlugin({GOOD_SITE}, (), print)\n", "it offers no models"),
        (f"{HEAD}def offer(): return ProviderPlugin({GOOD_SITE}, (1,), print)\n", "its rows Capability values"),
        (f"{HEAD}def offer(): return ProviderPlugin(None, ROWS, print)\n", "its site has to be a ProviderSite"),
        (
            f"{HEAD}def offer(): return ProviderPlugin({GOOD_SITE.replace('X_KEY', 'ARK_API_KEY')}, ROWS, print)\n",
            "it reads ARK_API_KEY, which belongs to another provider",
        ),
        (
            f"{HEAD}def offer(): return ProviderPlugin({GOOD_SITE.replace('https', 'http')}, ROWS, print)\n",
            "has to be an https address at one of its own hosts",
        ),
        (
            f"{HEAD}def offer(): return ProviderPlugin({GOOD_SITE.replace('X_KEY', 'x key')}, ROWS, print)\n",
            "its variables have to be two, in capitals",
        ),
        (
            f"{HEAD}def offer(): return ProviderPlugin({GOOD_SITE[:-1]}, task_id='('), ROWS, print)\n",
            "its task_id is not a regular expression: (",
        ),
    ],
    ids=["import", "syntax", "no factory", "no plug-in", "raises", "no models", "odd models", "no site",
         "another's key", "in the clear", "odd variables", "odd task ID"],
)  # fmt: skip
def test_a_broken_provider_ends_in_a_message(project: Path, code: str, why: str) -> None:
    """The message names the distribution and the fault, without a traceback."""
    ran = say(project, "plan", "--provider", "acme", installed=install(project.parent / "site", code))
    assert (ran.returncode, "Traceback" in ran.stderr) == (5, False)
    assert 'the provider "acme" of acme-video 1.2 can\'t be used' in ran.stderr
    assert why in ran.stderr


@pytest.mark.parametrize(
    ("line", "broken", "said", "code", "orders"),
    [
        ("        self.net = net\n", "        raise ValueError(account.key.reveal())\n", "can't be opened", 5, 0),
        ("        asked = order.parameters\n", "        raise KeyError(order.text)\n", "broke off: KeyError", 5, 0),
        ('        return film["film"]\n', "        raise KeyError(self.headers)\n", "broke off while submitting", 4, 1),
        ('        return film["film"]\n', "        return None\n", "named no task", 4, 1),
        (
            "        video = Address",
            "        raise ValueError(self.headers)\n        video = Address",
            "broke off",
            5,
            1,
        ),
        ("        return Task(", "        return 7\n        return Task(", "gave int, not Task", 5, 1),
        ("        got = await", "        raise ValueError(self.headers)\n        got = await", "broke off", 5, 1),
    ],
    ids=["opening", "body", "submit", "no id", "look", "no task", "fetch"],
)
def test_what_a_provider_breaks_off_with_is_told(
    acme: Acme, project: Path, line: str, broken: str, said: str, code: int, orders: int
) -> None:
    """Without the key, without a traceback, and never as if a request could be sent again."""
    ran = made_by(acme, project, taught().replace(line, broken))
    assert (ran.returncode, len(acme.orders)) == (code, orders), ran.stderr
    assert said in ran.stderr
    assert "Traceback" not in ran.stderr
    assert KEY not in ran.stderr + ran.stdout


def test_a_mended_provider_goes_on_with_what_was_under_way(acme: Acme, project: Path) -> None:
    """A task whose request for its state failed is not submitted again."""
    made_by(acme, project, taught().replace("        return Task(", "        return 7\n        return Task("))
    again = made_by(acme, project, taught())
    assert (again.returncode, len(acme.orders)) == (0, 1), again.stderr


def test_two_of_one_name_are_refused(project: Path) -> None:
    """It is unknown which of them was meant."""
    site = install(project.parent / "site", taught())
    install(site, taught(), module="other", project="other-video")
    ran = say(project, "plan", "--provider", "acme", installed=site)
    assert ran.stderr.splitlines()[0] == 'storyboard: acme-video 1.2 and other-video 1.2 both offer a provider "acme"'


def test_a_name_of_ours_can_not_be_taken(project: Path) -> None:
    """A distribution that calls its provider ark is not asked."""
    code = f"import pathlib\npathlib.Path({str(project / 'loaded')!r}).touch()\n"
    say(project, "plan", "--provider", "ark", installed=install(project.parent / "site", code, name="ark"))
    assert not (project / "loaded").exists()


def test_an_unknown_name_is_told_with_those_that_there_are(project: Path) -> None:
    """Our own, and those that are installed."""
    ran = say(project, "plan", "--provider", "acne", installed=install(project.parent / "site", taught()))
    assert "known are: ark, byteplus, acme;" in ran.stderr


def test_the_emulator_does_not_play_a_joined_provider(project: Path) -> None:
    """It has Ark's API; the message names the variable to set instead."""
    ran = say(project, "plan", "--provider", "acme", "--emulator", installed=install(project.parent / "site", taught()))
    assert (ran.returncode, "set ACME_VIDEO_URL" in ran.stderr) == (2, True)


def test_a_task_of_a_plug_in_can_be_adopted(acme: Acme, project: Path) -> None:
    """A task ID of Acme's form is accepted; the held scene is then fetched without a second order."""
    broken = taught().replace('        return film["film"]\n', "        return None\n")
    made_by(acme, project, broken)
    environment = settings_for_acme(project.parent)
    site = install(project.parent / "site", taught())
    environment |= {"ACME_VIDEO_KEY": KEY, "ACME_VIDEO_URL": f"http://127.0.0.1:{acme.server_address[1]}"}
    adopted = say(project, "resolve", "dusk", "--adopt", "f-1", installed=site, here=False, **environment)
    again = made_by(acme, project, taught())
    assert (adopted.returncode, again.returncode, len(acme.orders)) == (0, 0, 1), adopted.stderr + again.stderr


@pytest.mark.parametrize(
    ("fields", "task", "reported"),
    [
        ("", "film 7", "film 7 is not a task ID"),
        (r', task_id=r"film-\d+", task_id_example="film-1"', "f-1", "f-1 is not a task ID; task IDs look like film-1"),
    ],
    ids=["default form", "own form"],
)
def test_a_text_of_another_form_is_no_task_of_a_plug_in(project: Path, fields: str, task: str, reported: str) -> None:
    """The error names the form that the plug-in declares."""
    code = taught().replace('("api.acme.example",))', f'("api.acme.example",){fields})')
    site = install(project.parent / "site", code)
    environment = settings_for_acme(project.parent)
    ran = say(project, "resolve", "dusk", "--adopt", task, installed=site, here=False, **environment)
    assert (ran.returncode, ran.stderr.strip()) == (2, f"storyboard: {reported}")


def test_a_state_is_shown_in_the_plug_in_s_own_word(acme: Acme, project: Path) -> None:
    """While the task is under way and when it has failed."""
    acme.states = ["making", "broken"]
    ran = made_by(acme, project, taught())
    shown = [line for line in ran.stdout.splitlines() if line.startswith("dusk: ")]
    assert (ran.returncode, "dusk: making" in shown, "dusk: broken" in shown) == (3, True, True), ran.stdout
    assert "the service says broken" in ran.stderr + ran.stdout
