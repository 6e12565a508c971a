"""`storyboard emulator`"""

from __future__ import annotations

import signal
import sys
import tempfile
from pathlib import Path

import click

from storyboard.cli.common import Finite
from storyboard.cli.echo import echo

MANNERS = ("honest", "twice", "reversed", "forged")
"""Of `storyboard.emulator.callbacks`, which is loaded when it is needed."""
ECHOES = ("always", "ended", "never")
"""Of `storyboard.emulator.tasks`."""


@click.command("emulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8600, show_default=True, help="0 chooses one.")
@click.option(
    "--speed",
    type=Finite(0, min_open=True),
    default=20.0,
    show_default=True,
    help="How much faster than life; at 1 a second of video takes 20 s.",
)
@click.option(
    "--hold-reply",
    type=click.IntRange(0, 600_000),
    default=0,
    metavar="MS",
    help="Answer creates that much later.",
)
@click.option(
    "--ledger",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the tasks it took on are written down; media lie beside it. Left out: a temporary folder.",
)
@click.option(
    "--running",
    type=click.IntRange(1),
    metavar="N",
    help="How many tasks of a model run at once, the others wait (Ark: 3 for a person). Left out: no limit.",
)
@click.option("--limits", is_flag=True, help="Refuse what comes too often: 1 list, 20 looks a second, and so on.")
@click.option("--retry-after", is_flag=True, help="With --limits: say when to come again.")
@click.option(
    "--assets",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='What asset:// may name: JSON, {"ID": "image"}, or video, or audio. Left out: any id.',
)
@click.option("--seed", type=int, help="Draw ids and signatures from this number, the same each time.")
@click.option("--date-offset", type=int, default=0, metavar="SECONDS", help="Be that wrong in the Date of answers.")
@click.option("--resign", is_flag=True, help="Sign a video's address anew at every look, for another day.")
@click.option("--ranges", is_flag=True, help="Give parts of a video to who asks for a range.")
@click.option(
    "--callbacks",
    type=click.Choice(MANNERS),
    default="honest",
    show_default=True,
    help="How callbacks come: in order, each twice, the end first, or with forged ones between.",
)
@click.option(
    "--safety-identifier",
    type=click.Choice(ECHOES),
    default="ended",
    show_default=True,
    help="When replies repeat a task's safety_identifier: in every state, once the task has ended, or never.",
)
@click.option(
    "--faults",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A script of what goes wrong (docs/faults.md); each fault that fires is told.",
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
    """Serve the API on this machine: real videos, no cost, any key will do. Its first line is its address.

    A prompt with [[refuse input]], [[refuse face]], [[refuse output]], [[refuse copyright]] or [[refuse sound]] in it
    is refused by the moderators. GET /__ledger tells what was taken on, POST /__reset forgets it; what GET /__snapshot
    says, POST /__restore goes back to.
    """
    from storyboard.emulator.app import BASE, Conditions, service
    from storyboard.emulator.assets import read
    from storyboard.emulator.faults import Script, script_of
    from storyboard.emulator.mischief import Mischief
    from storyboard.language.source import Source
    from storyboard.world import serving
    from storyboard.world.clock import SystemClock, SystemDice
    from storyboard.world.files import read_text

    _leave_in_order()
    script = script_of(Source(str(faults), read_text(faults))) if faults else Script()
    library = read(assets) if assets else None
    conditions = Conditions(
        speed,
        hold_reply / 1000,
        running,
        limits,
        retry_after,
        library,
        seed,
        date_offset=float(date_offset),
        calls=callbacks,  # type: ignore[arg-type]  # one of MANNERS
        resign=resign,
        ranges=ranges,
        safety_identifier=safety_identifier,  # type: ignore[arg-type]  # one of ECHOES
    )
    with tempfile.TemporaryDirectory(prefix="storyboard-emulator-") as folder:
        listening = serving.bind(port)
        path = ledger or Path(folder) / "ledger.jsonl"
        emulated = service(path, SystemClock(), SystemDice(), conditions)
        app = Mischief(emulated.app(), script, emulated.clock, lambda fired: echo(fired, err=True))
        echo(serving.address_of(listening) + BASE)
        echo(
            f"ledger: {path}\nuse it with: ARK_BASE_URL=<the address above> ARK_API_KEY=any storyboard run",
            err=True,
        )
        sys.stdout.flush()
        serving.serve(app, listening)


def _leave_in_order() -> None:
    """Let a signal that says stop end the command as an exception does, so that its folder is cleared away; one that is
    ignored, as by `nohup`, stays ignored."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, frame: object) -> None:
    del frame
    sys.exit(128 + number)
