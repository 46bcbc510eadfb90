"""What a release promises about itself: one version, pins that fit the ranges, and a trial for each extra."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import specbench

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
OPTIONAL = {"sentence", "fuzz"}
"""Extras that neither the tests nor a new environment have: one loads models from a hub, one is for Linux alone."""


def named(extra: str) -> set[str]:
    rows = [Requirement(row) for row in EXTRAS[extra]]
    return {canonicalize_name(row.name) for row in rows if row.name != "specbench"}


def test_the_version_is_one() -> None:
    assert f"\nversion: {specbench.__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")
    assert f"\n## [{specbench.__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_every_package_is_pinned_within_its_range() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.startswith("#")]
    pins = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    extras = [row for extra, rows in EXTRAS.items() if extra not in OPTIONAL for row in rows]
    for row in map(Requirement, [*PROJECT["dependencies"], *extras]):
        if row.name == "specbench":
            continue
        assert canonicalize_name(row.name) in pins, f"constraints.txt does not pin {row.name}"
        assert pins[canonicalize_name(row.name)] in row.specifier, row


def test_every_extra_has_its_trial() -> None:
    tree = ast.parse((ROOT / "release" / "smoke.py").read_text("utf-8"))
    tried = {each.name for each in tree.body if isinstance(each, ast.FunctionDef) and not each.name.startswith("_")}
    assert tried == EXTRAS.keys() - OPTIONAL - {"all", "release"} | {"base"}
    rules = (ROOT / "release" / "release.mk").read_text("utf-8")
    (row,) = re.findall(r"^EXTRAS := (.*)$", rules, re.MULTILINE)
    assert set(row.split()) == tried


@pytest.mark.parametrize("extra", sorted(EXTRAS.keys() - OPTIONAL - {"all", "release", "dev", "docs"}))
def test_all_has_the_extra(extra: str) -> None:
    (whole,) = map(Requirement, EXTRAS["all"])
    assert extra in whole.extras
    assert named(extra) or extra == "all"
