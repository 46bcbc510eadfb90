"""``specbench`` and ``python -m specbench``: the command line, or the pip command that brings it."""

from __future__ import annotations

import sys

from specbench.core.errors import MissingExtraError
from specbench.core.extras import named_extras

__all__ = ["main"]


def main() -> None:
    """Run the command line."""
    try:
        with named_extras():
            from specbench.cli import main as run
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    run()


if __name__ == "__main__":
    main()
