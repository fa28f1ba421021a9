"""Hours near a moment in which quality control found an instrument at fault, and the verdict on them. Reads only."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from analysis.case.fault_hours import CONSTANT, FaultHours, fault_hours, with_constant
from analysis.run.case.case_data import NETWORKS
from analysis.run.case.moment import NEAR
from qc.run.verdict import CaseError, verdict_of
from schemas.frames import concat_flags
from store.influx.store import Bucket

if TYPE_CHECKING:
    from datetime import datetime

    from analysis.run.case.case_data import CaseSources
    from qc.verdict.verdict import Verdict
    from schemas.network import Station

CONSTANT_BEFORE = timedelta(hours=24)
"""Before the first flag in which the first reading of a constant value is looked for."""
LONGEST = timedelta(days=7)
"""A fault that began longer ago is found from here on."""
_log = structlog.get_logger(__name__)


def fault_at(
    sources: CaseSources, station: Station, at: datetime, now: datetime, *, parameter: str | None = None
) -> FaultHours | None:
    """The fault of a station at a moment or within three hours of it; None without one.

    Parameters
    ----------
    sources : CaseSources
    station : Station
    at, now : datetime
        UTC; of a fault that goes on the hours up to ``now`` are read.
    parameter : str or None
        None: failed hours come first, then the nearest ones, then the most hours.
    """
    span = (at - LONGEST, min(at + LONGEST, now))
    networks = [code for code in NETWORKS if station.instruments_of(code)]
    native, hourly = (
        concat_flags([sources.influx.read_flags(bucket, code, *span, station.id) for code in networks])
        for bucket in (Bucket.NATIVE, Bucket.HOURLY)
    )
    events = (_from_first_constant(sources, item) for item in fault_hours(native, hourly, parameter=parameter))
    found = [item for item in events if item.interval.distance(at) <= NEAR]
    return max(found, key=lambda item: (item.is_failed, -item.interval.distance(at), item.hours), default=None)


def _from_first_constant(sources: CaseSources, flagged: FaultHours) -> FaultHours:
    """Hours of a value that does not change, from its first reading on."""
    if CONSTANT.isdisjoint(item.test for item in flagged.tests):
        return flagged
    station, span = sources.network.stations[flagged.station_id], flagged.interval
    found = flagged
    for item in station.instruments:
        if flagged.parameter in item.parameters and item.serves_at(span.start):
            asked = (str(item.network), station.id, item.id, span.start - CONSTANT_BEFORE, span.end)
            values = sources.influx.read_native(*asked, [flagged.parameter])[flagged.parameter]
            found = min(found, with_constant(flagged, values), key=lambda one: one.interval.start)
    return found


def verdict_on(sources: CaseSources, flagged: FaultHours) -> Verdict | None:
    """Fault or event; None without weights, or where no instrument in service measured the parameter then."""
    if sources.rule is None:
        return None
    try:
        return verdict_of(
            sources.influx,
            sources.network,
            sources.rule,
            station_id=flagged.station_id,
            parameter=flagged.parameter,
            interval=flagged.interval,
        )
    except CaseError as error:
        _log.warning("no_verdict", station=flagged.station_id, parameter=flagged.parameter, reason=str(error))
        return None
