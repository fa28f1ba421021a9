"""Faults of many kinds for the cases of `qc.verdict`, applied to a simulated series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from qc.robust import robust_spread
from schemas.calibration import CheckKind
from schemas.parameter import parameter
from schemas.reading import Status
from sensors.simulator.faults import SPAN_VALUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from schemas.calibration import CheckResult
    from sensors.simulator.faults import FaultySeries

    Field = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One fault of an instrument.

    Attributes
    ----------
    kind : str
        ``step``, ``drift``, ``stuck``, ``spike``, ``calibration``, ``clock``, ``outage``.
    variant : str
    parameter : str or None
        None: the whole instrument.
    start, end : float
        Epoch seconds.
    size : float
        Gain of ``gain``, ``dead`` and ``run`` (of a drift the one reached at the end) [1]; of ``offset`` standard deviations of
        the hours, of ``spike`` likewise; of ``jump`` and ``jitter`` seconds.
    is_seen : bool
        Whether zero, span and target checks show it.
    is_reported : bool
        Whether the instrument reports it by the status letter of a fault.
    """

    kind: str
    variant: str
    station_id: str
    instrument_id: str
    parameter: str | None
    start: float
    end: float
    size: float
    is_seen: bool = False
    is_reported: bool = False

    def gain(self, times: Field) -> Field:
        """Factor on the values at times in epoch seconds [1]."""
        inside = (times >= self.start) & (times < self.end)
        if self.variant not in {"gain", "dead", "all_channels"}:
            return np.ones_like(times)
        reached = (times - self.start) / (self.end - self.start) if self.kind == "drift" else np.ones_like(times)
        return np.where(inside, 1 + (self.size - 1) * reached, 1.0)


def damage(series: FaultySeries, flaw: Flaw, rng: np.random.Generator) -> None:
    """Apply a fault to a series, in place."""
    first, last = (int(at) for at in np.searchsorted(series.starts, [flaw.start, flaw.end]))
    during = slice(first, last)
    if first >= last:
        return
    if flaw.kind == "outage":
        series.produced[during] = False
    elif flaw.kind == "clock":
        count = last - first
        shift = flaw.size if flaw.variant == "jump" else flaw.size * np.round(rng.uniform(-1, 1, count), 2)
        series.stamped[during] += shift
    else:
        for name in [flaw.parameter] if flaw.parameter else list(series.values):
            _spoil(series, flaw, name, during, rng)
    if flaw.is_reported:
        for name in series.values:
            series.status.setdefault(name, {}).update(dict.fromkeys(range(first, last), Status.FAULT.value))


def _spoil(series: FaultySeries, flaw: Flaw, name: str, during: slice, rng: np.random.Generator) -> None:
    values = series.values[name]
    digit = 10.0 ** -parameter(name).decimals
    if flaw.kind == "stuck":
        held = values[during.start]
        flicker = rng.integers(-1, 2, during.stop - during.start) * digit if flaw.variant == "flicker" else 0.0
        values[during] = held + flicker
    elif flaw.variant == "offset":
        reached = (series.starts[during] - flaw.start) / (flaw.end - flaw.start) if flaw.kind == "drift" else 1.0
        values[during] += flaw.size * _spread(series.starts, values) * reached
    elif flaw.kind == "spike":
        values[during] += flaw.size * max(_spread(series.starts, values), 3 * digit)
    elif flaw.variant == "span":
        middle = during.start + (during.stop - during.start) // 3
        values[during.start : middle] = 0.002 * SPAN_VALUE.get(name, 0.0) * rng.standard_normal(middle - during.start)
        count = during.stop - middle
        values[middle : during.stop] = SPAN_VALUE.get(name, 0.0) * (1 + 0.004 * rng.standard_normal(count))
    elif flaw.variant == "run":
        values[during] = values[during] * flaw.size * (1 + 0.04 * rng.standard_normal(during.stop - during.start))
    else:
        values[during] *= flaw.gain(series.starts)[during]
    np.clip(values, parameter(name).range_min, parameter(name).range_max, out=values)


def _spread(starts: Field, values: Field) -> float:
    """Robust standard deviation of the hours."""
    hours = (starts // 3600).astype(np.int64)
    hours -= hours[0]
    means = np.bincount(hours, weights=values) / np.maximum(np.bincount(hours), 1)
    return robust_spread(means)


def seen_in_checks(results: Sequence[CheckResult], flaws: Sequence[Flaw]) -> list[CheckResult]:
    """Results of checks as an instrument with these faults gives them."""
    found = []
    for item in results:
        factor = 1.0
        for flaw in flaws:
            if flaw.is_seen and item.parameter == flaw.parameter and item.kind is not CheckKind.ZERO:
                factor *= float(flaw.gain(np.array([item.at.timestamp()]))[0])
        found.append(item if factor == 1.0 else msgspec.structs.replace(item, response=item.response * factor))
    return found
