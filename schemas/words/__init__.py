"""Text for people in English and Chinese: gettext catalogues, one a language, and how a reason is rendered.

`words` is the door for pages, mails and commands, `render` and `sentence` for reasons. A key of a catalogue is the ``msgid``; the
text names its arguments in braces. The format of an argument follows a colon (`schemas.words.message`).

Babel and the catalogues are loaded at the first text, so that a process that writes none does not wait for them.
"""

from __future__ import annotations

from schemas.words.catalogue import LANGUAGES
from schemas.words.message import format_message, render, sentence
from schemas.words.words import MissingWordError, Words, words

__all__ = ["LANGUAGES", "MissingWordError", "Words", "name_of", "render", "sentence", "sentences", "words"]


def sentences(stored: str, language: str) -> str:
    """Sentences of stored reasons, one a line, such as the complaint of a process; empty for an empty text."""
    return format_message("{stored:lines}", words(language).language, {"stored": stored})


def name_of(test: str, language: str) -> str:
    """Name of a QC test for people; the identifier itself where this version does not have the test."""
    return words(language).get(f"qc.{test}.name", test)
