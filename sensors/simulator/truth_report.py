"""Collect the truth of a world for some of its stations."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from sensors.simulator.profiles import load_profiles, voc_parameters
from sensors.simulator.release.draw import canonical
from sensors.simulator.truth import ContributionRecord, ReleasedRecord, ReleaseRecord, Truth, TruthRecord
from sensors.simulator.weather import HOUR_S
from sensors.simulator.world import Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from schemas.network import Station
    from sensors.simulator.faults import InstrumentFault
    from sensors.simulator.release.draw import Release
    from sensors.simulator.world import World

NOTICED_UG_M3 = 5.0
"""PM2.5 from which on a station counts as reached by the plume."""
REACHED_UG_M3 = 1.0
"""Hourly mean of the leading species from which on a station counts as reached by a release."""
_SOURCED_NETWORKS = frozenset({"gas", "voc", "pm"})


def report_truth(world: World, stations: Sequence[Station], faults: Sequence[InstrumentFault]) -> Truth:
    """Events and faults in order of time, and hourly contributions of stations that measure gases, VOC or particles."""
    sites = [Site(world, station) for station in stations if _has_sources(station)]
    records = [*_province_events(world), *_plume(world, sites), *map(_fault, faults)]
    contributions = [record for site in sites for record in _contributions(site)]
    releases, released = _releases([Site(world, station) for station in stations]) if world.releases else ((), ())
    return Truth(
        tuple(sorted(records, key=lambda record: record.start)), tuple(contributions), tuple(releases), tuple(released)
    )


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


def _releases(sites: Sequence[Site]) -> tuple[list[ReleaseRecord], list[ReleasedRecord]]:
    """Releases in the order of the world, and the hours of the stations that they reach."""
    world = sites[0].world if sites else None
    if world is None:
        return [], []
    hourly = {site.station.id: _excess_by_hour(site) for site in sites}
    releases: list[ReleaseRecord] = []
    released: list[ReleasedRecord] = []
    for release in world.releases:
        reached = {}
        for station_id, found in hourly.items():
            values = found.get(release.id)
            if values is None or values.max() < REACHED_UG_M3:
                continue
            reached[station_id] = round(float(values.max()), 1)
            released += _released(release, station_id, world, values)
        releases.append(
            ReleaseRecord(
                id=release.id,
                kind=release.kind.id,
                listed=release.kind.listed,
                species=release.kind.leading,
                rate_kg_h=release.rate_kg_h,
                lon=release.lon,
                lat=release.lat,
                height_m=release.height_m,
                start=release.interval.start,
                end=release.interval.end,
                reached=reached,
            )
        )
    return releases, released


def _excess_by_hour(site: Site) -> dict[str, np.ndarray]:
    """Hourly means of the leading species of each release over the whole hours of the world [ug m⁻³]."""
    first = np.ceil(site.world.start.timestamp() / HOUR_S) * HOUR_S
    last = np.floor(site.world.end.timestamp() / HOUR_S) * HOUR_S
    part = site.world.minute_air(site.city).part(first, last)
    return {name: values[part].reshape(-1, 60).mean(axis=1) for name, values in site.excess.items()}


def _released(release: Release, station_id: str, world: World, values: np.ndarray) -> Iterator[ReleasedRecord]:
    """Records of the hours in which the leading species has at least a hundredth of the least that is noticed."""
    first = np.ceil(world.start.timestamp() / HOUR_S) * HOUR_S
    for hour in np.flatnonzero(values > REACHED_UG_M3 / 100).tolist():
        amounts = {
            name: float(f"{canonical(name, np.array([share * values[hour]]))[0]:.4g}")
            for name, share in release.emission.items()
        }
        start = datetime.fromtimestamp(first + HOUR_S * hour, UTC)
        yield ReleasedRecord(release_id=release.id, station_id=station_id, start=start, values=amounts)


def _named(sources: tuple[str, ...], amounts: np.ndarray) -> dict[str, float]:
    return {source: round(float(amount), 3) for source, amount in zip(sources, amounts, strict=True) if amount > 0}
