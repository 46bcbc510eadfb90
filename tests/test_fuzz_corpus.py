"""The kept inputs of fuzzing, run through their targets without atheris; ``make fuzz`` looks for more."""

from __future__ import annotations

from pathlib import Path

import pytest

from fuzz.json_values import mutated
from fuzz.oracle import LONGEST_ERROR, allowed
from fuzz.run import HERE, TARGETS, target
from specbench.core.errors import ConfigError, TraceError

INPUTS = sorted((HERE / "corpus").glob("*/*"))


@pytest.mark.parametrize("path", INPUTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_no_kept_input_breaks_its_target(path: Path) -> None:
    target(path.parent.name)(path.read_bytes())


@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::DeprecationWarning")  # of regular expressions in the data
@pytest.mark.parametrize("name", TARGETS)
def test_no_small_change_of_a_kept_input_does(name: str) -> None:
    check = target(name)
    for path in sorted((HERE / "corpus" / name).iterdir()):
        data = path.read_bytes()
        for seed in range(6):
            check(mutated(data, seed) or data[: len(data) * seed // 6])


def test_every_target_has_inputs_to_begin_with() -> None:
    assert {path.parent.name for path in INPUTS} == set(TARGETS)


def test_the_oracle_lets_short_errors_pass_and_nothing_else() -> None:
    with allowed(10, ConfigError):
        raise ConfigError("what came, what is allowed")
    with pytest.raises(TraceError), allowed(10, ConfigError):
        raise TraceError("another kind")

    class Long(ConfigError):
        def __str__(self) -> str:
            return "x" * LONGEST_ERROR

    with pytest.raises(AssertionError, match="1024 letters"), allowed(10, ConfigError):
        raise Long
