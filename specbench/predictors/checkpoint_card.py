"""The model card of a checkpoint: a dictionary as Markdown that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

__all__ = ["card_text"]

_USE = """\
Load it (numpy and safetensors are enough):

```python
import specbench

predictor = specbench.load("path/to/this/folder")
```
"""

MOST_LISTED = 4
"""Members of a list within a table that are written out."""


def card_text(name: str, card: Mapping[str, Any]) -> str:
    """Return the model card of a predictor as Markdown.

    Parameters
    ----------
    name
        The predictor's name.
    card
        JSON values. A mapping becomes a section with a table, a list of mappings one with a column for each key of
        the first, any other list one with bullets; anything else is a line of the list at the top.

    Examples
    --------
    >>> print(card_text("markov", {"licence": "MIT", "metrics": {"recall": 0.5}, "tools": ["get_user"]}))
    # Predictor `markov`
    <BLANKLINE>
    - licence: MIT
    <BLANKLINE>
    ## metrics
    <BLANKLINE>
    | | |
    | --- | --- |
    | recall | 0.5 |
    <BLANKLINE>
    ## tools
    <BLANKLINE>
    - get_user
    <BLANKLINE>
    ## How to use
    <BLANKLINE>
    Load it (numpy and safetensors are enough):
    ...
    """
    blocks = [f"# Predictor `{name}`"]
    lines = [f"- {key}: {_cell(value)}" for key, value in card.items() if not isinstance(value, Mapping | list | tuple)]
    if lines:
        blocks.append("\n".join(lines))
    for key, value in card.items():
        if isinstance(value, Mapping):
            rows = [f"| {_cell(inner)} | {_cell(each)} |" for inner, each in value.items()]
            blocks += [f"## {key}", "\n".join(["| | |", "| --- | --- |", *rows])]
        elif isinstance(value, list | tuple) and value and all(isinstance(each, Mapping) for each in value):
            blocks += [f"## {key}", _table(value)]
        elif isinstance(value, list | tuple):
            blocks += [f"## {key}", "\n".join(f"- {_cell(each)}" for each in value) or "none"]
    return "\n\n".join([*blocks, "## How to use", _USE])


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(rows[0])
    lines = [[_cell(row.get(column)) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in [columns, ["---"] * len(columns), *lines])


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, list) and len(value) > MOST_LISTED:
        return f"{len(value)}, in predictor.json"
    if isinstance(value, float):
        value = float(f"{value:.6g}")
    return " ".join(str(value).split()).replace("|", "\\|")
