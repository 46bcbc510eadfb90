"""The state of speculation, without a clock of its own: time is an argument.

Executor and simulator differ in who lets time pass; what may be launched, what a result is worth when, and what becomes
of each speculation they both ask here. So they write the same ledger.
"""

from __future__ import annotations

from specbench.speculation.book import Book
from specbench.speculation.breaker import Breaker
from specbench.speculation.course import Course
from specbench.speculation.launch import Launch
from specbench.speculation.limits import Limit, RateLimits
from specbench.speculation.options import Options, RunAhead
from specbench.speculation.shared import Shared
from specbench.speculation.traits import Traits

__all__ = [
    "Book",
    "Breaker",
    "Course",
    "Launch",
    "Limit",
    "Options",
    "RateLimits",
    "RunAhead",
    "Shared",
    "Traits",
]
