"""`storyboard emulator`"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import click

from storyboard.cli.common import Finite
from storyboard.cli.echo import echo


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
    "--faults",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A script of what goes wrong (docs/faults.md); each fault that fires is told.",
)
def command(port: int, speed: float, hold_reply: int, ledger: Path | None, faults: Path | None) -> None:
    """Serve the API on this machine: real videos, no cost, any key will do. Its first line is its address."""
    from storyboard.emulator.app import BASE, Conditions, service
    from storyboard.emulator.faults import Script, script_of
    from storyboard.emulator.mischief import Mischief
    from storyboard.language.source import Source
    from storyboard.world import serving
    from storyboard.world.clock import SystemClock, SystemDice
    from storyboard.world.files import read_text

    script = script_of(Source(str(faults), read_text(faults))) if faults else Script()
    with tempfile.TemporaryDirectory(prefix="storyboard-emulator-") as folder:
        listening = serving.bound(port)
        path = ledger or Path(folder) / "ledger.jsonl"
        emulated = service(path, SystemClock(), SystemDice(), Conditions(speed, hold_reply / 1000))
        app = Mischief(emulated.app(), script, emulated.clock, lambda fired: echo(fired, err=True))
        echo(serving.address_of(listening) + BASE)
        echo(
            f"ledger: {path}\nuse it with: ARK_BASE_URL=<the address above> ARK_API_KEY=any storyboard run",
            err=True,
        )
        sys.stdout.flush()
        serving.serve(app, listening)
