"""The page: sections of sentences and tables, as text for a terminal and as Markdown."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from specbench.core.display import plural
from specbench.core.text import shown
from specbench.metrics.worth import Answer
from specbench.report.page import percent
from specbench.study.advise.answer import Judgement, suggestions_help, way_answer
from specbench.study.advise.candidates import Candidate
from specbench.study.advise.ceilings import Ceiling
from specbench.study.advise.costs import ToolCost
from specbench.study.advise.findings import Findings, Measured
from specbench.study.advise.saved_turns import SavedTurns
from specbench.study.advise.ways import Way
from specbench.study.rates_text import aligned
from specbench.study.verdict import interval_text

__all__ = ["Section", "markdown", "sections", "text"]

WIDTH = 110
TOOLS_SHOWN = 6
UNKNOWNS = ("no seconds", "few tasks")
"""What stands in the way of an answer, not of a gain."""


@dataclass(frozen=True)
class Section:
    """A heading, a table (or none: no rows), and sentences below it."""

    title: str
    lines: tuple[str, ...] = ()
    table: tuple[tuple[str, ...], ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return {"title": self.title, "lines": list(self.lines), "table": [list(row) for row in self.table]}


def sections(found: Findings, judged: Judgement) -> list[Section]:
    """Return the page below the answer, up to what stands in the way."""
    out = [_time(found), _ceilings(found)]
    if found.measured is not None:
        if_confirmed = " (if the suggested effects are confirmed)" if found.supposed else ""
        out += [
            _reached(found.measured, found, if_confirmed),
            _point(found.measured, found, if_confirmed),
            _turns(found.measured.turns, found, if_confirmed),
        ]
    elif found.notes:
        out.append(Section("What predictors reach on held-out tasks", found.notes))
    out.append(
        Section(
            "What stands in the way", tuple(each.text for each in found.blockers) or ("Nothing that was looked for.",)
        )
    )
    if judged.final is Answer.NO and found.described.calls:
        out.append(Section(f"Do not bother{_unless(found, judged)}, because", _reasons(found)))
    return [each for each in out if each.lines or each.table]


def _unless(found: Findings, judged: Judgement) -> str:
    """What a "do not bother" holds for."""
    without = " without run-ahead" if judged.only_ahead else ""
    if found.supposed or (found.suggested and not suggestions_help(found, judged)):
        return f"{without} (even if the suggestions are confirmed)"
    return f"{without} (as the tools are declared)" if found.suggested else without


def _time(found: Findings) -> Section:
    oracle, total_s = found.time.oracle, found.time.oracle.total_s
    if not total_s:
        return Section("Where the time goes", (f"No time passes ({found.latency.words()}).",))
    rows = [("", "share", "seconds", "calls", "effect")]
    rows.append(("LLM thinks", percent(oracle.think_s / total_s), f"{oracle.think_s:,.0f}", "", ""))
    tools = list(found.time.tools.items())
    for name, (effect, calls, seconds) in tools[:TOOLS_SHOWN]:
        rows.append((shown(name, 40), percent(seconds / total_s), f"{seconds:,.0f}", f"{calls:,}", effect))
    rest = tools[TOOLS_SHOWN:]
    if rest:
        seconds = sum(each[2] for _, each in rest)
        number = f"{sum(each[1] for _, each in rest):,}"
        rows.append((plural(len(rest), "other tool"), percent(seconds / total_s), f"{seconds:,.0f}", number, ""))
    parallel = sum(seconds for _, (_, _, seconds) in tools) > oracle.tool_s + 0.5
    lines = [
        f"Seconds are {found.basis}: {found.latency.words()}.",
        *(
            ["Parallel calls are added up in the lines of the tools; side by side, all tools take "
             f"{percent(oracle.tool_s / total_s)}."] if parallel else []
        ),
        *([f"Users read and typed for {found.user_s:,.0f} s more (measured)."] if found.user_s else []),
        *(
            [f"{percent(found.described.timed_share, 0)} of the decisions and calls have recorded seconds, too few to "
             "go by; --latency measured takes them and draws the others from them."]
            if found.basis == "modelled" and found.described.timed_share else []
        ),
    ]  # fmt: skip
    return Section("Where the time goes", tuple(lines), tuple(rows))


def _ceilings(found: Findings) -> Section:
    if not found.time.oracle.total_s:
        return Section("The most that can be saved")
    columns: list[tuple[str, Sequence[Ceiling]]] = [("as declared", found.ceilings)]
    if found.what_if is not None:
        columns.append(("if the suggestions are confirmed", found.what_if.ceilings))
    rows = [("way", *(name for name, _ in columns))]
    for number, each in enumerate(found.ceilings):
        rows.append((each.way, *(_share(column[number]) for _, column in columns)))
    about = "; ".join(f"{each.way}: {each.about}" for each in found.ceilings)
    return Section(
        "The most that can be saved",
        (f"By perfect foresight of every READ call, as a share of the time ({found.basis} seconds; 95 % intervals by "
         f"task). {about[0].upper()}{about[1:]}.",),
        tuple(rows),
    )  # fmt: skip


def _reached(measured: Measured, found: Findings, if_confirmed: str) -> Section:
    rows = [("predictor", "READ call right", "p ≥", "recall", "precision", "ms")]
    for each in measured.candidates:
        metrics, at = each.measured.metrics, each.measured.metrics["at_operating_point"]
        low, high = metrics["ci"]["read_call_top1"] or (None, None)
        rows.append(
            (
                each.name, f"{percent(metrics['read_call_top1'])}{_band(low, high)}", f"{each.point.p:.2f}",
                f"{percent(at['recall'])}{_band(at.get('recall_low'), at.get('recall_high'))}",
                f"{percent(at['precision'])}{_band(at.get('precision_low'), at.get('precision_high'))}",
                f"{metrics['latency_ms']['p50']:.1f}",
            )
        )  # fmt: skip
    return Section(
        f"What predictors reach on held-out tasks{if_confirmed}",
        (
            f"{plural(measured.test_tasks, 'test task')}; in brackets 95 % intervals by task. READ call right: tool "
            "and all arguments, at rank 1, given that a READ call comes. Recall: calls hit ÷ all calls; precision: "
            f"launches used ÷ launches. {_chosen(measured.chosen)}",
            *found.notes,
        ),
        tuple(rows),
    )  # fmt: skip


def _chosen(chosen: Candidate) -> str:
    why = (
        "it gained most on the validation tasks" if chosen.point.tuned_on and chosen.point.gained
        else "nothing gained on the validation tasks" if chosen.point.tuned_on
        else "there are too few validation tasks to choose by"
    )  # fmt: skip
    return f"Below, {chosen.name} is used: {why}."


def _point(measured: Measured, found: Findings, if_confirmed: str) -> Section:
    rows: list[tuple[str, ...]] = [("way", "policy", "saved", "tools wasted", "LLM wasted", "net of waste", "worth it")]
    for way, ceiling in zip(measured.ways, found.considered, strict=False):
        rows.append(_way_row(way, way_answer(way, ceiling, found)))
    budget = "no waste budget (--waste-budget)"
    if found.waste_budget is not None:
        budget = f"at most {percent(found.waste_budget)} of the time wasted on the validation tasks"
    tuned = any(way.tuned for way in measured.ways)
    lines = [
        f"Policies: `threshold:P,K` launches the K best READ guesses from probability P on. Here: {budget}; "
        f"a wasted second is priced like {found.settings.waste_price:g} s of waiting "
        f"(--waste-price). " + (
            "Each was tuned on the validation tasks where it gained there, else it is a rule of thumb; each was "
            "tested once." if tuned else "They are a rule of thumb: nothing gained on the validation tasks, or there "
            "are fewer than five."
        ),
        f"Shares of the time ({found.basis} seconds). Overlap and carried results run behind any framework; run-ahead "
        "needs the executor to run the LLM too.",
        *(
            ["With rate limits, a run without speculation under the same limits is what saved and net compare with."]
            if measured.best_way.options.limits else []
        ),
        *_cost_lines(measured.costs, measured),
    ]  # fmt: skip
    return Section(f"The operating point{if_confirmed}", tuple(lines), tuple(rows))


def _way_row(way: Way, answer: Answer) -> tuple[str, ...]:
    found = way.metrics
    low, high = found.saved_share_ci or (None, None)
    lost = found.run_ahead_lost_s / found.sequential_s if found.sequential_s else 0.0
    return (
        way.name, way.policy, f"{percent(found.saved_share)}{_band(low, high)}", percent(way.wasted_share),
        percent(lost) if way.options.run_ahead else "–",
        f"{percent(way.worth.net_share)}{_band(way.worth.low, way.worth.high)}", answer.value,
    )  # fmt: skip


def _cost_lines(costs: Sequence[ToolCost], measured: Measured) -> list[str]:
    """What the extra calls cost."""
    extra, way = sum(each.extra for each in costs), measured.best_way
    if not way.metrics.launched:
        return []
    first = max(costs, key=lambda each: each.extra, default=None)
    told = [
        f"Extra calls ({way.name}): {extra:,} of {way.metrics.launched:,} launches were not used"
        + (f", most of {shown(first.tool, 40)}; " if first is not None and first.extra else "; ")
        + f"{sum(each.extra_per_1000 for each in costs):,.0f} extra calls in 1,000 conversations, "
        f"{sum(each.extra_per_hour or 0.0 for each in costs):,.0f} in an hour of one agent at work, "
        f"{24 * sum(each.extra_per_hour or 0.0 for each in costs):,.0f} in a day of it."
    ]
    for each in costs:
        if each.price is not None:
            day = "" if each.cost_per_day is None else f", {each.cost_per_day:,.4g} for a day of one agent at work"
            more = f"the extra calls cost {each.cost_per_1000:,.4g} for 1,000 conversations{day}"
            told.append(f"{shown(each.tool, 40)} at {each.price:g} a call: {more}.")
        if each.limit_per_s is not None:
            told.append(_limit_line(each))
    return told


def _limit_line(each: ToolCost) -> str:
    name, limit = shown(each.tool, 40), f"{each.limit_per_s:g} calls a second"
    if each.agents_before is None or each.agents_after is None:
        return f"{name}, {limit}: it was not called in the test conversations, so nothing can be said."
    return (
        f"{name}, {limit}: on average enough for {each.agents_before:,.1f} agents at work at once without speculation, "
        f"and for {each.agents_after:,.1f} with it. Speculation uses a fifth of the limit at most, and stops near it."
    )


def _turns(turns: SavedTurns | None, found: Findings, if_confirmed: str) -> Section:
    title = f"Saved turns, a what-if{if_confirmed}"
    about = (
        "If a sure READ call rode in the previous result, the LLM would not be asked for it. That is not lossless, and "
        "simulated only"
    )
    if turns is None:
        return Section(
            title,
            (
                f"{about}. No threshold saves more seconds and tokens than it costs on the validation tasks, or there "
                "are fewer than five of them.",
            ),
        )
    return Section(
        title,
        (
            f"{about}: at p ≥ {turns.threshold:.2f}, {turns.saved_turns:,} of "
            f"{plural(turns.turns, 'LLM invocation')} would be saved, with {plural(turns.detours, 'detour')} (calls "
            "that the LLM would not have asked for). Net of the detours' seconds that is "
            f"{percent(turns.net_share)} of the time{interval_text(turns.low, turns.high)} ({found.basis} seconds).",
            f"Tokens, estimated (4 characters each, no prompt cache): {turns.saved_tok:,.0f} saved, "
            f"{turns.detour_tok:,.0f} more in prompts by the results of detours. A result that nobody asked for may "
            "mislead the LLM; that cannot be simulated.",
        ),
    )


def _reasons(found: Findings) -> tuple[str, ...]:
    """Why not: what limits the saving, and the largest obstacles by name."""
    main = [each.name for each in found.blockers if each.share >= 0.25 and each.name not in UNKNOWNS]
    named = f"The largest obstacles: {', '.join(main)}." if main else ""
    return tuple(filter(None, [found.limit, named]))


def _share(ceiling: Ceiling) -> str:
    return f"{percent(ceiling.saved_share)}{_band(ceiling.low, ceiling.high)}"


def _band(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return ""
    return f" [{percent(low)}, {percent(high)}]".replace(" %", "")


def text(headline: Sequence[str], parts: Sequence[Section]) -> str:
    """Return the page for a terminal.

    Examples
    --------
    >>> print(text(["Worth it."], [Section("Next", ("Do this.",), (("way", "saved"), ("overlap", "3 %")))]))
    Worth it.
    <BLANKLINE>
    Next
    ----
    way      saved
    -------  -----
    overlap    3 %
    <BLANKLINE>
    * Do this.
    """
    out = [textwrap.fill(line, WIDTH, break_on_hyphens=False) for line in headline]
    for part in parts:
        out += ["", part.title, "-" * len(part.title)]
        if part.table:
            out += [aligned(part.table), ""]
        out += [_bullet(line) for line in part.lines]
    return "\n".join(out)


def _bullet(line: str) -> str:
    if "\n" in line:  # code, as it stands
        return textwrap.indent(line, "    ")
    return textwrap.fill(
        line, WIDTH, initial_indent="* ", subsequent_indent="  ", break_on_hyphens=False, break_long_words=False
    )


def markdown(headline: Sequence[str], parts: Sequence[Section]) -> str:
    """Return the page as Markdown.

    Examples
    --------
    >>> print(markdown(["Worth it."], [Section("Next", ("Do this.",))]))
    # Does speculation pay here?
    <BLANKLINE>
    **Worth it.**
    <BLANKLINE>
    ## Next
    <BLANKLINE>
    - Do this.
    <BLANKLINE>
    """
    first, *rest = headline
    out = ["# Does speculation pay here?", "", f"**{_cell(first)}**", *(f"\n{_cell(line)}" for line in rest)]
    for part in parts:
        out += ["", f"## {part.title}", ""]
        if part.table:
            head, *rows = ["| " + " | ".join(map(_cell, row)) + " |" for row in part.table]
            out += [head, "|" + " --- |" * len(part.table[0]), *rows, ""]
        out += [f"```\n{line}\n```" if "\n" in line else f"- {_cell(line)}" for line in part.lines]
    return "\n".join(out) + "\n"


def _cell(value: str) -> str:
    return value.replace("|", "\\|").replace("<", "&lt;")
