"""Lengths of time as pages and commands show them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from schemas.words import Words

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_TWO_UNITS_BELOW_S = 10 * _HOUR_S


def duration_text(span: timedelta, words: Words) -> str:
    """A length of time in at most two units; a negative one is 0 s.

    Parameters
    ----------
    span : timedelta
    words : Words
        Of pages.
    """
    seconds = max(0, int(span.total_seconds()))
    if seconds < _MINUTE_S:
        return words("time.seconds", n=seconds)
    if seconds < _HOUR_S:
        return words("time.minutes", n=seconds // _MINUTE_S)
    if seconds < _TWO_UNITS_BELOW_S and seconds % _HOUR_S >= _MINUTE_S:
        return words("time.hours_minutes", h=seconds // _HOUR_S, m=seconds % _HOUR_S // _MINUTE_S)
    if seconds < 2 * _DAY_S:
        return words("time.hours", n=seconds // _HOUR_S)
    return words("time.days", n=seconds // _DAY_S)
