"""Bugs that are planted in a copy of the program, to see each harness find them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.crash.place import ROOT

BUGS: dict[str, tuple[tuple[str, str, str], ...]] = {
    "intent after the POST": (
        (
            "storyboard/executor/perform.py",
            '        crew.note(Event("intended", job.scene, intent, {**_about(job), **about}))\n'
            "        attempts += 1\n",
            "        attempts += 1\n",
        ),
        (
            "storyboard/executor/perform.py",
            '            crew.note(Event("accepted", job.scene, intent, {"task": task}))\n',
            '            crew.note(Event("intended", job.scene, intent, {**_about(job), **about}))\n'
            '            crew.note(Event("accepted", job.scene, intent, {"task": task}))\n',
        ),
        ("storyboard/executor/perform.py", 'if marker is None or crew.memory == "whole":', "if True:"),
    ),
    "a submission in doubt is made again": (
        (
            "storyboard/executor/perform.py",
            "            known = await sought(job, crew, begun)\n",
            '            crew.note(Event("decided", job.scene, begun.intent, {"choice": "submit again"}))\n'
            "            known = await submitted(job, crew, order)\n",
        ),
        ("storyboard/executor/perform.py", 'if marker is None or crew.memory == "whole":', "if True:"),
    ),
    "a take's name before its bytes": (
        (
            "storyboard/world/store.py",
            "            self._file.flush()\n",
            "            pass\n",
        ),
        (
            "storyboard/world/store.py",
            "            self._file.close()\n        except",
            "        except",
        ),
    ),
    "a full disk is a failed submission": (
        (
            "storyboard/executor/perform.py",
            '            crew.note(Event("accepted", job.scene, intent, {"task": task}))\n',
            "            try:\n"
            '                crew.note(Event("accepted", job.scene, intent, {"task": task}))\n'
            "            except Exception:\n"
            '                crew.note(Event("not_sent", job.scene, intent, {"error": "a full disk"}))\n'
            "                return await submitted(job, crew, order)\n",
        ),
        ("storyboard/executor/perform.py", 'if marker is None or crew.memory == "whole":', "if True:"),
    ),
    "no lock": (("storyboard/world/journal.py", "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)", "pass"),),
    "a signal is a failure": (
        ("storyboard/studio.py", "loop.add_signal_handler(number, stop, int(number))", "pass"),
        ("storyboard/cli/main.py", "except (KeyboardInterrupt, click.Abort):", "except click.Abort:"),
        ("storyboard/__main__.py", "except KeyboardInterrupt:", "except ZeroDivisionError:"),
    ),
}
"""Each bug: file, what stands there, what stands there instead."""


def planted(bug: str, folder: Path) -> Path:
    """A copy of the program with a bug in it; where it lies. Raises ValueError if its place has changed."""
    shutil.copytree(ROOT / "storyboard", folder / "storyboard", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "schemas", folder / "schemas")
    for name, before, after in BUGS[bug]:
        text = (folder / name).read_text("utf-8")
        if text.count(before) != 1:
            raise ValueError(f"{name} no longer says {before!r} once")
        (folder / name).write_text(text.replace(before, after), "utf-8")
    return folder
