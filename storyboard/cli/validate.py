"""`storyboard validate`"""

from __future__ import annotations

import gc
import json

import click

from storyboard.cli.common import colour_problem, json_option, profile_option, provider_option, split_profiles
from storyboard.cli.echo import echo
from storyboard.errors import ExitCode
from storyboard.language.problem import MOST_TOLD, format_problem, mistakes
from storyboard.language.source import escape_for_terminal
from storyboard.project import Verdict


@click.command("validate")
@click.argument("files", nargs=-1, metavar="[FILE]...")
@click.option(
    "-f", "--file", default="storyboard.yaml", show_default=True, help="The storyboard file if no FILE is given."
)
@profile_option
@provider_option
@click.option("--strict", is_flag=True, help="Treat warnings as mistakes.")
@click.option("--format", "form", type=click.Choice(["text", "json", "sarif"]), default="text", show_default=True)
@click.option("--probe-urls", is_flag=True, help="Download the files at https addresses and check them too.")
@json_option
def command(
    files: tuple[str, ...],
    file: str,
    profiles: tuple[str, ...],
    provider: str,
    strict: bool,
    form: str,
    probe_urls: bool,
    as_json: bool,
) -> None:
    """Check a storyboard: print every mistake with its place. Exits with 1 if there is one."""
    from storyboard.project import probe_addresses, validate
    from storyboard.world.layout import layout_of

    gc.disable()  # hundreds of thousands of live values: collecting garbage among them is slow and frees nothing
    click.get_current_context().call_on_close(gc.enable)
    names = files or (file,)
    judge = probe_addresses if probe_urls else validate
    verdicts = [judge(layout_of(name, "real"), split_profiles(profiles), provider) for name in names]
    problems = [problem for verdict in verdicts for problem in verdict.problems]
    if as_json or form == "json":
        from storyboard.report.problems import problem_value

        echo(json.dumps([problem_value(problem) for problem in problems], ensure_ascii=False, indent=1))
    elif form == "sarif":
        from storyboard.report.problems import sarif

        echo(json.dumps(sarif(problems), ensure_ascii=False, indent=1))
    else:
        for verdict in verdicts:
            _print_verdict(verdict)
    if mistakes(problems) or (strict and any(problem.severity == "warning" for problem in problems)):
        raise click.exceptions.Exit(ExitCode.MISTAKES)


def _print_verdict(verdict: Verdict) -> None:
    for problem in verdict.problems:
        echo(colour_problem(format_problem(problem, verdict.sources), problem.severity))
    name = escape_for_terminal(next(iter(verdict.sources)))
    count, warned = len(mistakes(verdict.problems)), sum(p.severity == "warning" for p in verdict.problems)
    warnings = f", {_format_count(warned, 'warning')}" if warned else ""
    at_least = "at least " if count >= MOST_TOLD else ""
    if count:
        echo(f"{name}: {at_least}{_format_count(count, 'mistake')}{warnings}")
    else:
        echo(f"{name}: {_format_count(verdict.scenes, 'scene')}, no mistakes{warnings}")


def _format_count(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
