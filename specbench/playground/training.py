"""The pane that trains and exports: a predictor in a process of its own, its checkpoint, and the code that makes it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w

from specbench.core.files import refuse_foreign
from specbench.core.registry import EMBEDDINGS
from specbench.playground.busy import Busy, button
from specbench.predictors import competitor_names
from specbench.predictors.counting.fillers import FILLERS
from specbench.study.python_script import SCRIPT, script
from specbench.study.workbench import Setting, Workbench

__all__ = ["Training"]

HELP = (
    "<p><b>Train</b> a predictor on the training tasks of these traces. It takes its place among the predictors when "
    "it is done; its checkpoint lies in the folder, with a script beside it that makes the same one again.</p>"
)
EXPORT = "<p><b>Export</b> the predictor that is chosen on the left, with everything that the sliders say.</p>"


class Training:
    """Train, cancel, export.

    Parameters
    ----------
    bench, busy
        The traces; where progress shows.
    setting
        Returns what the widgets say now.
    trained
        Called with the label of a predictor that is new in the workbench.
    """

    def __init__(
        self, bench: Workbench, busy: Busy, setting: Callable[[], Setting], trained: Callable[[str], Any]
    ) -> None:
        self.bench, self.busy, self._setting, self._trained = bench, busy, setting, trained
        self._process: asyncio.subprocess.Process | None = None

        def choice(text: str, options: Any) -> Any:
            return w.Dropdown(
                description=text, options=list(options), style={"description_width": "90px"},
                layout=w.Layout(width="260px"),
            )  # fmt: skip

        self.kind = choice("predictor", sorted(competitor_names(), key=lambda name: name != "learned"))
        self.embedding = choice(
            "embedding", [name for name, made in EMBEDDINGS.loaded().items() if not getattr(made, "needs", "")]
        )
        self.filler = choice("arguments", ["learned", *FILLERS])
        self.kind.observe(self._kind_changed, "value")
        self.out = w.Text(
            description="folder", value="models/mine", style={"description_width": "90px"},
            layout=w.Layout(width="525px"),
        )  # fmt: skip
        self.train = button(busy, "Train (own process)", self._train, button_style="primary")
        self.cancel = button(busy, "Cancel", self._cancel, disabled=True)
        self.export = button(busy, "Export checkpoint and code", self._export)
        self.code = w.Textarea(layout=w.Layout(width="100%", max_width="860px", height="190px"))
        self.code.add_class("specbench-code")
        self.widget = w.VBox(
            [self.out, w.HTML(HELP), w.HBox([self.kind, self.embedding, self.filler]),
             w.HBox([self.train, self.cancel]), w.HTML(EXPORT), self.export, self.code]
        )  # fmt: skip

    def use(self, bench: Workbench) -> None:
        """Take another workbench."""
        self.bench = bench

    def show(self, setting: Setting) -> None:
        """Show the code of a setting."""
        self.code.value = self.bench.code(setting, self.out.value)

    def recipe(self) -> dict[str, Any]:
        """Return what is to be trained, as :meth:`Workbench.add` takes it."""
        found = {"name": self.kind.value}
        return found | ({"embedding": self.embedding.value, "filler": self.filler.value} if self._learned() else {})

    def _learned(self) -> bool:
        return bool(self.kind.value == "learned")

    def _kind_changed(self, change: Any) -> None:
        self.embedding.disabled = self.filler.disabled = not self._learned()

    def _train(self) -> None:
        refuse_foreign(_code_file(Path(self.out.value)), SCRIPT)
        label, recipe = self.out.value, self.recipe()
        code = script(self.bench.origin, recipe, replace(self._setting(), predictor=label), label, run=False)
        self.busy.task(self._train_in_process(label, recipe, [sys.executable, "-c", code]))

    async def _train_in_process(self, label: str, recipe: dict[str, Any], command: list[str]) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        self.cancel.disabled, self.train.disabled = False, True
        bench = self.bench

        def done() -> None:
            bench.add(label, checkpoint=label, **recipe)
            self._write_code(replace(self._setting(), predictor=label), Path(label))
            if bench is self.bench:  # no other traces were loaded meanwhile
                self._trained(label)

        await self.busy.watch(f"training {label}", asyncio.ensure_future(_ended(self._process)), done)
        self.cancel.disabled, self.train.disabled = True, False

    def _cancel(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    def _export(self) -> None:
        setting, folder = self._setting(), Path(self.out.value)
        refuse_foreign(_code_file(folder), SCRIPT)
        self.bench.save(setting.predictor, folder)
        self._write_code(setting, folder)
        self.busy.say(f"checkpoint: {folder}; the same run as a script: {folder}.py")

    def _write_code(self, setting: Setting, folder: Path) -> None:
        self.show(setting)
        _code_file(folder).write_text(self.code.value, encoding="utf-8")


def _code_file(folder: Path) -> Path:
    return folder.parent / f"{folder.name}.py"


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Wait for a training process; its last line is the error's text."""
    assert process.stdout is not None
    said = [line.decode(errors="replace").strip() async for line in process.stdout]
    if await process.wait():
        raise RuntimeError("cancelled" if process.returncode == -15 else said[-1] if said else "it stopped")
