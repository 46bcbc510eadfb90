"""The pane with one conversation: messages, predictions, why it (did not) speculate, and its Gantt chart."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import ipywidgets as w

from specbench.playground.busy import Busy, button
from specbench.playground.keys import Keys
from specbench.plots import THEMES, plot_waterfall
from specbench.report.episode import Episode
from specbench.report.fragments import decision_html, messages_html
from specbench.study.workbench import Setting, Workbench

__all__ = ["Conversation"]


class Conversation:
    """Step through the decisions of one test conversation, with buttons, a slider or the keyboard."""

    def __init__(self, bench: Workbench, busy: Busy, changed: Callable[[], Any]) -> None:
        self.bench, self.busy = bench, busy
        self._setting = Setting()
        self._episode: Episode | None = None
        self.episode = w.Dropdown(
            description="conversation", options=bench.episodes(), style={"description_width": "90px"},
            layout=w.Layout(width="420px"),
        )  # fmt: skip
        self.at = w.IntSlider(description="decision", min=1, max=1, layout=w.Layout(width="420px"))
        self.keys = Keys(layout=w.Layout(flex="1 1 auto", min_width="0"))
        self.messages, self.decision = (w.HTML(layout=w.Layout(flex="1 1 340px", min_width="0")) for _ in range(2))
        self.decision.add_class("specbench-decision")
        self.gantt = {}
        for theme in THEMES:  # the page shows the one of its own theme
            self.gantt[theme] = w.Image(format="png", layout=w.Layout(width="100%", max_width="860px", height="auto"))
            self.gantt[theme].add_class("specbench-gantt")
            self.gantt[theme].add_class(f"specbench-{theme}")
        self.episode.observe(lambda _: self._another(changed), "value")
        self.at.observe(lambda _: self._step(), "value")
        self.keys.observe(self._pressed, "pressed")
        buttons = [
            button(busy, "← previous", lambda: self._move(-1)), button(busy, "next →", lambda: self._move(1)),
            button(busy, "next miss", self._next_miss), self.keys,
        ]  # fmt: skip
        self.widget = w.VBox(
            [
                w.HBox([self.episode, self.at], layout=w.Layout(flex_flow="row wrap")),
                w.HBox(buttons, layout=w.Layout(flex_flow="row wrap")),
                *self.gantt.values(),
                w.HBox([self.messages, self.decision], layout=w.Layout(flex_flow="row wrap", grid_gap="12px")),
            ]
        )

    def use(self, bench: Workbench) -> None:
        """Take the conversations of another workbench."""
        self.bench, self._episode = bench, None
        self.episode.options = bench.episodes()

    def show(self, setting: Setting) -> None:
        """Simulate the conversation with a setting; the decision stays."""
        self._setting = setting
        self._episode = self.bench.episode(self.episode.value, setting)
        self.at.max = len(self._episode)
        for theme, image in self.gantt.items():
            image.value = _png(plot_waterfall(self._episode.ledger, self.episode.value, theme=theme))
        self._step()

    def _another(self, changed: Callable[[], Any]) -> None:
        self._episode = None
        self.at.value = 1
        changed()

    def _step(self) -> None:
        if self._episode is None:
            return
        index = min(self.at.value, len(self._episode)) - 1
        why = self.bench.why(self.episode.value, index, self._setting)
        self.messages.value = messages_html(self._episode.history(index), new=len(self._episode.messages(index)))
        self.decision.value = decision_html(self._episode, index, why)

    def _move(self, by: int) -> None:
        self.at.value = min(max(self.at.value + by, 1), self.at.max)

    def _next_miss(self) -> None:
        misses = [at + 1 for at in self._episode.misses()] if self._episode else []
        later = [at for at in misses if at > self.at.value]
        if misses:
            self.at.value = (later or misses)[0]
        else:
            self.busy.say("no READ call of this conversation was missed")

    def _pressed(self, change: Any) -> None:
        key = str(change["new"]).partition(":")[0]
        if key == "m":
            self._next_miss()
        elif key in ("ArrowLeft", "ArrowRight"):
            self._move(1 if key == "ArrowRight" else -1)


def _png(ax: Any) -> bytes:
    import matplotlib.pyplot as plt

    out = BytesIO()
    ax.figure.savefig(out, format="png", dpi=90, bbox_inches="tight")
    plt.close(ax.figure)
    return out.getvalue()
