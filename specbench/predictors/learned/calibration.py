"""Honest probabilities: from P(tool) and P(arguments | tool) to P(the next outcome is this call)."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from typing import Any

import numpy as np
import numpy.typing as npt

from specbench.core.types import Prediction, ToolCall
from specbench.predictors.learned.conditional_logit import OTHERS, Choice, chances
from specbench.predictors.learned.conditional_logit import fit as fit_choices
from specbench.predictors.learned.ranker.argument_ranker import FilledCall
from specbench.predictors.learned.tool_head.network import Example

__all__ = ["LIKELY", "WAYS", "Case", "JointCalibration", "Recalibration"]

Floats = npt.NDArray[np.float64]
LIKELY = 0.0005
"""Tools less probable than this are not proposed."""
FEWEST = 2
"""Right proposals from which a calibration is fitted."""
WAYS = 3
"""Sets of arguments proposed for one tool."""
HELD = np.array([20.0, 10.0])
"""How firmly slope and intercept are held where training has left them, in observations of variance 1."""
KEEP = 0.999
"""What is kept of the evidence at each outcome that is learned online: half is forgotten after some 700."""
SLOPES, FARTHEST = (0.25, 4.0), 20.0
SEEN, UNSEEN = "seen", "unseen"
FEATURES = 6
LEAST_REST = 1e-3
"""Least probability of what was not proposed."""


@dataclass
class Case:
    """One labelled decision point, as the parts of the learned predictor saw it.

    ``names`` are the tools on offer, ``filled`` their best arguments, ``made`` the calls made before, ``unseen`` the
    tools that were looked at as if they were new, ``eager`` those that may be launched, ``p`` the out-of-fold
    probabilities of the tools and, last, of the reply.
    """

    example: Example
    names: list[str]
    filled: dict[str, list[FilledCall]]
    made: frozenset[str]
    outcome: ToolCall | None
    fold: int
    unseen: frozenset[str] = frozenset()
    eager: frozenset[str] = frozenset()
    p: Floats = field(default_factory=lambda: np.zeros(0))


class Recalibration:
    """A slope and an intercept on the log-odds, learned online from one outcome at a time.

    One Newton step an outcome on the penalised log-likelihood (recursive Laplace approximation), with evidence that
    fades: the line is the identity before anything was learned, and would be again without any evidence. The slope
    stays positive, so that what is put through the same line keeps its order.

    References
    ----------
    D. Spiegelhalter, S. Lauritzen (1990), *Sequential updating of conditional probabilities on directed graphical
    structures*, Networks 20.

    Examples
    --------
    >>> modest = Recalibration()
    >>> for _ in range(200):  # said .27, and always right
    ...     modest.learn(-1.0, True)
    >>> bool(modest(np.array([-1.0]))[0] > 1.0)
    True
    """

    def __init__(self) -> None:
        self.line: Floats = np.array([1.0, 0.0])
        self.evidence: Floats = np.zeros((2, 2))

    def __call__(self, odds: Floats) -> Floats:
        """Return the log-odds as they are believed now."""
        moved: Floats = self.line[0] * odds + self.line[1]
        return moved

    def learn(self, odds: float, right: bool) -> None:
        """Take in whether a call of these log-odds, as training has left them, was the outcome."""
        inputs = np.array([min(max(odds, -FARTHEST), FARTHEST), 1.0])
        said = 1 / (1 + np.exp(-float(inputs @ self.line)))
        gradient = inputs * (right - said) - (1 - KEEP) * HELD * (self.line - [1.0, 0.0])
        self.evidence = KEEP * self.evidence + said * (1 - said) * np.outer(inputs, inputs)
        firm = np.diag(HELD) + self.evidence
        slope, intercept = self.line + np.linalg.solve(firm, gradient)
        kept = min(max(slope, SLOPES[0]), SLOPES[1])
        self.line = np.array([kept, intercept - firm[1, 0] * (kept - slope) / firm[1, 1]])  # the best with that slope

    def state(self) -> dict[str, Any]:
        """Return what :meth:`restore` needs."""
        return {"line": self.line, "evidence": self.evidence}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on where :meth:`state` was.

        Raises
        ------
        ValueError
            When it is no line.
        """
        line, evidence = np.array(state["line"], float), np.array(state["evidence"], float)
        if line.shape != (2,) or evidence.shape != (2, 2) or not np.isfinite([*line, *evidence.ravel()]).all():
            raise ValueError("a line through the log-odds is slope, intercept and their evidence, in numbers")
        if not SLOPES[0] <= line[0] <= SLOPES[1]:
            raise ValueError(f"slopes of lines are {SLOPES[0]} to {SLOPES[1]}; got {line[0]}")
        self.line, self.evidence = line, evidence


class JointCalibration:
    """How probable each proposed call is as the outcome, fitted on tasks that the parts have not seen.

    The proposals of a decision rule each other out, so the model is a choice among them, a reply, and anything else
    (:mod:`specbench.predictors.learned.conditional_logit`). Tools that training has never seen have a logistic model of
    their own, fitted on tools that were hidden (tool dropout): what is said of them is less certain. The inputs are the
    log-probabilities of tool and arguments, the rank of the arguments, and whether the very same call has been made
    before (agents seldom repeat a read). Reply points are in the fit: at most points no call comes. :meth:`learn` moves
    what the two models say along, each by a line of its own through the log-odds: a fit on training cannot know how
    much easier or harder is what comes.

    References
    ----------
    J. Platt (1999), *Probabilistic Outputs for Support Vector Machines*.
    """

    def __init__(self) -> None:
        self.choice: Floats = np.zeros(0)
        self.weights: Floats = np.zeros(0)  # of checkpoints from before there were choices
        self.weights_unseen: Floats = np.zeros(0)
        self.online: dict[str, Recalibration] = {}

    @property
    def fitted(self) -> bool:
        """Whether there was enough to fit."""
        return bool(len(self.choice) or len(self.weights))

    def fit(self, cases: Sequence[Case]) -> None:
        """Fit on decision points with out-of-fold probabilities."""
        unseen: list[tuple[list[float], bool]] = []
        choices = []
        for case in cases:
            proposals = _proposals(case.names, case.p, case.filled, case.made)
            unseen += [(row, call == case.outcome) for call, row in proposals if call.name in case.unseen]
            if not case.unseen:
                calls = [call for call, _ in proposals]
                other = len(calls) + (case.outcome is not None)
                chosen = calls.index(case.outcome) if case.outcome in calls else other
                choices.append(_choice([features for _, features in proposals], case.p, chosen))
        right = sum(each.chosen < len(each.features) for each in choices)
        self.choice = fit_choices(choices) if right >= FEWEST else np.zeros(0)
        self.weights = np.zeros(0)
        self.weights_unseen = _logistic(unseen)
        self.online = {}

    def predictions(
        self,
        names: Sequence[str],
        p: Floats,
        filled: Mapping[str, Sequence[FilledCall]],
        made: Mapping[str, int],
        known: Container[str],
    ) -> list[Prediction]:
        """Return every proposed call and the reply with its probability; Σp ≤ 1. ``known`` are training's tools."""
        calls, rows = [], []
        for call, features in _proposals(names, p, filled, made):
            calls.append(call)
            rows.append(features)
        reply = float(p[-1]) if len(p) else 0.0
        if not rows:
            return [Prediction(None, reply)] if reply > 0 else []
        if self.fitted:
            odds, new = self._odds(calls, rows, p, known)
            for model, line in self.online.items():
                odds = np.where(new == (model == UNSEEN), line(odds), odds)
            raised = 1 / (1 + np.exp(-odds))
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

    def learn(
        self,
        names: Sequence[str],
        p: Floats,
        filled: Mapping[str, Sequence[FilledCall]],
        made: Mapping[str, int],
        known: Container[str],
        outcome: ToolCall | None,
    ) -> None:
        """Take in whether the surest call of a point was its ``outcome``; the rest is as for :meth:`predictions`.

        Where training was too little to calibrate, nothing is learned.
        """
        proposals = _proposals(names, p, filled, made) if self.fitted else []
        if not proposals:
            return
        calls = [call for call, _ in proposals]
        odds, new = self._odds(calls, [features for _, features in proposals], p, known)
        surest = int(np.argmax(odds))
        line = self.online.setdefault(UNSEEN if new[surest] else SEEN, Recalibration())
        line.learn(float(odds[surest]), calls[surest] == outcome)

    def _odds(
        self, calls: Sequence[ToolCall], rows: Sequence[Sequence[float]], p: Floats, known: Container[str]
    ) -> tuple[Floats, npt.NDArray[np.bool_]]:
        """Return log-odds as training has left them, and which of them are of the model of tools never seen."""
        inputs = np.asarray(rows)
        if len(self.choice):
            found = np.clip(chances(_choice(rows, p), self.choice), 1e-12, 1 - 1e-12)
            odds: Floats = np.log(found / (1 - found))
        else:
            odds = inputs @ self.weights[:-1] + self.weights[-1]
        new = np.zeros(len(calls), bool)
        if len(self.weights_unseen):
            new = np.array([call.name not in known for call in calls])
            odds = np.where(new, inputs @ self.weights_unseen[:-1] + self.weights_unseen[-1], odds)
        return odds, new

    def state(self) -> dict[str, Any]:
        """Return the weights, and the lines if any were learned."""
        state: dict[str, Any] = {
            "choice": self.choice, "weights": self.weights, "weights_unseen": self.weights_unseen,
        }  # fmt: skip
        if self.online:
            state["online"] = {model: line.state() for model, line in self.online.items()}
        return state

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over the weights and lines."""
        self.choice = np.asarray(state.get("choice", np.zeros(0)), float)
        if self.choice.shape not in ((0,), (FEATURES + 1 + OTHERS,)) or not np.isfinite(self.choice).all():
            raise ValueError(f"the choice among proposals has {FEATURES + 1 + OTHERS} numbers")
        self.weights = np.asarray(state["weights"])
        self.weights_unseen = np.asarray(state["weights_unseen"])
        self.online = {}
        for model, line in state.get("online", {}).items():
            if model not in (SEEN, UNSEEN):
                raise ValueError(f"lines are of {SEEN} and {UNSEEN} tools; got {model!r}")
            self.online[model] = Recalibration()
            self.online[model].restore(line)


def _logistic(rows: Sequence[tuple[Sequence[float], bool]]) -> Floats:
    """Return coefficients and intercept; nothing where too few proposals were right to tell."""
    from sklearn.linear_model import LogisticRegression

    labels = [right for _, right in rows]
    if not FEWEST <= sum(labels) < len(labels):
        return np.zeros(0)
    model = LogisticRegression(C=10.0, max_iter=500).fit(np.array([features for features, _ in rows]), labels)
    return np.append(model.coef_[0], model.intercept_)


def _choice(rows: Sequence[Sequence[float]], p: Floats, chosen: int = 0) -> Choice:
    """Return a decision point as a choice; what was not proposed has what reply and proposals leave."""
    features = np.array(rows, float).reshape(len(rows), FEATURES)
    reply = float(p[-1]) if len(p) else 0.0
    proposed = float(np.exp(features[:, 0] + features[:, 1]).sum())
    return Choice(features, reply, max(1 - reply - proposed, LEAST_REST), chosen)


def _proposals(
    names: Sequence[str],
    p: Floats,
    filled: Mapping[str, Sequence[FilledCall]],
    made: Mapping[str, int] | frozenset[str],
) -> list[tuple[ToolCall, list[float]]]:
    out = []
    for name, chance in zip(names, p.tolist(), strict=False):
        if chance < LIKELY:
            continue
        tool, other = log(chance), log(max(1 - chance, 1e-3))
        for rank, (call, right) in enumerate(filled.get(name, ())[:WAYS]):
            arguments = log(max(right, 1e-4)), log(max(1 - right, 1e-3))
            out.append((call, [tool, arguments[0], other, arguments[1], float(call.key in made), float(rank > 0)]))
    return out
