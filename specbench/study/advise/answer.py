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
from specbench.study.advise.candidates import LEARNED
from specbench.study.advise.ceilings import Ceiling
from specbench.study.advise.findings import Findings, Measured
from specbench.study.advise.ways import Way, net_difference
from specbench.study.verdict import interval_text, sooner, why

__all__ = ["Judgement", "judge", "suggestions_help", "way_answer"]

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
    only_ahead
        Whether a *no* leaves it open that run-ahead is worth it.
    """

    answer: Answer
    sentence: str
    reasons: tuple[str, ...] = ()
    way: Way | None = None
    if_confirmed: Answer | None = None
    only_ahead: bool = False

    @property
    def final(self) -> Answer:
        """The answer, with the suggested effects confirmed where nothing is declared."""
        return self.if_confirmed or self.answer


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
    none = f"none of the {plural(calls, 'call')} is of a tool that is declared `read`"
    if not found.supposed or found.what_if is None:
        return Judgement(
            Answer.NO, f"Not worth it, because {none}, and nothing else is started early.", (_undeclared(found),)
        )
    inner = _judge(found)
    return Judgement(
        Answer.NO,
        f"Nothing may be speculated on yet: {none}. If the suggested reads ({named(found.what_if.reads)}) are "
        f"confirmed: {inner.sentence[0].lower()}{inner.sentence[1:]}",
        inner.reasons,
        if_confirmed=inner.answer,
        only_ahead=inner.only_ahead,
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
        open_still = found.measured is None or way_answer(found.measured.ahead_way, ahead, found) is not Answer.NO
        return Judgement(
            Answer.NO, f"Not worth it without run-ahead, because {little}.", (over_all, _about_ahead(ahead, found)),
            only_ahead=open_still,
        )  # fmt: skip
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
    answer = way_answer(way, ceiling, found)
    words = f"{_words(way, found.measured, found.basis)}. {why(way.worth)}"
    return f"{told}, but {verdicts[answer]}: {words}{f' {_cut(found)}' if answer is not way.worth.answer else ''}"


def way_answer(way: Way, ceiling: Ceiling, found: Findings) -> Answer:
    """Return the answer for one way.

    It is *no* where perfect foresight is; otherwise a *no* stands only where the strongest predictor was fitted on all
    training traces.
    """
    if foresight(ceiling, found).answer is Answer.NO:
        return Answer.NO
    cut_short = found.measured is not None and found.measured.cut_short
    return Answer.UNKNOWN if cut_short and way.worth.answer is Answer.NO else way.worth.answer


def _cut(found: Findings) -> str:
    """Why the strongest predictor was not fitted on all training traces."""
    return next((note for note in found.notes if note.startswith(f"`{LEARNED}`")), "")


def _share(ceiling: Ceiling) -> str:
    return f"{percent(ceiling.saved_share)}{interval_text(ceiling.low, ceiling.high)}"


def foresight(ceiling: Ceiling, found: Findings) -> Worth:
    """Return what perfect foresight is worth: it wastes nothing, and no predictor saves more."""
    tasks, share = found.described.tasks, ceiling.saved_share or 0.0
    return Worth(share, ceiling.low, ceiling.high, tasks, tasks, share, least_gain=found.settings.least_gain)


def suggestions_help(found: Findings, judged: Judgement) -> bool:
    """Return whether confirming what is suggested in the effects file could still change the answer."""
    if not found.suggested:
        return False
    if judged.final is not Answer.NO or judged.only_ahead:
        return True
    bounds = found.ceilings if found.what_if is None else found.what_if.ceilings
    return not found.supposed and any(foresight(each, found).answer is not Answer.NO for each in bounds[:3])


def _measured(found: Findings, measured: Measured) -> Judgement:
    way = measured.tools_way
    inner = _ahead_only(found)
    if inner is not None:
        return inner
    answer, text = way.worth.answer, _words(way, measured, found.basis)
    if answer is Answer.NO and measured.cut_short:
        return Judgement(
            Answer.UNKNOWN,
            f"Cannot tell, because the strongest predictor was not fitted on all training traces; so far, {text}, and "
            f"perfect foresight would save {percent(measured.test_ceilings[way.name])} on the same tasks.",
            (_cut(found), why(way.worth)),
        )
    if answer is Answer.YES:
        more = _ahead_beside(found, measured)
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


def _ahead_beside(found: Findings, measured: Measured) -> list[str]:
    """What run-ahead would bring beside a way that is worth it: told by the difference within each task."""
    way, ahead, price = measured.tools_way, measured.ahead_way, found.settings.waste_price
    apart = net_difference(ahead, way, price)
    if ahead.worth.answer is not Answer.YES or apart is None or apart[1] < 0:
        return []
    low, high = apart
    more = ahead.worth.net_share - way.worth.net_share
    opening = "Run-ahead would bring more" if low > 0 else "Run-ahead would bring about the same"
    return [
        f"{opening}, where the executor runs the LLM too: net of waste {percent(ahead.worth.net_share)} and not "
        f"{percent(way.worth.net_share)}, a difference of {percent(more)}{interval_text(low, high)}; "
        f"{_words(ahead, measured, found.basis)}."
    ]


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
    done = sooner(found.saved_share, *(found.saved_share_ci or (None, None)))
    lost = found.run_ahead_lost_s / found.sequential_s if found.sequential_s else 0.0
    ahead = f" and LLM runs worth {percent(lost)}" if way.options.run_ahead else ""
    return (
        f"with the {name} predictor and {way.name} at `{way.policy}` the agent is done {done}, at the price of unused "
        f"tool runs worth {percent(way.wasted_share)} of its time{ahead} ({basis} seconds)"
    )
