"""Collect the truth of a world for some of its stations."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.profiles import load_profiles, voc_parameters
from sensors.simulator.truth import ContributionRecord, Truth, TruthRecord
from sensors.simulator.weather import HOUR_S
from sensors.simulator.world import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.network import Station
    from sensors.simulator.faults import InstrumentFault
    from sensors.simulator.world import World

NOTICED_UG_M3 = 5.0
"""PM2.5 from which on a station counts as reached by the plume."""
_SOURCED_NETWORKS = frozenset({"gas", "voc", "pm"})


def report_truth(world: World, stations: Sequence[Station], faults: Sequence[InstrumentFault]) -> Truth:
    """Events and faults in order of time, and hourly contributions of stations that measure gases, VOC or particles."""
    sites = [Site(world, station) for station in stations if _has_sources(station)]
    records = [*_province_events(world), *_plume(world, sites), *map(_fault, faults)]
    contributions = [record for site in sites for record in _contributions(site)]
    return Truth(tuple(sorted(records, key=lambda record: record.start)), tuple(contributions))


def _has_sources(station: Station) -> bool:
    return any(item.network in _SOURCED_NETWORKS for item in station.instruments)


def _province_events(world: World) -> Iterator[TruthRecord]:
    for kind in ("haze", "rain", "ozone"):
        interval = getattr(world.events, kind)
        if interval is not None:
            yield TruthRecord(kind=kind, start=interval.start, end=interval.end)


def _plume(world: World, sites: Sequence[Site]) -> Iterator[TruthRecord]:
    for site, source in product(sites, world.plume_sources):
        highest = float(site.reached_by(source).max())
        if highest >= NOTICED_UG_M3:
            yield TruthRecord(
                kind="plume",
                start=source.interval.start,
                end=source.interval.end,
                station_id=site.station.id,
                magnitude=round(highest, 1),
                lon=source.lon,
                lat=source.lat,
            )


def _fault(fault: InstrumentFault) -> TruthRecord:
    return TruthRecord(
        kind=fault.kind.value,
        start=fault.interval.start,
        end=fault.interval.end,
        station_id=fault.station_id,
        instrument_id=fault.instrument_id,
        parameter=fault.parameter,
        magnitude=fault.magnitude,
    )


def _contributions(site: Site) -> Iterator[ContributionRecord]:
    """Means over whole hours, by the trapezium of their ends: the fields are linear between the hours."""
    profiles = load_profiles()
    times = site.world.weather.times[:-1]
    hourly = (site.contributions[1:] + site.contributions[:-1]) / 2
    voc_share = profiles.matrix[:, [profiles.column(name) for name in voc_parameters()]].sum(axis=1)
    pm25 = hourly * profiles.matrix[:, profiles.column("pm25")]
    voc = hourly * voc_share
    start_s, end_s = site.world.start.timestamp(), site.world.end.timestamp()
    for row in np.flatnonzero((times >= start_s) & (times + HOUR_S <= end_s)).tolist():
        yield ContributionRecord(
            station_id=site.station.id,
            start=datetime.fromtimestamp(times[row], UTC),
            pm25_ug_m3=_named(profiles.sources, pm25[row]),
            voc_ug_m3=_named(profiles.sources, voc[row]),
        )


def _named(sources: tuple[str, ...], amounts: np.ndarray) -> dict[str, float]:
    return {source: round(float(amount), 3) for source, amount in zip(sources, amounts, strict=True) if amount > 0}
