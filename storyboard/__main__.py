"""`python -m storyboard`, and the command `storyboard`."""

from __future__ import annotations

import sys


def main() -> None:
    """Speak with a person: the one place that turns failures into messages and exit codes."""
    try:
        from storyboard.cli.main import door

        door()
    except KeyboardInterrupt:  # before there was a door to tell it
        sys.exit(130)


if __name__ == "__main__":
    main()
