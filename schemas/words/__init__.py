"""Text for people in English and Chinese: gettext catalogues, one a language, and how a reason is rendered.

`words` is the door for pages, mails and commands, `render` and `sentence` for reasons. A key of a catalogue is the ``msgid``; the
text names its arguments in braces. A format after the colon says how an argument is written (`schemas.words.message`).

Babel and the catalogues are loaded at the first text, so that a process that writes none does not wait for them.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from schemas.reason import Reason, parse_reason
from schemas.words.catalogue import LANGUAGES
from schemas.words.words import MissingWordError, Words, words

if TYPE_CHECKING:
    from schemas.reason import Figure

__all__ = ["LANGUAGES", "MissingWordError", "Words", "name_of", "render", "sentence", "words"]


def render(reason: Reason, language: str) -> str:
    """Sentence of a reason.

    Parameters
    ----------
    reason : Reason
    language : str
        ``en`` or ``zh``; any other is read as ``en``.

    Returns
    -------
    str
        The key with its figures where this version has no message for it, such as a reason of a test that was removed.
    """
    catalogue = words(language)
    if reason.key not in catalogue.catalogue:
        return " ".join([reason.key, *(f"{name}={value}" for name, value in reason.figures.items())])
    figures: dict[str, Figure] = dict(reason.figures)
    return catalogue(reason.key, **figures)


@lru_cache(maxsize=16_384)
def sentence(stored: str, language: str) -> str:
    """Sentence of a stored reason; a text that is no reason, such as the note of a person, is returned unchanged."""
    reason = parse_reason(stored)
    return stored if reason is None else render(reason, language)


def name_of(test: str, language: str) -> str:
    """Name of a QC test for people; the identifier itself where this version does not have the test."""
    return words(language).get(f"qc.{test}.name", test)
