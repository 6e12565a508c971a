"""Start a run: cold, as a separate process like any user's, or warm, as a fork of this process, which has loaded all
the code already.

A warm start takes a third of the time, and passes all the points of a cold one except the loading of code.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn, TypeAlias

from tests.crash.tracee import lets_itself_be_traced

Start: TypeAlias = "Callable[[int, int], int]"
"""Start a process that writes to two descriptors, in a new process group; return its number."""
LOADED = """\
import sys
from pathlib import Path
from storyboard.__main__ import main
told = Path(sys.argv.pop())
try:
    main()
finally:
    told.write_text("\\n".join(sys.modules))
"""


def cold(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Start:
    """Start a traced program."""
    tracee = str(Path(__file__).with_name("tracee.py"))
    launch = [sys.executable, "-I", "-S", tracee, str(folder), *command]

    def start(stdout: int, stderr: int) -> int:
        streams = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0)]
        copies = [(os.POSIX_SPAWN_DUP2, stdout, 1), (os.POSIX_SPAWN_DUP2, stderr, 2)]
        return os.posix_spawn(launch[0], launch, environment, file_actions=[*streams, *copies], setpgroup=0)

    return start


def warm(words: Sequence[str], folder: Path, environment: Mapping[str, str], *, traced: bool) -> Start:
    """Run `storyboard WORDS ...` in a fork of this process."""

    def start(stdout: int, stderr: int) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        number = os.fork()
        if not number:
            _be(words, folder, environment, stdout, stderr, traced=traced)
        with suppress(OSError):  # whichever of the two is first
            os.setpgid(number, number)
        return number

    return start


def _be(
    words: Sequence[str], folder: Path, environment: Mapping[str, str], stdout: int, stderr: int, *, traced: bool
) -> NoReturn:
    """Become the command line, and exit as a separate process does, without ending anything of the parent's."""
    code = 1
    try:
        atexit._clear()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        with suppress(OSError):
            os.setpgid(0, 0)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(stdout, 1)
        os.dup2(stderr, 2)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in ((0, "r"), (1, "w"), (2, "w")))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        sys.argv = ["storyboard", *words]
        from storyboard.__main__ import main

        if traced:
            lets_itself_be_traced()
        main()
        code = 0
    except SystemExit as leaving:
        code = leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(BaseException):
            threading._shutdown()  # type: ignore[attr-defined]  # as the interpreter does at its end
            atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with suppress(BaseException):
                stream.flush()
        os._exit(code)


def warm_up(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Load all the code that a run loads, by running one."""
    told = folder / "modules"
    interpreter = list(command[: command.index("-m")])
    words = command[command.index("storyboard") + 1 :]
    subprocess.run(
        [*interpreter, "-c", LOADED, *words, str(told)],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=120,
    )
    for name in told.read_text("utf-8").splitlines():
        if name != "__main__":
            with suppress(ImportError):
                import_module(name)
    gc.freeze()
