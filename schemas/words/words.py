"""The words of one language for pages, mails and commands: a key and the arguments of its message give the text."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from schemas.words.catalogue import LANGUAGES, messages
from schemas.words.message import format_message

if TYPE_CHECKING:
    from collections.abc import Mapping


class MissingWordError(KeyError):
    """A key that the catalogue does not have."""


@dataclass(frozen=True, slots=True)
class Words:
    """One language, and within it the keys below a prefix; called with a key and the arguments of its message.

    Attributes
    ----------
    language : str
    catalogue : mapping of str to str
        Messages by key without the prefix.
    """

    language: str
    catalogue: Mapping[str, str]

    def __call__(self, key: str, **arguments: object) -> str:
        """Text of ``key``.

        Raises
        ------
        MissingWordError
            The catalogue does not have the key.
        """
        try:
            text = self.catalogue[key]
        except KeyError as error:
            msg = f"{self.language}: no text for {key!r}"
            raise MissingWordError(msg) from error
        return format_message(text, self.language, arguments) if arguments else text

    def get(self, key: str, default: str) -> str:
        """Text of a key that comes from data and may be new; ``default`` where the catalogue does not have it."""
        return self.catalogue.get(key, default)

    def pick(self, name_zh: str, name_en: str) -> str:
        """The name in this language; the other one where it is empty."""
        return (name_zh or name_en) if self.language == "zh" else (name_en or name_zh)


@cache
def words(language: str, prefix: str = "") -> Words:
    """Words of ``zh`` or ``en``; any other language gets ``en``.

    Parameters
    ----------
    language : str
    prefix : str
        First parts of the keys, such as ``page``; empty: all keys.
    """
    chosen = language if language in LANGUAGES else "en"
    start = f"{prefix}." if prefix else ""
    found = {key.removeprefix(start): text for key, text in messages(chosen).items() if key.startswith(start)}
    return Words(chosen, MappingProxyType(found))
