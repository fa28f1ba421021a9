"""Values that a mail shows: a name in both languages, a point of a series, a value with its moment, a forecast hour. Types only."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from alerts.wording import titles
from schemas.flag import Flag


class Name(msgspec.Struct, frozen=True):
    """A name in both languages."""

    zh: str
    en: str

    @classmethod
    def from_word(cls, key: str, **arguments: object) -> Name:
        """A text of the mails by its key, `alerts.wording.word`."""
        return cls(*titles(key, **arguments))

    def of(self, language: str) -> str:
        """Name in ``zh`` or ``en``, falling back to the other."""
        return (self.zh or self.en) if language == "zh" else (self.en or self.zh)


class SeriesPoint(msgspec.Struct, frozen=True):
    """One hour (or reading) of the series; ``value`` None where missing, ``flag`` None where no test ran.

    ``is_at_least``: the instrument was over range, the true value is not less.
    """

    start: datetime
    value: float | None
    flag: Flag | None = None
    limit: float | None = None
    is_at_least: bool = False


class TimedValue(msgspec.Struct, frozen=True):
    """A value and its moment: the start of an extreme's interval, the end of the newest one's."""

    value: float
    at: datetime | None


class ForecastPoint(msgspec.Struct, frozen=True):
    """One forecast hour: median and, where known, the band; in the parameter's unit."""

    start: datetime
    median: float
    low: float | None = None
    high: float | None = None


class MailValue(msgspec.Struct, frozen=True, kw_only=True):
    """A value, and the end of its interval (start, for an extreme).

    Attributes
    ----------
    is_at_least : bool
        The instrument was over range (status T): the true value is not less.
    """

    value: float
    at: datetime | None = None
    is_at_least: bool = False


class LeadValue(msgspec.Struct, frozen=True, kw_only=True):
    """The worst parameter at the worst station.

    Attributes
    ----------
    decimals : int
        Digits after the point that the instrument has.
    threshold : float or None
        In force now; of a rule with a baseline the sum.
    baseline : float or None
        Usual level of the station that the threshold counts from.
    usual : UsualLevel or None
    before : MailValue or None
        The last value before the condition began.
    beyond : timedelta or None
        Observed time beyond the threshold.
    points : tuple of SeriesPoint
        Ascending; the day before ``since`` up to now.
    cadence : timedelta
        Between two points.
    forecast : tuple of ForecastPoint
        From now on.
    """

    parameter: str
    unit: str
    decimals: int
    threshold: float | None = None
    is_below: bool = False
    baseline: float | None = None
    usual: UsualLevel | None = None
    before: MailValue | None = None
    extreme: MailValue | None = None
    latest: MailValue | None = None
    beyond: timedelta | None = None
    points: tuple[SeriesPoint, ...] = ()
    cadence: timedelta = timedelta(hours=1)
    forecast: tuple[ForecastPoint, ...] = ()


class Companion(msgspec.Struct, frozen=True, kw_only=True):
    """Another parameter that rose at the same station."""

    parameter: str
    unit: str
    decimals: int
    value: MailValue
    usual: float | None


class WindValue(msgspec.Struct, frozen=True, kw_only=True):
    """Mean wind of ten minutes, or of one cadence where that is longer.

    Attributes
    ----------
    from_deg : float
        Where it comes from, clockwise from north [deg].
    speed_m_s : float
        [m/s]
    at : datetime or None
        End of the interval; None where not known.
    station : Name or None
        The station that measured it, where that is another one.
    distance_km : float or None
        To that station.
    """

    from_deg: float
    speed_m_s: float
    at: datetime | None = None
    station: Name | None = None
    distance_km: float | None = None


class UsualLevel(msgspec.Struct, frozen=True, kw_only=True):
    """What is usual at the station at this hour of the day and season, in the parameter's unit.

    Attributes
    ----------
    median, low, high : float
        Median, 10th and 90th percentile of the valid hours.
    count : int
        Valid hours.
    days : int
        Days before the case that they are of.
    first_h, last_h : int
        Civil hours of the day from and to, ``[first_h, last_h)``; ``last_h`` at most 24, below ``first_h`` over midnight.
    """

    median: float
    low: float
    high: float
    count: int
    days: int
    first_h: int
    last_h: int
