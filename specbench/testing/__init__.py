"""Tests that every predictor passes, and fakes to test with. For predictors of your own too.

.. code-block:: python

    from specbench.testing import check_predictor

    def test_my_predictor():
        check_predictor(MyPredictor)

Each ``check_*`` is one behaviour of the contract; :data:`CHECKS` lists them, for parametrised tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from specbench.core.errors import ConfigError, PredictorError, in_words
from specbench.core.types import Trace
from specbench.predictors import Predictor
from specbench.testing import checks_fit, checks_predict
from specbench.testing.clock import BACKENDS, run_virtual
from specbench.testing.subject import Subject
from specbench.testing.traces import make_points, make_tools, make_trace, make_traces, odd_trace

__all__ = [
    "BACKENDS",
    "CHECKS",
    "Subject",
    "check_predictor",
    "make_points",
    "make_tools",
    "make_trace",
    "make_traces",
    "odd_trace",
    "run_virtual",
]

CHECKS: dict[str, Callable[[Subject], None]] = {
    name: getattr(module, name) for module in (checks_fit, checks_predict) for name in module.__all__
}
"""Every check by name. A check raises :class:`~specbench.core.errors.PredictorError` that names what broke."""


def check_predictor(
    make: Callable[[], Predictor],
    traces: Sequence[Trace] | None = None,
    *,
    checks: Sequence[str] | None = None,
    skip: Sequence[str] = (),
) -> None:
    """Run the contract tests on a predictor; all of them, then report every failure at once.

    Parameters
    ----------
    make
        Returns a new, unfitted predictor: a class, or a function without parameters.
    traces
        Conversations to fit and ask on, four or more; by default 24 synthetic ones.
    checks
        Names in :data:`CHECKS` to run; by default all.
    skip
        Names in :data:`CHECKS` to leave out.

    Raises
    ------
    PredictorError
        With a line for each broken behaviour.
    ConfigError
        When a check has no such name, or there are too few traces.

    Examples
    --------
    >>> from specbench.predictors.controls import Silent
    >>> check_predictor(Silent)
    >>> class Loud(Silent):
    ...     name = "loud"
    ...     def predict(self, point, k=1):
    ...         return super().predict(point, k) + [Prediction(None, 1.5)]
    >>> from specbench.core.types import Prediction
    >>> check_predictor(Loud, checks=["check_ranking"])
    Traceback (most recent call last):
    ...
    specbench.core.errors.PredictorError: loud breaks the contract of a predictor:
    check_ranking: on recorded conversations, decision 0 of trace ...: probabilities are in (0, 1], got [1.5]
    """
    maker: object = make
    if not callable(maker):
        kind = type(maker).__name__
        raise ConfigError(
            f"check_predictor takes what makes a new predictor: its class ({kind}, not {kind}()), or a function"
        )
    chosen = list(CHECKS) if checks is None else list(checks)
    for name in (*chosen, *skip):
        if name not in CHECKS:
            raise ConfigError(f"no check is called {name!r}; use one of {', '.join(CHECKS)}")
    traces = make_traces() if traces is None else traces
    if len(traces) < 4:
        raise ConfigError(f"the checks need 4 traces or more; got {len(traces)}")
    subject = Subject(make, traces)
    broken = []
    for name in chosen:
        if name in skip:
            continue
        try:
            CHECKS[name](subject)
        except PredictorError as error:
            broken.append(f"{name}: {error}")
        except Exception as error:  # whatever a predictor raises is a finding; the other checks still run
            broken.append(f"{name}: raised {in_words(error)}")
    if broken:
        raise PredictorError("\n".join([f"{subject.make().name} breaks the contract of a predictor:", *broken]))
