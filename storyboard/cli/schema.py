"""`storyboard schema`"""

from __future__ import annotations

import click

from storyboard.cli.echo import echo


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of the storyboard file."""
    from storyboard.world.shipped import schema_text

    echo(schema_text(), nl=False)
