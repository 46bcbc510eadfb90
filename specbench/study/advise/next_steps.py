"""What to do next: the ready configuration, or what would change the answer."""

from __future__ import annotations

import math

from specbench.core.display import plural
from specbench.metrics.intervals import MIN_TASKS
from specbench.metrics.worth import Answer, Worth
from specbench.study.advise.answer import Judgement, suggestions_help
from specbench.study.advise.candidates import LEARNED
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
    if suggestions_help(found, judged):
        made = "" if folder else f" (`specbench traces effects {found.where} --out effects.json` writes it)"
        opening = "Where the executor can run the LLM ahead, look" if judged.only_ahead else "Look"
        steps.append(
            f"{opening} at the suggestions in {effects}{made}: take the # away where you know that they are right. A "
            f"`read` that writes does harm. Then ask again: `specbench advise {found.where} --effects {effects}`."
        )
    elif judged.final is Answer.NO:
        unless = ", unless its executor can run the LLM ahead" if judged.only_ahead else ""
        steps.append(f"Leave the agent as it is{unless}.")
    if judged.final is Answer.UNKNOWN or judged.only_ahead:
        steps += _to_tell(found, judged)
    if found.basis == "modelled":
        steps.append(
            "Record seconds (sb.Recorder, or a tracing export that carries them): the modelled ones decide here."
        )
    return steps


def _to_tell(found: Findings, judged: Judgement) -> list[str]:
    """What would tell where the numbers do not: more time for the strongest predictor, or more tasks."""
    measured, tasks = found.measured, found.described.tasks
    enough = 4 * MIN_TASKS if tasks < 4 * MIN_TASKS else 2 * tasks
    few = f"Record more tasks: some {enough} are needed for a first answer, and there are {tasks}."
    if measured is None:
        return [few]
    worth = (measured.ahead_way if judged.only_ahead else measured.tools_way).worth
    steps = []
    if measured.cut_short and any("--minutes" in note for note in found.notes if note.startswith(f"`{LEARNED}`")):
        steps.append(f"Give it more time (--minutes), so that `{LEARNED}` is fitted on all training traces.")
    if worth.low is None or worth.high is None:
        return [*steps, few]
    if worth.answer is Answer.NO:  # only the strongest predictor is missing
        return steps or [few]
    if worth.high < worth.least_gain or worth.low >= worth.least_gain:
        return [*steps, "Record more tasks: they would show whether rare ones change the answer."]
    needed = _needed(worth, tasks)
    if needed is None:
        close = "More tasks may tell, but the net gain lies so close to what is worth having that it hardly matters."
        return [*steps, close]
    return [
        *steps,
        f"Record more tasks: if the net gain stays what it is, some {needed:,} would tell it from what is worth having "
        f"(there are {tasks}).",
    ]


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
