"""What all jobs of a study have in common: arguments, traces, split, results folder, and the command to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.core.files import replaced_folder, tell_full_disk
from specbench.core.json_values import read_json, write_json
from specbench.core.version import __version__
from specbench.predictors import make_predictor
from specbench.sim import Latency
from specbench.speculation import Options
from specbench.study.data import Data, load_data, split_data
from specbench.study.environment import check_predict_ms, versions
from specbench.study.progress import Progress
from specbench.traces.splitting import Split

__all__ = ["Job", "kind_of", "option_words", "options_words", "results_folder"]

NOT_RECORDED = frozenset({"progress", "jobs", "cluster"})
"""Arguments that are no options of the command line, or that change nothing in the results."""
GROUPS = ("settings", "parts")
"""Arguments that are dataclasses of arguments."""
LAST = ("predict_ms", "format", "effects", "skip_invalid")
"""Options that stand at the end of a recorded command."""


class Job:
    """One run of a command of the study.

    Parameters
    ----------
    name
        Of the command: ``study`` for ``specbench study``.
    arguments
        Those of the function that does it, in the order of its signature (its ``locals()`` in its first line). The
        fields of a dataclass among them count as arguments. Known ones are checked: ``predictors, latency, latencies,
        predict_ms``.

    Raises
    ------
    ConfigError
        When no predictor or latency model has that name, or ``predict_ms`` is no time.

    Examples
    --------
    >>> Job("study", {"traces": "my traces", "format": None, "predictors": ["markov", "ngram"], "seed": 0}).command
    "specbench study --traces 'my traces' --predictors markov,ngram --seed 0"
    """

    def __init__(self, name: str, arguments: Mapping[str, Any]) -> None:
        self.name = name
        self.arguments: dict[str, Any] = {}
        for key, value in arguments.items():
            grouped = key in GROUPS and is_dataclass(value) and not isinstance(value, type)
            self.arguments |= _told(value) if grouped else {key: value}
        self.progress = Progress(bool(arguments.get("progress")))
        for predictor in self.arguments.get("predictors") or ():
            make_predictor(predictor)
        for text in [*self.arguments.get("latencies", ()), self.arguments.get("latency")]:
            if text is not None:
                Latency.from_text(text)
        check_predict_ms(self.arguments.get("predict_ms"))

    @property
    def kind(self) -> str:
        """What the folder's ``config.json`` names as ``kind``."""
        return f"specbench {self.name}"

    @property
    def command(self) -> str:
        """The command that does the same again, quoted for a shell."""
        names = [name for name in self.arguments if name not in NOT_RECORDED]
        names.sort(key=lambda name: LAST.index(name) if name in LAST else -1)
        words = ["specbench", self.name]
        for name in names:
            words += option_words(name, self.arguments[name])
        return shlex.join(words)

    def read(self) -> Data:
        """Read the traces; see :func:`specbench.study.data.load_data`."""
        traces, format, skip_invalid, effects = (
            self.arguments[name] for name in ("traces", "format", "skip_invalid", "effects")
        )
        data = load_data(traces, format, skip_invalid, effects=effects)
        for warning in data.warnings:
            self.progress.note(f"warning: {warning}")
        return data

    def split(self, data: Data) -> Split:
        """Split the traces by task; see :func:`specbench.study.data.split_data`."""
        return split_data(data, self.arguments["seed"])

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Yield the new results folder; see :func:`results_folder`."""
        with results_folder(self.arguments["out"], self.kind) as folder:
            yield folder

    def write_config(self, folder: Path, data: Data, **facts: Any) -> None:
        """Write ``config.json``: kind, versions, command and data, with what this job adds."""
        config = {
            "kind": self.kind,
            "specbench": __version__,
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": self.command,
            **facts,
            "data": data.to_dict(),
            "versions": versions(),
        }
        write_json(folder / "config.json", config)


def _told(group: Any) -> dict[str, Any]:
    """Return the fields of a dataclass of arguments: those that are not as by default, and ``seed`` and ``latency``."""
    values = {each.name: getattr(group, each.name) for each in fields(group)}
    usual = {each.name: each.default for each in fields(group) if each.name not in ("seed", "latency")}
    return {name: value for name, value in values.items() if name not in usual or value != usual[name]}


@contextmanager
def results_folder(out: str | Path, kind: str) -> Iterator[Path]:
    """Yield a new folder that becomes ``out`` when the block ends well: :func:`~specbench.core.files.replaced_folder`.

    Parameters
    ----------
    out
        A folder that does not exist, is empty, or was made by the same command before.
    kind
        The command; the folder's ``config.json`` names it as ``kind``.

    Raises
    ------
    ConfigError
        When ``out`` holds anything else, or the disk is full.
    """

    def check(target: Path) -> None:
        remedy = "choose another --out, or move it away"
        if target.exists() and not target.is_dir():
            raise ConfigError(f"{target} is a file, not a folder; {remedy}")
        if target.exists() and any(target.iterdir()) and kind_of(target) != kind:
            raise ConfigError(f"{target} is not empty and was not made by `{kind}`, so it is not replaced; {remedy}")

    with replaced_folder(out, check) as folder, tell_full_disk(out):
        yield folder


def kind_of(folder: Path) -> str | None:
    """Return the command that made a results folder, ``None`` where none did."""
    try:
        config = read_json(folder / "config.json")
    except ConfigError:
        return None
    return config.get("kind") if isinstance(config, dict) else None


def option_words(name: str, value: Any) -> list[str]:
    """Return an argument as words of the command line; nothing where it is not set.

    Examples
    --------
    >>> option_words("fit_share", 0.3), option_words("policies", ["topk:1", "topk:2"]), option_words("executor", False)
    (['--fit-share', '0.3'], ['--policies', 'topk:1', 'topk:2'], [])
    """
    option = f"--{name.replace('_', '-')}"
    if value is None or value is False:
        return []
    if value is True:
        return [option]
    if isinstance(value, Options):
        return options_words(value)
    if name == "shifts":
        return [word for shift in value for word in ("--shift", shift)]
    if name == "predictors":
        return [option, ",".join(value)]
    several = isinstance(value, Sequence) and not isinstance(value, str)
    return [option, *map(str, value)] if several else [option, str(value)]


def options_words(options: Options) -> list[str]:
    """Return the options of speculation as words of the command line; nothing for those at their defaults.

    Examples
    --------
    >>> options_words(Options.from_text("windows=think+user; carry_ttl_s=60; run_ahead=2; limit=search:2/10"))
    ['--windows', 'think,user', '--carry-ttl-s', '60', '--run-ahead', '2', '--limit', 'search:2/10']
    """
    words: list[str] = []
    for part in str(options).split("; "):
        name, _, value = part.partition("=")
        if name != "plain":
            words += [f"--{name.replace('_', '-')}", *([value.replace("+", ",")] if value else [])]
    return words
