"""The version of specbench, for records of what was made with it."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["package_version"]


def package_version() -> str:
    """Return specbench's own version."""
    return version("specbench")
