"""`storyboard emulator`"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from storyboard.cli.common import Finite
from storyboard.cli.echo import echo

CALLBACK_MODES = ("honest", "twice", "reversed", "forged")
"""As in `storyboard.emulator.callbacks`, which is imported only when the command runs."""
ECHO_MODES = ("always", "ended", "never")
"""As in `storyboard.emulator.tasks`."""


@click.command("emulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True, help="0 chooses a free one.")
@click.option(
    "--speed",
    type=Finite(0, min_open=True),
    default=20.0,
    show_default=True,
    help="Factor of speed; at 1, a second of video takes 20 s.",
)
@click.option(
    "--hold-reply",
    type=click.IntRange(0, 600_000),
    default=0,
    metavar="MS",
    help="Delay each response to a create request.",
)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File for the accepted tasks; media are stored beside it. Default: a temporary folder.",
)
@click.option(
    "--running",
    type=click.IntRange(1),
    metavar="N",
    help="Tasks of a model that run at once; the others wait (Ark: 3 for a person). Default: no limit.",
)
@click.option("--limits", is_flag=True, help="Apply rate limits: 1 list, 20 gets a second, and so on.")
@click.option("--retry-after", is_flag=True, help="With --limits: send Retry-After.")
@click.option(
    "--assets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='The existing asset:// ids: JSON, {"ID": "image"}, or video, or audio. Default: any id exists.',
)
@click.option("--seed", type=int, help="Seed of ids and signatures; the same seed repeats them.")
@click.option("--date-offset", type=int, default=0, metavar="SECONDS", help="Error of the Date header of responses.")
@click.option("--resign", is_flag=True, help="Sign a video's address again at each get, for another day.")
@click.option("--ranges", is_flag=True, help="Serve ranges of a video.")
@click.option(
    "--callbacks",
    type=click.Choice(CALLBACK_MODES),
    default="honest",
    show_default=True,
    help="Callbacks: in order, each twice, in reverse order, or with forged ones between.",
)
@click.option(
    "--safety-identifier",
    type=click.Choice(ECHO_MODES),
    default="ended",
    show_default=True,
    help="When replies repeat a task's safety_identifier: in every state, once the task has ended, or never.",
)
@click.option(
    "--faults",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A script of faults (docs/faults.md); each fault that fires is printed.",
)
def command(
    port: int,
    speed: float,
    hold_reply: int,
    ledger: Path | None,
    running: int | None,
    limits: bool,
    retry_after: bool,
    assets: Path | None,
    seed: int | None,
    date_offset: int,
    resign: bool,
    ranges: bool,
    callbacks: str,
    safety_identifier: str,
    faults: Path | None,
) -> None:
    """Serve an emulator of the API on this machine: playable videos, no cost, any key is accepted. The first line of
    output is its address.

    A prompt that contains [[refuse input]], [[refuse face]], [[refuse output]], [[refuse copyright]] or
    [[refuse sound]] is refused by moderation. GET /__ledger lists the accepted tasks, POST /__reset removes them;
    POST /__restore goes back to the state that GET /__snapshot returned.
    """
    from storyboard.emulator.app import BASE, EmulatorConfig, service
    from storyboard.emulator.assets import read
    from storyboard.emulator.fault_injection import FaultInjector
    from storyboard.emulator.faults import Script, script_of
    from storyboard.language.source import Source
    from storyboard.world import serving
    from storyboard.world.clock import SystemClock, SystemDice
    from storyboard.world.files import read_text

    _exit_on_signals()
    script = script_of(Source(str(faults), read_text(faults))) if faults else Script()
    library = read(assets) if assets else None
    conditions = EmulatorConfig(
        speed,
        hold_reply / 1000,
        running,
        limits,
        retry_after,
        library,
        seed,
        date_offset=float(date_offset),
        calls=callbacks,  # type: ignore[arg-type]  # one of CALLBACK_MODES
        resign=resign,
        ranges=ranges,
        safety_identifier=safety_identifier,  # type: ignore[arg-type]  # one of ECHO_MODES
    )
    with tempfile.TemporaryDirectory(prefix="storyboard-emulator-") as folder:
        serve_callbacks = serving.bind(port)
        path = ledger or Path(folder) / "ledger.jsonl"
        emulated = service(path, SystemClock(), SystemDice(), conditions)
        app = FaultInjector(emulated.app(), script, emulated.clock, lambda fired: echo(fired, err=True))
        echo(serving.address_of(serve_callbacks) + BASE)
        echo(
            f"ledger: {path}\nuse it with: ARK_BASE_URL=<the address above> ARK_API_KEY=any storyboard run",
            err=True,
        )
        sys.stdout.flush()
        serving.serve(app, serve_callbacks)


def _exit_on_signals() -> None:
    """Turn SIGTERM and SIGHUP into an exception, so that the temporary folder is removed.

    A signal that is ignored, as by `nohup`, stays ignored.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _exit)


def _exit(number: int, frame: object) -> None:
    del frame
    sys.exit(128 + number)
