"""The door: finds the command that was called, loads it and nothing else, and tells failures."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from storyboard import __version__
from storyboard.cli.echo import echo, flush, unheard, unstrict
from storyboard.errors import FileTrouble, StoryboardError

COMMANDS = {
    "init": "Begin a new storyboard.",
    "validate": "Tell every mistake in a storyboard, with its place.",
    "plan": "Say what would be made, why, and what it costs.",
    "run": "Make what is missing or changed, and cut the film.",
    "status": "Show where each scene stands.",
    "why": "Say why a scene would be made anew, down to the root cause.",
    "resolve": "Decide about a submission whose answer was lost.",
    "tasks": "See the service's tasks, and cancel or forget them.",
    "recover": "Rebuild a lost record from what the service still lists.",
    "verify": "Check the store against its digests.",
    "film": "Cut the selected segments together.",
    "merge-lock": "Unite both sides of a merged lock, as a command that git can call.",
    "emulator": "Serve the API here: real videos, no key, no cost.",
    "doctor": "Show what this machine is set up for; --probe asks the service what its papers leave open.",
    "explain": "Say what the code of a mistake means.",
    "schema": "Print the JSON Schema of the storyboard file.",
}
"""Each command with its help, so that `--help` loads none of them."""


class Doors(click.Group):
    """Commands by name, loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order in which one meets them."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"storyboard.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)  # noqa: S101 - each file has one
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names; a wrong word is told with the nearest that there is."""
        if args and args[0] not in COMMANDS:
            from storyboard.language.problem import nearest

            hint = nearest(args[0], COMMANDS)
            ctx.fail(f'there is no command "{args[0]}"' + (f"; {hint}" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands with their help, without loading them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=Doors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="storyboard")
def storyboard() -> None:
    """make, for films: a YAML storyboard in, a film out, nothing paid for twice.

    Begin with `storyboard init`, then `storyboard run --emulator`, which needs no key and costs nothing.
    """


def door() -> None:
    """Run the command line; failures end in a message and an exit code, never in a traceback."""
    unstrict()
    try:
        code = int(storyboard(standalone_mode=False) or 0)  # click hands the code of an Exit back
    except click.ClickException as error:
        echo(f"{error.format_message()}\n  `storyboard --help` shows what may be", err=True)
        code = 2
    except StoryboardError as error:
        _tell(error)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        echo("interrupted", err=True)
        code = 130
    except OSError as error:
        _tell(FileTrouble.of(error, doing="used"))
        code = 5
    flush()
    if unheard and not code:
        _tell(FileTrouble(f"what was said could not be written: {unheard[0]}"))
        code = 5
    sys.exit(code)


def _tell(error: StoryboardError) -> None:
    from storyboard.language.source import escape_for_terminal

    echo(f"storyboard: {escape_for_terminal(error.what)}", err=True)
    for line in error.hint.splitlines():
        echo(f"  {escape_for_terminal(line)}", err=True)
