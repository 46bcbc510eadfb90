"""The live part of a study, at a pace that tests can wait for."""

from __future__ import annotations

from pathlib import Path

import pytest

from specbench.core.errors import ConfigError
from specbench.core.ledger import Ledger
from specbench.study.live_desk import run_live


def test_the_desk_runs_live_and_loses_nothing(tmp_path: Path) -> None:
    found = run_live(tmp_path, 1, predictors=("markov",), pace_tok_per_s=600.0, tool_scale=0.05)
    (run,) = found["runs"]
    assert run["lossless"] and run["sequential_s"] > 0 and "paced" in found["backend"]
    ledger = Ledger.from_parquet(tmp_path / "live-markov.parquet")
    assert len(ledger.outcomes) > 3
    assert {path.name for path in (tmp_path / "figures").iterdir()} == {"live.png", "live.svg", "live-dark.svg"}
    with pytest.raises(ConfigError, match="1 conversation or more; got 0"):
        run_live(tmp_path, 0)
