"""The adviser: does speculation pay for the agent behind these traces, why (not), and what to do next."""

from __future__ import annotations

from specbench.study.advise.advice import Advice
from specbench.study.advise.run import advise

__all__ = ["Advice", "advise"]
