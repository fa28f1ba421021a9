"""Messages by key of each language, read with Babel from the gettext catalogues at first use."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LANGUAGES = ("zh", "en")


@cache
def messages(language: str) -> Mapping[str, str]:
    """Text by key of ``zh`` or ``en``."""
    from babel.messages.pofile import read_po

    with files("schemas.words").joinpath(f"{language}.po").open("rb") as file:
        read = read_po(file, locale=language, abort_invalid=True)
    return MappingProxyType({str(item.id): str(item.string) for item in read if item.id})
