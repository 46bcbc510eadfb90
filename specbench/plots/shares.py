"""Where an agent's time goes, and how much of it speculation could hide."""

from __future__ import annotations

from collections.abc import Mapping

import seaborn as sns
from matplotlib.axes import Axes

from specbench.plots.style import basis, empty, new_axes, themed

__all__ = ["plot_time_shares"]


def plot_time_shares(
    seconds: Mapping[str, float],
    hidden_s: float,
    *,
    modelled: bool = True,
    theme: str = "light",
    ax: Axes | None = None,
) -> Axes:
    """Draw the seconds by kind, one after the other, and below them what a perfect predictor of READ calls would hide.

    Parameters
    ----------
    seconds
        By kind: ``LLM``, ``READ tools``, ``other tools``.
    hidden_s
        What the READ oracle hides by overlap.
    modelled
        Whether the seconds are modelled, or measured; says so on the axis.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> plot_time_shares({"LLM": 20.0, "READ tools": 8.0, "other tools": 2.0}, 6.0).get_xlabel()
    'share of the time an agent takes (modelled)'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(8.6, 2.9)
        total = sum(seconds.values())
        if total <= 0:
            return empty(ax, "No time was spent.", colours)
        looks = {"LLM": (colours.think, ""), "READ tools": (colours.tool, "///")}
        left, edge = 0.0, ax.get_facecolor()
        for kind, amount in seconds.items():
            colour, hatch = looks.get(kind, (colours.faint, "..."))
            share = amount / total
            ax.barh(
                1.0, share, left=left, height=0.6, color=colour, hatch=hatch, edgecolor=edge, lw=0.8, zorder=3,
                label=f"{kind} {100 * share:.0f} %",
            )  # fmt: skip
            left += share
        hidden = hidden_s / total
        left_over = f"still there {100 * (1 - hidden):.1f} %"
        ax.barh(0.0, 1 - hidden, height=0.6, color=colours.faint, alpha=0.35, zorder=2, label=left_over)
        ax.barh(
            0.0, hidden, left=1 - hidden, height=0.6, color=colours.good, zorder=3, edgecolor=edge,
            label=f"hidden by overlap {100 * hidden:.1f} %",
        )  # fmt: skip
        ax.set_yticks([1.0, 0.0], ["now", "every READ call\nforeseen"])
        ax.set_ylim(-0.45, 1.45)
        ax.set_xlim(0, 1)
        ax.xaxis.set_major_formatter(lambda value, _: f"{100 * value:.0f} %")
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(f"share of the time an agent takes ({basis(modelled)})")
        ax.set_title("Where the time goes", pad=44)
        ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=3, fontsize=9.5, borderaxespad=0.3)
        sns.despine(ax=ax, left=True)
        return ax
