"""A picture of a LangGraph graph, without a network and without Graphviz."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw_graph"]


def draw_graph(graph: Any, path: str | Path | None = None, ax: Axes | None = None) -> Axes:
    """Draw a compiled graph, top down; conditional edges are dashed.

    Parameters
    ----------
    graph
        What ``compile()`` returned.
    path
        A PNG or SVG to write as well.
    ax
        Where to draw; a new figure when not given.

    Returns
    -------
    matplotlib.axes.Axes
        With a title, a box for each node and an arrow for each edge.
    """
    import matplotlib.pyplot as plt

    drawn = graph.get_graph()
    levels = _levels(drawn)
    if ax is None:
        _, ax = plt.subplots(figsize=(5.5, 1.1 * (max(levels.values()) + 1)))
    rows: dict[int, list[str]] = {}
    for node, level in levels.items():
        rows.setdefault(level, []).append(node)
    place = {
        node: ((at + 1) / (len(row) + 1), -float(level)) for level, row in rows.items() for at, node in enumerate(row)
    }
    for edge in drawn.edges:
        back = levels[edge.target] <= levels[edge.source]
        ax.annotate(
            "",
            xy=place[edge.target],
            xytext=place[edge.source],
            arrowprops={
                "arrowstyle": "-|>",
                "linestyle": "--" if edge.conditional else "-",
                "color": "0.4",
                "shrinkA": 14,
                "shrinkB": 14,
                "connectionstyle": f"arc3,rad={0.45 if back else 0.0}",
            },
        )
    for node, (x, y) in place.items():
        plain = node.startswith("__")
        box = {"boxstyle": "round,pad=0.4", "facecolor": "0.93" if plain else "#d6e4f5", "edgecolor": "0.4"}
        ax.text(x, y, node.strip("_"), ha="center", va="center", bbox=box)
    ax.set_xlim(0, 1)
    ax.set_ylim(-max(levels.values()) - 0.6, 0.6)
    ax.set_axis_off()
    ax.set_title("Agent graph (dashed: depends on the decision)", fontsize=10)
    if path is not None:
        ax.figure.get_figure(root=True).savefig(path, dpi=120, bbox_inches="tight")
    return ax


def _levels(drawn: Any) -> dict[str, int]:
    """How many edges each node is away from the start."""
    levels = {"__start__": 0}
    while True:
        new = {
            edge.target: levels[edge.source] + 1
            for edge in drawn.edges
            if edge.source in levels and edge.target not in levels
        }
        if not new:
            return levels
        levels |= new
