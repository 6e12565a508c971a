"""Options that several commands share, and the printing of problems."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from storyboard.cli.echo import echo
from storyboard.errors import ExitCode, UsageError
from storyboard.language.problem import format_problem, mistakes
from storyboard.planning.money import Money, money_of

if TYPE_CHECKING:
    from storyboard.language.validator import ValidationResult
    from storyboard.project import Verdict

F = TypeVar("F", bound=Callable[..., Any])


class Finite(click.FloatRange):
    """A finite number in a range."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number; fail as click's own types do."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is not a finite number", param, ctx)
        return number


class Amount(click.ParamType[Money]):
    """An amount of money: `50`, `50.5 CNY`."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Money:
        """Return the amount; fail as click's own types do."""
        try:
            return money_of(str(value))
        except ValueError as error:
            self.fail(f"{error}: write 50, or 50 CNY", param, ctx)


file_option = click.option("-f", "--file", default="storyboard.yaml", show_default=True, help="The storyboard file.")
profile_option = click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME[,NAME]",
    help="Profiles to apply; where two set the same key, the last one wins.",
)
emulator_option = click.option(
    "--emulator", is_flag=True, help="Use the emulated realm: what was made on the embedded emulator."
)
provider_option = click.option(
    "--provider",
    default="",
    metavar="NAME",
    help="The provider; default: the one in your settings, else ark.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def split_profiles(profiles: tuple[str, ...]) -> tuple[str, ...]:
    """Return the profile names of all --profile options, each of which may list several separated by commas."""
    return tuple(name.strip() for value in profiles for name in value.split(",") if name.strip())


def check_task_id(text: str) -> str:
    """Return a task ID of the chosen provider. Raise UsageError if the text doesn't have the form of one."""
    from storyboard.project import chosen
    from storyboard.providers.catalogue import site_of

    site = site_of(chosen())
    if site.is_task_id(text):
        return text
    example = f"; task IDs look like {site.task_id_example}" if site.task_id_example else ""
    raise UsageError(f"{text} is not a task ID{example}")


_STYLES = {"mistake": "red", "warning": "yellow", "note": "blue"}


def colour_problem(text: str, severity: str) -> str:
    """Return a formatted problem with its first line and its carets in the colour of its severity."""
    first, *lines = text.split("\n")
    painted = [colour(line, fg=_STYLES[severity]) if line.strip(" |^") == "" else line for line in lines]
    return "\n".join([colour(first, fg=_STYLES[severity], bold=True), *painted])


def print_problems(judgement: ValidationResult | Verdict) -> None:
    """Print all problems except notes to standard error; exit with 1 if one is a mistake."""
    for problem in judgement.problems:
        if problem.severity != "note":
            echo(colour_problem(format_problem(problem, judgement.sources), problem.severity), err=True)
    count = len(mistakes(judgement.problems))
    if count:
        echo(f"{count} mistake{'s' if count > 1 else ''}: nothing was done", err=True)
        raise click.exceptions.Exit(ExitCode.MISTAKES)


def print_problems_as_json(judgement: ValidationResult) -> None:
    """Print the problems as JSON and exit with 1 if one is a mistake, else print them to standard error."""
    if not mistakes(judgement.problems):
        print_problems(judgement)
        return
    import json

    from storyboard.report.problems import problem_value

    value = {"problems": [problem_value(problem) for problem in judgement.problems]}
    echo(json.dumps(value, ensure_ascii=False, indent=1))
    raise click.exceptions.Exit(ExitCode.MISTAKES)


def problem_printer(as_json: bool) -> Callable[[ValidationResult], None]:
    """Return the function that prints a storyboard's problems: as JSON or as text."""
    return print_problems_as_json if as_json else print_problems


def colour(text: str, **style: Any) -> str:
    """Return styled text. click removes the style where the output is no terminal; NO_COLOR turns it off."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)
