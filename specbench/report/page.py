"""The report of a study: one self-contained HTML page, built from a results folder.

Figures are inlined, styles too; the page asks no server for anything. Its one script filters the table of decisions; it
reads nothing but the page's own text. Everything that comes from traces (tool names, file names, trace ids) is escaped.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.files import atomic_file, refuse_foreign
from specbench.core.text import writable
from specbench.predictors import predictor_class
from specbench.predictors.counting.fillers import FILLERS
from specbench.report.decisions import KINDS, listed, transcripts

__all__ = [
    "build_report",
    "make_environment",
    "percent",
    "read_result",
    "render_report",
    "write_page",
]

TEMPLATES = Path(__file__).parent / "templates"
MOST_ROWS = 40
"""Tools and files listed; the rest is counted."""

PAGE = "<title>specbench: "
"""What tells a page that specbench wrote."""


def percent(value: float | None, digits: int = 1) -> str:
    """Return a share as per cent; a dash where there is none.

    Examples
    --------
    >>> percent(0.1234), percent(-0.02, 0), percent(None)
    ('12.3 %', '−2 %', '–')
    """
    if value is None:
        return "–"
    text = f"{100 * value:.{digits}f}"
    if not text.strip("-0."):
        text = text.strip("-")
    return f"{text.replace('-', '−')} %"


def build_report(run: str | Path, out: str | Path | None = None) -> Path:
    """Write the page of the results folder ``run``, from what lies there; returns its path.

    Parameters
    ----------
    run
        The folder.
    out
        The page; ``report.html`` in the folder by default.

    Raises
    ------
    ConfigError
        When the folder is not one that ``specbench study`` made, or is incomplete, or ``out`` is another file.
    """
    folder = Path(run)
    target = Path(out) if out is not None else folder / "report.html"
    refuse_foreign(target, PAGE)
    return write_page(target, render_report(folder))


def write_page(target: Path, text: str) -> Path:
    """Write a page as a whole or not at all, and return its path."""
    with atomic_file(target, lambda why: ConfigError(f"{target} cannot be written ({why})")) as temporary:
        temporary.write_text(writable(text), encoding="utf-8")
    return target


def render_report(run: str | Path) -> str:
    """Return the page of the results folder ``run`` as text; see :func:`build_report`."""
    from jinja2 import UndefinedError

    folder = Path(run)
    config, metrics = (read_result(folder, name) for name in ("config.json", "metrics.json"))
    try:
        chosen = metrics["default_policy"]["predictor"]
        figures = {name: _figure(folder, name) for name in metrics["figures"]}
        rows = _decisions(folder)
        text: str = (
            make_environment()
            .get_template("report.html")
            .render(
                config=config,
                metrics=metrics,
                chosen=chosen,
                figures=figures,
                most_rows=MOST_ROWS,
                contents=_contents(metrics),
                decisions=listed(rows),
                talks=transcripts(rows),
                kinds={kind: told for kind, told in KINDS.items() if any(row["what"] == kind for row in rows)},
            )
        )
        return text
    except (KeyError, UndefinedError) as error:
        raise ConfigError(
            f"{folder}: metrics.json or config.json is incomplete ({error}); run `specbench study` again"
        ) from error


def _contents(metrics: Mapping[str, Any]) -> dict[str, str]:
    """Return the page's sections: id → title."""
    found = {
        "leaderboard": "Which predictor?",
        "curve": "The trade-off",
        "time": "Where the time goes",
        "guesses": "How good the guesses are",
        "cost": "What predictors cost",
        "threshold": "Choosing the threshold",
        "tools": "Which tools",
        "episode": "What it looks like",
        "live": "Live",
        "reliability": "Can the probabilities be trusted?",
        "decisions": "Every decision",
        "conversations": "A conversation",
        "data": "The data",
        "controls": "Controls",
        "limits": "Limits",
        "reproduce": "Reproduce",
    }
    absent = {name for name, there in (("live", metrics.get("live")), ("controls", metrics["controls"])) if not there}
    return {name: title for name, title in found.items() if name not in absent}


def make_environment() -> Any:
    """Return the environment of the page templates: everything is escaped, and a missing value is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        percent=percent, interval=_interval, seconds=_seconds, size=_size, about=_about, decimals=_decimals,
        breakable=_breakable, coded=_coded, embedded=_embedded,
    )  # fmt: skip
    return environment


def read_result(folder: Path, name: str) -> dict[str, Any]:
    """Return a JSON file of a results folder.

    Raises
    ------
    ConfigError
        When it is not there, or not what ``specbench study`` writes.
    """
    path = folder / name
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path} cannot be read ({error}); give a folder that `specbench study` made, such as runs/support_desk"
        ) from error
    if not isinstance(value, dict):
        raise ConfigError(f"{path} is not what `specbench study` writes; run it again")
    return value


def _decisions(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of ``decisions.parquet``."""
    import pandas as pd

    path = folder / "decisions.parquet"
    try:
        frame = pd.read_parquet(path)
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path} cannot be read ({error}); run `specbench study` again") from error
    if not {"said", "guesses"} <= set(frame.columns):
        raise ConfigError(f"{path} is incomplete: an earlier specbench wrote it; run `specbench study` again")
    plain = frame.astype(object).where(frame.notna(), None)
    return [dict(zip(plain.columns, row, strict=True)) for row in plain.itertuples(index=False)]


def _figure(folder: Path, name: str) -> dict[str, str]:
    """Return the light and the dark drawing as data URIs; an image cannot run scripts, whatever a tool is called."""
    drawings = {}
    for theme, stem in (("light", name), ("dark", f"{name}-dark")):
        path = folder / "figures" / f"{stem}.svg"
        try:
            drawings[theme] = "data:image/svg+xml;base64," + base64.b64encode(path.read_bytes()).decode("ascii")
        except OSError as error:
            raise ConfigError(f"{path} cannot be read ({error.strerror}); run `specbench study` again") from error
    return drawings


def _interval(metrics: Mapping[str, Any], name: str) -> str:
    """Return the interval of a rate as text: from ``ci``, or from ``name_low`` and ``name_high``."""
    found = metrics["ci"].get(name) if "ci" in metrics else (metrics.get(f"{name}_low"), metrics.get(f"{name}_high"))
    if not found or found[0] is None or found[1] is None or found[0] == found[1]:
        return ""
    between = " to " if found[0] < 0 else "–"
    return f"{100 * found[0]:.1f}{between}{100 * found[1]:.1f}".replace("-", "−")


def _seconds(value: float | None) -> str:
    """Return seconds with as many digits as they deserve."""
    if value is None:
        return "–"
    return f"{value:z,.0f} s" if abs(value) >= 100 else f"{value:z.1f} s"


def _decimals(value: float | None, digits: int = 2) -> str:
    return "–" if value is None else f"{value:z.{digits}f}".replace("-", "−")


def _breakable(call: str) -> Any:
    """Return a call that a narrow column breaks behind its commas."""
    from markupsafe import Markup, escape

    return Markup(",<wbr>").join(escape(part) for part in call.split(","))


def _coded(sentence: str) -> Any:
    """Return a sentence with what stands between back-ticks as code."""
    from markupsafe import Markup, escape

    parts = [escape(part) for part in sentence.split("`")]
    return Markup("").join(Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts))


def _embedded(value: Any) -> Any:
    """Return JSON that cannot end the script element that holds it."""
    from markupsafe import Markup

    return Markup(json.dumps(value, ensure_ascii=False).replace("<", "\\u003c").replace("\u2028", "\\u2028"))


def _size(value: int | None) -> str:
    if value is None:
        return "–"
    return f"{value / 1e6:.1f} MB" if value >= 1e6 else f"{value / 1e3:.1f} kB"


def _about(name: str) -> str:
    """What a predictor is, in a line: its own words, and those of its argument filler."""
    try:
        made = predictor_class(name)
    except ConfigError:
        return "added from outside"
    filler = name.partition("+")[2] or made.filler_by_default
    parts = [made.about or "added from outside", FILLERS[filler].about if filler in FILLERS else filler]
    return "; ".join(part for part in parts if part)
