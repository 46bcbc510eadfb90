"""One operating point, in the words that the command line takes: everything that the playground's widgets move."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from specbench.policies import Policy, parse_policy
from specbench.sim import Constant, Latency
from specbench.speculation import Options, parse_options

__all__ = ["Setting"]


@dataclass(frozen=True)
class Setting:
    """One operating point: a predictor, a policy, seconds, windows. Everything that the widgets move.

    Parameters
    ----------
    predictor
        A name, or the label of one that was added to the workbench.
    policy
        ``threshold``, ``topk`` or ``ev``.
    threshold, k, waste
        Least probability; most launches at a decision point; what a wasted second costs (``ev``).
    think_s, tool_s, user_s, predict_ms
        Seconds of LLM, tool and user; milliseconds of the predictor.
    windows
        Some of ``think, tool, user``.
    carry_s
        Seconds that unused results stay.
    ahead
        Depth of run-ahead; 0 for none.
    launches
        Budget of a session; 0 for none.

    Examples
    --------
    >>> Setting(threshold=0.4, k=2, carry_s=60).policy_text(), Setting(carry_s=60, ahead=1).options_text()
    ('threshold:0.4,2', 'windows=think; carry=60; ahead=1')
    """

    predictor: str = "ngram"
    policy: str = "threshold"
    threshold: float = 0.6
    k: int = 1
    waste: float = 0.5
    think_s: float = 2.0
    tool_s: float = 1.0
    user_s: float = 8.0
    predict_ms: float = 2.0
    windows: tuple[str, ...] = ("think",)
    carry_s: float = 0.0
    ahead: int = 0
    launches: int = 0

    def policy_text(self) -> str:
        """Return the policy as ``specbench simulate`` takes it."""
        text = {
            "threshold": f"threshold:{self.threshold:g},{self.k}",
            "topk": f"topk:{self.k}",
            "ev": f"ev:{self.waste:g},{self.k}",
        }[self.policy]
        return f"{text}+launches:{self.launches}" if self.launches else text

    def options_text(self) -> str:
        """Return the options as ``specbench simulate`` takes them."""
        parts = [f"windows={'+'.join(self.windows) or 'think'}"]
        parts += [f"carry={self.carry_s:g}"] if self.carry_s else []
        parts += [f"ahead={self.ahead}"] if self.ahead else []
        return "; ".join(parts)

    def latency(self) -> Latency:
        """Return the latency model."""
        return Constant(self.think_s, self.tool_s, self.user_s)

    def make_policy(self) -> Policy:
        """Return the policy."""
        return parse_policy(self.policy_text())

    def make_options(self) -> Options:
        """Return the options."""
        return parse_options(self.options_text())

    def arguments_text(self) -> str:
        """Return the arguments that differ from the defaults, as Python.

        Examples
        --------
        >>> Setting("markov", k=2).arguments_text()
        "predictor='markov', k=2"
        """
        default = asdict(Setting())
        return ", ".join(f"{name}={value!r}" for name, value in asdict(self).items() if value != default[name])
