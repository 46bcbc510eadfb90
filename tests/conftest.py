"""Fixtures and settings that every test has."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

# The same cases on every run, and no clock: the first case may import scikit-learn.
settings.register_profile("specbench", deadline=None, derandomize=True)
settings.load_profile("specbench")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real traces that may lie beside the project; the test is skipped where it does not."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real traces at {folder}")
    return folder
