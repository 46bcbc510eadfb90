"""Honest probabilities: from P(tool) and P(arguments | tool) to P(the next outcome is this call)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.predictors.arguments import Filled
from specbench.predictors.head import Example
from specbench.types import Prediction, ToolCall

__all__ = ["LIKELY", "WAYS", "Case", "JointCalibration"]

Floats = npt.NDArray[np.float64]
LIKELY = 0.003
"""Tools less probable than this are not proposed."""
WAYS = 3
"""Sets of arguments proposed for one tool."""


@dataclass
class Case:
    """One labelled decision point, as the parts of the learned predictor saw it.

    ``names`` are the tools on offer, ``filled`` their best arguments, ``made`` the calls made before, ``p`` the
    out-of-fold probabilities of the tools and, last, the reply.
    """

    example: Example
    names: list[str]
    filled: dict[str, list[Filled]]
    made: frozenset[str]
    outcome: ToolCall | None
    fold: int
    p: Floats = field(default_factory=lambda: np.zeros(0))


class JointCalibration:
    """A logistic model of whether a proposed call is the outcome, fitted on tasks that the parts have not seen.

    Its inputs are the log-probabilities of tool and arguments, the rank of the arguments, and whether the very same
    call has been made before (agents seldom repeat a read). Reply points are in the fit: at most points no call comes.

    References
    ----------
    J. Platt (1999), *Probabilistic Outputs for Support Vector Machines*.
    """

    def __init__(self) -> None:
        self.weights: Floats = np.zeros(0)

    def fit(self, cases: Sequence[Case]) -> None:
        """Fit on decision points with out-of-fold probabilities."""
        from sklearn.linear_model import LogisticRegression

        rows, labels = [], []
        for case in cases:
            for call, features in _proposals(case.names, case.p, case.filled, case.made):
                rows.append(features)
                labels.append(call == case.outcome)
        if len(set(labels)) < 2:
            return
        model = LogisticRegression(C=10.0, max_iter=500).fit(np.asarray(rows), np.asarray(labels))
        self.weights = np.append(model.coef_[0], model.intercept_)

    def predictions(
        self, names: Sequence[str], p: Floats, filled: Mapping[str, Sequence[Filled]], made: Mapping[str, int]
    ) -> list[Prediction]:
        """Return every proposed call and the reply with its probability; Σp ≤ 1."""
        calls, rows = [], []
        for call, features in _proposals(names, p, filled, made):
            calls.append(call)
            rows.append(features)
        reply = float(p[-1]) if len(p) else 0.0
        if not rows:
            return [Prediction(None, reply)] if reply > 0 else []
        if len(self.weights):
            raised = 1 / (1 + np.exp(-(np.asarray(rows) @ self.weights[:-1] + self.weights[-1])))
        else:
            raised = np.array([np.exp(row[0] + row[1]) for row in rows])
        total = float(raised.sum())
        if total > 1.0:
            raised, total = raised / total, 1.0
        reply = min(reply, 1.0 - total)
        out = [Prediction(call, float(q)) for call, q in zip(calls, raised.tolist(), strict=True)]
        if reply > 0:
            out.append(Prediction(None, reply))
        return out

    def state(self) -> dict[str, Any]:
        """Return the weights."""
        return {"weights": self.weights}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the weights."""
        self.weights = np.asarray(state["weights"])


def _proposals(
    names: Sequence[str], p: Floats, filled: Mapping[str, Sequence[Filled]], made: Mapping[str, int] | frozenset[str]
) -> list[tuple[ToolCall, list[float]]]:
    out = []
    for name, chance in zip(names, p.tolist(), strict=False):
        if chance < LIKELY:
            continue
        for rank, (arguments, right) in enumerate(filled.get(name, ())[:WAYS]):
            call = ToolCall(name, arguments)
            tool, args = np.log(chance), np.log(max(right, 1e-4))
            out.append(
                (
                    call,
                    [
                        tool,
                        args,
                        np.log(max(1 - chance, 1e-3)),
                        np.log(max(1 - right, 1e-3)),
                        float(call.key in made),
                        float(rank > 0),
                    ],
                )
            )
    return out
