"""Lakes: traces as Parquet shards in folders by source and day, for more of them than fit into memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specbench.core.lazy import lazy

if TYPE_CHECKING:
    from specbench.traces.lake.reading import Lake, LakeSplit
    from specbench.traces.lake.writing import write_lake

__all__ = ["Lake", "LakeSplit", "write_lake"]

__getattr__, __dir__ = lazy(
    __name__,
    {
        "Lake": "specbench.traces.lake.reading",
        "LakeSplit": "specbench.traces.lake.reading",
        "write_lake": "specbench.traces.lake.writing",
    },
)
