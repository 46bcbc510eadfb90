"""A workbench's configuration as Python code: the same traces, the same predictor, the same run, outside Jupyter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from specbench.core.errors import ConfigError
from specbench.study.setting import Setting
from specbench.traces.store import Paths

__all__ = ["SCRIPT", "origin_of", "script"]

SCRIPT = "# Written by specbench: Workbench.code()."
"""The first line of every script."""


def script(
    origin: Mapping[str, Any],
    recipe: Mapping[str, Any] | None,
    setting: Setting,
    folder: str | Path | None = None,
    *,
    run: bool = True,
) -> str:
    """Return the code.

    Parameters
    ----------
    origin
        Arguments of the :class:`~specbench.study.workbench.Workbench`; see :func:`origin_of`. Those that
        are ``None`` are left out.
    recipe
        Arguments of :meth:`Workbench.add <specbench.study.workbench.Workbench.add>` that make the predictor; ``None``
        when its name says it all.
    setting
        The run.
    folder
        Where the code writes the checkpoint; nowhere by default.
    run
        End with the run and its numbers.

    Raises
    ------
    ConfigError
        When the predictor was handed over as an object: nothing says how to make it.
    """
    lines = [SCRIPT, "import specbench as sb", "", f"bench = sb.Workbench({_arguments(origin)})"]
    if recipe is not None:
        if not recipe:
            raise ConfigError(
                f"the predictor {setting.predictor!r} was added as an object, so no code can make it again; add it by "
                "name and options, or by checkpoint"
            )
        options = {key: value for key, value in recipe.items() if (key, value) != ("name", setting.predictor)}
        lines.append(f"bench.add({setting.predictor!r}{''.join(f', {name}={options[name]!r}' for name in options)})")
    lines.append(f"setting = sb.Setting({setting.arguments_text()})")
    if folder is not None:
        lines.append(f"bench.save(setting.predictor, {str(folder)!r})  # the checkpoint: the same one, every time")
    if run:
        lines += ["ledger, metrics = bench.run(setting)", "print(metrics.report())"]
    return "\n".join(lines) + "\n"


def origin_of(traces: Paths | None, effects: Any, **more: Any) -> dict[str, Any]:
    """Return a workbench's arguments with absolute paths, so that they mean the same in any folder.

    Examples
    --------
    >>> origin_of(["a.jsonl"], {"get": "read"})["traces"] == [str(Path.cwd() / "a.jsonl")]
    True
    """
    if isinstance(effects, Mapping):
        effects = {str(tool): str(effect) for tool, effect in effects.items()}
    return {"traces": _absolute(traces), "effects": _absolute(effects), **more}


def _absolute(paths: Any) -> Any:
    if paths is None or isinstance(paths, Mapping):
        return paths
    if isinstance(paths, (str, Path)):
        return str(Path(paths).resolve())
    return [str(Path(path).resolve()) for path in paths]


def _arguments(origin: Mapping[str, Any]) -> str:
    given = {name: value for name, value in origin.items() if value is not None and (name, value) != ("seed", 0)}
    parts = [repr(given.pop("traces"))] if "traces" in given else []
    return ", ".join([*parts, *(f"{name}={value!r}" for name, value in given.items())])
