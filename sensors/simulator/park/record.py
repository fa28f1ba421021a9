"""The events of a staged province as one list, from its truth."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from sensors.simulator.park.enterprise import ENTERPRISE_ID
from sensors.simulator.truth import StagedRecord

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sensors.simulator.truth import ReleaseRecord, Truth, TruthRecord

REGIONAL = ("haze", "ozone")
"""Events that all stations see."""
NO_EVENTS = frozenset({"rain", "plume", "calibration"})
"""Records that are no events of their own: weather, parts of a plume, routine checks."""
REACHED_SHARE = 0.1
"""Part of what the most affected station gets from which on a station counts as reached."""
PLUME_CAUSE = "industry"
"""Source of the plumes that are aimed at one station; its profile is ``plume`` of ``source_profiles.csv``."""


def staged_records(truth: Truth) -> tuple[StagedRecord, ...]:
    """Plumes, haze, ozone episode and faults in the order of their beginning.

    Parameters
    ----------
    truth : Truth
    """
    found = [*_regional_and_faults(truth.records), *_plumes(truth.records), *map(_release, truth.releases)]
    return tuple(sorted(found, key=lambda item: item.start))


def _regional_and_faults(records: tuple[TruthRecord, ...]) -> Iterator[StagedRecord]:
    for item in records:
        if item.kind in NO_EVENTS:
            continue
        yield StagedRecord(
            event=item.kind if item.kind in REGIONAL else "fault",
            cause=item.kind,
            start=item.start,
            end=item.end,
            stations={} if item.station_id is None else {item.station_id: 0.0},
            instrument_id=item.instrument_id,
            parameter=item.parameter,
        )


def _plumes(records: tuple[TruthRecord, ...]) -> Iterator[StagedRecord]:
    """One record a source of the plumes that have a record a station."""
    reached = defaultdict(list)
    for item in records:
        if item.kind == "plume":
            reached[item.start, item.end, item.lon, item.lat].append(item)
    for (start, end, lon, lat), items in reached.items():
        stations = _reached({item.station_id or "": item.magnitude or 0.0 for item in items})
        yield StagedRecord(
            event="plume", cause=PLUME_CAUSE, start=start, end=end, stations=stations, species="pm25", lon=lon, lat=lat
        )


def _release(item: ReleaseRecord) -> StagedRecord:
    found = ENTERPRISE_ID.search(item.id)
    return StagedRecord(
        event="plume",
        cause=item.kind,
        start=item.start,
        end=item.end,
        stations=_reached(item.reached),
        species=item.species,
        enterprise_id=found.group() if found else None,
        lon=item.lon,
        lat=item.lat,
    )


def _reached(peaks: dict[str, float]) -> dict[str, float]:
    least = REACHED_SHARE * max(peaks.values(), default=0.0)
    return {station_id: peak for station_id, peak in peaks.items() if peak >= least}
