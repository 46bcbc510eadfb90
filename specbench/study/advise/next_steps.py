"""What to do next: the ready configuration, or what would change the answer."""

from __future__ import annotations

import math

from specbench.core.display import plural
from specbench.metrics.intervals import MIN_TASKS
from specbench.metrics.worth import Answer, Worth
from specbench.study.advise.answer import Judgement
from specbench.study.advise.findings import Findings
from specbench.study.advise.ways import Way

__all__ = ["next_steps"]

MOST_TASKS = 20_000
"""More tasks than this are not named: nobody records them for one answer."""


def next_steps(found: Findings, judged: Judgement, folder: str | None) -> list[str]:
    """Return the steps; one that holds line breaks is code.

    Parameters
    ----------
    found, judged
        The findings and the answer.
    folder
        Where the ready configuration lies; ``None`` where it was not written.
    """
    if not found.described.calls:
        return ["Leave the agent as it is."]
    if judged.way is not None:
        return _run(found, judged.way, folder)
    effects = f"{folder}/effects.json" if folder else "effects.json"
    steps = []
    suggested = found.what_if is not None or any(each.name == "irrelevant parameters" for each in found.blockers)
    if suggested:
        made = "" if folder else f" (`specbench traces effects {found.where} --out effects.json` writes it)"
        steps.append(
            f"Look at the suggestions in {effects}{made}: take the # away where you know that they are right. A "
            f"`read` that writes does harm. Then ask again: `specbench advise {found.where} --effects {effects}`."
        )
    if Answer.UNKNOWN in (judged.answer, judged.if_confirmed):
        steps.append(_more_tasks(found))
    if found.basis == "modelled":
        steps.append(
            "Record seconds (sb.Recorder, or a tracing export that carries them): the modelled ones decide here."
        )
    if judged.answer is Answer.NO and not suggested:
        steps.insert(0, "Leave the agent as it is.")
    return steps


def _more_tasks(found: Findings) -> str:
    tasks = found.described.tasks
    worth = None if found.measured is None else found.measured.tools_way.worth
    if worth is None or worth.low is None or worth.high is None:
        return f"Record more tasks: some {4 * MIN_TASKS} are needed for a first answer, and there are {tasks}."
    needed = _needed(worth, tasks)
    if needed is None:
        return "More tasks may tell, but the net gain lies so close to what is worth having that it hardly matters."
    return (
        f"Record more tasks: if the net gain stays what it is, some {needed:,} would tell it from what is worth having "
        f"(there are {tasks})."
    )


def _needed(worth: Worth, tasks: int) -> int | None:
    """Tasks at which the interval would not hold the least gain any more: its width falls with their square root."""
    assert worth.low is not None and worth.high is not None
    apart = abs(worth.net_share - worth.least_gain)
    half = (worth.high - worth.low) / 2
    if apart <= 0:
        return None
    needed = math.ceil(max(tasks + 1, tasks * (half / apart) ** 2) / 10) * 10
    return needed if needed <= MOST_TASKS else None


def _run(found: Findings, way: Way, folder: str | None) -> list[str]:
    name = "" if found.measured is None else found.measured.chosen.name
    checkpoint = f"{folder}/checkpoint" if folder else "checkpoint"
    effects = f"{folder}/effects.json" if folder else "effects.json"
    steps = []
    if folder is None:
        steps.append("`--out FOLDER` (advice.save(folder)) writes the checkpoint and the effects.json that follow.")
    else:
        on = f"all {plural(found.described.traces, 'trace')}"
        steps.append(f"{checkpoint} is the {name} predictor, trained on {on}; {effects} says what the tools do.")
    steps += [
        "Check the effects: a tool that is declared `read` and writes does harm.",
        "In your agent (docs/executor.md; docs/frameworks.md for LangChain, the OpenAI Agents SDK and pydantic-ai):",
        f"import specbench as sb\n\npredictor = sb.load({checkpoint!r})\nexecutor = sb.Executor(tools, predictor, "
        f"{way.policy!r}, options={str(way.options)!r})",
    ]
    if way.options.run_ahead is None:
        steps += [
            "Or before an MCP server, without touching the agent:",
            f"specbench mcp-proxy --predictor {checkpoint} --effects {effects} \\\n"
            "    --ledger ledger.parquet -- COMMAND",
        ]
    else:
        steps.append("A proxy before an MCP server cannot run the LLM ahead; there it would not be worth it.")
    if found.basis == "modelled":
        steps.append("The seconds behind the answer are modelled: watch the first ledgers, which hold measured ones.")
    return steps
