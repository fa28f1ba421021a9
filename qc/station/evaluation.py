"""One station's part of a run, pure: native frames in; flags, hours and their flags out."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pandas as pd

from qc.hourly.context import HourlyContext
from qc.hourly.flagging import flag_hours
from qc.hourly.mean import Hourly, aggregate, merge, with_completeness
from qc.hourly.uncertainty import with_uncertainty
from qc.native.coordinates import coordinates_of
from qc.native.runner import flag_native
from qc.native.series import Stream
from qc.station.window import Window, reporting_hours
from schemas.frames import STATUS, concat_flags, empty_flags, parameters_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from qc.calibration.applied import Calibrations
    from qc.limits.thresholds import Thresholds
    from qc.station.context_hours import ContextHours
    from schemas.network import Instrument, Station


@dataclass(frozen=True, slots=True)
class RunContext:
    """What the flags of a run depend on besides the data.

    Attributes
    ----------
    zone : ZoneInfo
        Of the civil months by which limits may change.
    calibrations : Calibrations or None
        Outcomes of checks, and corrections; None: neither.
    """

    network: str
    zone: ZoneInfo
    thresholds: Thresholds
    window: Window
    calibrations: Calibrations | None = None


@dataclass(slots=True)
class StationResult:
    """One station's outcome.

    Attributes
    ----------
    hours : DataFrame
        `schemas.frames` hourly of the written hours; empty where no instrument reported.
    whole : DataFrame
        `schemas.frames` hourly with as much before the window as is known.
    native_flags, hourly_flags : DataFrame
        `schemas.frames` flags of the written hours.
    last_seen : dict of str to Timestamp
        Latest reading by instrument.
    counts : Counter of str
        ``streams``, ``silent``, ``values``, ``hours``.
    unevaluated : Counter of str
        By test: parameters without a limit.
    """

    station_id: str
    hours: pd.DataFrame = field(default_factory=pd.DataFrame)
    whole: pd.DataFrame = field(default_factory=pd.DataFrame)
    native_flags: pd.DataFrame = field(default_factory=empty_flags)
    hourly_flags: pd.DataFrame = field(default_factory=empty_flags)
    last_seen: dict[str, pd.Timestamp] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    unevaluated: Counter[str] = field(default_factory=Counter)


def evaluate_station(
    station: Station, natives: Mapping[str, pd.DataFrame], context: RunContext, around: ContextHours | None = None
) -> StationResult:
    """Evaluate a station's instruments, make its hours and evaluate these.

    Parameters
    ----------
    station : Station
    natives : mapping of str to DataFrame
        `schemas.frames` native by instrument id, of the read span; one that is absent or empty is silent.
    context : RunContext
    around : ContextHours or None
        Earlier hours, other networks and neighbours; None: only the hours of the run are used.
    """
    found = StationResult(station.id)
    parts = _evaluate_instruments(station, natives, context, found)
    if not parts:
        return found
    made = merge(parts)
    hours = flag_hours(_hourly_context(made, station, context, around))
    found.unevaluated.update(hours.unevaluated)
    found.whole = hours.hourly
    found.hours = with_uncertainty(
        with_completeness(context.window.inside(hours.hourly), made),
        context.thresholds,
        network=context.network,
        station_id=station.id,
        zone=context.zone,
    )
    found.hourly_flags = context.window.flags_inside(hours.records)
    found.counts["hours"] += len(found.hours) * len(parameters_in(found.hours))
    return found


def _hourly_context(made: Hourly, station: Station, context: RunContext, around: ContextHours | None) -> HourlyContext:
    return HourlyContext(
        made if around is None else around.with_history(made, station),
        context.thresholds,
        network=context.network,
        station_id=station.id,
        zone=context.zone,
        other_networks=None if around is None else around.other_networks(station),
        place=coordinates_of(station),
        near={} if around is None else around.near_hours(station),
    )


def _evaluate_instruments(
    station: Station, natives: Mapping[str, pd.DataFrame], context: RunContext, found: StationResult
) -> list[Hourly]:
    """Hours of each instrument with readings; their native flags and counts are added to the result."""
    parts, flags = list[Hourly](), list[pd.DataFrame]()
    for instrument in station.instruments_of(context.network):
        native = natives.get(instrument.id)
        found.counts["silent" if native is None or native.empty else "streams"] += 1
        if native is not None and not native.empty:
            parts.append(_evaluate_instrument(station, instrument, _reported(native), context, found, flags))
    found.native_flags = concat_flags(flags)
    return parts


def _evaluate_instrument(  # noqa: PLR0917 - one step of the loop above
    station: Station,
    instrument: Instrument,
    native: pd.DataFrame,
    context: RunContext,
    found: StationResult,
    flags: list[pd.DataFrame],
) -> Hourly:
    found.last_seen[instrument.id] = native.index[-1]
    stream = Stream.of(station.id, instrument, context.zone, coordinates_of(station))
    flagged, values = flag_native(native, stream, context.thresholds), native
    if context.calibrations is not None:
        flagged = context.calibrations.flag(flagged, native, stream)
        values = context.calibrations.correct(native, stream)
    flags.append(context.window.flags_inside(flagged.records))
    found.unevaluated.update(flagged.unevaluated)
    found.counts["values"] += context.window.values_inside(native)
    hours = reporting_hours(native, instrument, context.window)
    return aggregate(values, flagged.combined, hours, cadence_s=instrument.cadence_s)


def _reported(native: pd.DataFrame) -> pd.DataFrame:
    """Without the parameters that never came, neither as a value nor as a status letter."""
    missing = native.isna().all()
    never = [code for code in parameters_in(native) if missing[code] and f"{code}{STATUS}" not in native]
    return native.drop(columns=never) if never else native
