"""What several doors share: options, and how problems are told."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from storyboard.cli.echo import echo
from storyboard.errors import UsageError
from storyboard.language.problem import format_problem, mistakes
from storyboard.planning.money import Money, money_of

if TYPE_CHECKING:
    from storyboard.language.validator import ValidationResult
    from storyboard.project import Verdict

F = TypeVar("F", bound=Callable[..., Any])


class Finite(click.FloatRange):
    """A number in a range; `nan` and `inf` are in none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number. Fails as click's own do."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value} is no number that anything could be compared with", param, ctx)
        return number


class Amount(click.ParamType[Money]):
    """Money: `50`, `50.5 CNY`."""

    name = "amount"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Money:
        """The money. Fails as click's own do."""
        try:
            return money_of(str(value))
        except ValueError as error:
            self.fail(f"{error}: write 50, or 50 CNY", param, ctx)


file_option = click.option("-f", "--file", default="storyboard.yaml", show_default=True, help="The storyboard.")
profile_option = click.option(
    "--profile",
    "profiles",
    multiple=True,
    metavar="NAME[,NAME]",
    help="Profiles to lay in; the last one wins.",
)
emulator_option = click.option(
    "--emulator", is_flag=True, help="Look at what was made on the embedded emulator, not for real."
)
provider_option = click.option(
    "--provider",
    default="",
    metavar="NAME",
    help="Who makes it; left out: your settings, else ark.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON, for a program to read.")


def named(profiles: tuple[str, ...]) -> tuple[str, ...]:
    """The profiles of one or several options, each perhaps several with commas between."""
    return tuple(name.strip() for value in profiles for name in value.split(",") if name.strip())


def checked_task(text: str) -> str:
    """Return a task ID of the chosen provider. Raise UsageError if the text doesn't have the form of one."""
    from storyboard.project import chosen
    from storyboard.providers.catalogue import site_of

    site = site_of(chosen())
    if site.is_task_id(text):
        return text
    example = f"; task IDs look like {site.task_id_example}" if site.task_id_example else ""
    raise UsageError(f"{text} is not a task ID{example}")


_STYLES = {"mistake": "red", "warning": "yellow", "note": "blue"}


def coloured(text: str, severity: str) -> str:
    """A problem as it is told, its first line and its carets in the colour of what it is."""
    first, *lines = text.split("\n")
    painted = [colour(line, fg=_STYLES[severity]) if line.strip(" |^") == "" else line for line in lines]
    return "\n".join([colour(first, fg=_STYLES[severity], bold=True), *painted])


def tell_problems(judgement: ValidationResult | Verdict) -> None:
    """All problems but notes, to people; exits with 1 if there is a mistake."""
    for problem in judgement.problems:
        if problem.severity != "note":
            echo(coloured(format_problem(problem, judgement.sources), problem.severity), err=True)
    count = len(mistakes(judgement.problems))
    if count:
        echo(f"{count} mistake{'s' if count > 1 else ''}: nothing was done", err=True)
        raise click.exceptions.Exit(1)


def tell_problems_as_json(judgement: ValidationResult) -> None:
    """The problems to a program, if one of them is a mistake: then that is all there is to say, and it exits with 1."""
    if not mistakes(judgement.problems):
        tell_problems(judgement)
        return
    import json

    from storyboard.report.problems import problem_value

    value = {"problems": [problem_value(problem) for problem in judgement.problems]}
    echo(json.dumps(value, ensure_ascii=False, indent=1))
    raise click.exceptions.Exit(1)


def telling(as_json: bool) -> Callable[[ValidationResult], None]:
    """How the problems of a storyboard are told: to people, or to a program."""
    return tell_problems_as_json if as_json else tell_problems


def colour(text: str, **style: Any) -> str:
    """Styled text; click takes the style away where nobody sees it, NO_COLOR where somebody doesn't want it."""
    return text if os.environ.get("NO_COLOR") else click.style(text, **style)
