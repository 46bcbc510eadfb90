"""What the first cell of a notebook asks for: the traces, and how much time there is."""

from __future__ import annotations

import os

from specbench.core.display import plural
from specbench.study.workbench import Workbench

__all__ = ["QUICK_TASKS", "bench", "quick"]

QUICK_TASKS = 48
"""Tasks that a notebook looks at where it has to be quick."""


def quick() -> bool:
    """Return whether notebooks shall be quick (``SPECBENCH_FAST`` is set): fewer tasks, as in a check of all of them.

    Examples
    --------
    >>> quick() in (True, False)
    True
    """
    return "SPECBENCH_FAST" in os.environ


def bench(tasks: int | None = None, *, quick_tasks: int = QUICK_TASKS) -> Workbench:
    """Return a workbench with the traces that ``SPECBENCH_TRACES`` names, else the shipped sample; print its size.

    Parameters
    ----------
    tasks
        Look at most at so many; all by default.
    quick_tasks
        So many where notebooks shall be quick.

    Examples
    --------
    >>> found = bench(tasks=12)
    18 conversations to learn from, 6 to test on, split by task
    """
    found = Workbench(os.environ.get("SPECBENCH_TRACES"), most=quick_tasks if quick() else tasks)
    print(f"{plural(len(found.train), 'conversation')} to learn from, {len(found.test)} to test on, split by task")  # noqa: T201
    return found
