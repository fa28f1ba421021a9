"""Hysteresis of what is due: a forecast that moves around a condition neither raises nor ends a level at each evaluation. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from alerts.warning.scheme import WarningLevel

if TYPE_CHECKING:
    from alerts.warning.scheme import WarningHysteresis


class HeldLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level that is due, and since when evaluations have not confirmed it any more, UTC; None: the last one did."""

    level: WarningLevel = WarningLevel.NONE
    below_since: datetime | None = None


class EvaluatedLevel(NamedTuple):
    """One evaluation: the level by the conditions, the level by the lowered ones, and whether a lower level can be known.

    The latter needs a forecast that reaches as far as the release asks for: below the condition and forecast to stay so.
    """

    due: WarningLevel
    kept: WarningLevel
    is_known: bool = True


def hold_level(before: HeldLevel, at: datetime, found: EvaluatedLevel, figures: WarningHysteresis) -> HeldLevel:
    """The level that is due after an evaluation.

    A higher level is due at once. A lower one follows when the lowered conditions were not fulfilled for ``hold_h``; what they still
    fulfil is the level then.

    Parameters
    ----------
    at : datetime
        Hour of the evaluation.

    Examples
    --------
    >>> from datetime import UTC
    >>> from alerts.warning.scheme import warning_rules
    >>> figures = warning_rules().hysteresis
    >>> start, none, yellow = datetime(2026, 12, 1, tzinfo=UTC), WarningLevel.NONE, WarningLevel.YELLOW
    >>> first = hold_level(HeldLevel(), start, EvaluatedLevel(yellow, yellow), figures)
    >>> later = hold_level(first, start + timedelta(hours=1), EvaluatedLevel(none, none), figures)
    >>> later.level.value, later.below_since == start + timedelta(hours=1)
    ('yellow', True)
    >>> hold_level(later, start + timedelta(hours=7), EvaluatedLevel(none, none), figures).level.value
    'none'
    """
    if found.due.rank >= before.level.rank:
        return HeldLevel(level=found.due)
    if not found.is_known:
        return before
    if found.kept.rank >= before.level.rank:
        return HeldLevel(level=before.level)
    since = before.below_since or at
    if at - since < timedelta(hours=figures.hold_h):
        return HeldLevel(level=before.level, below_since=since)
    return HeldLevel(level=max(found.due, found.kept, key=lambda item: item.rank))
