"""A reader for a trace format of one's own: here, a log of ``who<TAB>text`` lines with a blank line between talks."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import specbench as sb
from specbench.core.errors import TraceError
from specbench.traces.json_files import OnError
from specbench.traces.sources import Source

ROLES = {"customer": "user", "bot": "assistant"}


class TabLog(Source):
    """An entry point ``tab_log = "my_package:TabLog"`` in the group ``specbench.sources`` makes it known by name."""

    name = "tab_log"

    def detect(self, path: Path, head: str) -> bool:
        return head.startswith(("customer\t", "bot\t"))

    def read(self, path: Path, on_error: OnError) -> Iterator[sb.Trace]:
        messages: list[sb.Message] = []
        for number, line in enumerate([*path.read_text("utf-8").splitlines(), ""], start=1):
            who, _, text = line.partition("\t")
            if who in ROLES:
                messages.append(sb.Message(ROLES[who], text))
            elif line:
                on_error(TraceError("the line begins with neither customer nor bot", path=path, line=number, got=who))
            elif messages:
                yield sb.Trace(f"{path.stem}:{number}", f"{path.stem}:{number}", self.name, tuple(messages))
                messages = []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "talks.log.txt"
        log.write_text("customer\thi\nbot\thello\n\ncustomer\tbye\nbot\tbye\n", "utf-8")
        traces = sb.read(log, format="__main__:TabLog")  # in a program of yours: "my_reader:TabLog"
    print(traces)
