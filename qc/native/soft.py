"""The soft native tests with their limits: how each is run on a series, and how its verdict is put into words.

A value that failed on a hard ground (status, physical range) is not there for these tests: its neighbours are compared with the
next value of the air, so that the end of a calibration is neither a spike nor a step.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from qc import wording
from qc.limits import limit, thresholds
from qc.limits.relation import FLUX_CADENCE_S, FluxSpike
from qc.native import checks, digit, flux_spike, regime, shape, timing
from qc.native.climatology import Spans, climatology_test
from qc.native.series import Verdict
from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from qc.native.series import Series

MINUTE_S, HOUR_S = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class SoftTest:
    """One soft test.

    Attributes
    ----------
    kind : type
        Its limit.
    run : callable
        Flags of a series under a limit.
    explain : callable
        Reason of the verdict on a position under a limit.
    as_written : bool
        Whether it looks at each value by itself or at its digits; else a direction is put on a line first (`qc.angle`).
    """

    kind: type[Any]
    run: Callable[[Series, Any], NDArray[np.int8]]
    explain: Callable[[Series, Any, int], str]
    as_written: bool = False


def judge(name: str, series: Series, found: thresholds.Thresholds) -> Verdict | None:
    """Run one soft test with the limit of each value's month; None where no month has a limit."""
    test = SOFT_TESTS[name]

    def find(month: int) -> Any | None:  # noqa: ANN401 - each test has a limit of its own kind
        stream = series.stream
        return found.find(test.kind, series.code, network=stream.network, station_id=stream.station_id, month=month)

    seen = series if test.as_written else series.on_line()
    return by_month(
        series,
        find,
        lambda held: test.run(seen, held),
        lambda held, at: test.explain(series, held, at),
        name,
    )


def by_month(
    series: Series,
    find: Callable[[int], Any | None],
    run: Callable[[Any], NDArray[np.int8]],
    explain: Callable[[Any, int], str],
    name: str,
) -> Verdict | None:
    """Run a test with the limit of each value's month; None where no month has a limit."""
    limits = {month: find(month) for month in series.month_span}
    different = {id(held): held for held in limits.values() if held is not None}
    if not different:
        return None
    if len(different) == 1 and None not in limits.values():
        flags = run(next(iter(different.values())))
    else:
        flags = np.full(series.numbers.shape, Flag.UNKNOWN, dtype=np.int8)
        for held in different.values():
            where = np.isin(series.months, [month for month, of_month in limits.items() if of_month is held])
            flags[where] = run(held)[where]

    def explain_at(at: int) -> str:
        held = limits[int(series.months[at])]
        return "" if held is None else explain(held, at)

    return Verdict(name, flags, explain_at)


def _spared(flags: NDArray[np.int8], series: Series, above: float | None) -> NDArray[np.int8]:
    """Let values at or below ``above`` pass."""
    if above is not None:
        flags[(flags == Flag.SUSPECT) & (series.numbers <= above)] = Flag.PASS
    return flags


@cache
def _spans(held: limit.Climatology) -> Spans:
    return Spans.of_months(held.rows("low"), held.rows("high"))


def _climatology(series: Series, held: limit.Climatology) -> NDArray[np.int8]:
    return climatology_test(series.numbers, series.months, series.hours, _spans(held), period=series.period)


def _explain_climatology(series: Series, held: limit.Climatology, at: int) -> str:
    month, hour = int(series.months[at]), int(series.hours[at])
    low, high = _spans(held).low[month - 1, hour], _spans(held).high[month - 1, hour]
    value = float(series.numbers[at])
    return wording.reason(
        "climatology", "span", value=value, unit=series.unit, low=low, high=high, month=month, hour=hour
    )


def _detection(series: Series, held: limit.DetectionLimit) -> NDArray[np.int8]:
    return digit.detection_limit_test(series.numbers, series.times, held.limit, persistent_s=held.persistent_s)


def _explain_detection(series: Series, held: limit.DetectionLimit, at: int) -> str:
    value = float(series.numbers[at])
    if value < -held.limit:
        return wording.reason("detection_limit", "below", value=value, unit=series.unit, limit=held.limit)
    hours = (held.persistent_s or 0.0) / HOUR_S
    return wording.reason("detection_limit", "persistent", value=value, unit=series.unit, hours=hours)


def _spike(series: Series, held: thresholds.Spike) -> NDArray[np.int8]:
    return checks.spike_test(
        series.numbers,
        held.suspect,
        times=series.times,
        relative=held.relative,
        method=checks.SpikeMethod.DIFFERENTIAL,
    )


def _explain_spike(series: Series, held: thresholds.Spike, at: int) -> str:
    before, value, after = map(float, series.numbers[at - 1 : at + 2])
    return wording.reason(
        "spike", "step", value=value, unit=series.unit, before=before, after=after, limit=held.suspect
    )


def _burst(series: Series, held: limit.SpikeBurst) -> NDArray[np.int8]:
    return shape.spike_burst_test(
        series.numbers,
        series.times,
        held.suspect,
        points=held.points,
        deviations=held.deviations,
        relative=held.relative,
    )


def _explain_burst(series: Series, held: limit.SpikeBurst, at: int) -> str:
    near = series.on_line().numbers[max(0, at - 2 * held.points) : at + 2 * held.points + 1]
    value, level = float(series.numbers[at]), float(np.nanmedian(near))
    level = level if series.period is None else level % series.period
    return wording.reason(
        "spike_burst", "burst", value=value, unit=series.unit, level=level, points=held.points, limit=held.suspect
    )


def _rate(series: Series, held: thresholds.RateOfChange) -> NDArray[np.int8]:
    per_s = held.suspect_per_minute / MINUTE_S
    return checks.rate_of_change_test(series.numbers, series.times, per_s, across_holes=False)


def _explain_rate(series: Series, held: thresholds.RateOfChange, at: int) -> str:
    before, value = map(float, series.numbers[at - 1 : at + 1])
    seconds = float((series.times[at] - series.times[at - 1]) / np.timedelta64(1, "s"))
    return wording.reason(
        "rate_of_change",
        "step",
        before=before,
        value=value,
        unit=series.unit,
        seconds=seconds,
        limit=held.suspect_per_minute,
    )


def _flat(series: Series, held: thresholds.FlatLine) -> NDArray[np.int8]:
    flags = checks.flat_line_test(series.numbers, series.times, held.suspect_s, tolerance=held.tolerance)
    return _spared(flags, series, held.above)


def _explain_flat(series: Series, held: thresholds.FlatLine, at: int) -> str:
    return wording.reason(
        "flat_line",
        "flat",
        tolerance=held.tolerance,
        unit=series.unit,
        hours=held.suspect_s / HOUR_S,
        value=float(series.numbers[at]),
    )


def _attenuated(series: Series, held: limit.AttenuatedSignal) -> NDArray[np.int8]:
    flags = shape.attenuated_signal_test(series.numbers, series.times, held.suspect, window_s=held.window_s)
    return _spared(flags, series, held.above)


def _explain_attenuated(series: Series, held: limit.AttenuatedSignal, at: int) -> str:
    value, hours = float(series.numbers[at]), held.window_s / HOUR_S
    return wording.reason("attenuated_signal", "std", value=value, unit=series.unit, hours=hours, limit=held.suspect)


def _step(series: Series, held: limit.Step) -> NDArray[np.int8]:
    return shape.step_test(
        series.numbers,
        series.times,
        held.suspect,
        window_s=held.window_s,
        abrupt=held.abrupt,
        deviations=held.deviations,
    )


def _explain_step(series: Series, held: limit.Step, at: int) -> str:
    value, minutes = float(series.numbers[at]), held.window_s / MINUTE_S
    return wording.reason(
        "step", "step", before=series.before(at), value=value, unit=series.unit, minutes=minutes, limit=held.suspect
    )


def _variance(series: Series, held: limit.VarianceChange) -> NDArray[np.int8]:
    return regime.variance_change_test(
        series.numbers,
        series.times,
        held.ratio,
        window_s=held.window_s,
        reference_s=held.reference_s,
        floor=held.floor,
    )


def _explain_variance(_: Series, held: limit.VarianceChange, __: int) -> str:
    hours, reference = held.window_s / HOUR_S, held.reference_s / HOUR_S
    return wording.reason("variance_change", "noise", hours=hours, reference=reference, ratio=held.ratio)


def _regime(series: Series, held: limit.Regime) -> NDArray[np.int8]:
    return regime.regime_test(
        series.numbers, series.times, held.suspect, window_s=held.window_s, reference_s=held.reference_s
    )


def _explain_regime(series: Series, held: limit.Regime, at: int) -> str:
    return wording.reason(
        "regime",
        "outside",
        hours=held.window_s / HOUR_S,
        reference=held.reference_s / HOUR_S,
        value=float(series.numbers[at]),
        unit=series.unit,
        limit=held.suspect,
    )


def _resolution(series: Series, held: limit.Resolution) -> NDArray[np.int8]:
    return digit.resolution_test(
        series.numbers, series.times, held.quantum, window_s=held.window_s, changes=held.changes
    )


def _explain_resolution(series: Series, held: limit.Resolution, _: int) -> str:
    return wording.reason("resolution", "coarse", hours=held.window_s / HOUR_S, quantum=held.quantum, unit=series.unit)


def _rollover(series: Series, held: limit.Rollover) -> NDArray[np.int8]:
    return digit.rollover_test(series.numbers, held.moduli, held.margin)


def _explain_rollover(series: Series, held: limit.Rollover, at: int) -> str:
    before, value = series.before(at), float(series.numbers[at])
    modulus = min(held.moduli, key=lambda item: abs(abs(value - before) - item))
    return wording.reason("rollover", "wrap", before=before, value=value, unit=series.unit, modulus=modulus)


def _isolated(series: Series, held: limit.Isolated) -> NDArray[np.int8]:
    return timing.isolated_test(series.numbers, series.times, gap_s=held.gap_s, longest_s=held.longest_s)


def _explain_isolated(_: Series, held: limit.Isolated, __: int) -> str:
    return wording.reason("isolated", "alone", minutes=held.gap_s / MINUTE_S)


#: By name, in the order of docs/qc-tests.md.
def _flux_spike(series: Series, held: FluxSpike) -> NDArray[np.int8]:
    place = series.stream.place
    if series.stream.cadence_s != FLUX_CADENCE_S or place is None:
        return np.where(np.isfinite(series.numbers), Flag.UNKNOWN, Flag.MISSING).astype(np.int8)
    window = held.window_h * 3600 // FLUX_CADENCE_S
    night = flux_spike.is_night(series.times, place)
    return flux_spike.flux_spikes_of(series.numbers, series.times, factor=held.factor, window=window, night=night)


def _explain_flux_spike(series: Series, held: FluxSpike, at: int) -> str:
    value = float(series.numbers[at])
    return wording.reason("flux_spike", "double", value=value, unit=series.unit, factor=held.factor)


SOFT_TESTS: dict[str, SoftTest] = {
    "climatology": SoftTest(limit.Climatology, _climatology, _explain_climatology, as_written=True),
    "detection_limit": SoftTest(limit.DetectionLimit, _detection, _explain_detection, as_written=True),
    "spike": SoftTest(thresholds.Spike, _spike, _explain_spike),
    "spike_burst": SoftTest(limit.SpikeBurst, _burst, _explain_burst),
    "rate_of_change": SoftTest(thresholds.RateOfChange, _rate, _explain_rate),
    "flat_line": SoftTest(thresholds.FlatLine, _flat, _explain_flat),
    "attenuated_signal": SoftTest(limit.AttenuatedSignal, _attenuated, _explain_attenuated),
    "step": SoftTest(limit.Step, _step, _explain_step),
    "variance_change": SoftTest(limit.VarianceChange, _variance, _explain_variance),
    "regime": SoftTest(limit.Regime, _regime, _explain_regime),
    "resolution": SoftTest(limit.Resolution, _resolution, _explain_resolution, as_written=True),
    "rollover": SoftTest(limit.Rollover, _rollover, _explain_rollover, as_written=True),
    "isolated": SoftTest(limit.Isolated, _isolated, _explain_isolated),
    "flux_spike": SoftTest(FluxSpike, _flux_spike, _explain_flux_spike),
}
