"""`python -m storyboard`, and the command `storyboard`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line; `cli.main` turns failures into messages and exit codes."""
    try:
        from storyboard.cli import main as command_line

        command_line.main()
    except KeyboardInterrupt:  # while the command line was still being imported
        sys.exit(130)


if __name__ == "__main__":
    main()
