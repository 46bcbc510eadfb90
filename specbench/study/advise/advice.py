"""The advice as people hold it: the answer, the page, everything as JSON, and the folder with what to do next."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from specbench.core.display import facts_html
from specbench.core.json_values import strict, write_json
from specbench.core.text import printable, writable
from specbench.core.version import __version__
from specbench.metrics.worth import Answer
from specbench.predictors.checkpoint import save
from specbench.study.advise.answer import Judgement, judge
from specbench.study.advise.findings import Findings, Measured
from specbench.study.advise.next_steps import next_steps
from specbench.study.advise.page import Section, markdown, sections, text
from specbench.study.data import Data
from specbench.study.job import results_folder
from specbench.study.model_card import origin_card
from specbench.study.predictions import fitted
from specbench.study.progress import Progress
from specbench.traces.splitting import Split

__all__ = ["KIND", "Advice"]

KIND = "specbench advise"


@dataclass(frozen=True, repr=False)
class Advice:
    """Whether speculation pays for an agent, why, and what to do next; ``print(advice)`` shows the page.

    Parameters
    ----------
    findings
        Everything that was measured.
    judgement
        The answer, its sentence and its reasons.
    sections
        The page below the answer.
    data
        The traces.
    """

    findings: Findings
    judgement: Judgement
    sections: tuple[Section, ...]
    data: Data

    @classmethod
    def of(cls, findings: Findings, data: Data) -> Advice:
        """Put findings into words."""
        judged = judge(findings)
        page = [*sections(findings, judged), Section("What to do next", tuple(next_steps(findings, judged, None)))]
        return cls(findings, judged, tuple(page), data)

    @property
    def answer(self) -> Answer:
        """Yes, no or cannot tell."""
        return self.judgement.answer

    def __str__(self) -> str:
        return text([self.judgement.sentence, *self.judgement.reasons], self.sections)

    def __repr__(self) -> str:
        return printable(f"<Advice: {self.judgement.sentence}>")[:199]

    def _repr_html_(self) -> str:
        page = {part.title: " ".join(part.lines) for part in self.sections if part.title != "What to do next"}
        return facts_html(self.judgement.sentence, page)

    def to_dict(self) -> dict[str, Any]:
        """Return every number and every sentence as JSON values."""
        found, judged = self.findings, self.judgement
        value: dict[str, Any] = strict(
            {
                "kind": KIND, "specbench": __version__, "answer": self.answer.value,
                "if_confirmed": None if judged.if_confirmed is None else judged.if_confirmed.value,
                "sentence": judged.sentence, "reasons": list(judged.reasons), "seconds": found.basis,
                "time": {**found.time.to_dict(), "user_s": found.user_s, "timed_share": found.described.timed_share},
                "ceilings": [each.to_dict() for each in found.ceilings],
                "if_suggestions_are_confirmed": None if found.what_if is None else {
                    "reads": list(found.what_if.reads), "read_share": found.what_if.read_share,
                    "ceilings": [each.to_dict() for each in found.what_if.ceilings],
                },
                "held_out": None if found.measured is None else _held_out(found.measured, found.supposed),
                "blockers": [each.to_dict() for each in found.blockers], "notes": list(found.notes),
                "settings": {
                    "latency": found.latency.describe(), "waste_budget": found.waste_budget,
                    "waste_price": found.settings.waste_price, "least_gain": found.settings.least_gain,
                    "seed": found.settings.seed,
                },
                "data": self.data.to_dict(),
                "page": [part.to_dict() for part in self.sections],
            }
        )  # fmt: skip
        return value

    def save(self, folder: str | Path, *, progress: bool = False) -> Path:
        """Write ``advice.md``, ``advice.json``, ``effects.json`` and, where it is worth it, ``checkpoint/``.

        The checkpoint is trained on all traces, however long that takes.

        Parameters
        ----------
        folder
            One that does not exist, is empty, or was made by the same command before. It appears as a whole.
        progress
            Tell on stderr how far the training of the checkpoint is.
        """
        with results_folder(folder, KIND) as made:
            if self.judgement.way is not None and self.findings.measured is not None:
                _save_checkpoint(made / "checkpoint", self.findings.measured, self.data, self.findings, progress)
            page = self._in(str(folder))
            write_json(made / "effects.json", dict(self.findings.template))
            write_json(made / "advice.json", page.to_dict())
            write_json(made / "config.json", {"kind": KIND, "specbench": __version__})
            told = markdown([page.judgement.sentence, *page.judgement.reasons], page.sections)
            (made / "advice.md").write_text(writable(told), encoding="utf-8")
        return Path(folder)

    def _in(self, folder: str) -> Advice:
        """The same, with the files of a folder in what to do next."""
        steps = tuple(next_steps(self.findings, self.judgement, folder))
        return replace(self, sections=(*self.sections[:-1], Section("What to do next", steps)))

    def text(self, folder: str | Path | None = None) -> str:
        """Return the page for a terminal; with the folder that it was saved to, its commands name the files there."""
        return str(self if folder is None else self._in(str(folder)))


def _held_out(measured: Measured, supposed: bool) -> dict[str, Any]:
    rates = ("read_call_top1", "read_call_top3", "tool_top1", "at_operating_point", "ci", "latency_ms", "fit_s")
    return {
        "if_suggestions_are_confirmed": supposed, "test_tasks": measured.test_tasks,
        "test_ceilings": dict(measured.test_ceilings), "chosen": measured.chosen.name,
        "predictors": {
            each.name: {
                "operating_point": each.point.to_dict(), "trained_on": each.trained_on, "training_traces": each.of,
                **{rate: each.measured.metrics[rate] for rate in rates},
            }
            for each in measured.candidates
        },
        "ways": [way.to_dict() for way in measured.ways],
        "saved_turns": None if measured.turns is None else measured.turns.to_dict(),
        "costs": [each.to_dict() for each in measured.costs],
    }  # fmt: skip


def _save_checkpoint(place: Path, measured: Measured, data: Data, found: Findings, progress: bool) -> None:
    """Train the predictor on all traces."""
    predictor = fitted(measured.chosen.name, data.traces, seed=found.settings.seed, progress=Progress(progress))
    command = f"specbench advise {found.where} --out FOLDER --seed {found.settings.seed}"
    save(predictor, place, card=origin_card(data, Split(data.traces, [], []), found.settings.seed, command))
