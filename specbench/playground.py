"""The playground: sliders on the left, what they do on the right. For JupyterLab and, as a dashboard, Voila.

>>> from specbench.playground import Playground            # doctest: +SKIP
>>> Playground("my_traces.jsonl").widget                   # doctest: +SKIP
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

from specbench.errors import MissingExtraError, SpecbenchError
from specbench.plots import plot_matrix, plot_waterfall
from specbench.plots.live import LiveCurve
from specbench.study.episode import Episode
from specbench.study.views import decision_html, messages_html, metrics_html
from specbench.study.workbench import Setting, Workbench

try:
    import anywidget
    import ipywidgets as w
    import traitlets
except ImportError as error:
    raise MissingExtraError(error.name or "ipywidgets", extra="lab") from None

__all__ = ["Playground"]

PREDICTORS = ("markov+recent", "markov", "ngram", "patterns", "learned", "oracle", "wrong")
NARROW, WIDE = w.Layout(width="360px"), w.Layout(width="100%")


class Keys(anywidget.AnyWidget):
    """A strip that takes the keyboard when it has the focus: arrows step, ``m`` jumps to the next miss."""

    _esm = """
    export default { render({ model, el }) {
      const strip = document.createElement("div");
      strip.tabIndex = 0;
      strip.className = "specbench-keys";
      strip.textContent = "⌨ click here, then ← → step through the decisions, m jumps to the next miss";
      strip.style.cssText = "border:1px dashed #94a3b8;border-radius:6px;padding:4px 8px;font-size:12px;cursor:pointer";
      strip.addEventListener("keydown", (event) => {
        if (!["ArrowLeft", "ArrowRight", "m"].includes(event.key)) return;
        event.preventDefault();
        event.stopPropagation();
        model.set("pressed", event.key + ":" + Date.now());
        model.save_changes();
      });
      el.appendChild(strip);
    } };
    """
    pressed = traitlets.Unicode("").tag(sync=True)


class Playground:
    """Widgets around a :class:`~specbench.study.workbench.Workbench`.

    Parameters
    ----------
    traces
        Files and folders, or a workbench; the shipped sample by default.
    predictor
        The one to begin with; it is fitted before the widgets appear.
    most, seed
        As in the workbench.
    """

    def __init__(self, traces: Any = None, *, predictor: str = "ngram", most: int | None = None, seed: int = 0) -> None:
        self.bench = traces if isinstance(traces, Workbench) else Workbench(traces, most=most, seed=seed)
        self.pinned: tuple[str, Setting] | None = None
        self._live = LiveCurve()
        self._process: asyncio.subprocess.Process | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._built = False
        self.bench.table(predictor)
        self._controls(predictor)
        self._panes()
        self.widget = w.HBox([self.controls, self.tabs], layout=w.Layout(align_items="flex-start"))
        self._built = True
        self.update()

    # --- building ---------------------------------------------------------------------------------------------------

    def _controls(self, predictor: str) -> None:
        def slider(kind: Any, text: str, **more: Any) -> Any:
            made = kind(description=text, style={"description_width": "155px"}, layout=NARROW, **more)
            made.observe(self._changed, "value")
            return made

        names = list(dict.fromkeys([*PREDICTORS, *self.bench.labels(), predictor]))
        self.inputs: dict[str, Any] = {
            "predictor": slider(w.Dropdown, "predictor", options=names, value=predictor),
            "policy": slider(w.Dropdown, "policy", options=["threshold", "topk", "ev"]),
            "threshold": slider(w.FloatSlider, "threshold p ≥", value=0.6, min=0, max=1, step=0.02),
            "k": slider(w.IntSlider, "launches at most", value=1, min=1, max=5),
            "waste": slider(w.FloatSlider, "cost of waste (ev)", value=0.5, min=0, max=3, step=0.1),
            "think_s": slider(w.FloatSlider, "LLM thinks, s", value=2.0, min=0.1, max=10, step=0.1),
            "tool_s": slider(w.FloatSlider, "a tool runs, s", value=1.0, min=0, max=10, step=0.1),
            "user_s": slider(w.FloatSlider, "user types, s", value=8.0, min=0, max=60, step=1),
            "predict_ms": slider(w.FloatSlider, "predictor, ms", value=2.0, min=0, max=2000, step=1),
            "windows": slider(w.SelectMultiple, "windows", options=["think", "tool", "user"], value=("think",), rows=3),
            "carry_s": slider(w.IntSlider, "unused results stay, s", value=0, min=0, max=600, step=10),
            "ahead": slider(w.IntSlider, "run-ahead depth", value=0, min=0, max=4),
            "launches": slider(w.IntSlider, "launch budget", value=0, min=0, max=50),
        }
        self.embedding = w.Dropdown(description="embedding", options=["tfidf", "hashing"], layout=NARROW)
        self.filler = w.Dropdown(
            description="arguments", options=["learned", "linked", "recent", "none"], layout=NARROW
        )
        self.fit = self._button("Fit this learned variant", self._fit_variant)
        self.pin = self._button("Pin as A, to compare", self._pin)
        self.bar = w.IntProgress(min=0, max=100, layout=w.Layout(width="360px", visibility="hidden"))
        self.status = w.HTML()
        parts = [*self.inputs.values(), self.embedding, self.filler, self.fit, self.pin, self.bar, self.status]
        self.controls = w.VBox(parts, layout=w.Layout(width="385px", flex="0 0 385px"))

    def _panes(self) -> None:
        self.figure, self.numbers = (
            w.Image(format="png", layout=w.Layout(width="640px", height="auto", flex="0 0 auto")),
            w.HTML(),
        )
        self.figure.add_class("specbench-curve")
        self.episode = w.Dropdown(
            description="conversation", options=self.bench.episodes(), layout=w.Layout(width="420px")
        )
        self.at = w.IntSlider(description="decision", min=1, max=1, layout=w.Layout(width="420px"))
        self.keys = Keys()
        self.messages, self.decision = w.HTML(layout=WIDE), w.HTML(layout=WIDE)
        self.decision.add_class("specbench-decision")
        self.gantt = w.Image(format="png", layout=w.Layout(width="100%", max_width="860px"))
        self.tools = w.Image(format="png", layout=w.Layout(max_width="100%"))
        self.out = w.Text(description="folder", value="models/mine", layout=w.Layout(width="420px"))
        self.export = self._button("Export checkpoint and code", self._export)
        self.train = self._button("Train on all traces (own process)", self._train)
        self.cancel = self._button("Cancel", self._cancel, disabled=True)
        self.code = w.Textarea(layout=w.Layout(width="100%", max_width="860px", height="150px"))
        self.code.add_class("specbench-code")
        self.episode.observe(lambda _: self._restart(), "value")
        self.at.observe(lambda _: self._step(), "value")
        self.keys.observe(self._pressed, "pressed")
        previous, following = self._button("← previous", self._move(-1)), self._button("next →", self._move(1))
        miss = self._button("next miss", self._next_miss)
        self.tabs = w.Tab(
            [
                w.HBox([self.figure, self.numbers], layout=w.Layout(align_items="flex-start")),
                w.VBox([w.HBox([self.episode, self.at]), w.HBox([previous, following, miss, self.keys]), self.gantt,
                        w.HBox([self.messages, self.decision])]),
                self.tools,
                w.VBox([self.out, w.HBox([self.export, self.train, self.cancel]), self.code]),
            ],
            titles=["Curve", "One conversation", "Tools", "Train and export"],
        )  # fmt: skip
        self.tabs.layout = w.Layout(flex="1 1 auto", min_width="0")
        self.tabs.observe(lambda _: self.update(), "selected_index")
        self._current: Episode | None = None

    def _button(self, text: str, action: Callable[[], None], **more: Any) -> Any:
        button = w.Button(description=text, layout=w.Layout(width="auto"), **more)
        button.on_click(lambda _: self._guarded(action))
        return button

    # --- reacting ---------------------------------------------------------------------------------------------------

    @property
    def setting(self) -> Setting:
        """What the widgets say now."""
        values = {name: control.value for name, control in self.inputs.items()}
        return Setting(**{**values, "windows": tuple(values["windows"])})

    def _changed(self, change: Any) -> None:
        if self._built:
            self._guarded(self.update)

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except SpecbenchError as error:
            self._say(str(error))

    def _say(self, text: str) -> None:
        from html import escape

        self.status.value = f"<i>{escape(text)}</i>"

    def update(self) -> None:
        """Draw what the open tab shows, for the present setting."""
        setting = self.setting
        if not self.bench.known(setting.predictor):
            name = setting.predictor
            self._background(f"fitting {name}", lambda: self.bench.table(name), self.update)
            return
        (self._curve, self._restart, self._matrix, self._show_code)[self.tabs.selected_index or 0]()

    def _curve(self) -> None:
        began = time.perf_counter()
        shown = [] if self.pinned is None else [(f"A: {self.pinned[0]}", self.pinned[1])]
        shown.append((self.setting.predictor, self.setting))
        curves, runs = [], {}
        for label, setting in shown:
            _, metrics = self.bench.run(setting, intervals=False)
            point = (metrics.wasted_s / max(metrics.sequential_s, 1e-9), metrics.hit_rate or 0.0)
            curves.append((label, self.bench.curve(setting), point))
            runs[label] = metrics
        self.figure.value = self._live.draw(curves)
        self.numbers.value = metrics_html(runs)
        decisions = len(self.bench.table(self.setting.predictor))
        self._say(f"{decisions} decisions simulated and drawn in {1e3 * (time.perf_counter() - began):.0f} ms")

    def _restart(self) -> None:
        self._current = self.bench.episode(self.episode.value, self.setting)
        self.at.max = len(self._current)
        self.gantt.value = _png(plot_waterfall(self._current.ledger, self.episode.value))
        self._step()

    def _step(self) -> None:
        if self._current is None:
            return
        index = min(self.at.value, len(self._current)) - 1
        why = self.bench.why(self.episode.value, index, self.setting)
        self.messages.value = messages_html(self._current.messages(index))
        self.decision.value = decision_html(self._current, index, why)

    def _move(self, by: int) -> Callable[[], None]:
        def move() -> None:
            self.at.value = min(max(self.at.value + by, 1), self.at.max)

        return move

    def _next_miss(self) -> None:
        misses = [at + 1 for at in self._current.misses()] if self._current else []
        later = [at for at in misses if at > self.at.value]
        if misses:
            self.at.value = (later or misses)[0]
        else:
            self._say("no READ call of this conversation was missed")

    def _pressed(self, change: Any) -> None:
        key = str(change["new"]).partition(":")[0]
        {"ArrowLeft": self._move(-1), "ArrowRight": self._move(1), "m": self._next_miss}.get(key, lambda: None)()

    def _matrix(self) -> None:
        frame = self.bench.confusion(self.setting)
        self.tools.value = _png(
            plot_matrix(frame, title="Predicted tool, % of each row", xlabel="predicted", ylabel="called")
        )

    def _pin(self) -> None:
        self.pinned = (f"{self.setting.predictor}, {self.setting.policy_text()}", self.setting)
        self._curve()

    # --- fitting, training, exporting -------------------------------------------------------------------------------

    def _fit_variant(self) -> None:
        label = f"learned ({self.embedding.value}, {self.filler.value})"
        options = {"name": "learned", "embedding": self.embedding.value, "filler": self.filler.value}

        def work() -> None:
            self.bench.add(label, **options)
            self.bench.table(label)

        def done() -> None:
            self.inputs["predictor"].options = list(dict.fromkeys([*self.inputs["predictor"].options, label]))
            self.inputs["predictor"].value = label

        self._background(f"fitting {label}", work, done)

    def _background(self, text: str, work: Callable[[], Any], done: Callable[[], None]) -> None:
        """Run slow work in a thread behind a progress bar; at once where no event loop runs (scripts, tests)."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            work()
            done()
            return
        self._task(self._watch(text, loop.run_in_executor(None, work), done))

    def _task(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watch(self, text: str, future: Any, done: Callable[[], None]) -> None:
        self.controls.add_class("specbench-busy")
        self.bar.layout.visibility = "visible"
        began = time.monotonic()
        while not future.done():
            spent_s = time.monotonic() - began
            self.bar.value = int(100 * spent_s / (spent_s + 10))  # nobody knows how long: it slows down, and moves
            self._say(f"{text}: {spent_s:.0f} s")
            await asyncio.wait([future], timeout=0.2)
        self.bar.layout.visibility = "hidden"
        self.controls.remove_class("specbench-busy")
        if future.cancelled() or future.exception() is not None:
            self._say(f"{text}: {future.exception() if not future.cancelled() else 'cancelled'}")
        else:
            self._say(f"{text}: done in {time.monotonic() - began:.1f} s")
            self._guarded(done)

    def _train(self) -> None:
        command = [sys.executable, "-c", "from specbench.cli import main; main()", "train", "--out", self.out.value]
        command += ["--traces", *(file.path for file in self.bench.data.report.files)]
        command += ["--predictor", self.setting.predictor.partition(" ")[0], "--seed", str(self.bench.seed)]
        self._task(self._train_in_process(command))

    async def _train_in_process(self, command: list[str]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        self.cancel.disabled, self.train.disabled = False, True
        said: list[str] = []

        async def run() -> None:
            assert self._process is not None and self._process.stdout is not None
            async for line in self._process.stdout:
                said.append(line.decode(errors="replace").strip())
            if await self._process.wait():
                raise RuntimeError(said[-1] if said and self._process.returncode != -15 else "cancelled")

        def done() -> None:
            self.bench.add(self.out.value, checkpoint=self.out.value)
            self.inputs["predictor"].options = [*self.inputs["predictor"].options, self.out.value]

        await self._watch(f"training {self.out.value}", asyncio.ensure_future(run()), done)
        self.cancel.disabled, self.train.disabled = True, False

    def _cancel(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    def _show_code(self) -> None:
        folder = self.out.value if (Path(self.out.value) / "predictor.json").is_file() else None
        traces = [file.path for file in self.bench.data.report.files]
        self.code.value = self.setting.code(traces[0] if len(traces) == 1 else str(traces), folder)

    def _export(self) -> None:
        folder = self.bench.predictor(self.setting.predictor).save(self.out.value)
        traces = self.bench.data.report.files[0].path
        self.code.value = self.setting.code(traces, str(folder))
        (Path(folder).with_name(Path(folder).name + ".py")).write_text(self.code.value, encoding="utf-8")
        self._say(f"checkpoint: {folder}; the same run as a script: {folder}.py")


def _png(ax: Any) -> bytes:
    import matplotlib.pyplot as plt

    out = BytesIO()
    ax.figure.savefig(out, format="png", dpi=90, bbox_inches="tight")
    plt.close(ax.figure)
    return out.getvalue()
