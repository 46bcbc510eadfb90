"""Draw the timelines of the concept pages: ``python docs/concepts/drawings.py`` writes the SVG files beside it."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, LEFT, ROW, BAR = 720, 110, 34, 22
COLOURS = {"llm": "#4c72b0", "tool": "#55a868", "guess": "#dd8452", "waste": "#c44e52", "wait": "#b5b5b5"}
ON = {"wait": "#222"}
"""Colours of the words on a bar, where they are not white."""
TEXT = "#777777"
"""Grey that can be read on white and on black."""


class Bar(NamedTuple):
    """One piece of work: from and to in seconds."""

    row: int
    start: float
    end: float
    kind: str
    text: str = ""


class Drawing(NamedTuple):
    """A timeline: what it shows (its alternative text), its rows, its bars, and marked moments."""

    about: str
    rows: tuple[str, ...]
    bars: tuple[Bar, ...]
    marks: tuple[tuple[float, str], ...] = ()


DRAWINGS = {
    "speculation": Drawing(
        "Without speculation the tool runs after the LLM; with it, the guessed call runs while the LLM thinks.",
        ("LLM", "tool", "", "LLM", "guess"),
        (
            Bar(0, 0, 4, "llm", "thinks"), Bar(1, 4, 7, "tool", "find_customer runs"), Bar(0, 7, 10, "llm", "thinks"),
            Bar(3, 0, 4, "llm", "thinks"), Bar(4, 0.3, 3.3, "guess", "find_customer runs"),
            Bar(3, 4, 7, "llm", "thinks"),
        ),
        ((4, "the LLM asks for it"), (7, "3 s sooner")),
    ),
    "fates": Drawing(
        "Three speculations: a commit (its result is used), a squash (given up), and a result that is carried on.",
        ("LLM", "commit", "squash", "carried"),
        (
            Bar(0, 0, 4, "llm", "thinks"), Bar(0, 4.2, 8, "llm", "thinks"), Bar(1, 0.3, 3, "guess", "get_order: used"),
            Bar(2, 0.3, 4, "waste", "get_user: given up"), Bar(3, 0.3, 2.6, "guess", "get_product"),
            Bar(3, 2.6, 8, "wait", "kept until its TTL or a write"),
        ),
        ((4, "asks for get_order"), (8, "asks for get_product")),
    ),
    "windows": Drawing(
        "A guess may run while the LLM thinks, while another tool runs, or while the user types.",
        ("agent", "think", "tool", "user"),
        (
            Bar(0, 0, 3, "llm", "LLM thinks"), Bar(0, 3, 5.5, "tool", "a tool runs"), Bar(0, 5.5, 7, "llm", "answers"),
            Bar(0, 7, 10, "wait", "the user types"), Bar(1, 0.2, 3, "guess", "guesses"),
            Bar(2, 3.1, 5.5, "guess", "guesses"),
            Bar(3, 7.1, 10, "guess", "guesses"),
        ),
    ),
    "waste": Drawing(
        "A wrong guess costs the seconds that its tool ran; a right one saves the seconds that overlap the thinking.",
        ("LLM", "right", "wrong"),
        (
            Bar(0, 0, 4, "llm", "thinks"), Bar(1, 0.4, 4, "guess", "saved: 3.6 s"),
            Bar(1, 4, 5.5, "wait", "still waited"),
            Bar(2, 0.4, 4, "waste", "wasted: 3.6 s"),
        ),
        ((4, "the decision"),),
    ),
    "run_ahead": Drawing(
        "Run-ahead: the next LLM invocation starts on the result of a guess, before the first one has decided.",
        ("LLM 1", "guess", "LLM 2"),
        (
            Bar(0, 0, 4, "llm", "thinks"), Bar(1, 0.3, 2.3, "guess", "get_order runs"),
            Bar(2, 2.3, 6, "guess", "thinks on its result"),
        ),
        ((4, "confirmed"),),
    ),
}  # fmt: skip


def svg(drawing: Drawing) -> str:
    """Return a timeline as an SVG document."""
    end = max(bar.end for bar in drawing.bars)
    scale, height = (WIDTH - LEFT - 20) / end, ROW * len(drawing.rows) + (28 if drawing.marks else 8)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'font-family="sans-serif" font-size="13"><title>{escape(drawing.about)}</title>'
    ]
    for row, name in enumerate(drawing.rows):
        out.append(f'<text x="{LEFT - 10}" y="{ROW * row + 21}" text-anchor="end" fill="{TEXT}">{escape(name)}</text>')
    for bar in drawing.bars:
        x, y = LEFT + bar.start * scale, ROW * bar.row + 5
        width = (bar.end - bar.start) * scale
        out.append(f'<rect x="{x:.0f}" y="{y}" width="{width:.0f}" height="{BAR}" rx="3" fill="{COLOURS[bar.kind]}"/>')
        ink = ON.get(bar.kind, "#fff")
        out.append(f'<text x="{x + 6:.0f}" y="{y + 15}" fill="{ink}">{escape(bar.text)}</text>')
    for at, text in drawing.marks:
        x = LEFT + at * scale
        side = ("end", -4) if at > 0.8 * end else ("start", 4)
        out.append(f'<path d="M{x:.0f} 0V{height - 6}" stroke="{TEXT}" stroke-dasharray="3 3"/>')
        out.append(
            f'<text x="{x + side[1]:.0f}" y="{height - 8}" text-anchor="{side[0]}" fill="{TEXT}">{escape(text)}</text>'
        )
    return "\n".join([*out, "</svg>", ""])


if __name__ == "__main__":
    for name, drawing in DRAWINGS.items():
        Path(__file__).with_name(f"{name}.svg").write_text(svg(drawing), encoding="utf-8")
