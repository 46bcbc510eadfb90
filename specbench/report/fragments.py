"""Pieces of HTML for the playground and the report: whatever comes from traces is escaped, so it shows as text."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

import pandas as pd

from specbench.core.types import Message, Prediction
from specbench.metrics import Confusion, SpeculationMetrics
from specbench.report.episode import Episode

__all__ = ["confusion_html", "decision_html", "leaderboard_html", "messages_html", "metrics_html"]

MOST_LETTERS = 1500
_TINT = {"user": "#dbeafe", "assistant": "#ecfdf5", "tool": "#fef3c7", "system": "#f3f4f6"}
_BOX = "border-radius:6px;padding:6px 9px;margin:4px 0;white-space:pre-wrap;overflow-wrap:anywhere;color:#111"


def messages_html(messages: Sequence[Message], new: int | None = None) -> str:
    """Return messages as coloured boxes, in a pane that begins at the last one; the last ``new`` are marked.

    Examples
    --------
    >>> "<script>" in messages_html([Message("user", "<script>alert(1)</script>")])
    False
    """
    out = []
    for place, message in enumerate(messages):
        said = message.content if len(message.content) <= MOST_LETTERS else message.content[:MOST_LETTERS] + " …"
        text = escape(said)
        for call in message.tool_calls:
            text += f"{'<br>' if text else ''}<b>→ {escape(call.name)}</b> {escape(json.dumps(dict(call.arguments)))}"
        who = escape(f"{message.role} {message.name or ''}".strip())
        fresh = new is None or place >= len(messages) - new
        mark = "border-left:4px solid #2b87c9" if fresh and new is not None else "opacity:1" if fresh else "opacity:.72"
        out.append(f'<div style="background:{_TINT[message.role]};{_BOX};{mark}"><small>{who}</small><br>{text}</div>')
    pane = "max-height:460px;overflow-y:auto;display:flex;flex-direction:column-reverse"
    return f'<div style="{pane}" tabindex="0"><div>{"".join(out)}</div></div>'


def decision_html(episode: Episode, index: int, why: Sequence[str] = ()) -> str:
    """Return one decision point: predictions with bars, what happened, why it was (not) speculated."""
    row = episode.outcome(index)
    rows = "".join(_prediction(each, row.call) for each in episode.predictions(index)[:5])
    launched = [each for each in episode.ledger.speculations if each.index == index]
    fates = "; ".join(
        f"{escape(each.call)}: {escape(str(each.fate))} ({escape(str(each.window))})" for each in launched
    )
    basis = "measured" if episode.ledger.measured else "modelled"
    verdict = "hit" if row.hit else "reply" if not row.calls else "miss"
    happened = escape(row.call) if row.call else "a reply"
    reasons = "".join(
        f'<pre style="white-space:pre-wrap;font-size:11px;margin:2px 0">{escape(each)}</pre>' for each in why
    )
    return (
        f"<div><b>Decision {index + 1} of {len(episode)}</b>: {verdict}. The LLM decided {happened}.<br>"
        f"<b>Why (not) speculated:</b> {escape(row.reason)}.<br>"
        f"<b>Launched:</b> {fates or 'nothing'}. Saved {row.saved_s:.2f} s ({basis}).</div>"
        f'<table style="width:100%;font-size:12px">{rows}</table>{reasons}'
    )


def _prediction(prediction: Prediction, happened: str | None) -> str:
    name = prediction.call.key if prediction.call else "reply"
    right = (prediction.call.key if prediction.call else None) == happened
    colour = "#15803d" if right else "#94a3b8"
    bar = f"background:{colour};height:10px;width:{90 * prediction.p:.0f}px"
    return (
        f'<tr><td style="width:90px"><div style="{bar}"></div></td><td style="width:40px">{prediction.p:.2f}</td>'
        f'<td style="overflow-wrap:anywhere">{escape(name)}{" ✓" if right else ""}</td></tr>'
    )


def metrics_html(runs: Mapping[str, SpeculationMetrics], seconds: Mapping[str, str] | None = None) -> str:
    """Return the metrics of some runs side by side, and the verdict of the last.

    Parameters
    ----------
    runs
        By label.
    seconds
        Where the seconds of each run come from; ``modelled`` where it is not said.

    Examples
    --------
    >>> from specbench.core.ledger import Ledger
    >>> "recall" in metrics_html({"now": SpeculationMetrics.of(Ledger())})
    True
    """
    lines: list[tuple[str, Any]] = [
        ("recall", lambda m: _share(m.recall)),
        ("precision of launches", lambda m: _share(m.precision)),
        ("tool calls executed ÷ needed", lambda m: "–" if m.amplification is None else f"{m.amplification:.2f}"),
        ("saved", lambda m: f"{m.saved_s:.0f} s, {_share(m.saved_share)}"),
        ("wasted tool time", lambda m: f"{m.wasted_s:.0f} s"),
        ("net", lambda m: f"<b>{m.net_s:+.0f} s</b>"),
        ("LLM work lost by run-ahead", lambda m: f"{m.run_ahead_lost_s:.0f} s, {m.run_ahead_lost_tok:.0f} tokens"),
        ("entities touched without being asked", lambda m: f"{m.disclosed}"),
    ]
    head = "".join(f"<th>{escape(name)}</th>" for name in runs)
    told = {name: (seconds or {}).get(name, "modelled") for name in runs}
    body = f"<tr><td>seconds</td>{''.join(f'<td>{escape(each)}</td>' for each in told.values())}</tr>"
    for label, show in lines:
        body += f"<tr><td>{label}</td>{''.join(f'<td>{show(each)}</td>' for each in runs.values())}</tr>"
    verdicts = "".join(f"<li>{escape(text)}</li>" for text in list(runs.values())[-1].verdicts())
    return f'<table style="font-size:12.5px"><tr><th></th>{head}</tr>{body}</table><ul>{verdicts}</ul>'


def _with_interval(value: Any) -> str:
    if not isinstance(value, tuple):
        return _share(value)
    rate, low, high = value
    return _share(rate) + ("" if low is None else f" [{100 * low:.0f}, {100 * high:.0f}]")


def _share(value: float | None) -> str:
    return "–" if value is None or value != value else f"{100 * value:.1f} %"


def leaderboard_html(frame: pd.DataFrame, chosen: str = "") -> str:
    """Return :meth:`Workbench.leaderboard <specbench.study.workbench.Workbench.leaderboard>` as a table.

    Examples
    --------
    >>> frame = pd.DataFrame([{"predictor": "<b>", "tool @1": 0.5, "best net, s": 3.2, "at p ≥": 0.4}])
    >>> "<td>50.0 %</td><td>+3 s</td><td>0.40</td>" in leaderboard_html(frame), "<b>" in leaderboard_html(frame)
    (True, False)
    """
    shown: dict[str, Callable[[Any], str]] = {
        "predictor": lambda name: escape(str(name)),
        "best net, s": lambda value: f"{value:+.0f} s",
        "at p ≥": lambda value: f"{value:.2f}",
        "READ call @1": _with_interval,
    }
    head = "".join(f'<th scope="col" style="padding:2px 8px">{escape(str(name))}</th>' for name in frame.columns)
    body = ""
    for row in frame.to_dict("records"):
        cells = "".join(f"<td>{shown.get(str(name), _share)(value)}</td>" for name, value in row.items())
        mark = ' style="font-weight:bold"' if row["predictor"] == chosen else ""
        body += f"<tr{mark}>{cells}</tr>"
    return (
        f'<table style="font-size:12.5px;border-spacing:8px 2px;border-collapse:separate"><tr>{head}</tr>{body}</table>'
    )


def confusion_html(found: Confusion) -> str:
    """Return the confusion of tools as a table: shares of each row's decision points, darker for more.

    Examples
    --------
    >>> from specbench.core.ledger import Ledger
    >>> from specbench.metrics import confusion
    >>> confusion_html(confusion(Ledger()))
    '<p>No decision points: there is nothing to tabulate.</p>'
    """
    if found.launched.empty and found.points.empty:
        return "<p>No decision points: there is nothing to tabulate.</p>"
    tilted = 'style="writing-mode:vertical-rl;transform:rotate(180deg);font-weight:normal;padding:4px 0"'
    columns = list(found.launched.columns)
    names = [*columns, "nothing", "hit: the very call"]
    head = "".join(f'<th scope="col"><div {tilted}>{escape(str(name))}</div></th>' for name in names)
    body = ""
    for row in found.launched.index:
        points = int(found.points[row])
        cells = [
            _cell(int(found.launched.loc[row, column]), points, "#0072b2", mark=column == row) for column in columns
        ]
        cells += [_cell(int(found.idle[row]), points, "#64748b"), _cell(int(found.hits[row]), points, "#15803d")]
        name = f'<th scope="row" style="text-align:right;font-weight:normal">{escape(str(row))}</th>'
        body += f'<tr>{name}<td style="text-align:right;padding-right:8px">{points}</td>{"".join(cells)}</tr>'
    return (
        '<div style="overflow-x:auto"><table style="font-size:12px;border-collapse:separate;border-spacing:2px">'
        f'<tr><th>the LLM called ↓ / launched →</th><th scope="col">points</th>{head}</tr>{body}</table></div>'
    )


def _cell(count: int, points: int, colour: str, *, mark: bool = False) -> str:
    share = count / max(points, 1)
    opacity = round(255 * 0.75 * share)
    ring = ";outline:1.5px solid currentColor;outline-offset:-1.5px" if mark else ""
    text = f"{100 * share:.0f}" if count else ""
    return (
        f'<td title="{count} of {points} decision points" style="width:30px;height:22px;text-align:center;'
        f'background:{colour}{opacity:02x}{ring}">{text}</td>'
    )
