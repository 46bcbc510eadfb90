"""The shipped sample data: scripted agents and scripted customers on a real SQLite desk, as traces. SYNTHETIC.

Every tool result comes from running the tool. ``specbench desk generate --out data/support_desk.jsonl`` writes the file
that is shipped, byte for byte.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

from specbench.core.errors import ConfigError
from specbench.core.types import Trace
from specbench.desk.people.agent import Correction, Left, ScriptedAgent
from specbench.desk.people.goals import Task, sample_task
from specbench.desk.people.habits import HABITS
from specbench.desk.people.skills import SKILLS
from specbench.desk.people.users import ScriptedUser
from specbench.desk.phrases.books import read_book
from specbench.desk.world.data import TODAY
from specbench.desk.world.desk import SupportDesk
from specbench.traces.collection import SAMPLE_SOURCE

__all__ = ["CUSTOMERS", "SYSTEM_PROMPT", "TRIALS", "Phrasings", "desk_of", "generate", "play"]

Phrasings = Literal["seen", "unseen"]

#: Rollouts of each task.
TRIALS = 2
#: Customers of one desk; a task takes one, and the next desk begins when all are taken.
CUSTOMERS = 240

SYSTEM_PROMPT = f"""You are the agent of an online shop's support desk. Today is {TODAY.isoformat()}.
Find the customer's account by email, or by name and zip code, before anything else.
Orders can be cancelled, and their address changed, only while they are processing.
Delivered items can be returned or exchanged within 30 days.
Ask before you change something. Say only what the tools tell you."""


def generate(conversations: int = 480, seed: int = 7, phrasings: Phrasings = "seen") -> Iterator[Trace]:
    """Play conversations, one after the other.

    Parameters
    ----------
    conversations
        How many; each task is played :data:`TRIALS` times, by different agent configurations.
    seed
        Same seed, same conversations. Draws depend on neither hash order, time nor locale.
    phrasings
        ``"unseen"``: customers speak in paraphrases that ``"seen"`` never uses.

    Yields
    ------
    Trace
        ``task_id`` is ``support_desk/0017``; ``metadata`` holds ``synthetic``, ``trial``, ``desk_seed`` (see
        :func:`desk_of`), ``goals`` and ``left`` (the customer broke off).

    Raises
    ------
    ConfigError
        When an argument is out of range.

    Examples
    --------
    >>> [(trace.trace_id, trace.agent) for trace in generate(2)]
    [('support_desk/0000/0', 'desk-...'), ('support_desk/0000/1', 'desk-...')]
    """
    if conversations < 0:
        raise ConfigError(f"conversations is {conversations}; it must be 0 or more")
    if phrasings not in ("seen", "unseen"):
        raise ConfigError(f"phrasings is {phrasings!r}; use 'seen' or 'unseen'")
    return _generate(conversations, seed, phrasings)


def _generate(conversations: int, seed: int, phrasings: Phrasings) -> Iterator[Trace]:
    number = 0
    block = 0
    while number * TRIALS < conversations:
        desk_seed = seed * 1_000_003 + block
        with desk_of(desk_seed) as desk:
            users = desk.user_ids()
            random.Random(f"users/{desk_seed}").shuffle(users)
            for user_id in users:
                rng = random.Random(f"task/{seed}/{number}")
                task = sample_task(desk, user_id, rng)
                agents = rng.sample(tuple(HABITS), TRIALS)
                for trial in range(min(TRIALS, conversations - number * TRIALS)):
                    yield _play(desk, desk_seed, task, number, trial, agents[trial], seed, phrasings)
                number += 1
        block += 1


def desk_of(desk_seed: int) -> SupportDesk:
    """The desk, in its first state, on which the conversations with this ``desk_seed`` were played."""
    return SupportDesk(seed=desk_seed, customers=CUSTOMERS)


def _play(
    desk: SupportDesk,
    desk_seed: int,
    task: Task,
    number: int,
    trial: int,
    name: str,
    seed: int,
    phrasings: Phrasings,
) -> Trace:
    book = read_book("customer" if phrasings == "seen" else "held_out")
    rng = random.Random(f"trial/{seed}/{number}/{trial}")
    left = False
    with desk.copy() as own:
        user = ScriptedUser(task, book, rng)
        agent = ScriptedAgent(own, user, HABITS[name], rng, SYSTEM_PROMPT)
        try:
            play(agent, user)
        except Left as ending:
            left = ending.args[0]
    return Trace(
        trace_id=f"support_desk/{number:04d}/{trial}",
        task_id=f"support_desk/{number:04d}",
        source=SAMPLE_SOURCE,
        messages=tuple(agent.messages),
        tools=desk.tools,
        agent=name,
        metadata={
            "synthetic": True,
            "trial": trial,
            "desk_seed": desk_seed,
            "goals": " ".join(goal.kind for goal in task.goals),
            "left": left,
        },
    )


def play(agent: ScriptedAgent, user: ScriptedUser) -> None:
    """Play until the customer ends it, which raises :class:`Left`."""
    turn = agent.hear(user.open())
    while turn.goal is None:
        turn = agent.ask("intent", agent.text("greet"))
    if turn.goal.kind != "shop" or agent.chance(agent.habits.profile):
        agent.identify()
        agent.look_around()
    while turn.goal is not None:
        if not agent.user_id and turn.goal.kind != "shop":
            agent.identify()
            agent.look_around()
        goal = turn.goal
        while True:
            try:
                turn = SKILLS[goal.kind](agent, goal)
                break
            except Correction:
                continue
