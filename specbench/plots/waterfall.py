"""One episode as it would have run without and with speculation, on one time axis."""

from __future__ import annotations

import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from specbench.core.ledger import Ledger, Speculation
from specbench.plots.style import Ink, empty, new_axes, shorten, themed

__all__ = ["choose_episode", "plot_waterfall"]

FEWEST, MOST = 4, 14
"""Decisions of an episode of moderate length."""
LANES = {"sequential LLM": 5.0, "sequential tools": 4.1, "LLM": 2.4, "tools": 1.5, "speculations": 0.6}
HEIGHT = 0.7
NAME_ROWS, MOST_LETTERS = 3, 28


def choose_episode(ledger: Ledger, *, worst: bool = False) -> str | None:
    """Return the trace that tells most: the most seconds saved among those of moderate length, else among all.

    ``worst`` asks for the least net seconds (saved − wasted) instead. ``None`` when the ledger is empty. Ties go to the
    first trace by id.

    Examples
    --------
    >>> choose_episode(Ledger()) is None
    True
    """
    frame = ledger.decisions_frame()
    if frame.empty:
        return None
    traces = frame.groupby("trace_id").agg(saved_s=("saved_s", "sum"), decisions=("index", "size")).sort_index()
    moderate = traces[traces["decisions"].between(FEWEST, MOST)]
    seconds = (moderate if len(moderate) else traces)["saved_s"]
    if not worst:
        return str(seconds.idxmax())
    for row in ledger.speculations:
        if row.fate != "commit" and row.trace_id in seconds.index:
            seconds.loc[row.trace_id] -= row.run_s
    return str(seconds.idxmin())


def plot_waterfall(
    ledger: Ledger, trace_id: str | None = None, *, theme: str = "light", ax: Axes | None = None
) -> Axes:
    """Draw an episode: the sequential run above, the speculative run below, the seconds saved between their ends.

    Parameters
    ----------
    ledger
        Of a simulated (or real) run.
    trace_id
        The episode; :func:`choose_episode` otherwise.
    theme, ax
        As in :func:`specbench.plots.plot_curve`.

    Examples
    --------
    >>> from specbench.core.ledger import Outcome
    >>> row = Outcome("t", "a", 0, "ls", "read", "ls({})", 1, False, 0, 2.0, 1.0, 0.0, 3.0, 3.0, 0.0, "off")
    >>> plot_waterfall(Ledger([row])).get_xlabel()
    'seconds since the start of the episode (modelled)'
    """
    with themed(theme) as colours:
        ax = ax if ax is not None else new_axes(10.0, 4.9)
        trace_id = trace_id if trace_id is not None else choose_episode(ledger)
        rows = [row for row in ledger.outcomes if row.trace_id == trace_id]
        if not rows:
            return empty(ax, "No episode to draw.", colours)
        speculations = [row for row in ledger.speculations if row.trace_id == trace_id]
        ahead = {row.index: row for row in ledger.aheads if row.trace_id == trace_id and row.fate == "commit"}
        sequential_s = speculative_s = 0.0
        for number, row in enumerate(rows, 1):
            if row.began_s is not None and row.began_s > speculative_s + 1e-9:  # the user typed, in both runs
                sequential_s += row.began_s - speculative_s
                speculative_s = row.began_s
            _bar(ax, "sequential LLM", sequential_s, row.think_s, colours.think, "", str(number))
            _bar(
                ax, "sequential tools", sequential_s + row.think_s, row.sequential_s - row.think_s, colours.tool, "///"
            )
            thinking_s = ahead[row.index].launched_s if row.index in ahead else speculative_s
            _bar(ax, "LLM", thinking_s, row.think_s, colours.think, "", str(number))
            used = [each for each in speculations if each.committed_at == row.index and each.fate == "commit"]
            decided_s = max(thinking_s + row.think_s, speculative_s)
            begun_s = max([decided_s, *(each.ended_s for each in used)]) if used else decided_s
            _still_waits(ax, decided_s, begun_s - decided_s, sequential_s, colours)
            _bar(ax, "tools", begun_s, speculative_s + row.speculative_s - begun_s, colours.tool, "///")
            sequential_s += row.sequential_s
            speculative_s += row.speculative_s
        for each in speculations:
            good = each.fate == "commit"
            _bar(
                ax,
                "speculations",
                each.launched_s,
                each.run_s,
                colours.good if good else colours.bad,
                "" if good else "xxx",
            )
        _annotate(ax, sequential_s, speculative_s, len(rows), speculations, colours)
        _name_tools(ax, speculations, sequential_s, colours)
        ax.set_yticks(list(LANES.values()), ["LLM thinks", "tools", "LLM thinks", "tools", "speculations"])
        ax.set_ylim(-0.95, 6.1)
        ax.set_xlim(0, sequential_s * 1.02 or 1.0)
        ax.grid(visible=False, axis="y")
        ax.set_xlabel(f"seconds since the start of the episode ({'measured' if ledger.measured else 'modelled'})")
        ax.set_title("One episode, decision by decision")
        ax.set_title(shorten(str(trace_id), 64), loc="right", fontsize=8.5, weight="normal", color=colours.faint)
        handles = [
            Patch(facecolor=colours.think, label="LLM thinks (number: decision)"),
            Patch(facecolor=colours.tool, hatch="///", label="tool runs, agent waits", lw=0),
            Patch(facecolor=colours.good, label="speculation used (commit)"),
            Patch(facecolor=colours.good, alpha=0.35, label="agent still waits for it"),
            Patch(facecolor=colours.bad, hatch="xxx", label="speculation unused (squash)", lw=0),
        ]
        ax.legend(
            handles=handles, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=5, fontsize=8.5, handlelength=1.6
        )
        sns.despine(ax=ax, left=True)
        return ax


def _bar(ax: Axes, lane: str, start_s: float, run_s: float, colour: str, hatch: str, text: str = "") -> None:
    if run_s <= 1e-9:
        return
    y = LANES[lane]
    # hatch and edge are paper-coloured: neighbours stay apart in print
    ax.broken_barh([(start_s, run_s)], (y - HEIGHT / 2, HEIGHT), facecolors=colour, hatch=hatch, lw=0.8,
                   edgecolor=ax.get_facecolor(), zorder=3)  # fmt: skip
    if text:
        ax.text(start_s + run_s / 2, y, text, ha="center", va="center", fontsize=8, zorder=4)


def _still_waits(ax: Axes, decided_s: float, wait_s: float, so_far_s: float, colours: Ink) -> None:
    """Draw what a hit does not hide: the LLM has decided, and the result is not there yet."""
    if wait_s <= 1e-9:
        return
    y = LANES["tools"]
    ax.broken_barh([(decided_s, wait_s)], (y - HEIGHT / 2, HEIGHT), facecolors=colours.good, alpha=0.35, lw=0, zorder=3)
    if wait_s > 0.03 * so_far_s:
        ax.text(decided_s + wait_s / 2, y, f"{wait_s:.1f} s", ha="center", va="center", fontsize=8, zorder=4)


def _annotate(
    ax: Axes, sequential_s: float, speculative_s: float, decisions: int, speculations: list[Speculation], colours: Ink
) -> None:
    saved_s = sequential_s - speculative_s
    for end_s, low, high in ((sequential_s, 3.6, 5.5), (speculative_s, 0.1, 3.6)):
        ax.plot([end_s, end_s], [low, high], color=colours.text, lw=1.2, zorder=5)
    ax.text(
        0.0, 5.55, f" sequential: {sequential_s:.1f} s, {decisions} decisions", fontsize=9.5, va="bottom", weight="bold"
    )
    hits = sum(each.fate == "commit" for each in speculations)
    ax.text(
        0.0, 2.95, f" with speculation: {speculative_s:.1f} s, {hits} of {len(speculations)} launches used",
        fontsize=9.5, va="bottom", weight="bold",
    )  # fmt: skip
    if saved_s > 0.02 * sequential_s:
        arrow = {"arrowstyle": "->", "color": colours.good, "lw": 2.0, "shrinkA": 0, "shrinkB": 0}
        ax.annotate("", (speculative_s, 3.35), (sequential_s, 3.35), arrowprops=arrow, zorder=6)
        ax.text(
            speculative_s, 3.35, f"{saved_s:.1f} s saved  ", ha="right", va="center", fontsize=10.5, weight="bold",
            color=colours.good, zorder=7,
        )  # fmt: skip


def _name_tools(ax: Axes, speculations: list[Speculation], sequential_s: float, colours: Ink) -> None:
    """Write each launched tool under its bar, in the first of a few rows where it does not run into the last name."""
    free_s = [0.0] * NAME_ROWS
    for each in speculations:
        name = shorten(each.tool, MOST_LETTERS)
        width_s = 0.0085 * len(name) * sequential_s
        start_s = max(0.0, min(each.launched_s, sequential_s - width_s))
        row = next((row for row, end_s in enumerate(free_s) if end_s <= start_s), None)
        if row is not None:
            free_s[row] = start_s + width_s
            ax.text(start_s, 0.16 - 0.34 * row, name, fontsize=7.5, va="top", color=colours.faint, zorder=4)
