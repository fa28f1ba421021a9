"""Reasons as they were stored up to version 0.1, English sentences, as reasons of today. To be removed one version later.

The templates of ``old_reasons.toml`` are frozen: a sentence is recognised by the template that wrote it, whatever the catalogues
say today. The reader of flags converts each text that is no reason, the migration of the state database each row.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

from schemas.column import TAKEN_BACK
from schemas.reason import Reason, encode_reason

if TYPE_CHECKING:
    from schemas.reason import Figure

_TAKEN_BACK = "taken back by a later run"
_CLUES = {
    "stands out from the hours around it": "hours",
    "stands out from the days around it": "days",
    "far from the usual level": "level",
    "unlike the same hour of the days around it": "same_hour",
    "noise or bursts unlike the usual": "noise",
    "repeats itself": "repeats",
    "beside a service visit": "service",
    "impossible values nearby": "impossible",
    "other parameters are odd too": "others",
    "water near freezing": "freezing",
    "oxygen out of line with its saturation": "saturation",
}
_TEXT = frozenset({"unit", "letter", "check", "at", "good_at", "until", "why"})
"""Figures that are text even where they look like a number."""


@lru_cache(maxsize=16_384)
def upgraded(test: str, stored: str) -> str:
    """Stored reason of today for a stored text.

    Parameters
    ----------
    test : str
        Of the record.
    stored : str

    Returns
    -------
    str
        The text itself where no old template wrote it.
    """
    if stored.startswith("{") or not stored:
        return stored
    if stored == _TAKEN_BACK:
        return TAKEN_BACK
    for kind, pattern in _patterns().get(test, ()):
        match = pattern.fullmatch(stored)
        if match:
            return encode_reason(_reason(test, kind, match.groupdict()))
    return stored


@cache
def _patterns() -> dict[str, list[tuple[str, re.Pattern[str]]]]:
    text = files("store").joinpath("old_reasons.toml").read_text(encoding="utf-8")
    return {
        test: [
            (kind, re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.*?)", re.escape(template))))
            for kind, template in kinds.items()
        ]
        for test, kinds in tomllib.loads(text).items()
    }


def _reason(test: str, kind: str, found: dict[str, str]) -> Reason:
    figures = {name: text if name in _TEXT else _number(text) for name, text in found.items()}
    if test == "status":
        kind = "unknown" if figures.pop("word") == "unknown letter" else kind
    if test == "drift":
        figures["level"] = found["level"]
    if "why" in figures:
        figures["why"] = _CLUES.get(found["why"], found["why"])
    if kind == "band":
        figures = {name: value for name, value in figures.items() if found[name] not in {"-", ""}}
        bounds = figures.keys() & {"low", "high"}
        kind = "band" if len(bounds) != 1 else "below" if "low" in bounds else "above"
    return Reason(test, kind, figures)


def _number(text: str) -> Figure:
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if re.fullmatch(r"-?\d+", text) else value
