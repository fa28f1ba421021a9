"""Reports of every city and of the province, published when a day, month or year is over, and again when their hours changed."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from analysis.report.city.document import PROVINCE, PeriodKind
from analysis.report.city.period import ReportError, parse_period, period_around
from analysis.report.city.revision import REPORT
from analysis.run.hour_source import NoHoursError
from analysis.run.report.city_report import evidence_of_store, period_hours, publish_reports, reports_of
from analysis.run.report.outdated import outdated_publications
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from analysis.report.city.period import ReportPeriod
    from analysis.run.report.city_report import PeriodHours, PublishedReport
    from schemas.network import Network
    from store.settings import SharedSettings


MOST_RENEWED = 20
"""Reports that one run publishes again: project's choice, a year of the province takes a minute."""
_KINDS = (PeriodKind.DAY, PeriodKind.MONTH, PeriodKind.YEAR)


class ReportIssue(msgspec.Struct, frozen=True, kw_only=True):
    """Reports of one place.

    Attributes
    ----------
    place : str
        Code of a city, or `PROVINCE`.
    issued : tuple of str
        Keys of new versions.
    revised : tuple of str
        Those of them that change a published figure.
    unchanged : tuple of str
        Keys of reports that say what the newest version says.
    insufficient : dict of str to str
        Periods without an hour or a valid value, with the reason.
    """

    place: str
    issued: tuple[str, ...]
    revised: tuple[str, ...]
    unchanged: tuple[str, ...]
    insufficient: dict[str, str]


def ended_periods(start: datetime, end: datetime, zone: ZoneInfo) -> tuple[ReportPeriod, ...]:
    """Days, months and years that ended in ``(start, end]``, days first.

    Examples
    --------
    >>> from datetime import UTC, datetime
    >>> from zoneinfo import ZoneInfo
    >>> end = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    >>> [item.text for item in ended_periods(end - timedelta(days=1), end, ZoneInfo("Asia/Shanghai"))]
    ['2026-12-31', '2026-12', '2026']
    """
    first, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    days = [first + timedelta(days=number) for number in range((last - first).days)]
    periods = (period_around(kind, day) for kind in _KINDS for day in days)
    return tuple(item for item in periods if item.last in days and start < item.bounds(zone)[1] <= end)


def places_of(network: Network) -> tuple[str, ...]:
    """Codes of the cities with a gas station, then `PROVINCE`."""
    return (*sorted({item.city for item in network.stations_of("gas") if item.city}), PROVINCE)


def reports_issuer(
    settings: SharedSettings, periods: Iterable[ReportPeriod], now: datetime
) -> Callable[[str], ReportIssue]:
    """Function that publishes the reports of a place in both languages; hours of a period are read once for all places.

    Parameters
    ----------
    settings : SharedSettings
    periods : iterable of ReportPeriod
    now : datetime
        UTC.

    Returns
    -------
    callable
        Takes a code of `places_of`. Raises `store.error.StoreError`; places that were published before stay so. A further call
        makes no version of what is published already.
    """
    chosen, hours_of = tuple(dict.fromkeys(periods)), _reader(settings, now)
    return lambda code: _issue(settings, code, chosen, now, hours_of)


def reports_to_renew(
    settings: SharedSettings, since: datetime, *, most: int = MOST_RENEWED
) -> tuple[tuple[str, ReportPeriod], ...]:
    """Places and periods of published reports whose hours changed after they were issued and after ``since``, the latest change first.

    Parameters
    ----------
    settings : SharedSettings
    since : datetime
        UTC. A change that alters no figure makes no new version; from then on it is left alone.
    most : int

    Raises
    ------
    store.error.StoreError
    """
    with StateStore(settings.state_url) as state:
        state.migrate()
        found = outdated_publications(state, settings.stations, kinds=(REPORT,))
    keys = [item.key for item in found if max(change.at for change in item.changes) >= since]
    names = dict.fromkeys(tuple(key.split("/")[:2]) for key in keys)
    return tuple((place, parse_period(text)) for place, text in names)[:most]


def reports_renewer(settings: SharedSettings, now: datetime) -> Callable[[str, ReportPeriod], ReportIssue]:
    """Function that publishes the report of a place and period again; as `reports_issuer`."""
    hours_of = _reader(settings, now)
    return lambda code, period: _issue(settings, code, [period], now, hours_of)


def _reader(settings: SharedSettings, now: datetime) -> Callable[[ReportPeriod], PeriodHours]:
    """Hours of all stations by period, each read once."""
    return cache(lambda period: period_hours(settings, period, now))


def _issue(
    settings: SharedSettings,
    code: str,
    periods: Iterable[ReportPeriod],
    now: datetime,
    hours_of: Callable[[ReportPeriod], PeriodHours],
) -> ReportIssue:
    found: list[PublishedReport] = []
    insufficient: dict[str, str] = {}
    with StateStore(settings.state_url) as state:
        state.migrate()
        for period in periods:
            try:
                evidence = evidence_of_store(settings, code, period, now, hours_of(period))
            except (NoHoursError, ReportError) as error:
                insufficient[period.text] = str(error)
                continue
            found.extend(publish_reports(state, reports_of(evidence), settings.stations))
    return ReportIssue(
        place=code,
        issued=tuple(item.report.key for item in found if item.is_new),
        revised=tuple(item.report.key for item in found if item.is_new and item.is_revised),
        unchanged=tuple(item.report.key for item in found if not item.is_new),
        insufficient=insufficient,
    )
