"""One look for every figure: safe for colour-blind eyes, distinguishable in print, light or dark.

Colours are Okabe and Ito's; line style and marker change with the colour, so nothing depends on colour alone. Figures
are made without pyplot: no backend is chosen and nothing stays open.

References
----------
M. Okabe, K. Ito (2008), *Color Universal Design*, https://jfly.uni-koeln.de/color/.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias

import matplotlib as mpl
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from specbench.core.errors import ConfigError
from specbench.core.registry import PREDICTORS

__all__ = [
    "THEMES",
    "Ink",
    "Series",
    "Theme",
    "basis",
    "empty",
    "ink",
    "looks",
    "new_axes",
    "per_cent",
    "points",
    "save_figure",
    "series",
    "shorten",
    "themed",
]

Theme: TypeAlias = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")


class Ink(NamedTuple):
    """The colours of a theme. ``good`` is what was saved or used, ``bad`` what was wasted."""

    paper: str
    text: str
    faint: str
    grid: str
    good: str
    bad: str
    think: str
    tool: str


_INKS: dict[str, Ink] = {
    "light": Ink("#ffffff", "#1c1f23", "#5c636b", "#e4e7ea", "#009e73", "#d55e00", "#b9c3cd", "#0072b2"),
    "dark": Ink("#16191d", "#e8eaed", "#a3abb4", "#2f353c", "#2bc498", "#f08345", "#5b6672", "#56b4e9"),
}
_COLOURS = {
    "light": ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#6a3d9a", "#444444"),
    "dark": ("#56b4e9", "#f08345", "#2bc498", "#e39bc3", "#f0e442", "#9ad0f5", "#b99be0", "#c8ccd1"),
}
_LINES: tuple[Any, ...] = (
    "-",
    (0, (4.5, 1.5)),
    (0, (1.6, 1.2)),
    (0, (5, 1.4, 1.2, 1.4)),
    (0, (7, 1.5, 1.5, 1.5, 1.5, 1.5)),
    (0, (0.8, 0.8)),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "p")


class Series(NamedTuple):
    """How one line is drawn."""

    colour: str
    line: Any
    marker: str


def ink(theme: str = "light") -> Ink:
    """Return the colours of a theme.

    Raises
    ------
    ConfigError
        When there is no such theme.

    Examples
    --------
    >>> ink("light").paper
    '#ffffff'
    """
    if theme not in _INKS:
        raise ConfigError(f"no theme is called {theme!r}; use one of {', '.join(THEMES)}")
    return _INKS[theme]


def series(number: int, theme: str = "light") -> Series:
    """Return colour, line style and marker of the line with this number.

    Examples
    --------
    >>> series(0).marker, series(1).marker
    ('o', 's')
    """
    colours = _COLOURS[theme]
    return Series(colours[number % len(colours)], _LINES[number % len(_LINES)], _MARKERS[number % len(_MARKERS)])


def looks(names: Iterable[str], theme: str = "light") -> dict[str, Series]:
    """Return how each predictor's line is drawn: a predictor has one colour in every figure.

    Variants of a predictor (``markov+recent``) share its colour and differ in line and marker. Labels that no predictor
    has take the colours that are left.

    Examples
    --------
    >>> shown = looks(["markov", "markov+recent", "mine"])
    >>> shown["markov"].colour == shown["markov+recent"].colour != shown["mine"].colour
    True
    """
    known = list(PREDICTORS)
    found: dict[str, Series] = {}
    variants: dict[str, int] = {}
    others = len(PREDICTORS.built_in)
    for name in names:
        base = name.partition("+")[0].partition(":")[0]
        if base in known:
            number = known.index(base)
            variant = 0 if name == base else variants.setdefault(base, 0) + 1
            variants[base] = max(variant, variants.get(base, 0))
        else:
            number, variant, others = others, 0, others + 1
        look, other = series(number, theme), series(number + 5 * variant, theme)
        found[name] = Series(look.colour, other.line, other.marker)
    return found


@contextmanager
def themed(theme: str = "light") -> Iterator[Ink]:
    """Draw in a theme; yields its colours. The user's matplotlib settings are as before afterwards."""
    colours = ink(theme)
    rc: Any = {
        **sns.axes_style("whitegrid"),
        "figure.facecolor": colours.paper,
        "axes.facecolor": colours.paper,
        "savefig.facecolor": colours.paper,
        "axes.edgecolor": colours.faint,
        "axes.labelcolor": colours.text,
        "axes.titlecolor": colours.text,
        "axes.titlesize": 12,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.titlepad": 12,
        "text.color": colours.text,
        "xtick.color": colours.faint,
        "ytick.color": colours.faint,
        "xtick.labelcolor": colours.text,
        "ytick.labelcolor": colours.text,
        "grid.color": colours.grid,
        "hatch.color": colours.paper,
        "hatch.linewidth": 1.2,
        "font.family": ["DejaVu Sans"],
        "font.size": 10,
        "legend.frameon": False,
        "svg.fonttype": "path",
        "svg.hashsalt": "specbench",
        # A tool may be called "$x$": its name is text, not mathematics.
        "text.parse_math": False,
    }
    with mpl.rc_context(rc):
        yield colours


def new_axes(width_in: float = 8.0, height_in: float = 5.0) -> Axes:
    """Return the axes of a new figure that no window manager knows."""
    return Figure(figsize=(width_in, height_in), layout="constrained").add_subplot()


def basis(modelled: bool) -> str:
    """Return the word for where seconds come from, as every axis says it."""
    return "modelled" if modelled else "measured"


def per_cent() -> PercentFormatter:
    """Return a formatter of axis ticks: shares as whole per cent."""
    return PercentFormatter(1.0, decimals=0, symbol=" %")


def points(value: float | None, low: float | None = None, high: float | None = None) -> str:
    """Return a difference of two shares in percentage points, with its interval; a dash where there is none.

    Examples
    --------
    >>> points(0.123, 0.05, 0.2), points(-0.01), points(None)
    ('+12.3 [+5.0, +20.0]', '−1.0', '–')
    """
    numbers = ["" if each is None or each != each else f"{100 * each:+.1f}" for each in (value, low, high)]
    if not numbers[0]:
        return "–"
    text = f"{numbers[0]} [{numbers[1]}, {numbers[2]}]" if numbers[1] and numbers[2] else numbers[0]
    return text.replace("-", "−")


def shorten(text: str, letters: int) -> str:
    """Return a label of at most ``letters`` characters, without line breaks and control characters.

    Examples
    --------
    >>> shorten("get_order_details", 10), shorten("a\\tb", 10)
    ('get_order…', 'a b')
    """
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean if len(clean) <= letters else clean[: letters - 1] + "…"


def empty(ax: Axes, text: str, colours: Ink) -> Axes:
    """Say in the middle of ``ax`` why there is nothing to see."""
    ax.set_axis_off()
    ax.text(0.5, 0.5, text, ha="center", va="center", color=colours.faint, fontsize=11, transform=ax.transAxes)
    return ax


def save_figure(ax: Axes, folder: str | Path, name: str, theme: str = "light") -> list[Path]:
    """Write the figure of ``ax`` as SVG, and in the light theme as PNG (150 dots an inch) too.

    The same figure gives the same bytes: no date, no random identifiers.

    Parameters
    ----------
    ax
        Axes that a plot function returned.
    folder
        Must exist.
    name
        File name without suffix; ``-dark`` is added in the dark theme.
    theme
        The theme that it was drawn in.

    Returns
    -------
    list of Path
        The files written.
    """
    figure = ax.get_figure(root=True)
    assert figure is not None  # ax was drawn on
    stem = name if theme == "light" else f"{name}-{theme}"
    written = [Path(folder) / f"{stem}.svg"]
    with themed(theme), warnings.catch_warnings():
        # A tool may be called what the font has no letters for: boxes are drawn, and the tables have its name.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(written[0], metadata={"Date": None})
        if theme == "light":
            written.append(Path(folder) / f"{stem}.png")
            figure.savefig(written[1], dpi=150)
    return written
