"""What is known of one language: its words for days, times and numbers. Everything else holds for all of them."""

from __future__ import annotations

from specbench.core.errors import ConfigError
from specbench.predictors.context.language.base import Language
from specbench.predictors.context.language.english import English
from specbench.predictors.context.language.german import German

__all__ = ["LANGUAGES", "Language", "make_language"]

LANGUAGES: dict[str, type[Language]] = {cls.name: cls for cls in (Language, English, German)}


def make_language(name: str) -> Language:
    """Return what is known of a language by its name: ``en``, ``de``, or ``base`` for none.

    Raises
    ------
    ConfigError
        When there is none of that name.

    Examples
    --------
    >>> make_language("de").number_words["drei"]
    3
    """
    if name not in LANGUAGES:
        raise ConfigError(f"nothing is known of a language called {name!r}; use one of {', '.join(LANGUAGES)}")
    return LANGUAGES[name]()
