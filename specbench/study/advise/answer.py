"""The answer in one sentence: worth it, not worth it because …, or cannot tell because …

It is the project's verdict (:class:`~specbench.metrics.worth.Worth`), asked twice: of perfect foresight, which no
predictor can beat, and of the operating point on the test tasks.
"""

from __future__ import annotations

from dataclasses import dataclass

from specbench.core.display import plural
from specbench.metrics.intervals import MIN_TASKS
from specbench.metrics.worth import Answer, Worth
from specbench.report.page import percent
from specbench.study.advise.blockers import named
from specbench.study.advise.ceilings import Ceiling
from specbench.study.advise.findings import Findings, Measured
from specbench.study.advise.ways import Way
from specbench.study.verdict import interval_text, why

__all__ = ["Judgement", "foresight", "judge"]

MANY = 0.25
"""From this share of the calls on, parameters that say why may be all that stands in the way."""
OPENINGS = {Answer.YES: "Worth it", Answer.NO: "Not worth it", Answer.UNKNOWN: "Cannot tell"}


@dataclass(frozen=True)
class Judgement:
    """The answer.

    Parameters
    ----------
    answer
        Yes, no or cannot tell; of the effects as they are declared.
    sentence
        In one sentence.
    reasons
        What follows from which number.
    way
        What to run, where that is worth it.
    if_confirmed
        The answer if the suggested effects were confirmed, where nothing is declared.
    """

    answer: Answer
    sentence: str
    reasons: tuple[str, ...] = ()
    way: Way | None = None
    if_confirmed: Answer | None = None


def judge(found: Findings) -> Judgement:
    """Return the answer that follows from the findings."""
    calls, reads = found.described.calls, found.described.calls_by_effect.get("read", 0)
    if not calls:
        return Judgement(
            Answer.NO, "Not worth it, because the traces hold no tool call: there is nothing to start early.",
            ("If the agent does call tools, `specbench traces inspect` shows what was read of them.",),
        )  # fmt: skip
    if reads:
        return _judge(found)
    none = (
        f"none of the {plural(calls, 'call')} is of a tool that is declared `read`, and nothing else is started early"
    )
    if not found.supposed or found.what_if is None:
        return Judgement(Answer.NO, f"Not worth it, because {none}.", (_undeclared(found),))
    inner = _judge(found)
    tools = named(found.what_if.reads)
    return Judgement(
        Answer.NO,
        f"Not worth it as declared, because {none}; if you confirm the suggested reads ({tools}): "
        f"{inner.sentence[0].lower()}{inner.sentence[1:]}",
        inner.reasons,
        None,
        inner.answer,
    )


def _undeclared(found: Findings) -> str:
    unknown = found.described.calls_by_effect.get("unknown", 0)
    if unknown:
        return (
            f"{plural(unknown, 'call')} are of tools without a declared effect. No name or argument suggests that one "
            "only reads; if some do, declare them."
        )
    return "All calls are declared to change something, or to compute without waiting for anybody."


def _judge(found: Findings) -> Judgement:
    overlap, carried, ahead, _ = found.considered
    bounds = [foresight(each, found) for each in (overlap, carried)]
    if all(bound.answer is Answer.NO for bound in bounds):
        best = max((overlap, carried), key=lambda each: each.saved_share or 0.0)
        inner = _ahead_only(found) if found.measured is not None else None
        if inner is not None:
            return inner
        little = (
            f"even perfect foresight of every READ call would save only {percent(best.saved_share)} of the time "
            f"({found.basis} seconds), less than the {percent(found.settings.least_gain)} that is worth having"
        )
        over_all = f"Over all tasks, by {best.way}{interval_text(best.low, best.high)}."
        if foresight(ahead, found).answer is Answer.NO:
            both = f"{over_all} Starting the LLM early too would bring at most {_share(ahead)}."
            return Judgement(Answer.NO, f"Not worth it, because {little}.", (both,))
        return Judgement(
            Answer.NO, f"Not worth it without run-ahead, because {little}.", (over_all, _about_ahead(ahead, found))
        )
    if found.measured is None:
        return Judgement(
            Answer.UNKNOWN, f"Cannot tell, because {found.notes[0][0].lower()}{found.notes[0][1:]}",
            (f"Perfect foresight would save {percent(overlap.saved_share)} by overlap ({found.basis} seconds).",),
        )  # fmt: skip
    return _measured(found, found.measured)


def _about_ahead(ceiling: Ceiling, found: Findings) -> str:
    """What is known of run-ahead where it is the only way that could save something."""
    told = f"With run-ahead perfect foresight would save {_share(ceiling)}"
    if found.measured is None:
        return f"{told}; no predictor was measured."
    way = found.measured.ahead_way
    verdicts = {Answer.NO: "it is not worth it", Answer.UNKNOWN: "it cannot be told whether it is worth it"}
    words = f"{_words(way, found.measured, found.basis)}. {why(way.worth)}"
    return f"{told}, but {verdicts[way.worth.answer]}: {words}"


def _share(ceiling: Ceiling) -> str:
    return f"{percent(ceiling.saved_share)}{interval_text(ceiling.low, ceiling.high)}"


def foresight(ceiling: Ceiling, found: Findings) -> Worth:
    """Return what perfect foresight is worth: it wastes nothing, and no predictor saves more."""
    tasks, share = found.described.tasks, ceiling.saved_share or 0.0
    return Worth(share, ceiling.low, ceiling.high, tasks, tasks, share, least_gain=found.settings.least_gain)


def _measured(found: Findings, measured: Measured) -> Judgement:
    way = measured.tools_way
    inner = _ahead_only(found)
    if inner is not None:
        return inner
    answer, text = way.worth.answer, _words(way, measured, found.basis)
    if answer is Answer.NO and measured.cut_short:
        cut = next((note for note in found.notes if note.startswith("`learned`")), "")
        return Judgement(
            Answer.UNKNOWN,
            f"Cannot tell, because the strongest predictor was not fitted on all training traces; so far, {text}, and "
            f"perfect foresight would save {percent(measured.test_ceilings[way.name])} on the same tasks.",
            (cut, why(way.worth)),
        )
    if answer is Answer.YES:
        more, ahead = [], measured.ahead_way
        if ahead.worth.answer is Answer.YES and ahead.worth.net_share > way.worth.net_share:
            words = _words(ahead, measured, found.basis)
            more = [f"Run-ahead would bring more, where the executor runs the LLM too: {words}."]
        return Judgement(answer, f"Worth it: {text}.", (why(way.worth), *more), way)
    if measured.chosen.point.tuned_on and not way.tuned:
        text = f"no threshold gained on the validation tasks; at a rule of thumb, {text}"
    if way.worth.low is None:
        reason = (
            f"{plural(way.worth.tasks, 'test task')} can say nothing about others, at least {MIN_TASKS} are needed "
            f"(some {4 * MIN_TASKS} tasks in all); here {text}"
        )
    elif not way.metrics.launched:
        reason = f"{text}; perfect foresight would save {percent(measured.test_ceilings[way.name])} on the same tasks"
    else:
        reason = (
            f"{text}, and perfect foresight would save {percent(measured.test_ceilings[way.name])} on the same tasks"
        )
    worded = next((each for each in found.blockers if each.name == "irrelevant parameters"), None)
    if worded is None or worded.share < MANY:
        return Judgement(answer, f"{OPENINGS[answer]}, because {reason}.", (why(way.worth),))
    opening = f"{OPENINGS[answer]} as the parameters are declared"
    return Judgement(answer, f"{opening}, because {reason}.", (why(way.worth), worded.text))


def _ahead_only(found: Findings) -> Judgement | None:
    """The answer where run-ahead alone is worth it."""
    measured = found.measured
    if measured is None or measured.best_way is not measured.ahead_way:
        return None
    way = measured.ahead_way
    return Judgement(
        Answer.YES, f"Worth it, but only with run-ahead: {_words(way, measured, found.basis)}.",
        (
            why(way.worth),
            "LLM invocations that run ahead for nothing count as waste here; their tokens are paid for.",
            f"Without run-ahead: {_words(measured.tools_way, measured, found.basis)}. {why(measured.tools_way.worth)}",
        ),
        way,
    )  # fmt: skip


def _words(way: Way, measured: Measured, basis: str) -> str:
    found, name = way.metrics, measured.chosen.name
    if not found.launched:
        return f"the {name} predictor is never as sure as `{way.policy}` asks, so it launches nothing"
    low, high = found.saved_share_ci or (None, None)
    lost = found.run_ahead_lost_s / found.sequential_s if found.sequential_s else 0.0
    return (
        f"with the {name} predictor and {way.name} at `{way.policy}` the agent is done {percent(found.saved_share)} "
        f"sooner{interval_text(low, high)}, at the price of unused tool runs worth {percent(way.wasted_share)} of its "
        f"time{f' and LLM runs worth {percent(lost)}' if way.options.run_ahead else ''} ({basis} seconds)"
    )
