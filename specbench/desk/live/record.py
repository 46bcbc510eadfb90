"""What a live comparison found, as JSON values and as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from specbench.core.ledger import Ledger
from specbench.desk.live.comparison import LiveComparison, LiveRun
from specbench.metrics import summarise

__all__ = ["live_record", "live_text"]


def live_record(compared: LiveComparison, simulated: Ledger | None = None) -> dict[str, Any]:
    """Return what was found.

    Parameters
    ----------
    compared
        The live runs.
    simulated
        What the simulator makes of them; see :func:`specbench.desk.live.simulated.simulate_live`.

    Returns
    -------
    dict
        ``backend``, ``lossless``, ``differences`` (numbers of conversations), ``cut`` (those that
        ended because they outgrew the model's context), ``elapsed_s`` of both ways,
        ``saved_share`` of the sequential end-to-end seconds, ``metrics`` of the speculative ledger, ``usage`` of both,
        a row for each conversation, and ``simulated``: its seconds, and how far they are from the measured ones.
    """
    one, two = compared.sequential, compared.speculative
    return {
        "simulated": None if simulated is None else _agreement(sum(two.elapsed_s), simulated),
        "backend": compared.backend,
        "config": dict(two.ledger.config),
        "conversations": len(one.elapsed_s),
        "lossless": compared.lossless,
        "differences": compared.differences,
        "cut": sorted({*one.cut, *two.cut}),
        "elapsed_s": {"sequential": sum(one.elapsed_s), "speculative": sum(two.elapsed_s)},
        "saved_share": compared.saved_share,
        "metrics": summarise(two.ledger),
        "usage": {"sequential": _usage(one), "speculative": _usage(two)},
        "each": [
            {"sequential_s": a, "speculative_s": b, "saved_share": 1 - b / a if a else None}
            for a, b in zip(one.elapsed_s, two.elapsed_s, strict=True)
        ],
    }


def _agreement(measured_s: float, simulated: Ledger) -> dict[str, float]:
    simulated_s = sum(row.speculative_s for row in simulated.outcomes)
    return {"speculative_s": simulated_s, "error": simulated_s / measured_s - 1}


def _usage(run: LiveRun) -> dict[str, Any]:
    return asdict(run.usage)


def live_text(record: Mapping[str, Any]) -> str:
    """Return the record in a few lines.

    Examples
    --------
    >>> usage = {"completion_tok": 100}
    >>> metrics = {"recall": 0.5, "precision": 0.8, "amplification": 1.1, "wasted_s": 1.0}
    >>> print(live_text({"backend": "scripted", "conversations": 1, "lossless": True, "differences": [],
    ...     "elapsed_s": {"sequential": 10.0, "speculative": 8.0}, "saved_share": 0.2, "metrics": metrics,
    ...     "usage": {"sequential": usage, "speculative": usage}}))
    scripted: 1 conversations, sequential 10.0 s, speculative 8.0 s: 20.0 % of the time saved
    outcomes equal: yes
    recall 50.0 %, precision 80.0 %, amplification 1.10, wasted 1.0 s; tokens written 100 against 100
    """
    metrics, usage, elapsed = record["metrics"], record["usage"], record["elapsed_s"]
    differing = ", ".join(map(str, record["differences"]))
    return "\n".join(
        [
            f"{record['backend']}: {record['conversations']} conversations, sequential {elapsed['sequential']:.1f} s, "
            f"speculative {elapsed['speculative']:.1f} s: {100 * record['saved_share']:.1f} % of the time saved",
            f"outcomes equal: {'yes' if record['lossless'] else f'NO, conversations {differing} differ'}",
            f"recall {_percent(metrics['recall'])}, precision {_percent(metrics['precision'])}, amplification "
            f"{metrics['amplification'] or 0:.2f}, wasted {metrics['wasted_s']:.1f} s; tokens written "
            f"{usage['speculative']['completion_tok']} against {usage['sequential']['completion_tok']}",
            *([] if metrics.get("launched", 1) else ["nothing was speculated: what differs in time is chance"]),
            *_cut(record.get("cut", [])),
            *_simulated(record.get("simulated")),
        ]
    )


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.1f} %"


def _cut(numbers: Sequence[int]) -> list[str]:
    which = ", ".join(map(str, numbers))
    return [f"ended early, beyond the model's context: conversations {which}"] if numbers else []


def _simulated(found: Mapping[str, float] | None) -> list[str]:
    if found is None:
        return []
    return [f"simulated {found['speculative_s']:.1f} s: {100 * found['error']:+.1f} % from the measured seconds"]
