"""Faults of instruments: planned once for the whole province, applied to a series, recorded in the truth."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval
from schemas.reading import Status
from sensors.simulator.events import CIVIL
from sensors.simulator.layout import PLUME_TARGET, all_stations, kind_of
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from schemas.network import Station

    Field = NDArray[np.float64]

CALIBRATION_LENGTH = timedelta(minutes=14)
"""Zero and span, seven minutes each; 46 minutes of the hour remain."""
SPAN_VALUE = {"so2": 400.0, "no": 300.0, "no2": 300.0, "co": 20.0, "o3": 300.0}
"""What a gas analyser shows of span gas, canonical units; invention."""
CLOCK_JUMP_S = 25 * 60 + 17
"""Not a whole number of steps, so that wrong times never fall on right ones [s]."""


class FaultKind(StrEnum):
    """What can be wrong with an instrument."""

    STUCK = "stuck"
    SPIKE = "spike"
    DRIFT = "drift"
    CALIBRATION = "calibration"
    OUTAGE = "outage"
    CUT_LINE = "cut_line"
    """Nothing arrives from any of the stations on one line."""
    CLOCK_JUMP = "clock_jump"
    DEAD = "dead"
    """The channel shows a part of what is there, of span gas too."""
    MISSPELT = "misspelt"
    """The parameter is sent under a code that is none."""
    DECLARED = "declared"
    """The instrument declares a fault: status D."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InstrumentFault:
    """One fault; without a parameter, of the whole instrument.

    ``magnitude`` is the added value of a spike, the relative gain at the end of a drift [1], the seconds by which a clock is ahead, the
    part of the value that a dead channel shows [1], and otherwise 0.
    """

    kind: FaultKind
    station_id: str
    instrument_id: str
    parameter: str | None
    interval: Interval
    magnitude: float = 0.0


_PLANS: tuple[tuple[FaultKind, str, str, str | None, float, timedelta, float], ...] = (
    # kind, station, instrument, parameter, start as a part of the span, length, magnitude
    (FaultKind.STUCK, "ln-fs-01", "gas1", "so2", 0.25, timedelta(hours=7), 0.0),
    (FaultKind.STUCK, "ln-jz-01", "met1", "wind_speed", 0.55, timedelta(hours=9), 0.0),
    (FaultKind.STUCK, "ln-tl-07", "soil1", "soil_moisture_10cm", 0.30, timedelta(hours=16), 0.0),
    (FaultKind.STUCK, "ln-yk-03", "mass1", "pm25", 0.45, timedelta(hours=9), 0.0),
    (FaultKind.SPIKE, "ln-bx-01", "gas1", "pm25", 0.35, timedelta(0), 900.0),
    (FaultKind.SPIKE, "ln-bx-01", "gas1", "o3", 0.70, timedelta(0), 600.0),
    (FaultKind.SPIKE, "ln-hl-04", "gamma1", "gamma_dose_rate", 0.22, timedelta(0), 180.0),
    (FaultKind.SPIKE, "ln-fx-06", "ghg1", "co2", 0.60, timedelta(0), 250.0),
    (FaultKind.SPIKE, "ln-dd-02", "gc1", "toluene", 0.40, timedelta(0), 400.0),
    (FaultKind.DRIFT, "ln-ly-01", "gas1", "o3", 0.30, timedelta(days=30), 0.6),
    (FaultKind.DRIFT, "ln-cy-06", "ghg1", "ch4", 0.20, timedelta(days=30), 0.08),
    (FaultKind.OUTAGE, "ln-yk-01", "gas1", None, 0.40, timedelta(hours=4), 0.0),
    (FaultKind.OUTAGE, "ln-hl-02", "gc1", None, 0.60, timedelta(hours=6), 0.0),
    (FaultKind.OUTAGE, "ln-fx-04", "gamma1", None, 0.65, timedelta(hours=3), 0.0),
    (FaultKind.CLOCK_JUMP, "ln-tl-01", "met1", None, 0.50, timedelta(minutes=90), CLOCK_JUMP_S),
)


def faulty_stations() -> frozenset[str]:
    """Stations with an instrument that fails in a way that its values show."""
    return frozenset(plan[1] for plan in _PLANS if plan[0] in {FaultKind.STUCK, FaultKind.SPIKE, FaultKind.DRIFT})


def plan_faults(seed: int, start: datetime, end: datetime) -> tuple[InstrumentFault, ...]:
    """All faults of the province in ``[start, end)``, in order of time.

    The instruments are the same for every seed, the moments vary by up to 4 % of the span. None of them is at the station
    that the plume is aimed at.
    """
    rng = generator(seed, "faults")
    planned = [_placed(plan, start, end, float(rng.uniform(-0.04, 0.04))) for plan in _PLANS]
    for station in all_stations(seed):
        planned += _calibrations(station, start, end)
    faults = [fault for fault in planned if fault.interval.start < end and fault.station_id != PLUME_TARGET]
    return tuple(sorted(faults, key=lambda fault: (fault.interval.start, fault.station_id, fault.instrument_id)))


def _placed(
    plan: tuple[FaultKind, str, str, str | None, float, timedelta, float], start: datetime, end: datetime, shift: float
) -> InstrumentFault:
    kind, station_id, instrument_id, name, part, length, magnitude = plan
    span = end - start
    begin = (start + (part + shift) * span).replace(second=0, microsecond=0)
    cadence = {"gc1": 60, "mass1": 60, "soil1": 30, "gamma1": 5, "met1": 5}.get(instrument_id, 1)
    begin -= timedelta(minutes=begin.minute % cadence)
    length = max(timedelta(minutes=cadence), min(length, 0.25 * span if length < timedelta(days=1) else end - begin))
    return InstrumentFault(
        kind=kind,
        station_id=station_id,
        instrument_id=instrument_id,
        parameter=name,
        interval=Interval(begin, begin + length),
        magnitude=magnitude,
    )


def _calibrations(station: Station, start: datetime, end: datetime) -> Iterator[InstrumentFault]:
    """Every night from 01:00 on, the cities one after another so that never all are blind at once."""
    analysers = [item for item in station.instruments if kind_of(item) == "gas"]
    if not analysers or station.id == PLUME_TARGET:
        return
    minute = (int(station.city) // 100 * 3) % 45
    night = start.astimezone(CIVIL).replace(hour=1, minute=minute, second=0, microsecond=0).astimezone(start.tzinfo)
    while night < end:
        if night >= start:
            yield InstrumentFault(
                kind=FaultKind.CALIBRATION,
                station_id=station.id,
                instrument_id=analysers[0].id,
                parameter=None,
                interval=Interval(night, night + CALIBRATION_LENGTH),
            )
        night += timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FaultySeries:
    """Series of an instrument after its faults.

    Attributes
    ----------
    starts : array
        True starts, epoch seconds.
    stamped : array
        Time of the instrument's clock, epoch seconds.
    values : dict of str to array
    status : dict of str to dict of int to str
        Letters by parameter and position, only those that are not N.
    produced : array of bool
        Whether there is a reading.
    misspelt : dict of str to slice
        Positions at which a parameter is sent under a wrong code.
    """

    starts: Field
    stamped: Field
    values: dict[str, Field]
    status: dict[str, dict[int, str]]
    produced: NDArray[np.bool_]
    misspelt: dict[str, slice] = field(default_factory=dict)


def apply_faults(starts: Field, values: dict[str, Field], faults: tuple[InstrumentFault, ...]) -> FaultySeries:
    """Damage a series.

    Parameters
    ----------
    starts : array
        Starts of the intervals, epoch seconds.
    values : dict of str to array
        Changed in place.
    faults : tuple of Fault
        Of this instrument.
    """
    series = FaultySeries(starts, starts.copy(), values, {}, np.ones(len(starts), dtype=bool))
    # A drift or a dead channel last: span gas is shown with it too.
    for fault in sorted(faults, key=lambda item: item.kind in {FaultKind.DRIFT, FaultKind.DEAD}):
        first, last = np.searchsorted(starts, [fault.interval.start.timestamp(), fault.interval.end.timestamp()])
        if first < last:
            _apply(fault, series, slice(int(first), int(last)))
    return series


def wrong_code(code: str) -> str:
    """Code that a misconfigured data logger sends instead: one letter too many."""
    return f"{code}x"


def _apply(fault: InstrumentFault, series: FaultySeries, during: slice) -> None:
    if fault.kind in {FaultKind.OUTAGE, FaultKind.CUT_LINE}:
        series.produced[during] = False
    elif fault.kind is FaultKind.CLOCK_JUMP:
        series.stamped[during] += fault.magnitude
    elif fault.kind is FaultKind.CALIBRATION:
        _calibrate(series, during)
    elif fault.kind is FaultKind.DECLARED:
        for name in series.values:
            letters = dict.fromkeys(range(during.start, during.stop), Status.FAULT.value)
            series.status.setdefault(name, {}).update(letters)
    elif fault.parameter is not None:
        _damage(fault, series, fault.parameter, during)


def _damage(fault: InstrumentFault, series: FaultySeries, name: str, during: slice) -> None:
    """Faults of one channel."""
    values = series.values[name]
    if fault.kind is FaultKind.STUCK:
        values[during] = values[during.start]
    elif fault.kind is FaultKind.SPIKE:
        values[during.start] += fault.magnitude
    elif fault.kind is FaultKind.DEAD:
        values[during] *= fault.magnitude
    elif fault.kind is FaultKind.MISSPELT:
        series.misspelt[name] = during
    elif fault.kind is FaultKind.DRIFT:
        values[during] *= 1 + fault.magnitude * np.linspace(0, 1, during.stop - during.start)


def _calibrate(series: FaultySeries, during: slice) -> None:
    middle = (during.start + during.stop) // 2
    for name, span in SPAN_VALUE.items():
        if name not in series.values:
            continue
        series.values[name][during.start : middle] = 0.0
        series.values[name][middle : during.stop] = span
        series.status.setdefault(name, {}).update(
            dict.fromkeys(range(during.start, during.stop), Status.CALIBRATION.value)
        )
