"""Draft of a warning notice in one language: for a person to check and send; nothing sends it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from alerts.warning.scheme import SourceStatus, WarningLevel
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


class ReleasedWarning(msgspec.Struct, frozen=True, kw_only=True):
    """What is released.

    Attributes
    ----------
    level : WarningLevel
        That was due before.
    first, last : datetime or None
        Span of its conditions as it was known last, UTC; None where that is not stored.
    peak_aqi : float or None
        Largest AQI of 24 h of the span [1].
    ahead_aqi : float or None
        Largest AQI of 24 h of the forecast hours [1].
    was_in_force : bool
        Whether its conditions held at the last evaluation at which it was due; otherwise they were forecast only.
    """

    level: WarningLevel
    first: datetime | None = None
    last: datetime | None = None
    peak_aqi: float | None = None
    ahead_aqi: float | None = None
    was_in_force: bool = True


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
    level = say(f"level.{episode.level_from(basis.at)}")
    lines = [
        say("draft.cross_border" if basis.is_cross_border else "draft.title", city=basis.city, level=level),
        say("draft.span", start=_local(episode.start, zone), end=_local(episode.end, zone), peak=episode.peak_aqi),
        *(say(f"act.{item.act}", at=_local(item.at, zone), level=say(f"level.{item.level}")) for item in episode.steps),
    ]
    if not episode.is_released:
        lines.append(say("draft.not_released", hours=rules.release.below_h))
    return "\n".join([*lines, *_sources(basis, rules, episode.start.astimezone(zone).date(), zone, language)])


def draft_release(
    released: ReleasedWarning, basis: DraftBasis, rules: WarningRules, zone: ZoneInfo, language: str
) -> str:
    """Text of the release of a warning, line by line; where its condition was forecast only, the withdrawal of the proposal.

    Examples
    --------
    >>> from datetime import UTC
    >>> from zoneinfo import ZoneInfo
    >>> from alerts.warning.scheme import WarningLevel, warning_rules
    >>> first, last = datetime(2026, 12, 1, tzinfo=UTC), datetime(2026, 12, 3, tzinfo=UTC)
    >>> basis = DraftBasis(city="Anshan", at=datetime(2026, 12, 4, tzinfo=UTC), observed_h=192, forecast_h=72)
    >>> over = ReleasedWarning(level=WarningLevel.YELLOW, first=first, last=last, peak_aqi=231.0, ahead_aqi=95.0)
    >>> print(draft_release(over, basis, warning_rules(), ZoneInfo("Asia/Shanghai"), "en").splitlines()[0])
    DRAFT, not sent: release of the yellow warning of heavy pollution for Anshan
    """
    say = words(language, "warning")
    level, is_over = say(f"level.{released.level}"), released.was_in_force
    lines = [say("release.title" if is_over else "release.withdrawn", city=basis.city, level=level)]
    if released.first is not None and released.last is not None:
        span = {"start": _local(released.first, zone), "end": _local(released.last, zone), "peak": released.peak_aqi}
        lines.append(say("release.span" if is_over else "release.forecast", **span))
    if released.ahead_aqi is not None:
        lines.append(say("release.ahead", hours=rules.release.below_h, peak=released.ahead_aqi))
    lines.append(say("release.measures" if is_over else "release.issued"))
    return "\n".join([*lines, *_sources(basis, rules, basis.at.astimezone(zone).date(), zone, language)])


def _sources(basis: DraftBasis, rules: WarningRules, day: date, zone: ZoneInfo, language: str) -> list[str]:
    """What a draft rests on, that a person sends it, and the sources of its figures."""
    say = words(language, "warning")
    lines = [
        say("draft.basis", at=_local(basis.at, zone), observed=basis.observed_h, forecast=basis.forecast_h),
        say("draft.exclusion"),
        say("draft.person"),
    ]
    scheme = rules.on(day)
    if scheme is not None:
        lines.append(say("draft.scheme", name=scheme.name, source=scheme.source, status=say(f"status.{scheme.status}")))
    return lines + [
        say("draft.source", source=item.source, status=say(f"status.{item.status}"))
        for item in (rules.release, rules.hysteresis, rules.dust, rules.ozone)
        if item.status is not SourceStatus.VERIFIED_PRIMARY
    ]


def draft_notice(kind: str, peak: float, at: datetime, zone: ZoneInfo, language: str) -> str:
    """One line of a health notice, ``kind`` ``ozone`` or ``dust``; no emergency response follows from it."""
    return words(language, "warning")(f"notice.{kind}", peak=peak, at=_local(at, zone))


def draft_notice_end(peak: float | None, at: datetime, zone: ZoneInfo, language: str) -> str:
    """One line of the end of the health notice on O3; ``peak`` is the largest IAQI of 8 h of the last 24 h and of the forecast [1]."""
    return words(language, "warning")("notice_end.ozone", peak=peak, at=_local(at, zone))


def _local(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
