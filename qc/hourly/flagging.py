"""Tests of hourly values: completeness (hard), and soft ones that compare hours and parameters.

`flag_hours` runs them all on one station's hours of one network and returns the finished hourly frame with its flags.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.angle import unwrapped
from qc.hourly.hours import Hours, Verdict
from qc.hourly.relation.network import NETWORK_TESTS, network_verdicts
from qc.limits.thresholds import HourlyFlat, HourlySpike, PmInversion
from qc.native import checks
from schemas.flag import Flag, combine
from schemas.frames import COUNT, FLAG, FLAG_COLUMNS, concat_flags, empty_flags, frame_of, parameters_in
from schemas.parameter import parameter
from schemas.reason import reason_text

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from qc.hourly.mean import Hourly
    from qc.limits.thresholds import Thresholds
    from qc.native.place import Place

#: Shared, since making an empty frame costs as much as judging a day of minutes.
_NO_FLAGS = empty_flags()
HOURLY_TESTS = ("completeness", "suspect_share", "hourly_spike", "hourly_flat", "pm_inversion", *NETWORK_TESTS, "drift")
COMPLETENESS_TEST = "completeness"
HOUR_S = 3600
_HOUR = np.timedelta64(HOUR_S, "s")
PM25, PM10 = "pm25", "pm10"


@dataclass(frozen=True, slots=True)
class FlaggedHours:
    """Outcome of the hourly tests.

    Attributes
    ----------
    hourly : DataFrame
        `schemas.frames` hourly, with ``<p>__flag``.
    records : DataFrame
        `schemas.frames` flags, ``instrument_id`` None.
    unevaluated : Counter of str
        By test: parameters without a limit.
    """

    hourly: pd.DataFrame
    records: pd.DataFrame
    unevaluated: Counter[str]


def completeness_test(completeness: NDArray[np.float64], minimum: float) -> NDArray[np.int8]:
    """FAIL below ``minimum``, MISSING at 0: a hard ground, an hour needs 45 minutes of valid data.

    Parameters
    ----------
    completeness : array of float
        Part of the hour that valid values cover, 0 to 1 [1].
    minimum : float
        Least part [1].

    References
    ----------
    GB 3095-2026, Table 4 (the same in GB 3095-2012).
    """
    flags = np.where(completeness >= minimum, Flag.PASS, Flag.FAIL).astype(np.int8)
    flags[completeness == 0] = Flag.MISSING
    return flags


def suspect_share_test(
    completeness: NDArray[np.float64], certain: NDArray[np.float64], minimum: float
) -> NDArray[np.int8]:
    """SUSPECT where the hour is complete only with its suspect values.

    Parameters
    ----------
    completeness, certain : array of float
        Part of the hour covered by valid values, and by those of them that are not SUSPECT, 0 to 1 [1].
    minimum : float
        Least part, that of `completeness_test` [1].
    """
    flags = np.where(certain >= minimum, Flag.PASS, Flag.SUSPECT).astype(np.int8)
    flags[completeness < minimum] = Flag.UNKNOWN
    flags[completeness == 0] = Flag.MISSING
    return flags


def hourly_spike_test(
    values: NDArray[np.float64], times: NDArray[np.datetime64], *, ratio: float, increment: float
) -> NDArray[np.int8]:
    """SUSPECT above ``ratio`` times the mean of the hours before and after and more than ``increment`` above it.

    An hour without both neighbours is UNKNOWN.

    Parameters
    ----------
    values : array of float
        Hourly values, NaN where missing or not valid.
    times : array of datetime64
        Starts of hours, ascending, unique; may have gaps.
    ratio : float
        [1]
    increment : float
        Unit of the values.
    """
    flags = np.full(values.shape, Flag.UNKNOWN, dtype=np.int8)
    if values.size > 2:  # noqa: PLR2004 - an hour and its two neighbours
        beside = (np.diff(times)[:-1] == _HOUR) & (np.diff(times)[1:] == _HOUR)
        level = np.where(beside, (values[:-2] + values[2:]) / 2, np.nan)
        inner = values[1:-1]
        flags[1:-1][np.isfinite(level)] = Flag.PASS
        flags[1:-1][(inner > ratio * level) & (inner - level > increment)] = Flag.SUSPECT
    flags[~np.isfinite(values)] = Flag.MISSING
    return flags


def hourly_flat_test(
    values: NDArray[np.float64],
    times: NDArray[np.datetime64],
    *,
    hours: int,
    tolerance: float,
    above: float | None = None,
) -> NDArray[np.int8]:
    """SUSPECT where the last ``hours`` hourly values lie within ``tolerance`` (`qc.native.checks.flat_line_test`).

    Parameters
    ----------
    values : array of float
        Hourly values, NaN where missing or not valid.
    times : array of datetime64
        Starts of hours, ascending, unique.
    hours : int
        At least 2.
    tolerance : float
        Unit of the values.
    above : float or None
        Values at or below are not judged: near the detection limit, equal hours are usual.
    """
    flags = checks.flat_line_test(values, times, (hours - 1) * HOUR_S, tolerance=tolerance)
    if above is not None:
        flags[(flags == Flag.SUSPECT) & (values <= above)] = Flag.PASS
    return flags


def pm_inversion_test(
    pm25: NDArray[np.float64], pm10: NDArray[np.float64], *, ratio: float, difference: float
) -> NDArray[np.int8]:
    """SUSPECT where PM2.5 is above ``ratio`` times PM10 and more than ``difference`` above it; both values are meant.

    UNKNOWN where only one of them is there, MISSING where PM2.5 is not.

    Parameters
    ----------
    pm25, pm10 : array of float
        [µg m⁻³], NaN where missing.
    ratio : float
        [1]
    difference : float
        [µg m⁻³]
    """
    flags = np.full(pm25.shape, Flag.PASS, dtype=np.int8)
    flags[(pm25 > ratio * pm10) & (pm25 - pm10 > difference)] = Flag.SUSPECT
    flags[~np.isfinite(pm10)] = Flag.UNKNOWN
    flags[~np.isfinite(pm25)] = Flag.MISSING
    return flags


def flag_hours(  # noqa: PLR0913 - all by keyword
    hourly: Hourly,
    thresholds: Thresholds,
    *,
    network: str,
    station_id: str,
    zone: ZoneInfo,
    beside: pd.DataFrame | None = None,
    place: Place | None = None,
    near: Mapping[str, pd.DataFrame] | None = None,
) -> FlaggedHours:
    """Run every hourly test on one station's hours.

    Parameters
    ----------
    hourly : Hourly
    thresholds : Thresholds
    network, station_id : str
    zone : ZoneInfo
        Of the civil months by which limits may change.
    beside : DataFrame or None
        Hourly values of the station's other networks, for relations across networks.
    place : Place or None
        Of the station, for the position of the sun.
    near : mapping of str to DataFrame or None
        Hourly values of the same network at neighbouring stations, by id.
    """
    station = Hours(
        hourly, thresholds, network=network, station_id=station_id, zone=zone, beside=beside, place=place, near=near
    )
    of_network: dict[str, list[Verdict]] = {}
    for verdict in network_verdicts(station):
        of_network.setdefault(verdict.code, []).append(verdict)
    combined: dict[str, NDArray[np.int8]] = {}
    records: list[pd.DataFrame] = []
    for code in parameters_in(hourly.frame):
        verdicts = [*_hour_rule(station, code), *_soft(station, code), *of_network.get(code, ())]
        empty = ~np.isfinite(station.columns[code])
        verdicts = [_of_values(empty, verdict) for verdict in verdicts]
        combined[code + FLAG] = combine([verdict.flags for verdict in verdicts])
        records += [_records(station, verdict) for verdict in verdicts]
    frame = pd.concat([hourly.frame, frame_of(combined, pd.DatetimeIndex(hourly.frame.index))], axis=1)
    return FlaggedHours(frame, concat_flags(records), station.unevaluated)


def _hour_rule(station: Hours, code: str) -> list[Verdict]:
    share, minimum = station.share(code), station.minimum
    certain, counts = station.certain[code], station.columns[code + COUNT]

    def explain(at: int) -> str:
        if counts[at] == 0:
            return reason_text("completeness", "none", expected=station.hourly.expected[code])
        figures = {"count": int(counts[at]), "share": _percent(share[at]), "least": _percent(minimum)}
        return reason_text("completeness", "low", **figures)

    def explain_share(at: int) -> str:
        return reason_text("suspect_share", "share", share=_percent(certain[at]), least=_percent(minimum))

    flags = completeness_test(share, minimum)
    # only this test speaks of a missing hour; the others would repeat it
    told = (flags == Flag.FAIL) | (flags == Flag.MISSING)
    return [
        Verdict(code, COMPLETENESS_TEST, flags, explain, told),
        Verdict(code, "suspect_share", suspect_share_test(share, certain, minimum), explain_share),
    ]


def _of_values(empty: NDArray[np.bool_], verdict: Verdict) -> Verdict:
    """The verdict without hours that have no value: whatever a test concludes from other parameters, they are MISSING."""
    if verdict.test == COMPLETENESS_TEST or not empty.any():
        return verdict
    told = np.zeros(empty.shape, dtype=np.bool_)
    told[verdict.positions()] = True
    flags = np.where(empty, Flag.MISSING, verdict.flags).astype(np.int8)
    return replace(verdict, flags=flags, told=told & ~empty)


def _percent(share: float) -> float:
    return round(100 * float(share), 1)


def _soft(station: Hours, code: str) -> list[Verdict]:
    makers = {"hourly_spike": _spike, "hourly_flat": _flat}
    if code in (PM25, PM10):
        makers["pm_inversion"] = _inversion
    verdicts = []
    for name, make in makers.items():
        verdict = make(station, code)
        if verdict is None:
            station.unevaluated[name] += 1
        else:
            verdicts.append(verdict)
    return verdicts


def _spike(station: Hours, code: str) -> Verdict | None:
    values, unit = station.valid(code), parameter(code).unit
    flags = station.by_month(
        HourlySpike,
        code,
        lambda limit: hourly_spike_test(values, station.times, ratio=limit.ratio, increment=limit.increment),
    )

    def explain(at: int) -> str:
        level = float(values[at - 1] + values[at + 1]) / 2
        return reason_text("hourly_spike", "spike", value=float(values[at]), unit=unit, level=level)

    return None if flags is None else Verdict(code, "hourly_spike", flags, explain)


def _flat(station: Hours, code: str) -> Verdict | None:
    values, unit, times = station.valid(code), parameter(code).unit, station.times
    line = unwrapped(values, parameter(code).period)
    lengths: dict[int, int] = {}

    def run(limit: HourlyFlat) -> NDArray[np.int8]:
        flags = hourly_flat_test(line, times, hours=limit.hours, tolerance=limit.tolerance, above=limit.above)
        lengths.update(dict.fromkeys(map(int, np.flatnonzero(flags == Flag.SUSPECT)), limit.hours))
        return flags

    flags = station.by_month(HourlyFlat, code, run)

    def explain(at: int) -> str:
        return reason_text("hourly_flat", "flat", hours=lengths[at], value=float(values[at]), unit=unit)

    return None if flags is None else Verdict(code, "hourly_flat", flags, explain)


def _inversion(station: Hours, code: str) -> Verdict | None:
    if PM25 not in station.hourly.frame or PM10 not in station.hourly.frame:
        return None
    pm25, pm10 = station.valid(PM25), station.valid(PM10)
    flags = station.by_month(
        PmInversion, PM25, lambda limit: pm_inversion_test(pm25, pm10, ratio=limit.ratio, difference=limit.difference)
    )

    def explain(at: int) -> str:
        return reason_text(
            "pm_inversion", "inversion", pm25=float(pm25[at]), pm10=float(pm10[at]), unit=parameter(code).unit
        )

    return None if flags is None else Verdict(code, "pm_inversion", flags, explain)


def _records(station: Hours, verdict: Verdict) -> pd.DataFrame:
    at = verdict.positions()
    if not at.size:
        return _NO_FLAGS
    frame = pd.DataFrame(
        {"start": pd.DatetimeIndex(station.times[at]).as_unit("us").tz_localize("UTC"), "flag": verdict.flags[at]}
    )
    frame["reason"] = [verdict.explain(int(position)) for position in at]
    frame = frame.assign(station_id=station.station_id, parameter=verdict.code, test=verdict.test)
    frame["instrument_id"] = None
    return frame[list(FLAG_COLUMNS)]
