"""Everything that the adviser has measured, before it is put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from specbench.metrics.worth import Answer
from specbench.sim import Latency
from specbench.study.advise.blockers import Blocker
from specbench.study.advise.candidates import LEARNED, Candidate
from specbench.study.advise.ceilings import Ceiling
from specbench.study.advise.costs import ToolCost
from specbench.study.advise.saved_turns import SavedTurns
from specbench.study.advise.ways import Way
from specbench.study.evaluation import Settings
from specbench.study.time_use import TimeUse
from specbench.traces.describe import Description

__all__ = ["Findings", "Measured", "WhatIf"]


@dataclass(frozen=True)
class WhatIf:
    """The same traces with every suggested declaration taken over.

    Parameters
    ----------
    reads
        Tools that would count as reads, at least for some arguments; most called first.
    read_share
        Calls that would be reads ÷ calls.
    ceilings
        What perfect foresight would save then.
    """

    reads: tuple[str, ...]
    read_share: float
    ceilings: tuple[Ceiling, ...]


@dataclass(frozen=True)
class Measured:
    """What was measured on held-out tasks.

    Parameters
    ----------
    candidates, chosen
        The predictors, and the one with the best net gain on the validation tasks.
    ways
        The ways to speculate with it.
    turns
        Saved turns with it; ``None`` where no threshold gained, or there were too few validation tasks to choose one.
    costs
        Extra calls of the way that is recommended, by tool.
    test_tasks, test_ceilings
        Test tasks, and what perfect foresight saves there, by way.
    """

    candidates: tuple[Candidate, ...]
    chosen: Candidate
    ways: tuple[Way, ...]
    turns: SavedTurns | None
    costs: tuple[ToolCost, ...]
    test_tasks: int
    test_ceilings: Mapping[str, float]

    @property
    def cut_short(self) -> bool:
        """Whether the strongest predictor was not fitted on all training traces: a better one may be had."""
        strongest = self.candidates[-1]
        return strongest.name != LEARNED or strongest.trained_on < strongest.of

    @property
    def tools_way(self) -> Way:
        """Overlap or carried results, whichever gained more on the validation tasks: they run behind any framework."""
        overlap, carried = self.ways[:2]
        return carried if carried.validation_net_s > overlap.validation_net_s else overlap

    @property
    def best_way(self) -> Way:
        """Run-ahead where that alone is worth it; else :attr:`tools_way`."""
        only_ahead = self.ahead_way.worth.answer is Answer.YES and self.tools_way.worth.answer is not Answer.YES
        return self.ahead_way if only_ahead else self.tools_way

    @property
    def ahead_way(self) -> Way:
        """Run-ahead: only where the executor runs the LLM too."""
        return self.ways[2]


@dataclass(frozen=True)
class Findings:
    """Everything that was measured.

    Parameters
    ----------
    described, time, latency, user_s
        Counts; where the time goes; the seconds behind it; seconds that users took, as recorded.
    ceilings
        With the effects as declared.
    what_if
        With the suggestions confirmed; ``None`` where there are none that change an effect.
    measured
        On held-out tasks; ``None`` where there are too few tasks, or no READ call even with the suggestions.
    supposed
        Whether ``measured`` is with the suggestions confirmed, as no tool is declared `read`.
    blockers
        What stands in the way.
    notes
        What must be known to read the numbers.
    limit
        What limits the saving, as a sentence; of the traces that the answer is about.
    settings, waste_budget
        What the user said.
    template
        Of an effects file.
    where
        The paths of the traces, as words of a command.
    """

    described: Description
    time: TimeUse
    latency: Latency
    user_s: float
    ceilings: tuple[Ceiling, ...]
    what_if: WhatIf | None
    measured: Measured | None
    supposed: bool
    blockers: tuple[Blocker, ...]
    notes: tuple[str, ...]
    limit: str
    settings: Settings
    waste_budget: float | None
    template: Mapping[str, Any]
    where: str

    @property
    def basis(self) -> str:
        """``measured`` or ``modelled``."""
        return self.time.oracle.basis

    @property
    def suggested(self) -> bool:
        """Whether the draft of an effects file suggests anything that may change an answer."""
        return self.what_if is not None or any(each.name == "irrelevant parameters" for each in self.blockers)

    @property
    def considered(self) -> tuple[Ceiling, ...]:
        """The ceilings that the answer is about: as declared, or with the suggestions where nothing is declared."""
        return self.what_if.ceilings if self.supposed and self.what_if is not None else self.ceilings
