"""Two studies side by side: one self-contained HTML page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.files import refuse_foreign
from specbench.report.page import PAGE, make_environment, read_result, write_page

__all__ = ["build_comparison", "config_differences"]

RATES = (
    ("recall", "hit-rate: calls hit ÷ calls"),
    ("precision", "precision: commits ÷ launched"),
    ("amplification", "tool calls executed ÷ needed"),
    ("saved_share", "saved, of the sequential time"),
    ("wasted_share", "wasted, of the sequential time"),
)


def build_comparison(one: str | Path, two: str | Path, out: str | Path | None = None) -> Path:
    """Write a page that lays two studies side by side; by default ``compare-A-B.html`` beside the second.

    Raises
    ------
    ConfigError
        When a folder is not one that ``specbench study`` made, or ``out`` is a file that no comparison is.
    """
    runs = []
    for folder in (Path(one), Path(two)):
        config, metrics = (read_result(folder, name) for name in ("config.json", "metrics.json"))
        try:
            chosen = metrics["default_policy"]["predictor"]
            runs.append(
                {
                    "name": folder.resolve().name, "config": config, "metrics": metrics, "chosen": chosen,
                    "point": metrics["predictors"][chosen]["at_operating_point"],
                }
            )  # fmt: skip
        except KeyError as error:
            raise ConfigError(f"{folder}: metrics.json is incomplete ({error}); run `specbench study` again") from error
    names = list(dict.fromkeys(name for run in runs for name in run["metrics"]["predictors"]))
    text = make_environment().get_template("compare.html").render(
        runs=runs, rates=RATES, names=names, differences=config_differences(runs[0]["config"], runs[1]["config"]),
        same_data=_hashes(runs[0]["config"]) == _hashes(runs[1]["config"]),
    )  # fmt: skip
    home = Path(two)
    target = Path(out) if out is not None else home.parent / f"compare-{Path(one).name}-{home.name}.html"
    refuse_foreign(target, PAGE)
    return write_page(target, text)


def config_differences(one: Mapping[str, Any], two: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Return (setting, value in one, value in the other) where two configurations differ.

    Examples
    --------
    >>> config_differences({"config": {"seed": 0}}, {"config": {"seed": 1}})
    [('seed', '0', '1')]
    """
    first, second = _flat(one.get("config", {})), _flat(two.get("config", {}))
    first |= {f"version of {name}": text for name, text in one.get("versions", {}).items()}
    second |= {f"version of {name}": text for name, text in two.get("versions", {}).items()}
    keys = dict.fromkeys([*first, *second])
    return [(key, first.get(key, "–"), second.get(key, "–")) for key in keys if first.get(key) != second.get(key)]


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    out: dict[str, str] = {}
    for key, item in value.items():
        if isinstance(item, dict):
            out |= _flat(item, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = item if isinstance(item, str) else json.dumps(item)
    return out


def _hashes(config: Mapping[str, Any]) -> list[str]:
    files = config["data"]["files"]
    return sorted(text for file in files for text in (file["sha256"], *file.get("beside", {}).values()))
