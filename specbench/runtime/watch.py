"""One predictor session for each conversation, kept up to date message by message, made anew when history changes."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

from specbench.predictors import Predictor
from specbench.predictors.base import Session
from specbench.types import DecisionPoint, Message, Prediction

__all__ = ["Watch", "same_message", "same_messages"]


def same_message(one: Message, two: Message) -> bool:
    """Whether two messages say the same to an LLM; ids and timings aside."""
    return one is two or (one.role == two.role and one.content == two.content and one.tool_calls == two.tool_calls)


def same_messages(one: Sequence[Message], two: Sequence[Message]) -> bool:
    """Whether two conversations say the same."""
    return len(one) == len(two) and all(map(same_message, one, two))


class Watch:
    """Asks a predictor about one conversation.

    Parameters
    ----------
    predictor
        Fitted.
    k
        Predictions to ask for.
    """

    def __init__(self, predictor: Predictor, k: int) -> None:
        self.predictor, self.k = predictor, k
        self._session: Session | None = None
        self._seen: list[Message] = []

    async def predict(self, point: DecisionPoint, *, supposed: bool = False) -> list[Prediction]:
        """Return the predictions at ``point``; ``supposed`` ones do not touch the conversation's own session.

        A session whose ``predict`` is a coroutine function is awaited: a draft by an LLM takes its time.
        """
        session = self.predictor.at(point) if supposed else self._follow(point)
        try:
            found = session.predict(self.k)
            return await found if inspect.isawaitable(found) else found
        except BaseException:
            self._session = None if not supposed else self._session
            raise

    def _follow(self, point: DecisionPoint) -> Session:
        seen, messages = self._seen, point.messages
        if self._session is None or not (len(seen) <= len(messages) and all(map(same_message, seen, messages))):
            self._session, self._seen = None, []  # edited, or broken: begin again
            session = self.predictor.session(point.tools, point.agent)
            seen = []
        else:
            session = self._session
        for message in messages[len(seen) :]:
            session.observe(message)
            seen.append(message)
        self._session, self._seen = session, seen
        return session
