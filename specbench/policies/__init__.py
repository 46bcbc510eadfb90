"""Policies: what to launch. Pure functions of (decision point, predictions, state); orthogonal to predictors.

Only tools with effect ``read`` (or ``staged``, where the executor has the staging pair) are ever launched.
"""

from __future__ import annotations

from specbench.policies.base import DEFAULT_THRESHOLD, Choice, Never, Policy, Threshold, TopK, launchable
from specbench.policies.combined import All, Budgeted, Disclosure
from specbench.policies.state import Counts, Estimates, State, entities
from specbench.policies.value import ExpectedValue

__all__ = [
    "DEFAULT_THRESHOLD",
    "All",
    "Budgeted",
    "Choice",
    "Counts",
    "Disclosure",
    "Estimates",
    "ExpectedValue",
    "Never",
    "Policy",
    "State",
    "Threshold",
    "TopK",
    "entities",
    "launchable",
]
