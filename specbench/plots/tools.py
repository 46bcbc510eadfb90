"""Per tool: which calls were hit, which could have been, and what it saved and wasted."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from specbench.plots.style import basis, empty, new_axes, shorten, themed

__all__ = ["plot_tools"]

MOST_TOOLS = 20
MOST_LETTERS = 36


def plot_tools(
    tools: pd.DataFrame, *, name: str = "", modelled: bool = True, theme: str = "light", ax: Axes | None = None
) -> Axes:
    """Draw one bar a tool: its calls, split by what speculation made of them; seconds at the right.

    Parameters
    ----------
    tools
        One row a tool, most called first: ``tool, effect, calls, right`` (calls that the predictor had at rank 1, given
        that a call happens), ``launched, hits, saved_s, wasted_s``; see :func:`specbench.study.per_tool`.
    name
        Of the predictor, for the title.
    modelled
        Whether the seconds are modelled, or measured; says so in the title.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> tools = pd.DataFrame({"tool": ["get_order"], "effect": ["read"], "calls": [9], "right": [7], "launched": [6],
    ...                       "hits": [5], "saved_s": [5.0], "wasted_s": [1.0]})
    >>> plot_tools(tools).get_xlabel()
    'calls in the test traces'
    """
    with themed(theme) as colours:
        shown = tools[(tools["calls"] > 0) | (tools["launched"] > 0)].head(MOST_TOOLS)
        ax = ax if ax is not None else new_axes(9.0, 2.0 + 0.34 * max(4, len(shown)))
        if shown.empty:
            return empty(ax, "No tool was called and none was launched.", colours)
        read = (shown["effect"] == "read").to_numpy()
        calls, hits = shown["calls"].to_numpy(float), shown["hits"].to_numpy(float)
        late = (shown["right"].to_numpy(float) - hits).clip(0) * read
        parts = (
            (hits, colours.good, "", "hit: launched and right"),
            (late, colours.tool, "///", "right, but below the threshold"),
            ((calls - hits - late) * read, colours.bad, "...", "READ call not foreseen"),
            (calls * ~read, colours.think, "xx", "write or local: never launched"),
        )
        rows, left = range(len(shown)), 0.0 * calls
        handles = []
        for width, colour, hatch, label in parts:
            ax.barh(rows, width, left=left, height=0.68, color=colour, hatch=hatch, lw=0, zorder=3)
            left = left + width
            handles.append(Patch(facecolor=colour, hatch=hatch, label=label, lw=0, edgecolor=colours.paper))
        for row, (saved_s, wasted_s, launched) in enumerate(
            zip(shown["saved_s"], shown["wasted_s"], shown["launched"], strict=True)
        ):
            text = f"saved {saved_s:.0f} s, wasted {wasted_s:.0f} s" if launched else ""
            ax.annotate(text, (left[row], row), xytext=(5, 0), textcoords="offset points", va="center", fontsize=8.5,
                        color=colours.faint)  # fmt: skip
        ax.set_yticks(list(rows), [shorten(str(tool), MOST_LETTERS) for tool in shown["tool"]])
        ax.set_ylim(len(shown) - 0.4, -0.6)
        ax.set_xlim(0, max(left.max(), 1.0) * 1.34)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(visible=False, axis="y")
        more = len(tools) - len(shown)
        ax.set_xlabel("calls in the test traces" + (f" ({more} more tools not shown)" if more else ""))
        ax.set_title(f"Tool by tool{f' ({name})' if name else ''}; seconds are {basis(modelled)}")
        below = -0.7 / (0.34 * len(shown) + 0.6)
        ax.legend(handles=handles, loc="upper center", bbox_to_anchor=(0.4, below), ncols=2, fontsize=9)
        sns.despine(ax=ax, left=True)
        return ax
