"""One line that says how it goes, for whoever looks at the standard error of the proxy."""

from __future__ import annotations

from specbench.core.ledger import Fate, Ledger

__all__ = ["Status"]


class Status:
    """Counts of the sessions of one proxy.

    Examples
    --------
    >>> Status("shadow").line()
    'specbench mcp-proxy: shadow, 0 calls'
    """

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.calls = self.hits = self.launched = 0
        self.saved_s = self.wasted_s = 0.0
        self.troubles: dict[str, str] = {}  # what does not work at the moment, by the part that it is about

    def take(self, rows: Ledger) -> None:
        """Count rows that are final."""
        self.calls += sum(row.calls for row in rows.outcomes)
        self.hits += sum(row.hits for row in rows.outcomes)
        self.saved_s += sum(row.saved_s for row in rows.outcomes)
        self.launched += len(rows.speculations)
        self.wasted_s += sum(row.run_s for row in rows.speculations if row.fate != Fate.COMMIT)

    def line(self) -> str:
        """Return the line."""
        text = f"specbench mcp-proxy: {self.mode}, {self.calls} calls"
        if self.launched:
            would = "would be " if self.mode == "shadow" else ""
            text += (
                f", {self.hits} {would}hits, {self.saved_s:.1f} s {would}saved, {self.wasted_s:.1f} s {would}wasted "
                f"by {self.launched} guesses"
            )
        return "; ".join([text, *self.troubles.values()])
