"""Where the threshold of a study comes from."""

from __future__ import annotations

from dataclasses import replace

from specbench.core.types import Trace
from specbench.policies import DEFAULT_THRESHOLD
from specbench.sim import sweep
from specbench.study import Settings
from specbench.study.evaluation import THRESHOLDS
from specbench.study.operating_point import operating_point
from specbench.study.predictions import fitted, predicted
from specbench.study.progress import Progress
from specbench.traces.splitting import Split, split

QUIET = Progress(False)


def parts_of(traces: list[Trace]) -> Split:
    return split(traces, test=0.2, validation=0.4)


def test_it_nets_most_on_validation_tasks_and_never_sees_the_test_tasks(toy_traces: list[Trace]) -> None:
    parts, settings = parts_of(toy_traces), Settings(predict_ms=1.0, waste_price=0.5)
    found = operating_point("ngram", replace(parts, test=[]), settings, QUIET)
    table = predicted(fitted("ngram", parts.train), "ngram", parts.validation, ahead=False, predict_ms=1.0).table
    curve = sweep(table, THRESHOLDS, latency=settings.model(parts.validation), predict_s=1e-3, waste_price=0.5)
    assert curve.set_index("threshold")["net_share"][found.p] == curve["net_share"].max() > 0
    assert found.words() == f"tuned on {found.tuned_on} validation tasks" and found.tuned_on >= 5


def test_the_dearer_waste_is_the_fewer_launches_there_are(toy_traces: list[Trace]) -> None:
    parts = parts_of(toy_traces)
    cheap, dear = (
        operating_point("ngram", parts, Settings(predict_ms=1.0, waste_price=price), QUIET).p for price in (0.0, 20.0)
    )
    assert cheap < dear


def test_a_rule_of_thumb_says_that_it_is_one(toy_traces: list[Trace]) -> None:
    parts = parts_of(toy_traces)
    few = replace(
        parts, validation=[trace for trace in parts.validation if trace.task_id == parts.validation[0].task_id]
    )
    found = operating_point("ngram", few, Settings(), QUIET)
    assert (found.p, found.words()) == (DEFAULT_THRESHOLD, "a rule of thumb: too few validation tasks to tune it")
    useless = operating_point("wrong", parts, Settings(), QUIET)
    assert useless.p == DEFAULT_THRESHOLD and "no threshold gained on" in useless.words()
    assert operating_point("ngram", few, Settings(threshold=0.3), QUIET).words() == "as given"
