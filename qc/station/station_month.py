"""Station-months of reprocessing: which there are, and which stretches of one have changed. Pure."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qc.limits.thresholds import Thresholds
    from schemas.network import Station

DAY = timedelta(days=1)


class StationMonth(msgspec.Struct, frozen=True, order=True):
    """One station's part of one network in (part of) one UTC month, ``[start, end)``."""

    network: str
    station_id: str
    start: datetime
    end: datetime

    @property
    def month(self) -> datetime:
        """First moment of its month."""
        return self.start.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def station_months_of(network: str, stations: Sequence[str], start: datetime, end: datetime) -> list[StationMonth]:
    """Station-months of ``[start, end)``, by station, then by time.

    Parameters
    ----------
    start, end : datetime
        Aware.
    """
    spans, first, last = list[tuple[datetime, datetime]](), start.astimezone(UTC), end.astimezone(UTC)
    while first < last:
        month = first.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = (month + 32 * DAY).replace(day=1)
        spans.append((first, min(following, last)))
        first = following
    return [StationMonth(network, name, *span) for name in stations for span in spans]


def rules_digest(thresholds: Thresholds, station: Station, network: str, code: str) -> str:
    """Digest of all that flags depend on besides the values.

    Parameters
    ----------
    code : str
        Digest of the programs.
    """
    instruments = [msgspec.to_builtins(item) for item in station.instruments_of(network)]
    text = msgspec.json.encode([code, thresholds.version, network, instruments], order="deterministic")
    return hashlib.sha256(text).hexdigest()[:16]


def stretches_of(
    station_month: StationMonth, changed: Sequence[datetime], look_back: timedelta, until: datetime
) -> list[tuple[datetime, datetime]]:
    """Hours to evaluate again, given the days whose values changed.

    A flag depends on values before it, so each stretch goes on for ``look_back`` after the last changed day, beyond the
    month if need be; stretches that touch are one.

    Parameters
    ----------
    changed : sequence of datetime
        Beginnings of UTC days, ascending.
    until : datetime
        End of the hours that may be evaluated.
    """
    found: list[tuple[datetime, datetime]] = []
    for day in changed:
        first, last = max(day, station_month.start), min(day + DAY, station_month.end) + look_back
        if found and first <= found[-1][1]:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return [(first, min(last, until)) for first, last in found if first < until]


def changed_days(now: Mapping[str, str], before: Mapping[str, str]) -> list[datetime]:
    """Days whose digest differs from that of their last evaluation, ascending."""
    return [datetime.fromisoformat(day).replace(tzinfo=UTC) for day in sorted(now) if before.get(day) != now[day]]
