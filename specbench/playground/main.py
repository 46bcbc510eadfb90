"""Putting the playground together: what the widgets say becomes a setting, and the open tab shows what it does."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as w

from specbench.core.registry import POLICIES, SOURCES
from specbench.playground.busy import Busy, button
from specbench.playground.conversation import Conversation
from specbench.playground.curve import Curve, shown_lines
from specbench.playground.training import Training
from specbench.policies import Budgeted, ExpectedValue, Policy, Threshold, TopK
from specbench.report.fragments import confusion_html, leaderboard_html, metrics_html
from specbench.sim import Auto, Constant
from specbench.speculation import Options, RunAhead
from specbench.study.main import default_predictors
from specbench.study.workbench import Setting, Workbench

__all__ = ["Playground"]

WITH_SLIDERS = ("threshold", "topk", "ev")
"""Policies whose numbers have sliders."""
NARROW = w.Layout(width="360px")
STYLE = """<style>
.specbench .widget-html-content, .specbench .widget-html-content p {line-height: 1.45}
.specbench .lm-TabBar-tab {flex: 0 0 auto !important; min-width: max-content !important; max-width: none !important}
.specbench .lm-TabBar-tabLabel {overflow: visible}
.specbench .widget-label {overflow: visible}
.specbench .widget-html-content {overflow-wrap: anywhere; white-space: normal}
.specbench .specbench-dark, [data-jp-theme-light="false"] .specbench .specbench-light {display: none}
[data-jp-theme-light="false"] .specbench .specbench-dark {display: block}
.specbench h4 {margin: 8px 0 0; font-size: 12px; opacity: .75; border-bottom: 1px solid currentColor}
</style>"""
GROUPS = {
    "What is launched": ("predictor", "policy", "threshold", "k", "waste", "launches"),
    "Seconds": ("recorded", "think_s", "tool_s", "user_s", "predict_ms"),
    "More than the next call": ("windows", "carry_ttl_s", "ahead"),
}
"""The controls, in groups."""
TIPS = {
    "predictor": "Who guesses the next call. One that has not been fitted is fitted first.",
    "policy": "Which guesses are started: all from a threshold on, the k best, or those worth their expected cost.",
    "threshold": "Start a call when the predictor is at least so sure of it.",
    "k": "Start at most so many calls at a decision.",
    "waste": "Seconds of waiting that a wasted second costs; for the policy ev.",
    "launches": "Start at most so many calls in a conversation; 0: no such limit.",
    "recorded": "Use the seconds that the traces carry, where they carry some.",
    "think_s": "Modelled seconds of an LLM invocation.",
    "tool_s": "Modelled seconds of a tool call.",
    "user_s": "Modelled seconds until the user has answered; for the window user.",
    "predict_ms": "What a prediction costs; it is taken off the time that a call may overlap.",
    "windows": "When guesses may run: while the LLM thinks, while a tool runs, while the user types. Several: Ctrl.",
    "carry_ttl_s": "How long unused results wait for a later decision.",
    "ahead": "How many LLM invocations may start on guessed results; their waste is counted apart.",
}
TOOLS_HELP = (
    "<p>Which tool was launched where the LLM called which one, at the operating point on the left: % of each row's "
    "decision points. Framed: the right tool. <i>hit</i>: the very call, with its arguments. With more than one launch "
    "a row adds up to more than 100 %.</p>"
)
BOARD_HELP = (
    "<p>The predictors that have been tried here, at their best thresholds, with the seconds on the left "
    "(%s). @1: right at rank 1, given that a call happens; in brackets 95 %% intervals by task. The best threshold is "
    "chosen on the test itself, so it flatters: <code>specbench tune</code> chooses on validation tasks.</p>"
)


class Playground:
    """Widgets around a :class:`~specbench.study.workbench.Workbench`.

    Parameters
    ----------
    traces
        Files and folders, or a workbench; the shipped sample by default.
    predictor
        The one to begin with, by name or ``package.module:Class``; it is fitted before the widgets appear.
    policy
        The one to begin with: a name, or ``package.module:Class[:ARGUMENT]`` for one of your own.
    most, seed
        As in the workbench.
    """

    def __init__(
        self,
        traces: Any = None,
        *,
        predictor: str = "ngram",
        policy: str = "threshold",
        most: int | None = None,
        seed: int = 0,
    ) -> None:
        self.bench = traces if isinstance(traces, Workbench) else Workbench(traces, most=most, seed=seed)
        self.pinned: tuple[str, Setting] | None = None
        self.busy = Busy()
        self._first, self._built = predictor, False
        self.bench.table(predictor)
        self.timed = self.bench.measured()
        Policy.from_text(policy)
        self._make_controls(predictor, policy)
        self.conversation = Conversation(self.bench, self.busy, self.update)
        self.training = Training(self.bench, self.busy, lambda: self.setting, self._take)
        self._make_tabs()
        self.widget = w.HBox([self.controls, self.tabs, w.HTML(STYLE)], layout=w.Layout(align_items="flex-start"))
        self.widget.add_class("specbench")
        self._built = True
        self.update()

    # --- building ---------------------------------------------------------------------------------------------------

    def _make_controls(self, predictor: str, policy: str) -> None:
        def control(kind: Any, text: str, **more: Any) -> Any:
            made = kind(description=text, style={"description_width": "145px"}, layout=NARROW, **more)
            made.observe(self._changed, "value")
            return made

        self.inputs: dict[str, Any] = {
            "predictor": control(w.Dropdown, "predictor", options=self._names(predictor), value=predictor),
            "policy": control(w.Dropdown, "policy", options=list(dict.fromkeys([*WITH_SLIDERS, *POLICIES, policy]))),
            "threshold": control(w.FloatSlider, "threshold p ≥", value=0.3, min=0, max=1, step=0.02),
            "k": control(w.IntSlider, "launches at most", value=1, min=1, max=5),
            "waste": control(w.FloatSlider, "cost of waste (ev)", value=0.5, min=0, max=3, step=0.1),
            "recorded": control(w.Checkbox, "recorded seconds", value=True, indent=True),
            "think_s": control(w.FloatSlider, "LLM thinks, s", value=2.0, min=0.1, max=10, step=0.1),
            "tool_s": control(w.FloatSlider, "a tool runs, s", value=1.0, min=0, max=10, step=0.1),
            "user_s": control(w.FloatSlider, "user types, s", value=8.0, min=0, max=60, step=1),
            "predict_ms": control(w.FloatSlider, "predictor, ms", value=2.0, min=0, max=2000, step=1),
            "windows": control(
                w.SelectMultiple, "windows", options=["think", "tool", "user"], value=("think",), rows=3
            ),
            "carry_ttl_s": control(w.IntSlider, "unused results stay, s", value=0, min=0, max=600, step=10),
            "ahead": control(w.IntSlider, "run-ahead depth", value=0, min=0, max=4),
            "launches": control(w.IntSlider, "launch budget", value=0, min=0, max=50),
        }
        self.inputs["policy"].value = policy
        for name, made in self.inputs.items():
            made.tooltip = TIPS[name]
        self._at_first = {name: made.value for name, made in self.inputs.items()}
        self._tell_effect()
        self.traces = w.Text(
            description="traces", value=self._traces_text(), placeholder="the shipped sample", layout=NARROW,
            style={"description_width": "145px"}, tooltip="A file or folder of traces.",
        )  # fmt: skip
        self.effects = w.Text(
            description="effects", placeholder="a JSON file, if the traces do not say", layout=NARROW,
            style={"description_width": "145px"}, tooltip="Which tools only read: see `specbench traces effects`.",
        )  # fmt: skip
        self.format = w.Dropdown(
            description="format", options=[("found by content", None), *((name, name) for name in SOURCES)],
            layout=NARROW, style={"description_width": "145px"}, tooltip="Format of the traces.",
        )  # fmt: skip
        self.load = button(self.busy, "Load these traces", self._load)
        self.pin = button(self.busy, "Pin as A, to compare", self._pin)
        self.reset = button(self.busy, "Reset", self._reset)
        grouped = [
            each
            for group, names in GROUPS.items()
            for each in (w.HTML(f"<h4>{group}</h4>", layout=NARROW), *(self.inputs[name] for name in names))
        ]
        parts = [
            w.HTML("<h4>Traces</h4>", layout=NARROW), self.traces, self.effects, self.format, self.load, *grouped,
            w.HBox([self.pin, self.reset]), self.busy.bar, self.busy.status,
        ]  # fmt: skip
        self.controls = w.VBox(parts, layout=w.Layout(width="385px", flex="0 0 385px"))

    def _make_tabs(self) -> None:
        self.figure = Curve(layout=w.Layout(flex="1 1 420px", min_width="0", max_width="700px"))
        self.figure.observe(self._choose_point, "chosen")
        self.numbers, self.tools, self.board = w.HTML(), w.HTML(), w.HTML()
        for pane, name in ((self.numbers, "numbers"), (self.tools, "tools"), (self.board, "board")):
            pane.add_class(f"specbench-{name}")
        panes = {
            "Curve": (w.HBox([self.figure, self.numbers], layout=w.Layout(flex_flow="row wrap")), self._curve),
            "One conversation": (self.conversation.widget, self._conversation),
            "Tools": (self.tools, self._tools),
            "Leaderboard": (self.board, self._leaderboard),
            "Train and export": (self.training.widget, lambda: self.training.show(self.setting)),
        }
        self._draw = [draw for _, draw in panes.values()]
        self.tabs = w.Tab([pane for pane, _ in panes.values()], titles=list(panes))
        self.tabs.layout = w.Layout(flex="1 1 auto", min_width="0")
        self.tabs.observe(lambda _: self.update(), "selected_index")

    def _names(self, *more: str) -> list[str]:
        return list(dict.fromkeys([*default_predictors(), *self.bench.labels(), *more]))

    def _traces_text(self) -> str:
        traces = self.bench.origin["traces"]
        if not isinstance(traces, str):
            return ""
        return os.path.relpath(traces) if Path(traces).is_relative_to(Path.cwd()) else traces

    # --- reacting ---------------------------------------------------------------------------------------------------

    @property
    def setting(self) -> Setting:
        """What the widgets say now."""
        values = {name: control.value for name, control in self.inputs.items()}
        values = {name: round(value, 6) if isinstance(value, float) else value for name, value in values.items()}
        name, k = values["policy"], values["k"]
        known: dict[str, Policy] = {
            "threshold": Threshold(values["threshold"], k),
            "topk": TopK(k),
            "ev": ExpectedValue(values["waste"], k=k),
        }
        policy = known[name] if name in known else Policy.from_text(name)
        modelled = Constant(values["think_s"], values["tool_s"], values["user_s"])
        return Setting(
            values["predictor"],
            Budgeted(policy, values["launches"]) if values["launches"] else policy,
            Auto(modelled) if values["recorded"] else modelled,
            Options(
                windows=frozenset(values["windows"]),
                carry_ttl_s=values["carry_ttl_s"],
                run_ahead=RunAhead(values["ahead"]) if values["ahead"] else None,
            ),
            values["predict_ms"],
        )

    def _tell_effect(self) -> None:
        """Switch off what has no effect: numbers of another policy, seconds that are recorded, or of no window."""
        policy, timed = self.inputs["policy"].value, self.timed and self.inputs["recorded"].value
        useless = {
            "recorded": not self.timed,
            "threshold": policy != "threshold",
            "waste": policy != "ev",
            "k": policy not in WITH_SLIDERS,
            "user_s": timed or "user" not in self.inputs["windows"].value,
        }
        for name, off in useless.items():
            self.inputs[name].disabled = off

    def _choose_point(self, change: Any) -> None:
        """A point of the curve was clicked: take its threshold."""
        self.inputs["policy"].value = "threshold"
        self.inputs["threshold"].value = change["new"]["p"]

    def _reset(self) -> None:
        """Put every control back to where it began."""
        self._built = False
        for name, value in self._at_first.items():
            if name != "predictor":
                self.inputs[name].value = value
        self._built, self.pinned = True, None
        self._changed(None)

    def close(self) -> None:
        """Free the widgets."""
        waiting = [self.widget]
        while waiting:
            each = waiting.pop()
            waiting += getattr(each, "children", ())
            each.close()

    def _changed(self, change: Any) -> None:
        if self._built:
            self._tell_effect()
            self.update()

    def update(self) -> None:
        """Draw what the open tab shows, for the present setting."""
        name = self.setting.predictor
        if self.bench.known(name):
            self.busy.guarded(self._draw[self.tabs.selected_index or 0])
        else:
            self.figure.busy = True
            work = partial(self.bench.table, name)
            self.busy.guarded(lambda: self.busy.background(f"fitting {name}", work, self.update))

    def _curve(self) -> None:
        began = time.perf_counter()
        shown = [] if self.pinned is None else [(f"A: {self.pinned[0]}", self.pinned[1])]
        shown.append((self.setting.predictor, self.setting))
        curves, runs, seconds = [], {}, {}
        for label, setting in shown:
            _, metrics = self.bench.run(setting)
            point = (metrics.wasted_s / max(metrics.sequential_s, 1e-9), metrics.recall or 0.0)
            curves.append((label, self.bench.curve(setting, intervals=True), point))
            measured = self.bench.measured(setting)
            if measured and isinstance(setting.latency, Auto):  # the modelled view, before the run that counts
                modelled = replace(setting, latency=setting.latency.otherwise)
                runs[f"{label}, modelled"] = self.bench.run(modelled)[1]
            runs[label], seconds[label] = metrics, "measured" if measured else "modelled"
        self.figure.busy = False
        self.figure.shown = shown_lines(curves, " and ".join(sorted(set(seconds.values()))))
        self.numbers.value = metrics_html(runs, seconds)
        decisions = len(self.bench.table(self.setting.predictor))
        self.busy.say(f"{decisions} decisions simulated and drawn in {1e3 * (time.perf_counter() - began):.0f} ms")

    def _conversation(self) -> None:
        self.conversation.show(self.setting)

    def _tools(self) -> None:
        self.tools.value = TOOLS_HELP + confusion_html(self.bench.confusion(self.setting))

    def _leaderboard(self) -> None:
        said = BOARD_HELP % ("measured" if self.bench.measured(self.setting) else "modelled")
        self.board.value = said + leaderboard_html(self.bench.leaderboard(self.setting), self.setting.predictor)

    def _pin(self) -> None:
        self.pinned = (f"{self.setting.predictor}, {self.setting.policy}", self.setting)
        self.update()

    def _take(self, label: str) -> None:
        """Choose a predictor that is new in the workbench."""
        self._choose(label)
        self.update()

    def _load(self) -> None:
        given = self.traces.value.strip()
        origin = {**self.bench.origin, "traces": given or None, "format": self.format.value}
        if self.effects.value.strip():
            origin["effects"] = self.effects.value.strip()
        made: list[Workbench] = []

        def work() -> None:
            made[:] = [Workbench(**origin)]
            made[0].table(self._first)

        self.busy.background(f"loading {given or 'the shipped sample'}", work, lambda: self._use(made[0]))

    def _use(self, bench: Workbench) -> None:
        """Take another workbench: other traces, predictors fitted anew."""
        self.bench, self.pinned, self.timed = bench, None, bench.measured()
        self._tell_effect()
        self.training.use(bench)
        self.conversation.use(bench)
        self._choose(self._first)
        self.update()

    def _choose(self, label: str) -> None:
        """Choose a predictor, in the list or new; nothing is drawn: new options would choose the first for a moment."""
        self._built = False
        self.inputs["predictor"].options = self._names(label)
        self.inputs["predictor"].value = label
        self._built = True
