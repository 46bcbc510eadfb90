"""The playground: sliders on the left, what they do on the right. For JupyterLab and, as a dashboard, Voila.

>>> from specbench.playground import Playground            # doctest: +SKIP
>>> Playground("my_traces.jsonl").widget                   # doctest: +SKIP
"""

from __future__ import annotations

from specbench.core.errors import MissingExtraError

try:
    import anywidget  # noqa: F401
    import ipywidgets  # noqa: F401
except ImportError as error:
    raise MissingExtraError(error.name or "ipywidgets", extra="lab") from None

from specbench.playground.main import Playground

__all__ = ["Playground"]
