"""Calibration checks of the simulated analysers, and the messages with their results, which show drifts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from schemas.calibration import CheckKind, CheckResult
from schemas.message import calibration_topic
from schemas.parameter import parameter
from sensors.calibration_v1 import encode
from sensors.outgoing import OutgoingMessage
from sensors.simulator.faults import SPAN_VALUE, FaultKind, InstrumentFault
from sensors.simulator.layout import kind_of
from sensors.simulator.stream import generator

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from schemas.network import Instrument, Station

TARGET_EVERY = timedelta(hours=12)
TARGET_VALUE = {"co2": 430.0, "ch4": 1980.0, "n2o": 338.0, "co": 0.2}
"""What the target cylinder holds, canonical units; invention."""
TARGET_NOISE = {"co2": 0.05, "ch4": 0.8, "n2o": 0.06, "co": 0.0015}
"""Standard deviation of what a sound analyser shows of it, canonical units; invention."""
SPAN_NOISE = 0.004
"""Standard deviation of a sound analyser's answer to span gas, as a part of the reference [1]; invention."""
ZERO_NOISE = 0.0008
"""Standard deviation of its answer to zero gas, as a part of the span [1]; invention."""


def check_results(
    seed: int,
    station: Station,
    instrument: Instrument,
    faults: Sequence[InstrumentFault],
    span: tuple[datetime, datetime],
) -> list[CheckResult]:
    """All results of one instrument in ``[start, end)``, in order of time; none for kinds without checks."""
    rng = generator(seed, "checks", station.id, instrument.id)
    kind = kind_of(instrument)
    if kind == "gas":
        return [item for one in faults if one.kind is FaultKind.CALIBRATION for item in _nightly(one, faults, rng)]
    if kind == "ghg":
        return list(_targets(station, instrument, faults, span, rng))
    return []


def check_messages(results: Iterable[CheckResult]) -> Iterator[OutgoingMessage]:
    """One message for the results of one instrument and moment, due a minute after it."""
    for (network, station_id, instrument_id, at), same in groupby(
        results, key=lambda item: (item.network, item.station_id, item.instrument_id, item.at)
    ):
        yield OutgoingMessage(
            calibration_topic(network, station_id, instrument_id), encode(same), at + timedelta(minutes=1)
        )


def _nightly(
    night: InstrumentFault, faults: Sequence[InstrumentFault], rng: np.random.Generator
) -> Iterator[CheckResult]:
    """Zero at the middle of the calibration, span at its end, of every gas."""
    middle = night.interval.start + (night.interval.end - night.interval.start) / 2
    for name, reference in SPAN_VALUE.items():
        zero = ZERO_NOISE * reference * rng.standard_normal()
        yield _result(night, name, middle, CheckKind.ZERO, (0.0, zero))
    for name, reference in SPAN_VALUE.items():
        shown = reference * (_gain(name, middle, faults) + SPAN_NOISE * rng.standard_normal())
        yield _result(night, name, night.interval.end, CheckKind.SPAN, (reference, shown))


def _result(
    night: InstrumentFault, name: str, at: datetime, kind: CheckKind, figures: tuple[float, float]
) -> CheckResult:
    reference, response = figures
    response = round(response, parameter(name).decimals)
    return CheckResult("gas", night.station_id, night.instrument_id, name, at, kind, reference, response, "span-1")


def _targets(
    station: Station,
    instrument: Instrument,
    faults: Sequence[InstrumentFault],
    span: tuple[datetime, datetime],
    rng: np.random.Generator,
) -> Iterator[CheckResult]:
    step = TARGET_EVERY.total_seconds()
    first = -(-span[0].timestamp() // step) * step
    for second in np.arange(first, span[1].timestamp(), step).tolist():
        at = datetime.fromtimestamp(second, UTC)
        for name, reference in TARGET_VALUE.items():
            shown = reference * _gain(name, at, faults) + TARGET_NOISE[name] * rng.standard_normal()
            yield CheckResult(
                instrument.network.value,
                station.id,
                instrument.id,
                name,
                at,
                CheckKind.TARGET,
                reference,
                round(shown, parameter(name).decimals),
                "target-1",
            )


def _gain(name: str, at: datetime, faults: Sequence[InstrumentFault]) -> float:
    """What the instrument shows of a unit at a moment: 1 without a drift and while the channel lives."""
    gain = 1.0
    for fault in faults:
        if fault.parameter != name or not fault.interval.start <= at < fault.interval.end:
            continue
        if fault.kind is FaultKind.DEAD:
            gain *= fault.magnitude
        if fault.kind is FaultKind.DRIFT:
            part = (at - fault.interval.start) / (fault.interval.end - fault.interval.start)
            gain *= 1 + fault.magnitude * part
    return gain
