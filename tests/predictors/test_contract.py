"""Every predictor that the command line knows passes every check of the contract."""

from __future__ import annotations

from functools import lru_cache

import pytest

from specbench.core.errors import ConfigError, PredictorError
from specbench.core.types import DecisionPoint, Prediction, ToolCall
from specbench.predictors import competitor_names, control_names, make_predictor
from specbench.predictors.controls import RepeatLast, Silent
from specbench.testing import CHECKS, Subject, check_predictor, make_traces

VARIANTS = [*competitor_names(), *control_names(), "markov+none", "markov+recent"]

# The oracle is a control that knows the outcome from the recording: it alone reads the future of the trace it replays,
# and repeats even calls of tools that were not on offer.
READS_THE_FUTURE = {"check_session", "check_unseen_tools", "check_fit_on_odd_traces"}
CASES = [(name, check) for name in VARIANTS for check in CHECKS if name != "oracle" or check not in READS_THE_FUTURE]


@lru_cache(maxsize=1)
def subject_of(name: str) -> Subject:
    return Subject(lambda: make_predictor(name), make_traces(12))


@pytest.mark.parametrize(("name", "check"), CASES)
def test_predictor_keeps_the_contract(name: str, check: str) -> None:
    CHECKS[check](subject_of(name))


def test_a_broken_predictor_is_told_everything_that_broke() -> None:
    class Broken(Silent):
        name = "broken"

        def predict(self, point: DecisionPoint, k: int = 1) -> list[Prediction]:
            self.asked = getattr(self, "asked", 0) + 1
            return [Prediction(ToolCall("nowhere", {"n": self.asked}), 0.5)] * 2

    with pytest.raises(PredictorError) as caught:
        check_predictor(Broken)
    text = str(caught.value)
    assert text.startswith("broken breaks the contract of a predictor:")
    assert "check_not_fitted: predict of a predictor that was never fitted does not raise NotFittedError" in text
    assert "check_k: k=1 was asked for, 2 predictions came" in text
    assert "check_pure: the same question is answered differently the second time" in text
    assert "check_ranking: on recorded conversations, decision 0" in text
    assert "the same outcome is predicted twice" in text
    assert "check_session: a live session differs from predict()" in text
    assert "check_deterministic: two fits on the same traces differ" in text


def test_a_predictor_that_keeps_everything_is_found_out() -> None:
    class Hoarder(RepeatLast):
        name = "hoarder"
        kept: list[bytes] = []  # noqa: RUF012

        def session(self, tools, agent=None):  # type: ignore[no-untyped-def]
            self.kept.append(bytes(100_000))
            return super().session(tools, agent)

    with pytest.raises(PredictorError, match=r"check_bounded_memory: .* left 6\.\d MB behind"):
        check_predictor(Hoarder, checks=["check_bounded_memory"])


def test_an_exception_is_a_finding_and_the_other_checks_go_on() -> None:
    class Fragile(Silent):
        name = "fragile"

        def learn(self, point: DecisionPoint, outcome: ToolCall | None) -> None:
            raise KeyError("oops")

        def predict_batch(self, points, k=1):  # type: ignore[no-untyped-def]
            return []

    with pytest.raises(PredictorError) as caught:
        check_predictor(Fragile)
    assert str(caught.value).splitlines()[1:] == [
        "check_learn: raised KeyError: 'oops'",
        "check_predict_batch: predict_batch differs from predict point by point",
    ]


def test_checks_can_be_chosen_and_left_out() -> None:
    check_predictor(Silent, checks=["check_k", "check_pure"], skip=["check_pure"])
    with pytest.raises(ConfigError, match="no check is called 'check_all'; use one of check_checkpoint"):
        check_predictor(Silent, checks=["check_all"])
    with pytest.raises(ConfigError, match="need 4 traces or more; got 3"):
        check_predictor(Silent, make_traces(3))
