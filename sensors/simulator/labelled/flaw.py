"""Faults of one instrument that look like an event: its values rise while those of the other instruments do not."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from schemas.interval import Interval

if TYPE_CHECKING:
    from datetime import datetime

    from numpy.typing import NDArray

    from schemas.network import Station
    from sensors.simulator.labelled.cluster import Measured

    Field = NDArray[np.float64]

CANDIDATES: dict[str, tuple[str, ...]] = {
    "gas1": ("so2", "no2", "co", "o3", "pm25", "pm10"),
    "mass1": ("pm25",),
    "gc1": ("toluene", "benzene", "ethylene"),
    "ghg1": ("ch4", "co2"),
}
"""Parameters that an alert rule is likely to watch, by instrument."""
GREENHOUSE_GAIN = 0.08
"""Part of the drawn gain that greenhouse gases get, whose values hardly vary [1]; invention."""
WHOLE_SHARE = 0.2
"""Part of the faults that spoil all parameters of the instrument."""


class FlawKind(StrEnum):
    """How the values are wrong."""

    GAIN = "gain"
    DRIFT = "drift"
    STUCK = "stuck"
    NOISE = "noise"
    BURST = "burst"


_LENGTH_H = {
    FlawKind.GAIN: (3, 30),
    FlawKind.DRIFT: (36, 144),
    FlawKind.STUCK: (5, 20),
    FlawKind.NOISE: (4, 24),
    FlawKind.BURST: (2, 6),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One fault.

    Attributes
    ----------
    parameters : tuple of str
        Spoilt ones; the first is the one that an alert would name.
    size : float
        Gain above 1 at its highest [1].
    """

    kind: FlawKind
    station_id: str
    instrument_id: str
    parameters: tuple[str, ...]
    interval: Interval
    size: float


def draw_flaw(rng: np.random.Generator, stations: tuple[Station, ...], end: datetime) -> Flaw:
    """Draw a fault that lasts until ``end``, a whole hour."""
    station = stations[int(rng.integers(len(stations)))]
    possible = [item for item in station.instruments if item.id in CANDIDATES]
    instrument = possible[int(rng.integers(len(possible)))]
    names = CANDIDATES[instrument.id]
    leading = names[int(rng.integers(len(names)))]
    kind = list(FlawKind)[int(rng.integers(len(FlawKind)))]
    is_whole = kind in {FlawKind.GAIN, FlawKind.NOISE} and rng.random() < WHOLE_SHARE
    others = tuple(name for name in instrument.parameters if name != leading) if is_whole else ()
    low, high = _LENGTH_H[kind]
    length = timedelta(hours=int(np.exp(rng.uniform(np.log(low), np.log(high)))))
    size = float(np.exp(rng.uniform(np.log(1.0), np.log(5.0)))) * (GREENHOUSE_GAIN if leading in {"ch4", "co2"} else 1)
    return Flaw(
        kind=kind,
        station_id=station.id,
        instrument_id=instrument.id,
        parameters=(leading, *others),
        interval=Interval(end - length, end),
        size=round(size, 3),
    )


def spoil(measured: Measured, flaw: Flaw, rng: np.random.Generator) -> None:
    """Replace the values of the flawed parameters in a station's measurements."""
    starts, values = measured[flaw.instrument_id]
    during = (starts >= flaw.interval.start.timestamp()) & (starts < flaw.interval.end.timestamp())
    for name in flaw.parameters:
        series = values[name].copy()
        series[during] = _spoilt(flaw, series, during, rng)
        values[name] = series


def _spoilt(flaw: Flaw, series: Field, during: NDArray[np.bool_], rng: np.random.Generator) -> Field:
    true = series[during]
    count = len(true)
    if flaw.kind is FlawKind.STUCK:
        return np.full(count, float(np.quantile(series[~during], 0.9)) * (1 + flaw.size))
    if flaw.kind is FlawKind.DRIFT:
        return true * (1 + flaw.size * np.linspace(0, 1, count))
    if flaw.kind is FlawKind.NOISE:
        noisy: Field = true * np.exp(np.log1p(flaw.size) * np.abs(rng.standard_normal(count)))
        return noisy
    if flaw.kind is FlawKind.BURST:
        return true * np.where(rng.random(count) < 0.4, 1 + 3 * flaw.size, 1.0)  # noqa: PLR2004 - share of the samples
    raised: Field = true * (1 + flaw.size)
    return raised
