"""Transfer: an agent configuration, or tools, that training never saw, beside a fit that saw them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from specbench.core.text import writable
from specbench.core.types import Trace
from specbench.metrics.paired import CALL_RATES, paired_differences
from specbench.metrics.prediction_rates import rates
from specbench.study.comparison.bench import Bench
from specbench.study.data import known_tools

__all__ = ["Transfer", "choose_services", "service_of", "transfer", "unseen_agents", "unseen_tools"]

SHARE = 0.25
"""Share of the services that are held out."""
SHOWN = ("tool_top1", "tool_top3", *CALL_RATES)


@dataclass
class Transfer:
    """Rows, and why an experiment could not be made.

    A row has ``experiment, held_out, predictor, group, calls, read_calls``, the rates, ``<rate>_seen`` of the same
    predictor trained on everything, and ``<rate>_minus_seen`` with its paired interval (group ``all``).
    """

    rows: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    @property
    def frame(self) -> pd.DataFrame:
        """The rows as a table."""
        return pd.DataFrame([{name: writable(cell) for name, cell in row.items()} for row in self.rows])


def transfer(bench: Bench, names: Sequence[str]) -> Transfer:
    """Make both experiments with these predictors."""
    found = Transfer()
    unseen_agents(bench, names, found)
    unseen_tools(bench, names, found)
    return found


def unseen_agents(bench: Bench, names: Sequence[str], found: Transfer) -> None:
    """For each agent: train on the others, test on its traces of the test tasks."""
    agents = sorted({trace.agent for trace in bench.train if trace.agent is not None})
    if len(agents) < 2:
        found.left_out.append(f"unseen agent: the traces name {len(agents)} agent configuration(s), 2 are needed")
        return
    for agent in agents:
        train = [trace for trace in bench.train if trace.agent != agent]
        test = [trace for trace in bench.test if trace.agent == agent]
        _hold_out(bench, names, found, "unseen agent", agent, train, test)


def unseen_tools(bench: Bench, names: Sequence[str], found: Transfer) -> None:
    """Hold some services out of training, test on the test traces that have them."""
    services = sorted({service for trace in [*bench.train, *bench.test] for service in _services(trace)})
    if len(services) < 2:
        found.left_out.append(
            f"unseen tools: {len(services)} service(s) (a tool of a service is called service__tool), 2 are needed"
        )
        return
    held = choose_services(services, bench.settings.seed)
    train = [trace for trace in bench.train if not held & _services(trace)]
    test = [trace for trace in bench.test if held & _services(trace)]
    _hold_out(bench, names, found, "unseen tools", ", ".join(sorted(held)), train, test)


def choose_services(services: Sequence[str], seed: int = 0) -> frozenset[str]:
    """Return a quarter of the services, at least one, drawn at random.

    Examples
    --------
    >>> len(choose_services(["a", "b", "c", "d", "e", "f", "g", "h"]))
    2
    """
    count = max(1, round(SHARE * len(services)))
    drawn = np.random.default_rng(seed).permutation(len(services))[:count].tolist()
    return frozenset(services[at] for at in drawn)


def service_of(tool: str) -> str | None:
    """Return the service that a tool belongs to, from its name.

    Examples
    --------
    >>> service_of("Hotels_1__SearchHotel"), service_of("get_order")
    ('Hotels_1', None)
    """
    service, mark, _ = tool.partition("__")
    return service if mark else None


def _services(trace: Trace) -> set[str]:
    return {service for tool in known_tools([trace]) if (service := service_of(tool)) is not None}


def _hold_out(
    bench: Bench,
    names: Sequence[str],
    found: Transfer,
    experiment: str,
    held: str,
    train: Sequence[Trace],
    test: Sequence[Trace],
) -> None:
    for part, label in ((train, "training"), (test, "test")):
        if not any(message.role == "assistant" for trace in part for message in trace.messages):
            found.left_out.append(f"{experiment}, {held} held out: no decision point is left for the {label}")
            return
    wanted, seen = frozenset(trace.trace_id for trace in test), known_tools(train)
    results = bench.fit_all([(name, train, test, f" without {held}") for name in names])
    for name, result in zip(names, results, strict=True):
        known = bench.measure(name).table.of_traces(wanted)
        there, minus = (
            rates(known, seen, intervals=False),
            paired_differences(result.table, known),
        )
        groups = [("all", result.metrics, there)]
        if experiment == "unseen tools":
            novelty = result.metrics["by_novelty"]
            groups += [(f"{kind} tools", novelty[kind], there["by_novelty"][kind]) for kind in ("unseen", "seen")]
        for group, ours, theirs in groups:
            row: dict[str, Any] = {"experiment": experiment, "held_out": held, "predictor": name, "group": group}
            row |= {key: ours[key] for key in ("calls", "read_calls", *SHOWN)}
            row |= {f"{rate}_seen": theirs[rate] for rate in SHOWN}
            for rate in CALL_RATES if group == "all" else ():
                row[f"{rate}_minus_seen"] = minus[rate]["difference"]
                row |= {f"{rate}_minus_seen_{end}": minus[rate][end] for end in ("low", "high")}
            found.rows.append(row)
