"""The playground: sliders on the left, what they do on the right. For JupyterLab and, as a dashboard, Voila.

>>> from specbench.playground import Playground            # doctest: +SKIP
>>> Playground("my_traces.jsonl").widget                   # doctest: +SKIP
"""

from __future__ import annotations

from specbench.core.extras import named_extras

with named_extras():
    import anywidget  # noqa: F401
    import ipywidgets  # noqa: F401

from specbench.playground.main import Playground

__all__ = ["Playground"]
