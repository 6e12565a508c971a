"""Find the called command, import only its module, and turn failures into messages and exit codes."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from storyboard import __version__
from storyboard.cli.echo import echo, flush, lenient_streams, write_errors
from storyboard.errors import ExitCode, FileTrouble, StoryboardError

COMMANDS = {
    "init": "Create a new storyboard.",
    "validate": "Check a storyboard: every mistake, with its place.",
    "plan": "Show what would be made, why, and what it costs.",
    "run": "Make what is missing or changed, and cut the film.",
    "status": "Show where each scene stands.",
    "why": "Show why a scene would be remade, down to the root cause.",
    "resolve": "Decide about a submission whose response was lost.",
    "tasks": "List the service's tasks; cancel or delete them.",
    "recover": "Rebuild a lost journal from the service's task list.",
    "verify": "Check the store against its digests.",
    "film": "Cut the film from the selected takes.",
    "merge-lock": "Merge both sides of a lock; works as git's merge driver.",
    "emulator": "Serve an emulator of the API: playable videos, no key, no cost.",
    "doctor": "Show the setup of this machine; --probe tests what the vendor's documentation leaves open.",
    "explain": "Explain the code of a mistake.",
    "schema": "Print the JSON Schema of the storyboard file.",
}
"""Each command with its help text, so that `--help` imports no command module."""


class LazyGroup(click.Group):
    """A group that imports a command's module only when the command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands in the order of a typical workflow."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return the command of that name, or None."""
        del ctx
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"storyboard.cli.{cmd_name.replace('-', '_')}").command
        assert isinstance(command, click.Command)  # noqa: S101 - each module has one
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first argument names; fail with the nearest name if there is none."""
        if args and args[0] not in COMMANDS:
            from storyboard.language.problem import nearest

            hint = nearest(args[0], COMMANDS)
            ctx.fail(f'there is no command "{args[0]}"' + (f"; {hint}" if hint else ""))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the commands with their help texts, without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.command(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="storyboard")
def storyboard() -> None:
    """make, for films: a YAML storyboard in, a film out, nothing paid for twice.

    Begin with `storyboard init`, then `storyboard run --emulator`, which needs no key and costs nothing.
    """


def main() -> None:
    """Run the command line. A failure ends with a message and an exit code, never with a traceback."""
    lenient_streams()
    try:
        code = int(storyboard(standalone_mode=False) or 0)  # click returns the code of an Exit
    except click.ClickException as error:
        echo(
            f"{error.format_message()}\n  `storyboard --help` lists the commands",
            err=True,
        )
        code = ExitCode.USAGE
    except StoryboardError as error:
        _print_error(error)
        code = error.exit_code
    except (KeyboardInterrupt, click.Abort):
        echo("interrupted", err=True)
        code = ExitCode.INTERRUPTED
    except OSError as error:
        _print_error(FileTrouble.of(error, doing="used"))
        code = ExitCode.REFUSED
    flush()
    if write_errors and not code:
        _print_error(FileTrouble(f"the output could not be written: {write_errors[0]}"))
        code = ExitCode.REFUSED
    sys.exit(int(code))


def _print_error(error: StoryboardError) -> None:
    from storyboard.language.source import escape_for_terminal

    echo(f"storyboard: {escape_for_terminal(error.what)}", err=True)
    for line in error.hint.splitlines():
        echo(f"  {escape_for_terminal(line)}", err=True)
