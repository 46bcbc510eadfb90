"""What the scripted agent can do: one function a kind of goal. Each returns the turn with the customer's next goal."""

from __future__ import annotations

from collections.abc import Callable

from specbench.agent.scripted_agent import ScriptedAgent
from specbench.agent.scripted_goals import Goal
from specbench.agent.scripted_users import Turn
from specbench.agent.skills_account import ACCOUNT_SKILLS
from specbench.agent.skills_items import ITEM_SKILLS
from specbench.agent.skills_orders import ORDER_SKILLS

__all__ = ["SKILLS"]

#: Kind of goal -> skill.
SKILLS: dict[str, Callable[[ScriptedAgent, Goal], Turn]] = {**ORDER_SKILLS, **ITEM_SKILLS, **ACCOUNT_SKILLS}
