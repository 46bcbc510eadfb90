"""What is installed here, what is missing, and what to do: the answer of ``specbench doctor``."""

from __future__ import annotations

import os
import platform
import shutil
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import Any

from specbench.core import registry
from specbench.core.errors import in_words
from specbench.core.extras import EXTRAS, package_of
from specbench.core.version import __version__

__all__ = ["Diagnosis", "diagnose"]

REGISTRIES = (
    registry.PREDICTORS, registry.SOURCES, registry.POLICIES, registry.LATENCIES, registry.EMBEDDINGS,
    registry.BACKENDS,
)  # fmt: skip
LITTLE_DISK_GB = 2.0


@dataclass
class Diagnosis:
    """What was found.

    Parameters
    ----------
    specbench, python, system
        Versions, and the kind of machine.
    cores
        CPU cores that this process may use.
    disk_free_gb
        Of the working folder, in 10⁹ bytes.
    gpu
        What PyTorch can compute on, in words.
    extras
        Extra → package → version, ``None`` where it is missing.
    plugins
        Parts that other packages bring, and why those that cannot be loaded cannot.
    advice
        What to do, a sentence each.
    """

    specbench: str
    python: str
    system: str
    cores: int
    disk_free_gb: float
    gpu: str
    extras: dict[str, dict[str, str | None]]
    plugins: dict[str, str] = field(default_factory=dict)
    advice: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON values."""
        return asdict(self)

    def to_text(self) -> str:
        """Return a page to read in a terminal."""
        lines = [
            f"specbench {self.specbench}, Python {self.python}, {self.system}, {self.cores} cores, "
            f"{self.disk_free_gb:.0f} GB of disk free",
            f"GPU: {self.gpu}",
            "",
        ]
        for extra, packages in self.extras.items():
            missing = [name for name, found in packages.items() if found is None]
            state = f"missing: {', '.join(missing)}" if missing else "complete"
            there = ", ".join(f"{name} {found}" for name, found in packages.items() if found is not None)
            lines.append(f"{extra + ':':<12}{state}{f' ({there})' if there else ''}")
        lines += [f"plug-in {name}: {state}" for name, state in self.plugins.items()]
        return "\n".join([*lines, "", *(self.advice or ["Everything is there."])])


def diagnose(extras: Mapping[str, tuple[str, ...]] = EXTRAS) -> Diagnosis:
    """Look at this machine and this installation; nothing is changed, nothing is sent.

    Parameters
    ----------
    extras
        Extra → the modules that it brings.

    Examples
    --------
    >>> found = diagnose({"nothing": ("no_such_module",)})
    >>> found.extras, found.advice[0]
    ({'nothing': {'no-such-module': None}}, "For no-such-module: pip install 'specbench[nothing]'")
    """
    brought = {extra: {package_of(name): _version(name) for name in modules} for extra, modules in extras.items()}
    advice = [
        f"For {', '.join(missing)}: pip install 'specbench[{extra}]'"
        for extra, packages in brought.items()
        if (missing := [name for name, found in packages.items() if found is None])
    ]
    free = shutil.disk_usage(".").free / 1e9
    if free < LITTLE_DISK_GB:
        advice.append(f"Only {free:.1f} GB of disk are free here: results and checkpoints may not fit.")
    if os.environ.get("LANGSMITH_TRACING", "").lower() == "true" and not os.environ.get("LANGSMITH_API_KEY"):
        advice.append("LANGSMITH_TRACING is on without LANGSMITH_API_KEY: set the key, or switch tracing off.")
    plugins = _plugins()
    advice += [f"Repair or uninstall the package of {name}." for name, state in plugins.items() if state != "works"]
    return Diagnosis(
        __version__,
        platform.python_version(),
        f"{platform.system()} {platform.machine()}",
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        free,
        _gpu(),
        brought,
        plugins,
        advice,
    )


def _version(module: str) -> str | None:
    if find_spec(module) is None:
        return None
    try:
        return version(package_of(module))
    except PackageNotFoundError:
        return "of unknown version"


def _gpu() -> str:
    if find_spec("torch") is None:
        return "not known: PyTorch is not installed"
    try:
        import torch

        if not torch.cuda.is_available():
            return "none that PyTorch can use; models run on the CPU"
        name, memory = torch.cuda.get_device_name(0), torch.cuda.get_device_properties(0).total_memory
    except Exception as error:
        return f"PyTorch cannot tell: {in_words(error)}"
    return f"{name}, {memory / 1e9:.0f} GB"


def _plugins() -> dict[str, str]:
    found = {}
    for each in REGISTRIES:
        for name in (name for name in each if name not in each.built_in):
            with warnings.catch_warnings(record=True):
                warnings.simplefilter("always")
                try:
                    each.load(name)
                    found[f"{each.kind} {name}"] = "works"
                except Exception as error:
                    found[f"{each.kind} {name}"] = in_words(error)
    return found
