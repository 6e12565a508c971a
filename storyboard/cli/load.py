"""Load a storyboard for a command: its problems are printed, and a mistake ends the command."""

from __future__ import annotations

from collections.abc import Callable

from storyboard import project
from storyboard.cli.common import named, tell_problems
from storyboard.language.validator import ValidationResult
from storyboard.project import Loaded
from storyboard.world.layout import layout_of


def load(
    file: str,
    profiles: tuple[str, ...],
    *,
    emulator: bool,
    provider: str = "",
    tell: Callable[[ValidationResult], None] = tell_problems,
) -> Loaded:
    """Return the storyboard of a file with its profiles. Exits with 1 if it has a mistake."""
    layout = layout_of(file, project.realm_of(emulator=emulator, provider=provider))
    judgement, facts = project.survey(layout, named(profiles), provider)
    tell(judgement)
    return project.loaded_of(layout, judgement, facts)
