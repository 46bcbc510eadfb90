"""The comparison as a job: traces → split → every predictor fitted and measured → tables, figures, one folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from specbench.core.cluster import Cluster, opened
from specbench.core.errors import ConfigError
from specbench.core.json_values import write_json
from specbench.core.text import writable
from specbench.core.version import __version__
from specbench.embed import make_embedding
from specbench.predictors import is_control
from specbench.study.comparison.ablations import ablations, embedding_names, learned_variants
from specbench.study.comparison.bench import Bench
from specbench.study.comparison.curve import learning_curve
from specbench.study.comparison.embeddings import embedding_table, embedding_variants
from specbench.study.comparison.leaderboard import BASELINE, compare_names, leaderboard
from specbench.study.comparison.page import comparison_page
from specbench.study.comparison.transfer import transfer
from specbench.study.data import split_sizes
from specbench.study.evaluation import Settings
from specbench.study.finished_fits import finished_fits
from specbench.study.job import Job, option_words
from specbench.traces.effects import Effects
from specbench.traces.store import Paths

__all__ = ["BASELINE", "Comparison", "Parts", "compare_names", "run_compare"]


@dataclass(frozen=True)
class Parts:
    """What is made besides the leaderboard.

    Parameters
    ----------
    ablations, learning_curve, transfer, embeddings
        The table of that name.
    sentence
        Folder of a sentence-transformers model of the user's own: one more embedding, in the tables of ablations and
        embeddings.
    hidden
        Folder of a chat model, whose hidden states are one more embedding in the table of embeddings.

    Raises
    ------
    ConfigError
        When a folder is named for tables that are not asked for.
    """

    ablations: bool = False
    learning_curve: bool = False
    transfer: bool = False
    embeddings: bool = False
    sentence: str | None = None
    hidden: str | None = None

    def __post_init__(self) -> None:
        if self.sentence is not None and not (self.embeddings or self.ablations):
            raise ConfigError(
                f"the sentence model {self.sentence} is for the tables of embeddings and ablations, and neither is "
                "asked for; add --embeddings or --ablations"
            )
        if self.hidden is not None and not self.embeddings:
            raise ConfigError(
                f"the hidden states of {self.hidden} are for the table of embeddings, which is not asked for; add "
                "--embeddings"
            )

    def asked(self) -> list[str]:
        """Return the names of the tables, and of the embeddings, that are asked for, as options of the command line.

        Examples
        --------
        >>> Parts(embeddings=True, sentence="mini").asked()
        ['--embeddings', '--sentence', 'mini']
        """
        return [word for each in fields(self) for word in option_words(each.name, getattr(self, each.name))]


@dataclass(frozen=True)
class Comparison:
    """What a comparison found, and where it lies.

    Parameters
    ----------
    folder
        Holds ``compare.md``, ``compare.json``, ``config.json``, a CSV file for each table, ``figures/``.
    tables
        ``leaderboard`` and those that were asked for.
    skipped
        One reason for every record that was skipped (``skip_invalid``).
    left_out
        Transfer experiments that these traces do not allow, and why.
    """

    folder: Path
    tables: dict[str, pd.DataFrame]
    skipped: list[str]
    left_out: list[str]


def run_compare(
    traces: Paths,
    out: str | Path,
    *,
    predictors: str | Sequence[str] = "all",
    settings: Settings | None = None,
    parts: Parts | None = None,
    format: str | None = None,
    skip_invalid: bool = False,
    effects: Effects | None = None,
    cluster: str | Cluster | None = None,
    progress: bool = False,
) -> Comparison:
    """Train and measure every predictor on one split by task (train and validation → test); write the folder.

    Parameters
    ----------
    traces
        Files and folders.
    out
        The folder to write; one of an earlier comparison is replaced once the new one is whole.
    predictors
        Names, or ``all``; the baseline is always among them.
    settings, parts
        Defaults: ``Settings()``, the leaderboard alone.
    format, skip_invalid, effects
        As in :func:`specbench.traces.store.read_traces`.
    cluster
        Fits and measures side by side: see :func:`specbench.core.cluster.cluster`.
    progress
        Tell on stderr how far it is.

    Raises
    ------
    ConfigError
        When the traces have too few tasks, a predictor or an embedding's model does not exist, or ``out`` is something
        else.
    """
    settings = settings if settings is not None else Settings()
    parts = parts if parts is not None else Parts()
    predictors = compare_names(predictors)
    job = Job("compare", locals())
    names = predictors
    for name in embedding_names(parts.sentence, parts.hidden):
        make_embedding(name)  # a model that is not there is told before anything is trained
    about = f"{parts.sentence} {parts.hidden}"
    with finished_fits(out, job.progress, about) as fits, job.folder() as folder, opened(cluster) as elsewhere:
        data = job.read()
        divided = job.split(data)
        bench = Bench(divided.train_and_validation, divided.test, settings, job.progress, fits, elsewhere)
        job.progress.note(
            f"{len(names)} predictors: {len(bench.train)} traces to learn from, {len(bench.test)} for the test"
        )
        tables, left_out = _tables(bench, names, parts)
        facts = {
            "specbench": __version__,
            "files": [Path(file.path).name for file in data.report.files],
            "traces": len(data.traces),
            "tasks": len(data.tasks),
            "split": split_sizes(divided),
            "seed": settings.seed,
            "baseline": BASELINE,
            "command": job.command,
        }
        _write(folder, facts, tables, left_out)
        write_json(
            folder / "compare.json",
            {
                **facts,
                **{name: table.to_dict("records") for name, table in tables.items()},
                "left_out": left_out,
                "predictors": {name: bench.measure(name).metrics for name in names},
            },
        )
        config = {**settings.to_dict(bench.test), "predictors": names, "parts": parts.asked()}
        job.write_config(folder, data, config=config, split=facts["split"])
    return Comparison(Path(out), tables, data.report.skipped, left_out)


def _tables(bench: Bench, names: Sequence[str], parts: Parts) -> tuple[dict[str, pd.DataFrame], list[str]]:
    candidates = [name for name in names if not is_control(name)]
    tables, left_out = {"leaderboard": leaderboard(bench, names)}, []
    if parts.ablations:
        tables["ablations"] = ablations(bench, learned_variants(parts.sentence))
    if parts.learning_curve:
        tables["learning_curve"] = learning_curve(bench, candidates)
    if parts.transfer:
        found = transfer(bench, candidates)
        left_out = found.left_out
        if found.rows:
            tables["transfer"] = found.frame
    if parts.embeddings:
        tables["embeddings"] = embedding_table(bench, embedding_variants(embedding_names(parts.sentence, parts.hidden)))
    return tables, left_out


def _write(folder: Path, facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame], left_out: list[str]) -> None:
    from specbench import plots

    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    figures = folder / "figures"
    figures.mkdir()
    for theme in plots.THEMES:
        ax = plots.plot_leaderboard(tables["leaderboard"], baseline=BASELINE, theme=theme)
        plots.save_figure(ax, figures, "leaderboard", theme)
        if "learning_curve" in tables:
            ax = plots.plot_learning_curve(tables["learning_curve"], theme=theme)
            plots.save_figure(ax, figures, "learning_curve", theme)
    (folder / "compare.md").write_text(writable(comparison_page(facts, tables, left_out)), encoding="utf-8")
