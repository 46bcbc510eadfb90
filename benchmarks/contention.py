"""From which certainty on does running the LLM ahead pay, as a server fills? ``python benchmarks/contention.py``

Modelled, from a measured latency profile. With N requests in the batch, one more (a run-ahead that starts on a
predicted result) lengthens every step of the others. With probability p it is the invocation that would come anyway,
only earlier: that saves one thinking. Else the N others have waited for nothing. Extrapolated beyond the batches that
the profile was measured at.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from common import ROOT

from specbench.llm.profiling import LatencyProfile
from specbench.plots.style import new_axes, per_cent, series, themed
from specbench.sim.latency.profile import read_profile

PROFILE = ROOT / "benchmarks" / "gpu" / "profile-nf4-random-weights.json"
PICTURE = ROOT / "docs" / "howto" / "contention.png"
BUSY = (0, 1, 2, 4, 8, 16, 32, 64)
PROMPTS, WRITTEN_TOK = (500, 2000, 8000), 60


def break_even(profile: LatencyProfile, busy: int, prompt_tok: int) -> float:
    """Return the p at which p · thinking = (1 − p) · what the others wait, with ``busy`` of them."""
    think_s, before_s = (profile.think_s(prompt_tok, WRITTEN_TOK, batch) for batch in (busy + 1, max(busy, 1)))
    ratio = busy * (think_s - before_s) / think_s
    return ratio / (1 + ratio)


def main(words: Sequence[str]) -> int:
    """Print the table and draw it."""
    profile = LatencyProfile(**read_profile(words[0] if words else PROFILE)["profile"])
    print("| requests in the batch | " + " | ".join(f"prompts of {tok:,} tokens" for tok in PROMPTS) + " |")
    print("| ---: |" + " ---: |" * len(PROMPTS))
    found = {tok: [break_even(profile, busy, tok) for busy in BUSY] for tok in PROMPTS}
    for at, busy in enumerate(BUSY):
        print(f"| {busy} | " + " | ".join(f"{100 * found[tok][at]:.0f} %" for tok in PROMPTS) + " |")
    with themed("light"):
        ax = new_axes(7.2, 4.2)
        for number, (tok, values) in enumerate(found.items()):
            look = series(number)
            ax.plot(BUSY, values, color=look.colour, ls=look.line, marker=look.marker, label=f"{tok:,} tokens")
        ax.set_xscale("symlog", base=2, linthresh=1)
        ax.set_xticks(BUSY, [str(busy) for busy in BUSY])
        ax.set_ylim(0, 1)
        ax.yaxis.set_major_formatter(per_cent())
        ax.set_xlabel("requests that the server works on already")
        ax.set_ylabel("least p at which running ahead pays (modelled)")
        ax.legend(title="prompts")
        Path(PICTURE).parent.mkdir(exist_ok=True)
        ax.figure.savefig(PICTURE, dpi=110, bbox_inches="tight")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
