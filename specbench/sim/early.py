"""Early start on the virtual clock: the parts of a call that the LLM has written, as the executor hears them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.ledger import Window
from specbench.core.types import Prediction, ToolCall
from specbench.policies import Policy, TopK
from specbench.speculation.partial_decision import Heard, allows, narrowed

if TYPE_CHECKING:
    from specbench.sim.session import SimulatedSession
    from specbench.sim.step import Step

__all__ = ["hear"]


def hear(session: SimulatedSession, step: Step, part: Heard) -> None:
    """Give up what ``part`` of the step's call rules out, and start what it makes likely, or the call once complete.

    What is written of an invocation that is run ahead is not heard: its own decision is not certain to happen.
    """
    if step.depth or step.dropped or step.decided_s is not None:
        return
    engine, book = session.engine, session.book
    index = step.row - session.start
    for launch in list(book.live.values()):
        if launch.wanted_at == index and not allows(part.tool, part.arguments, launch.call):
            book.contradicted(engine.now, launch)
    child = step.child
    if child is not None and child.parent is not None and not allows(part.tool, part.arguments, child.parent.call):
        session.drop(child)
        step.child = None
    if Window.THINK not in engine.options.windows:
        return
    policy: Policy = engine.policy
    if part.complete:
        found, policy = [Prediction(ToolCall(part.tool, part.arguments), 1.0)], TopK(1)
    else:
        found = narrowed(engine.table.predictions[step.row] if step.predicted else (), part.tool, part.arguments)
    if found:
        opened = book.open(engine.now, engine.table.points[step.row], index, Window.THINK, found, policy)
        session.build_on(step, opened)
