"""Earlier layouts of the learned predictor's state, and how they become today's."""

from __future__ import annotations

__all__ = ["LAYOUT_STEPS"]

LAYOUT_STEPS = {
    1: "a learned predictor of 30 November 2026 or earlier. Its networks weigh features that specbench no longer "
    "computes: no conversion would predict the same. What to do: train one on the same traces, `specbench train "
    "--traces PATH --out FOLDER`; later ones are converted",
}
"""Layout → the step to the next one, or why there is none (:mod:`specbench.predictors.migration`)."""
