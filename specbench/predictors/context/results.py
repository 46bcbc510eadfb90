"""What tools answer, as values: documents by their paths, texts by their lines; and where relative paths begin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from specbench.predictors.context.documents import document_in
from specbench.predictors.context.extraction import ENGLISH
from specbench.predictors.context.json_paths import is_map, walk
from specbench.predictors.context.language.base import DAY, Language, is_day
from specbench.predictors.context.literals import LONGEST, literals_in
from specbench.predictors.context.values import (
    GROUP,
    GROUP_SIZE,
    LAST,
    LAST_TOOL,
    MENTIONS,
    OFFSET,
    ORDINAL,
    PATH,
    PLACED,
    ValueTable,
)

__all__ = ["ResultTable"]

MAX_NAMED = 200
MAX_TEMPLATES = 96
"""Kinds of lines that are told apart in one conversation."""
MAX_ROOTS = 2
"""Folders that relative paths are put behind, the likeliest ones."""
MAX_RELATIVE = 2000
JOINED = "joined:path"
"""Path of a folder and a relative path put together."""


class ResultTable(ValueTable):
    """A :class:`ValueTable` that reads tool results.

    Parameters
    ----------
    folders
        Where relative paths have begun in other conversations, the likeliest first.
    language
        What people speak; English, where nothing is said.

    Attributes
    ----------
    named_values : list of (str, str)
        Names and values of the maps among the results: ``{"ATL": "Atlanta", ...}``.
    roots : Counter of str
        Folders in which relative paths of this conversation begin, with how often that was seen.

    Examples
    --------
    >>> table = ResultTable()
    >>> table.read_text("src/app.py:12: run()", "grep", 0)
    >>> [table.texts[row] for row in table.rows("grep:path")], [table.texts[row] for row in table.rows("grep:line")]
    (['src/app.py'], ['12'])
    """

    def __init__(self, folders: Sequence[str] = (), language: Language | None = None) -> None:
        super().__init__()
        self.language = language or ENGLISH
        self.folders = folders
        self.named_values: list[tuple[str, str]] = []
        self.roots: Counter[str] = Counter()
        self._heads: dict[str, None] = {}
        self._relative: dict[str, None] = {}
        self._templates: set[str] = set()
        self._days: dict[str, None] = {}

    def read_result(self, content: str, tool: str, at: int) -> None:
        """Take in what a tool has answered in message ``at``."""
        document = document_in(content)
        if isinstance(document, str):
            if 0 < len(document) <= LONGEST and "\n" not in document and document.count(" ") <= 4:
                self._add_placed(document, f"{tool}.$", at, 0, 0, 1)
            self.read_text(document, tool, at)
            return
        leaves, groups = walk(document)
        base = len(self.groups)
        for each in groups:
            self._add_group(each, at)
        self.last_things = frozenset().union(*(each.things for each in groups))
        self.things |= self.last_things
        if isinstance(document, dict) and is_map(document):
            pairs = [(name, value) for name, value in document.items() if isinstance(value, str) and len(value) <= 40]
            self.named_values += pairs[:MAX_NAMED]
        sizes: dict[str, int] = {}
        for leaf in leaves:
            sizes[leaf.path] = leaf.ordinal + 1
        for leaf in leaves:
            if isinstance(leaf.value, str) and len(leaf.value) > LONGEST:
                self.read_text(leaf.value, tool + leaf.path, at)
                continue
            self._add_placed(leaf.value, tool + leaf.path, at, base + leaf.group, leaf.ordinal, sizes[leaf.path])
            if isinstance(leaf.value, str) and "/" in leaf.value:
                self._take_path(leaf.value, at)

    def read_text(self, text: str, source: str, at: int, said_by: int = LAST_TOOL) -> None:
        """Take in the values of a text line by line.

        Parameters
        ----------
        text
            As long as it is.
        source
            What the paths of its values begin with: the tool, or the place in its result.
        at, said_by
            Number of the message, and the column of the table for who said it.
        """
        found = list(literals_in(text))
        sizes = {(each.kind, each.template): each.ordinal + 1 for each in found}
        for each in found:
            template = self._known_template(each.template)
            if each.kind == "value":
                path = f"{source}.{template}" if template else f"{source}:value"
                row = self._add_placed(each.text, path, at, 0, each.ordinal, sizes[each.kind, each.template], said_by)
            else:
                if template:
                    self._add(each.text, f"{source}:{each.kind}", at)
                path = f"{source}:{each.kind}@{template}" if template else f"{source}:{each.kind}"
                row = self._add_placed(each.text, path, at, 0, each.ordinal, sizes[each.kind, each.template], said_by)
            self._table[row, MENTIONS] += 1
            self._table[row, OFFSET] = 0
            if each.kind == "path":
                self._take_path(each.text, at)
        for row in self._known_words(text):
            self._table[row, said_by] = self._table[row, LAST] = at

    def _take_folders(self, text: str, at: int) -> None:
        """Learn from the absolute paths of a system message where relative ones may begin."""
        for each in literals_in(text):
            if each.kind == "path" and each.text.startswith(("/", "~/")) and "." not in each.text.rpartition("/")[2]:
                self.roots[each.text.rstrip("/")] += 1

    def _known_template(self, template: str) -> str:
        if template in self._templates or len(self._templates) < MAX_TEMPLATES:
            self._templates.add(template)
            return template
        return ""

    def _take_path(self, path: str, at: int) -> None:
        """Learn from a path where relative ones begin, and put it behind the folder where it may begin."""
        if "://" in path or " " in path:
            return
        if path.startswith(("/", "~/")):
            parts = path.split("/")
            for depth in range(2, min(len(parts), 16)):
                if parts[depth] in self._heads:
                    root = "/".join(parts[:depth])
                    new = root not in self.roots
                    self.roots[root] += 1
                    if new:
                        for relative in self._relative:
                            self._join(root, relative, at)
                    break
            return
        relative = path.removeprefix("./")
        head = relative.partition("/")[0]
        if not head or head in ("..", "."):
            return
        if relative not in self._relative and len(self._relative) < MAX_RELATIVE:
            self._relative[relative] = None
            self._heads[head] = None
        for root in self._likely_roots():
            self._join(root, relative, at)

    def _likely_roots(self) -> Sequence[str]:
        """Return where relative paths begin in this conversation; until that is seen, where they did in training."""
        return [root for root, _ in self.roots.most_common(MAX_ROOTS)] or self.folders

    def _join(self, root: str, relative: str, at: int) -> None:
        whole = f"{root}/{relative}"
        if len(whole) <= LONGEST:
            known = self._row_of.get(relative)
            row = self._add(whole, JOINED, at)
            self._table[row, LAST] = at
            if known is not None:  # what was said of the one was said of the other
                for column in (LAST, LAST_TOOL, ORDINAL, PLACED, GROUP_SIZE):
                    self._table[row, column] = max(self._table[row, column], self._table[known, column])

    def _add_placed(
        self, value: Any, path: str, at: int, group: int, ordinal: int, size: int, said_by: int = LAST_TOOL
    ) -> int:
        """Add a value of a result with its place: as which of how many at its path."""
        row = self._add(value, path, at, group, ordinal)
        record = self._table[row]
        record[said_by] = record[LAST] = at
        if isinstance(value, str) and len(value) == len(DAY) and is_day(value):
            self._days.pop(value, None)
            self._days[value] = None
        if group:
            self.row_groups[row].append((group, path))
        record[GROUP] = group
        if "[]" in path or ":" in path or record[GROUP_SIZE] <= 1:
            # The place in a list stays, also when the value comes back in a result of its own or in a map of all there
            # is: what people go through one by one are lists.
            record[ORDINAL], record[PATH], record[PLACED], record[GROUP_SIZE] = ordinal, self._path_ids[path], at, size
        return row
