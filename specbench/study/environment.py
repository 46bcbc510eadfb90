"""What a run ran on: versions for the record, and a latency that a rerun charges again."""

from __future__ import annotations

import math
import platform
from importlib.metadata import PackageNotFoundError, version

from specbench.core.errors import ConfigError
from specbench.core.version import __version__

__all__ = ["charged_ms", "check_predict_ms", "versions"]

PACKAGES = ("numpy", "scipy", "scikit-learn", "pandas", "pyarrow", "torch", "matplotlib", "seaborn")
STEPS = (1, 2, 5, 10)


def versions() -> dict[str, str]:
    """Return the versions of Python, of specbench and of the packages that numbers depend on; absent ones are left out.

    Examples
    --------
    >>> sorted(versions())[:2]
    ['matplotlib', 'numpy']
    """
    found = {"python": platform.python_version(), "specbench": __version__}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def charged_ms(measured_ms: float) -> float:
    """Return the predictor latency that a simulation charges: rounded up to 1, 2 or 5 times a power of ten, at least 1.

    A measured latency differs from run to run; the rounded one hardly ever does, so a rerun gives the same numbers. It
    never flatters the predictor.

    Parameters
    ----------
    measured_ms
        Median milliseconds of one prediction.

    Examples
    --------
    >>> [charged_ms(ms) for ms in (0.02, 1.0, 1.3, 2.1, 7.0, 44.0)]
    [1.0, 1.0, 2.0, 5.0, 10.0, 50.0]
    """
    if not measured_ms > 1.0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(measured_ms))
    return next(step * decade for step in STEPS if step * decade >= measured_ms * (1 - 1e-12))


def check_predict_ms(predict_ms: float | None) -> None:
    """Raise when this cannot be charged for a prediction.

    Examples
    --------
    >>> check_predict_ms(None), check_predict_ms(2.5)
    (None, None)
    >>> check_predict_ms(-1.0)
    Traceback (most recent call last):
    specbench.core.errors.ConfigError: predict_ms is a time in milliseconds, 0 or more; got -1.0; leave it out to charge
    ...
    """
    if predict_ms is not None and not 0 <= predict_ms < math.inf:
        raise ConfigError(
            f"predict_ms is a time in milliseconds, 0 or more; got {predict_ms!r}; leave it out to charge what is "
            "measured"
        )
