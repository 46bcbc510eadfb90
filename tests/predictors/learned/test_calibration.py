"""How sure to be, learned online: towards what happens, never out of order, and no further than there is evidence."""

from __future__ import annotations

from copy import deepcopy
from math import log
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from specbench.core.types import ToolCall
from specbench.predictors.learned.calibration import KEEP, SLOPES, JointCalibration, Recalibration
from specbench.predictors.learned.conditional_logit import OTHERS, Choice, chances, fit
from specbench.predictors.learned.predictor import LearnedPredictor
from specbench.predictors.learned.ranker.argument_ranker import FilledCall
from specbench.study.progressive.run import decisions, differences, predict_then_learn
from specbench.testing import make_traces

CALL = ToolCall("get_order", {"id": "1"})
FILLED = {"get_order": [FilledCall(CALL, 0.8)]}
EVEN = np.array([0.5, 0.5])


def calibrated(*, unseen: bool = True) -> JointCalibration:
    """Return a calibration that multiplies, as if training had found nothing to correct."""
    calibration = JointCalibration()
    calibration.weights = np.array([1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    calibration.weights_unseen = calibration.weights.copy() if unseen else np.zeros(0)
    return calibration


def said(calibration: JointCalibration, known: set[str]) -> float:
    return dict(calibration.predictions(["get_order"], EVEN, FILLED, {}, known))[CALL]


def told(calibration: JointCalibration, known: set[str], outcome: ToolCall | None, times: int = 60) -> None:
    for _ in range(times):
        calibration.learn(["get_order"], EVEN, FILLED, {}, known, outcome)


@given(st.lists(st.tuples(st.floats(-14, 8) | st.floats(-1e6, 1e6), st.booleans()), max_size=200))
def test_whatever_is_learned_the_order_stays_and_numbers_are_finite(outcomes: list[tuple[float, bool]]) -> None:
    line = Recalibration()
    with np.errstate(all="raise", under="ignore"):
        for odds, right in outcomes:
            line.learn(odds, right)
    moved = line(np.linspace(-20, 10, 50))
    assert np.isfinite(moved).all()
    assert (np.diff(moved) > 0).all()
    assert SLOPES[0] <= line.line[0] <= SLOPES[1]
    assert np.linalg.eigvalsh(line.evidence)[0] > -1e-9


@pytest.mark.parametrize("slope, shift", [(1.0, 0.0), (0.6, -0.5), (1.4, 0.8)])
def test_it_finds_the_line_that_made_the_outcomes(slope: float, shift: float) -> None:
    generator = np.random.default_rng(0)
    odds = generator.normal(-0.5, 1.8, 6000)
    right = generator.random(6000) < 1 / (1 + np.exp(-(slope * odds + shift)))
    line = Recalibration()
    for each, came in zip(odds.tolist(), right.tolist(), strict=True):
        line.learn(each, came)
    # Evidence fades, so that the last 1/(1 − KEEP) outcomes count; beside them the prior pulls a little.
    assert line.line == pytest.approx([slope, shift], abs=0.25)
    assert 0 < line.evidence[1, 1] < 0.25 / (1 - KEEP)


def test_old_evidence_gives_way_to_what_comes_now() -> None:
    line = Recalibration()
    for at in range(3000):
        line.learn(0.0, at % 10 > 0)  # nine of ten
    assert float(line(np.zeros(1))[0]) > log(5)
    for at in range(3000):
        line.learn(0.0, at % 10 == 0)  # one of ten
    assert float(line(np.zeros(1))[0]) < -log(5)


@pytest.mark.parametrize("odds, share", [(8.0, 0.0), (-6.0, 1.0), (4.0, 0.2), (-4.0, 0.5)])
def test_where_the_slope_has_come_to_its_limit_the_intercept_goes_on(odds: float, share: float) -> None:
    line = Recalibration()
    for at in range(3000):
        line.learn(odds, at % 10 < 10 * share)
    assert 1 / (1 + np.exp(-float(line(np.array([odds]))[0]))) == pytest.approx(share, abs=0.12)


def test_known_tools_and_new_ones_are_learned_apart() -> None:
    calibration = calibrated()
    before = said(calibration, set())
    told(calibration, {"get_order"}, CALL)
    assert said(calibration, {"get_order"}) > before + 0.1
    assert said(calibration, set()) == before
    told(calibration, set(), None)
    assert said(calibration, set()) < before - 0.1


def test_without_a_model_of_their_own_new_tools_share_that_of_known_ones() -> None:
    calibration = calibrated(unseen=False)
    before = said(calibration, set())
    told(calibration, {"get_order"}, CALL)
    assert said(calibration, set()) == said(calibration, {"get_order"}) > before


def test_where_training_could_not_calibrate_nothing_is_learned() -> None:
    calibration = JointCalibration()
    told(calibration, set(), CALL)
    assert said(calibration, set()) == pytest.approx(0.4)
    assert not calibration.fitted and "online" not in calibration.state()


def test_it_is_saved_and_goes_on_from_there() -> None:
    calibration, again = calibrated(), JointCalibration()
    told(calibration, {"get_order"}, CALL, 7)
    again.restore(calibration.state())
    for each in (calibration, again):
        told(each, {"get_order"}, None, 3)
    assert said(again, {"get_order"}) == said(calibration, {"get_order"}) != said(calibrated(), {"get_order"})


@pytest.mark.parametrize(
    "online",
    [
        {"seen": {"line": np.array([np.nan, 0.0]), "evidence": np.zeros((2, 2))}},
        {"seen": {"line": np.array([-1.0, 0.0]), "evidence": np.zeros((2, 2))}},
        {"seen": {"line": np.ones(3), "evidence": np.zeros((2, 2))}},
        {"unseen": {"line": np.ones(2), "evidence": np.full((2, 2), np.inf)}},
        {"other": {"line": np.ones(2), "evidence": np.zeros((2, 2))}},
    ],
)
def test_a_line_that_is_none_is_refused(online: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"lines? "):
        JointCalibration().restore({**calibrated().state(), "online": online})


def test_where_a_stream_is_easier_than_training_was_the_predictor_grows_surer() -> None:
    predictor = LearnedPredictor().fit(make_traces(24))
    predictor.calibration.choice[-OTHERS - 1] -= 1.5  # as if training had been harder than it was
    frozen, stream = deepcopy(predictor), make_traces(84)[24:]
    online, still = (
        decisions(predict_then_learn(each, stream, learn=each is predictor)) for each in (predictor, frozen)
    )
    assert frozen.calibration.online == {}
    assert predictor.calibration.online["seen"].line[1] > 0.1
    # By the Brier score: at this size the calibration error of an honest predictor is of the order of the difference.
    assert differences(still, online)["brier"]["high"] < 0


def test_proposals_of_one_decision_rule_each_other_out() -> None:
    sure, rival = np.array([[2.0], [0.0]]), np.array([[2.0], [2.0]])
    choices = [Choice(sure, 0.1, 0.1, 0)] * 40 + [Choice(rival, 0.1, 0.1, 0)] * 20 + [Choice(rival, 0.1, 0.1, 1)] * 20
    weights = fit(choices)
    alone, beside = chances(choices[0], weights)[0], chances(choices[-1], weights)
    assert alone > 0.95  # the very same features
    assert beside == pytest.approx([0.5, 0.5], abs=0.02)


@given(st.lists(st.floats(-30, 0), max_size=6), st.floats(0, 1), st.floats(0, 1), st.integers(0, 9))
def test_chances_are_shares_of_one(logs: list[float], reply: float, rest: float, seed: int) -> None:
    weights = np.random.default_rng(seed).normal(0, 3, 1 + 1 + OTHERS)
    found = chances(Choice(np.array(logs).reshape(-1, 1), reply, rest), weights)
    assert found.shape == (len(logs),) and (found >= 0).all() and found.sum() <= 1 + 1e-9


def test_a_checkpoint_from_before_there_were_choices_says_what_it_said() -> None:
    calibration = calibrated()
    state = {name: value for name, value in calibration.state().items() if name != "choice"}
    again = JointCalibration()
    again.restore(state)
    assert said(again, {"get_order"}) == said(calibration, {"get_order"})
    with pytest.raises(ValueError, match="11 numbers"):
        again.restore({**state, "choice": np.ones(3)})
