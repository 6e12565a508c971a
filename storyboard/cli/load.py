"""Load a storyboard for a command: print its problems, and end the command if one is a mistake."""

from __future__ import annotations

from collections.abc import Callable

from storyboard import project
from storyboard.cli.common import print_problems, split_profiles
from storyboard.language.validator import ValidationResult
from storyboard.project import Loaded
from storyboard.world.layout import layout_of


def load(
    file: str,
    profiles: tuple[str, ...],
    *,
    emulator: bool,
    provider: str = "",
    on_problems: Callable[[ValidationResult], None] = print_problems,
) -> Loaded:
    """Return the storyboard of a file with its profiles. Exits with 1 if it has a mistake."""
    layout = layout_of(file, project.realm_of(emulator=emulator, provider=provider))
    judgement, facts = project.survey(layout, split_profiles(profiles), provider)
    on_problems(judgement)
    return project.load_validated(layout, judgement, facts)
