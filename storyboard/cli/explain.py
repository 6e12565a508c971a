"""`storyboard explain`"""

from __future__ import annotations

import click

from storyboard.cli.echo import echo
from storyboard.errors import UsageError


@click.command("explain")
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain a CODE: its meaning, its reason and its remedy. Without CODE, list all codes."""
    from storyboard.language.problem import nearest
    from storyboard.report.pages import pages
    from storyboard.world.shipped import codes_text

    found = pages(codes_text())
    if code is None:
        echo("\n".join(f"{name}  {page.title}" for name, page in found.items()))
        return
    page = found.get(code.upper())
    if page is None:
        raise UsageError(
            f"{code} is not a code of a mistake", nearest(code.upper(), found) or "`storyboard explain` lists all codes"
        )
    echo(f"{code.upper()}  {page.title}\n\n{page.text}")
