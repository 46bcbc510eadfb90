"""How far each predictor carries: one row a set of traces, one mark a predictor."""

from __future__ import annotations

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from specbench.core.errors import ConfigError
from specbench.plots.style import empty, looks, new_axes, per_cent, shorten, themed

__all__ = ["plot_domains"]

RATES = {
    "read_call_top1": "READ calls whose first guess is exact, tool and all arguments",
    "read_call_top3": "READ calls with an exact guess among the first three, tool and all arguments",
}


def plot_domains(
    frame: pd.DataFrame,
    *,
    rate: str = "read_call_top3",
    banded: str = "learned",
    theme: str = "light",
    ax: Axes | None = None,
) -> Axes:
    """Draw predictors over sets of traces, the most predictable set on top; controls are small and grey.

    Parameters
    ----------
    frame
        One row a set and predictor, as :func:`specbench.study.board.read_board` returns it: ``set, predictor, control,
        tasks, read_calls`` and the rate, with ``_low`` and ``_high``.
    rate
        ``read_call_top1`` or ``read_call_top3``.
    banded
        The predictor whose 95 % intervals, by task, are drawn.
    theme
        ``light`` or ``dark``.
    ax
        Where to draw; a new figure otherwise.

    Raises
    ------
    ConfigError
        When there is no such rate.

    Examples
    --------
    >>> rows = [{"set": "desk", "predictor": "markov", "control": False, "tasks": 9, "read_calls": 30,
    ...          "read_call_top3": 0.5}]
    >>> [tick.get_text() for tick in plot_domains(pd.DataFrame(rows)).get_yticklabels()]
    ['desk\\n9 tasks, 30 calls']
    """
    if rate not in RATES:
        raise ConfigError(f"no rate is called {rate!r}; use one of {', '.join(RATES)}")
    with themed(theme) as colours:
        frame = frame.dropna(subset=[rate])
        best = frame[~frame["control"]].groupby("set")[rate].max().sort_values(ascending=False)
        ax = ax if ax is not None else new_axes(8.6, 1.6 + 0.46 * max(len(best), 2))
        if best.empty:
            return empty(ax, "No READ calls in any set: there is nothing to compare.", colours)
        names = list(dict.fromkeys(frame.loc[~frame["control"], "predictor"]))
        shown = looks(names, theme)
        for at, name in enumerate(best.index):
            rows = frame[frame["set"] == name]
            ax.axhline(at, color=colours.grid, lw=0.9, zorder=0)
            controls = rows.loc[rows["control"], rate]
            ax.plot(controls, [at] * len(controls), ls="", marker="|", ms=9, color=colours.faint, zorder=1)
            for row in rows[~rows["control"]].to_dict("records"):
                look, own = shown[row["predictor"]], row["predictor"] == banded
                low, high = row.get(f"{rate}_low"), row.get(f"{rate}_high")
                if own and not pd.isna([low, high]).any():
                    ax.plot([low, high], [at, at], color=look.colour, lw=5, alpha=0.28, solid_capstyle="butt", zorder=1)
                ax.plot(row[rate], at, ls="", marker=look.marker, ms=9.5 if own else 6.5, mfc=look.colour,
                        mec=colours.paper, mew=0.8, zorder=4 if own else 3)  # fmt: skip
        some = frame.drop_duplicates("set").set_index("set")
        ax.set_yticks(
            range(len(best)),
            [
                f"{shorten(str(name), 24)}\n{some['tasks'][name]} tasks, {some['read_calls'][name]} calls"
                for name in best.index
            ],
            fontsize=8.5,
        )
        ax.set_ylim(len(best) - 0.4, -0.6)
        ax.set_xlim(-0.02, 1.02)
        ax.xaxis.set_major_formatter(per_cent())
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(RATES[rate])
        handles = [
            Line2D([], [], ls="", marker=shown[name].marker, ms=9.5 if name == banded else 6.5, mfc=shown[name].colour,
                   mec=colours.paper, label=name)
            for name in names
        ]  # fmt: skip
        if frame["control"].any():
            handles.append(Line2D([], [], ls="", marker="|", ms=9, color=colours.faint, label="controls"))
        ax.legend(handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=len(handles), fontsize=9,
                  borderaxespad=0.2, handletextpad=0.2, columnspacing=1.0)  # fmt: skip
        sns.despine(ax=ax, left=True)
        return ax
