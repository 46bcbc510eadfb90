"""Yes, no, or cannot tell: rarely wrong, and honest on few tasks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from specbench.core.errors import ConfigError
from specbench.metrics.intervals import ratios
from specbench.metrics.worth import Answer, Worth

Floats = npt.NDArray[np.float64]
DRAWS = 1500
SHAPES = ("normal", "hits and misses", "rare gains", "one in three")


def drawn(generator: np.random.Generator, shape: str, n: int, net: float) -> tuple[Floats, Floats, Floats, float]:
    """Net seconds, sequential seconds and launches of n tasks, columns are draws; and the ceiling of the net share."""
    seconds = generator.lognormal(3.5, 0.5, (n, DRAWS))
    if shape == "normal":
        return seconds * generator.normal(net, 0.05, seconds.shape), seconds, np.ones_like(seconds), net + 0.15
    if shape == "hits and misses":  # a hit saves one second in fifty, a miss wastes one
        launched = generator.poisson(np.full(seconds.shape, 8.0))
        hits = generator.binomial(launched, 0.5 + net * 50 / 16)
        return (2.0 * hits - launched) * seconds / 50, seconds, launched.astype(float), net + 0.2
    share = 0.08 if shape == "rare gains" else 0.33
    some = generator.random(seconds.shape) < share
    return some * seconds * net / share, seconds, some.astype(float), net / share


def answers(shape: str, n: int, net: float) -> list[Answer]:
    top, bottom, launched, ceiling = drawn(np.random.default_rng(n), shape, n, net)
    found = ratios(top, bottom, share=False)
    out = []
    for at in range(DRAWS):
        low, high = (None if np.isnan(each[at]) else float(each[at]) for each in (found.low, found.high))
        out.append(Worth(float(found.value[at]), low, high, n, int((launched[:, at] > 0).sum()), ceiling).answer)
    return out


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20, 60])
@pytest.mark.parametrize("shape", SHAPES[:2])
def test_without_a_gain_yes_is_rare(shape: str, n: int) -> None:
    assert answers(shape, n, 0.0).count(Answer.YES) <= 0.03 * DRAWS


@pytest.mark.parametrize("n", [2, 3, 5, 8, 20, 60])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("net", [0.02, 0.05])
def test_with_a_gain_no_is_rare(shape: str, n: int, net: float) -> None:
    assert answers(shape, n, net).count(Answer.NO) <= 0.05 * DRAWS


def test_with_tasks_enough_there_is_an_answer() -> None:
    assert answers("normal", 60, 0.06).count(Answer.YES) >= 0.95 * DRAWS
    assert answers("normal", 60, -0.02).count(Answer.NO) >= 0.95 * DRAWS
    assert answers("hits and misses", 60, -0.03).count(Answer.NO) >= 0.95 * DRAWS


def test_where_nothing_can_be_gained_few_tasks_are_enough_for_a_no() -> None:
    """Tools that take no time: nothing rare can change that."""
    assert Worth(0.0, 0.0, 0.0, 6, 0, ceiling=0.001).answer is Answer.NO
    assert Worth(0.0, 0.0, 0.0, 6, 0, ceiling=0.2).answer is Answer.UNKNOWN
    assert Worth(0.0, None, None, 4, 0, ceiling=0.001).answer is Answer.UNKNOWN


@pytest.mark.parametrize(
    ("setting", "words"), [({"waste_price": -1.0}, "price of waste"), ({"least_gain": 1.0}, "least")]
)
def test_settings_are_checked(setting: dict[str, float], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Worth(0.0, 0.0, 0.0, 6, 0, 0.2, **setting)


def test_waste_that_was_never_seen_may_be_rare() -> None:
    """Five tasks that all hit say little of a sixth where everything misses."""
    assert Worth(0.2, 0.2, 0.2, 5, 5, 0.2, tasks_wasting=0, at_risk=0.2).answer is Answer.UNKNOWN
    assert Worth(0.2, 0.2, 0.2, 20, 20, 0.2, tasks_wasting=0, at_risk=0.2).answer is Answer.YES
    assert Worth(0.2, 0.19, 0.21, 5, 5, 0.2, tasks_wasting=5, at_risk=0.2).answer is Answer.YES


@pytest.mark.parametrize("n", [5, 6, 10, 20])
def test_rare_tasks_of_pure_waste_seldom_make_a_yes(n: int) -> None:
    """Three tasks in ten waste what the others gain, and more: no gain on the whole."""
    generator, wrong = np.random.default_rng(n), 0
    for _ in range(DRAWS):
        bad = generator.random(n) < 0.3
        net = np.where(bad, -0.21, 0.09)
        found = ratios(net[:, None], np.ones((n, 1)), share=False)
        worth = Worth(
            float(net.mean()), float(found.low[0]), float(found.high[0]), n, n, 0.2, tasks_wasting=int(bad.sum()),
            at_risk=0.21,
        )  # fmt: skip
        wrong += worth.answer is Answer.YES
    assert wrong <= 0.03 * DRAWS
