"""A policy of one's own: launch only calls of tools that are worth it, however sure the predictor is of the others."""

from collections.abc import Sequence
from dataclasses import dataclass

import specbench as sb
from specbench.policies import Choice, State, launchable


@dataclass(frozen=True)
class OnlyTools(sb.Policy):
    """Launch the best call of one of ``tools`` at ``p`` or more."""

    tools: tuple[str, ...]
    p: float = 0.3

    def choose(
        self, point: sb.DecisionPoint, predictions: Sequence[sb.Prediction], state: State | None = None
    ) -> Choice:
        for each in launchable(point, predictions):
            if each.call.name in self.tools and each.p >= self.p:
                return Choice([each], f"{each.call.name} is worth it at p {each.p:.2f}")
        return Choice([], f"nothing of {', '.join(self.tools)} at p {self.p:.2f} or more")


if __name__ == "__main__":
    train, test = sb.sample(tasks=40).split(test=0.25, seed=0)
    predictor = sb.evaluate("patterns", train, test)["patterns"]
    for policy in (sb.Threshold(0.3), OnlyTools(("get_order",))):
        print(policy, "→", sb.simulate(predictor, test, policy).metrics.report())
