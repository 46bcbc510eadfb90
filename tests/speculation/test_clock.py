"""A policy is told the time: the same in the simulator and in the executor, whatever their clocks show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import anyio
import pytest

from specbench.core.types import DecisionPoint, Prediction
from specbench.metrics import differences
from specbench.policies import Choice, State, TopK
from specbench.runtime.recorded import execute
from specbench.sim import LogNormal, simulate
from specbench.testing import BACKENDS, run_virtual
from tests.test_agreement import random_table


class OncePer:
    """Launches at most once in ``every_s`` seconds of the run, over all of its conversations."""

    def __init__(self, every_s: float) -> None:
        self.every_s = every_s
        self.asked_s: list[float] = []
        self.launched_s = [float("-inf")]

    def choose(self, point: DecisionPoint, predictions: Sequence[Prediction], state: State | None = None) -> Choice:
        assert state is not None
        self.asked_s.append(state.now)
        choice = TopK(1).choose(point, predictions)
        if not choice.launch or state.now - self.launched_s[-1] < self.every_s:
            return Choice([], "too early")
        self.launched_s.append(state.now)
        return choice


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("sessions", [1, 2])
def test_both_drivers_tell_the_same_time(backend: str, sessions: int) -> None:
    table, latency = random_table(7, traces=6), LogNormal(2.0, 1.0, 0.8, 7, user=1.5)
    common = {"predict_s": 0.3, "sessions": sessions, "gap_s": 0.12345}
    simulating, executing = OncePer(5.0), OncePer(5.0)
    simulated = simulate(table, simulating, latency=latency, **common)
    executed = run_virtual(partial(execute, table, executing, latency, **common), backend=backend)
    assert simulating.asked_s == pytest.approx(executing.asked_s, abs=1e-6)
    assert simulating.asked_s == sorted(simulating.asked_s) and simulating.asked_s[0] < 1.0
    assert len(simulating.launched_s) > 3 and differences(simulated, executed) == []


def test_timers_still_end_when_the_virtual_clock_shows_decades() -> None:
    async def main() -> int:
        await anyio.sleep(1e9)
        for seconds in (1.0, 0.1, 1 / 3, 0.07):
            for _ in range(50):
                await anyio.sleep(seconds)
        return 200

    assert run_virtual(main, backend="asyncio") == 200
