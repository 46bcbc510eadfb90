"""What the scripted agent can do: one function a kind of goal. Each returns the turn with the customer's next goal."""

from __future__ import annotations

from collections.abc import Callable

from specbench.desk.people.agent import ScriptedAgent
from specbench.desk.people.goals import Goal
from specbench.desk.people.skills_account import ACCOUNT_SKILLS
from specbench.desk.people.skills_items import ITEM_SKILLS
from specbench.desk.people.skills_orders import ORDER_SKILLS
from specbench.desk.people.users import Turn

__all__ = ["SKILLS"]

#: Kind of goal -> skill.
SKILLS: dict[str, Callable[[ScriptedAgent, Goal], Turn]] = {**ORDER_SKILLS, **ITEM_SKILLS, **ACCOUNT_SKILLS}
