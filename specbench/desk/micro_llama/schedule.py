"""What a training run of the micro-Llama is made of, in steps, and the learning rate at each."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from specbench.core.errors import ConfigError

__all__ = ["Schedule"]


@dataclass(frozen=True)
class Schedule:
    """A training run.

    Parameters
    ----------
    seed
        Of weights, copying exercises and conversations.
    copy_steps, copy_tokens
        The first phase: steps of copying exercises, tokens of a step.
    steps, tokens
        The second phase: steps of conversations, tokens of a step.
    short_share, short_tokens
        For this share of the second phase, conversations are cut after so many tokens: attention costs less.
    lr
        Peak learning rate, of Muon (matrices) and AdamW (the rest).
    warmup_steps, flat_share, end_share
        Each phase warms up; the second stays flat up to this share and then falls in a line to this share of ``lr``.
    """

    seed: int = 7
    copy_steps: int = 450
    copy_tokens: int = 8192
    steps: int = 7200
    tokens: int = 8192
    short_share: float = 0.65
    short_tokens: int = 1024
    lr: float = 0.015
    warmup_steps: int = 40
    flat_share: float = 0.6
    end_share: float = 0.02

    def __post_init__(self) -> None:
        for name in ("copy_steps", "steps", "tokens", "copy_tokens"):
            if getattr(self, name) < (0 if name == "copy_steps" else 1):
                raise ConfigError(f"{name} is {getattr(self, name)}; it must be positive")
        if not 0 < self.lr < math.inf:
            raise ConfigError(f"lr is {self.lr}; a learning rate is above 0, such as {type(self).lr}")

    def going_on(self) -> Schedule:
        """Return the schedule for going on from finished weights: whole conversations alone, falling sooner."""
        return replace(self, copy_steps=0, short_share=0.0, flat_share=0.3)

    @property
    def total_steps(self) -> int:
        """Steps of both phases."""
        return self.copy_steps + self.steps

    @property
    def long_from(self) -> int:
        """Number of the first step with whole conversations."""
        return self.copy_steps + int(self.short_share * self.steps)

    def lr_at(self, step: int) -> float:
        """The learning rate of a step.

        Examples
        --------
        >>> schedule = Schedule(copy_steps=0, steps=100, warmup_steps=10, lr=1.0)
        >>> [round(schedule.lr_at(step), 2) for step in (0, 9, 50, 80, 99)]
        [0.1, 1.0, 1.0, 0.51, 0.04]
        """
        within = step if step < self.copy_steps else step - self.copy_steps
        warm = min(1.0, (within + 1) / self.warmup_steps)
        if step < self.copy_steps:
            return self.lr * warm
        done = within / self.steps
        fallen = max(0.0, done - self.flat_share) / (1 - self.flat_share)
        return self.lr * warm * (1 - fallen * (1 - self.end_share))
