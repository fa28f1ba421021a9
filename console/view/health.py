"""State of the network: all stations, worst first, and the figures of the tiles."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from console.view.link import Implausible, LinkState, Rejected, StationHealth, station_health

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from alerts.rules.silence import SilenceRule
    from schemas.network import Network, Station


class StationCounts(NamedTuple):
    """Stations by state; ``stations`` without data sets (``archive``)."""

    stations: int
    up: int
    late: int
    silent: int
    lying: int
    archive: int


class Summary(NamedTuple):
    """Figures of the tiles above the table: ``median_lag`` of the stations that are up, None without any; values ``rejected``."""

    counts: StationCounts
    median_lag: timedelta | None
    rejected: int


NO_DOUBTS: Mapping[str, Implausible] = MappingProxyType({})
_ORDER = {state: position for position, state in enumerate(LinkState)}


def network_health(  # noqa: PLR0913 - by keyword
    network: Network,
    last_starts: Mapping[tuple[str, str], datetime],
    now: datetime,
    *,
    rejected: Mapping[str, Rejected],
    completeness: Mapping[tuple[str, str], float | None],
    doubts: Mapping[str, Implausible] = NO_DOUBTS,
    silences: Sequence[SilenceRule] = (),
) -> list[StationHealth]:
    """Rows of all stations, troubled ones first, then by id.

    Parameters
    ----------
    last_starts : mapping of (station id, instrument id) to datetime
    rejected : mapping of station id to `Rejected`
    completeness : mapping of (network, station id) to ratio
        Absent or None: not computed.
    doubts : mapping of station id to `Implausible`
    silences : sequence of SilenceRule
        Of the rules file.
    """
    rows = [
        station_health(
            station,
            last_starts,
            now,
            rejected=rejected.get(station.id, Rejected()),
            completeness={code: completeness.get((code, station.id)) for code in networks_of(station)},
            doubt=doubts.get(station.id),
            silences=silences,
        )
        for station in network.station_list
    ]
    return sorted(rows, key=lambda row: (_ORDER[row.state], row.station.id))


def networks_of(station: Station) -> list[str]:
    """Networks a station reports to, in the order of its instruments, each once."""
    return list(dict.fromkeys(str(item.network) for item in station.instruments))


def summarise(rows: Iterable[StationHealth]) -> Summary:
    """Figures of the tiles."""
    rows = list(rows)
    count = Counter(row.state for row in rows)
    lags = sorted(row.lag for row in rows if row.state is LinkState.UP and row.lag is not None)
    counts = StationCounts(
        stations=len(rows) - count[LinkState.ARCHIVE],
        up=count[LinkState.UP],
        late=count[LinkState.LATE],
        silent=count[LinkState.SILENT],
        lying=count[LinkState.IMPLAUSIBLE],
        archive=count[LinkState.ARCHIVE],
    )
    return Summary(counts, lags[len(lags) // 2] if lags else None, sum(row.rejected.count for row in rows))


def select(rows: Iterable[StationHealth], *, network: str = "", state: str = "", text: str = "") -> list[StationHealth]:
    """Rows that match all given filters; an empty filter matches all, ``text`` looks in ids, names and city code."""
    wanted = text.casefold().strip()
    return [
        row
        for row in rows
        if (not network or network in row.completeness)
        and (not state or row.state == state)
        and (not wanted or wanted in _searchable(row.station))
    ]


def _searchable(station: Station) -> str:
    from schemas.city import city_name

    cities = f"{city_name(station.city, 'zh')} {city_name(station.city, 'en')}"
    return f"{station.id} {station.name_zh} {station.name_en} {station.city} {cities}".casefold()
