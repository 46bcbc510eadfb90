"""Fuzz the targets with atheris: ``python -m fuzz.run --seconds 600 [TARGET …]``; each runs so long.

What was found to break specbench lies in ``fuzz/found/TARGET/crash-…`` and is run again by
``python -m fuzz.run --replay FILE TARGET``. Inputs that reached new code are kept in ``fuzz/found/TARGET/corpus`` for
the next time; ``fuzz/corpus`` holds the few to begin with, which ``tests/test_fuzz_corpus.py`` replays.
"""

from __future__ import annotations

import argparse
import importlib
import logging
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

from fuzz.json_values import mutated

HERE = Path(__file__).parent
TARGETS = tuple(sorted(path.stem for path in (HERE / "targets").glob("[a-z]*.py")))
MEMORY_MB = 2048
LONGEST_BYTES = 8192


def target(name: str) -> Callable[[bytes], None]:
    """Return the check of a target."""
    check: Callable[[bytes], None] = importlib.import_module(f"fuzz.targets.{name}").check
    return check


def fuzz(name: str, seconds: int, seed: int) -> None:
    """Fuzz one target in this process; it ends with it."""
    import atheris

    warnings.simplefilter("error")
    logging.disable()
    with atheris.instrument_imports(include=["specbench"]):
        check = target(name)
        for seed_input in (HERE / "corpus" / name).iterdir():
            check(seed_input.read_bytes())  # what it imports late is instrumented, too

    def change(data: bytes, most: int, draw: int) -> bytes:
        changed = mutated(data, draw) if draw % 2 else None
        return changed if changed is not None and len(changed) <= most else atheris.Mutate(data, most)

    found = HERE / "found" / name
    (found / "corpus").mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}", f"-seed={seed}", f"-artifact_prefix={found}/", f"-rss_limit_mb={MEMORY_MB}",
        "-timeout=60", f"-max_len={LONGEST_BYTES}", "-verbosity=1", "-print_final_stats=1",
        str(found / "corpus"), str(HERE / "corpus" / name),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], check, custom_mutator=change)
    atheris.Fuzz()


def main() -> int:
    """Fuzz each target in a process of its own, one after the other; returns how many of them found something."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=600, help="of each target")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=Path, help="run one input instead")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    for name in set(options.targets) - set(TARGETS):
        parser.error(f"there is no target {name!r}; there are {', '.join(TARGETS)}")
    if options.replay is not None:
        for name in options.targets:
            target(name)(options.replay.read_bytes())
        return 0
    if options.here:
        fuzz(options.targets[0], options.seconds, options.seed)
    codes = {}
    for name in options.targets or TARGETS:
        print(f"== {name}", flush=True)
        again = [sys.executable, "-m", "fuzz.run", "--here", name]
        again += [f"--seconds={options.seconds}", f"--seed={options.seed}"]
        codes[name] = subprocess.run(again, cwd=HERE.parent).returncode
    broken = [name for name, code in codes.items() if code]
    print(f"found something in {', '.join(broken)}: see {HERE / 'found'}" if broken else "nothing found")
    return len(broken)


if __name__ == "__main__":
    sys.exit(main())
