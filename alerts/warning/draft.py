"""Draft of a warning notice in one language: for a person to check and send; nothing sends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.warning.scheme import SourceStatus
from schemas.words import words

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from alerts.warning.episode import WarningEpisode
    from alerts.warning.scheme import WarningRules

HOUR = timedelta(hours=1)


class DraftBasis(msgspec.Struct, frozen=True, kw_only=True):
    """What the draft rests on.

    Attributes
    ----------
    city : str
        Name in the language of the draft.
    at : datetime
        Moment of the evaluation, UTC; hours from then on are forecast.
    observed_h, forecast_h : int
        Hours of the evaluated time that have an AQI of 24 h [h].
    is_cross_border : bool
        A person stated that the pollution came from outside: health notice only.
    """

    city: str
    at: datetime
    observed_h: int
    forecast_h: int
    is_cross_border: bool = False


def draft_warning(
    episode: WarningEpisode, basis: DraftBasis, rules: WarningRules, zone: ZoneInfo, language: str
) -> str:
    """Text of the draft, line by line.

    Examples
    --------
    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> import pandas as pd
    >>> from alerts.warning.episode import find_warnings
    >>> from alerts.warning.scheme import warning_rules
    >>> hours = pd.date_range("2026-12-01", periods=96, freq="h", tz="UTC")
    >>> aqi = pd.Series([100.0] * 30 + [210.0] * 5 + [100.0] * 61, index=hours)
    >>> zone = ZoneInfo("Asia/Shanghai")
    >>> basis = DraftBasis(city="Anshan", at=datetime(2026, 12, 2, tzinfo=UTC), observed_h=24, forecast_h=72)
    >>> print(draft_warning(find_warnings(aqi, warning_rules(), zone)[0], basis, warning_rules(), zone, "en").splitlines()[0])
    DRAFT, not sent: yellow warning of heavy pollution for Anshan
    """
    say = words(language, "warning")
    level = say(f"level.{episode.level}")
    lines = [
        say("draft.cross_border" if basis.is_cross_border else "draft.title", city=basis.city, level=level),
        say("draft.span", start=_local(episode.start, zone), end=_local(episode.end, zone), peak=episode.peak_aqi),
        *(say(f"act.{item.act}", at=_local(item.at, zone), level=say(f"level.{item.level}")) for item in episode.steps),
    ]
    if not episode.is_released:
        lines.append(say("draft.not_released", hours=rules.release.below_h))
    scheme = rules.on(episode.start.astimezone(zone).date())
    lines += [
        say("draft.basis", at=_local(basis.at, zone), observed=basis.observed_h, forecast=basis.forecast_h),
        say("draft.exclusion"),
        say("draft.person"),
    ]
    if scheme is not None:
        lines.append(say("draft.scheme", name=scheme.name, source=scheme.source, status=say(f"status.{scheme.status}")))
    lines += [
        say("draft.source", source=item.source, status=say(f"status.{item.status}"))
        for item in (rules.release, rules.dust, rules.ozone)
        if item.status is not SourceStatus.VERIFIED_PRIMARY
    ]
    return "\n".join(lines)


def draft_notice(kind: str, peak: float, at: datetime, zone: ZoneInfo, language: str) -> str:
    """One line of a health notice, ``kind`` ``ozone`` or ``dust``; no emergency response follows from it."""
    return words(language, "warning")(f"notice.{kind}", peak=peak, at=_local(at, zone))


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
