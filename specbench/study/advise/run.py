"""The adviser: reads traces, measures what speculation could bring, and says whether to bother."""

from __future__ import annotations

import random
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from specbench.core.display import plural
from specbench.core.errors import ConfigError
from specbench.core.types import Effect, Trace
from specbench.metrics.intervals import MIN_TASKS
from specbench.metrics.worth import LEAST_GAIN, WASTE_PRICE
from specbench.sim import Latency
from specbench.speculation import Limit
from specbench.study.advise.advice import Advice
from specbench.study.advise.blockers import blockers, named
from specbench.study.advise.candidates import Clock, best_of, candidates
from specbench.study.advise.ceilings import Ceiling, ceilings
from specbench.study.advise.costs import check_tools, tool_costs
from specbench.study.advise.findings import Findings, Measured, WhatIf
from specbench.study.advise.saved_turns import best_threshold, ride_alongs
from specbench.study.advise.ways import ways_of
from specbench.study.data import Data, load_data, prepared, split_data
from specbench.study.evaluation import Settings
from specbench.study.progress import Progress
from specbench.study.time_use import time_use
from specbench.traces.collection import Traces
from specbench.traces.describe import describe
from specbench.traces.effects import Effects, apply_effects, read_effects
from specbench.traces.effects_template import as_if_confirmed, effects_template
from specbench.traces.store import Paths
from specbench.traces.timings import RecordedSeconds

__all__ = ["advise"]

DECISIONS_PER_S, LEAST_DECISIONS = 33.0, 2_000
"""Decisions that can be measured in a second of the budget, on a busy machine; those that are measured in any case."""
SAME_SHARE = 0.001
"""Shares of the time that differ by less are the same in the text."""


def advise(
    traces: Paths | Sequence[Trace],
    *,
    effects: Effects | None = None,
    format: str | None = None,
    skip_invalid: bool = False,
    waste_budget: float | None = None,
    waste_price: float = WASTE_PRICE,
    least_gain: float = LEAST_GAIN,
    prices: Mapping[str, float] | None = None,
    limits: Mapping[str, Limit] | None = None,
    latency: str | Latency = "auto",
    minutes: float = 2.5,
    seed: int = 0,
    progress: bool = False,
) -> Advice:
    """Say whether speculation pays for the agent behind these traces, why, and what to do next.

    Parameters
    ----------
    traces
        Files and folders in any format that :func:`specbench.read` knows, or traces.
    effects
        What the tools do, ``{tool: effect}`` or a JSON file of it. Suggestions count for nothing until they stand in
        it.
    format, skip_invalid
        As in :func:`specbench.read`.
    waste_budget
        Most wasted ÷ sequential seconds; by default no such limit.
    waste_price, least_gain
        Seconds of waiting that a wasted second costs; the net gain, as a share of the time, that is worth having.
    prices
        Of a call, by tool, in any currency.
    limits
        Rate limits by tool.
    latency
        Seconds; by default the recorded ones where the traces carry them, else modelled ones, which is said.
    minutes
        Time for it all, which decides on how many traces ``learned`` is fitted; the quick predictors are measured in
        any case.
    seed
        Of the split and of training.
    progress
        Tell on stderr how far it is.

    Raises
    ------
    ConfigError
        When there is no trace, or no decision point in any; when a price or a limit is of a tool that no trace has.

    Examples
    --------
    >>> from specbench.testing import make_traces
    >>> advise(make_traces(8), minutes=0).answer.value
    'cannot tell'
    """
    data, where = _data(traces, format, skip_invalid, effects)
    tell, clock = Progress(progress), Clock(minutes)
    if waste_budget is not None and not 0 <= waste_budget < float("inf"):
        raise ConfigError(f"the waste budget is wasted ÷ sequential seconds, 0 or more; got {waste_budget!r}")
    check_tools("price", prices or {}, data.traces)
    check_tools("rate limit", limits or {}, data.traces)
    model = Latency.from_text(latency, seed).for_traces(data.traces)
    settings = Settings(seed, model, waste_price=waste_price, least_gain=least_gain)
    tell.note(f"{plural(len(data.traces), 'trace')} of {plural(len(data.tasks), 'task')}: what could be saved at most?")
    described, time = describe(data.traces), time_use(data.traces, model)
    template = effects_template(data.traces)
    reads = described.calls_by_effect.get(Effect.READ, 0)
    supposed = _supposed(data, template)
    what_if = None if supposed is None else _what_if(supposed, model)
    measured, notes = None, list(data.warnings)
    on = data if reads else supposed if what_if is not None and what_if.reads else None
    if on is not None:
        measured, more = _measure(on, settings, waste_budget, prices or {}, limits or {}, clock, tell)
        notes = [*more, *(f"{note[0].upper()}{note[1:]}." for note in notes)]
    considered = (data if on is None else on).traces
    limited = time if considered is data.traces else time_use(considered, model)
    bounds = tuple(ceilings(data.traces, model))
    overlap = (bounds if what_if is None or reads else what_if.ceilings)[0]
    # Where reads are never started early, as they reach outside, the blockers say so: what limits it is not the time.
    told = limited.limit() if abs(limited.oracle.saved_share - (overlap.saved_share or 0.0)) < SAME_SHARE else ""
    found = Findings(
        described, time, model, sum(RecordedSeconds.of(data.traces).user), bounds,
        what_if, measured, not reads and on is not None,
        tuple(blockers(considered, described, time, template, _confirmed(what_if))), tuple(notes),
        told, settings, waste_budget, template, where,
    )  # fmt: skip
    return Advice.of(found, data)


def _data(
    traces: Paths | Sequence[Trace], format: str | None, skip_invalid: bool, effects: Effects | None
) -> tuple[Data, str]:
    """Return the data, and its paths as words of a command."""
    if isinstance(traces, (str, Path)) or (traces and not isinstance(traces[0], Trace)):
        paths: Any = traces
        several = [paths] if isinstance(paths, (str, Path)) else list(paths)
        return load_data(paths, format, skip_invalid, effects=effects), shlex.join(map(str, several))
    kept: Any = list(traces)
    if effects is not None:
        declared = read_effects(effects)
        kept = [apply_effects(trace, declared) for trace in kept]
    report = traces.report if isinstance(traces, Traces) else Traces([]).report
    files = shlex.join(file.path for file in report.files)
    return prepared(kept, report), files or "PATH"


def _supposed(data: Data, template: Mapping[str, Any]) -> Data | None:
    """Return the data with every suggestion taken over; ``None`` where that changes no call's effect to read."""
    declared = read_effects(as_if_confirmed(template))
    changed = [apply_effects(trace, declared) for trace in data.traces]
    gains = any(
        after.effect_of(call) is Effect.READ and before.effect_of(call) is not Effect.READ
        for before, after in zip(data.traces, changed, strict=True)
        for message in after.messages
        for call in message.tool_calls
    )
    return replace(data, traces=changed) if gains else None


def _what_if(supposed: Data, model: Latency) -> WhatIf:
    described = describe(supposed.traces)
    some = {name for trace in supposed.traces for name, spec in trace.tools.items() if spec.where}
    reads = [row.tool for row in described.calls_by_tool if row.effect == Effect.READ]
    labels = [f"some calls of {name}" if name in some else name for name in reads]
    return WhatIf(tuple(dict.fromkeys(labels)), described.read_share, tuple(ceilings(supposed.traces, model)))


def _confirmed(what_if: WhatIf | None) -> str | None:
    if what_if is None:
        return None
    overlap, _, ahead, _ = what_if.ceilings
    return (
        f"Were the suggested ones reads ({named(what_if.reads)}), {100 * what_if.read_share:.0f} % of the calls would "
        f"be, and perfect foresight would save {_percent(overlap)} by overlap, {_percent(ahead)} with run-ahead."
    )


def _percent(ceiling: Ceiling) -> str:
    return f"{100 * (ceiling.saved_share or 0.0):.1f} %"


def _within(data: Data, seconds: float, seed: int) -> tuple[Data, list[str]]:
    """Return as many tasks, drawn at random, as can be measured in so many seconds, and a sentence where some are left.

    A decision is asked about twice by each predictor, and replayed some hundred times.
    """
    most = max(LEAST_DECISIONS, DECISIONS_PER_S * seconds)
    decisions: dict[str, int] = {}
    for trace in data.traces:
        number = sum(message.role == "assistant" for message in trace.messages)
        decisions[trace.task_id] = decisions.get(trace.task_id, 0) + number
    if sum(decisions.values()) <= most:
        return data, []
    tasks = sorted(decisions)
    random.Random(seed).shuffle(tasks)
    kept: set[str] = set()
    total = 0
    for task in tasks:
        if total + decisions[task] <= most or len(kept) < 2:
            kept.add(task)
            total += decisions[task]
    said = f"Predictors were measured on {len(kept):,} of {len(tasks):,} tasks, drawn at random: more with --minutes."
    return replace(data, traces=[trace for trace in data.traces if trace.task_id in kept]), [said]


def _measure(
    data: Data, settings: Settings, budget: float | None, prices: Mapping[str, float], limits: Mapping[str, Limit],
    clock: Clock, told: Progress,
) -> tuple[Measured | None, list[str]]:  # fmt: skip
    """Fit, tune and test; sentences about what could not be done come with it."""
    data, cut = _within(data, clock.given_s, settings.seed)
    try:
        parts = split_data(data, settings.seed)
    except ConfigError as error:
        return None, [f"{str(error)[0].upper()}{str(error)[1:]}."]
    found, notes = candidates(parts, settings, budget, clock, told)
    notes += cut
    chosen = best_of(found)
    tests, model = len(set(chosen.measured.table.tasks)), settings.latency
    limits_of = {each.way: each.saved_share or 0.0 for each in ceilings(parts.test, model)}
    told.note(f"{chosen.name}: trying the ways to speculate")
    ways = ways_of(chosen, settings, budget, limits, limits_of)
    turns, table = None, chosen.measured.table
    if chosen.tuned is not None and chosen.point.tuned_on >= MIN_TASKS:
        threshold = best_threshold(ride_alongs(chosen.tuned.table, model, chosen.tuned.predict_s, parts.validation))
        if threshold is not None:
            turns = ride_alongs(table, model, chosen.measured.predict_s, parts.test).sums(threshold)
    measured = Measured(tuple(found), chosen, tuple(ways), turns, (), tests, limits_of)
    costs = tool_costs(measured.best_way.ledger, prices, limits, measured.best_way.waited_s)
    return replace(measured, costs=tuple(costs)), notes
