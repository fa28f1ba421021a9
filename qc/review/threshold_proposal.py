"""Better limits from reviews: a test is run again over the reviewed hours with other limits, and the best is proposed. Pure.

A proposal shows its effect on the reviewed hours: hours flagged, precision and recall before and after.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pandas as pd

from qc.angle import unwrapped
from qc.hourly.test.hourly_flat import HourlyFlatLimit, hourly_flat_test
from qc.hourly.test.hourly_spike import HourlySpikeLimit, hourly_spike_test
from qc.hourly.test.pm_inversion import PM10, PM25, PmInversionLimit, pm_inversion_test
from qc.limits.limit import BaseLimit, tag_of
from qc.limits.load import LimitKinds
from qc.limits.thresholds import parse_thresholds
from qc.native.test.flat_line import FlatLineLimit, flat_line_test
from qc.native.test.gross_range import GrossRangeLimit, gross_range_test
from qc.native.test.rate_of_change import RateOfChangeLimit, rate_of_change_test
from qc.native.test.spike import SpikeLimit, SpikeMethod, spike_test
from qc.review.reviewer_agreement import Counts, ReviewedSeries, count, total
from schemas.completeness import MINUTE_S
from schemas.flag import Flag
from schemas.parameter import parameter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from qc.limits.thresholds import Thresholds

FACTORS = (0.25, 0.35, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0, 4.0)
"""Factors of the figures of a limit, including 1."""
MIN_REVIEWED, MIN_INVALID = 50, 5
"""Least hours reviewed, and found invalid, for a proposal; project defaults."""
MIN_GAIN = 0.02
"""Least gain of F1 of a proposal [1]; project default."""
KNOBS: dict[type[Any], tuple[str, ...]] = {
    GrossRangeLimit: ("suspect_max",),
    SpikeLimit: ("suspect",),
    RateOfChangeLimit: ("suspect_per_minute",),
    FlatLineLimit: ("suspect_s",),
    HourlySpikeLimit: ("ratio", "increment"),
    HourlyFlatLimit: ("hours", "tolerance"),
    PmInversionLimit: ("ratio", "difference"),
}
"""Figures of each kind of limit that are varied; other kinds are scored only."""
_KINDS = LimitKinds({tag_of(kind): kind for kind in KNOBS}, {})
_HOURS = range(2, 73)

Native = tuple["NDArray[np.float64]", "NDArray[np.datetime64]"]
"""Values and times of one instrument's readings."""


class LimitProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A limit, the better one, and its effect on the reviewed hours.

    Attributes
    ----------
    proposed : BaseLimit or None
        None: the present one stays, ``why`` has the reason.
    hours_before, hours_after : int
        Hours flagged of all hours, reviewed or not.
    """

    parameter: str
    network: str
    stations: tuple[str, ...]
    present: BaseLimit
    proposed: BaseLimit | None
    before: Counts
    after: Counts
    hours_before: int
    hours_after: int
    why: str


def propose_limits(
    series: Sequence[ReviewedSeries],
    native: Mapping[tuple[str, str], Sequence[Native]],
    thresholds: Thresholds,
    month: int,
) -> list[LimitProposal]:
    """Search a better limit for every test and parameter with reviewed hours.

    Parameters
    ----------
    series : sequence of ReviewedSeries
    native : mapping of (station id, parameter) to sequence of Native
        Readings of the same hours; without any, tests of native values are left out.
    thresholds : Thresholds
        Those in force.
    month : int
        Civil month of the limits, 1 to 12.

    Returns
    -------
    list of LimitProposal
        Stations that share a limit are evaluated together.
    """
    shared: dict[tuple[str, str, BaseLimit], list[ReviewedSeries]] = {}
    for item in series:
        limits = thresholds.all_of(item.parameter, network=item.network, station_id=item.station_id, month=month)
        for limit in [one for one in limits if type(one) in KNOBS]:
            if _can_run(limit, item, native):
                shared.setdefault((item.network, item.parameter, limit), []).append(item)
    return [_propose(*key, found, native) for key, found in shared.items()]


def _can_run(limit: BaseLimit, item: ReviewedSeries, native: Mapping[tuple[str, str], Sequence[Native]]) -> bool:
    if isinstance(limit, PmInversionLimit):
        return item.parameter == PM25 and PM10 in item.hourly
    if isinstance(limit, HourlySpikeLimit | HourlyFlatLimit):
        return True
    if isinstance(limit, GrossRangeLimit) and limit.suspect_max is None:
        return False
    return bool(native.get((item.station_id, item.parameter)))


def _propose(
    network: str,
    parameter: str,
    limit: BaseLimit,
    series: Sequence[ReviewedSeries],
    native: Mapping[tuple[str, str], Sequence[Native]],
) -> LimitProposal:
    tried = {one: _tried(one, series, native) for one in candidates(limit)}
    before, hours_before = tried[limit]
    # Of equal ones the nearest to the present limit, which is the first.
    best = max(tried, key=lambda one: (round(tried[one][0].f1, 6), one == limit, -_distance(one, limit)))
    after, hours_after = tried[best]
    why = _why_not(before, after)
    if why:
        best, after, hours_after = limit, before, hours_before
    return LimitProposal(
        parameter=parameter,
        network=network,
        stations=tuple(item.station_id for item in series),
        present=limit,
        proposed=None if why else best,
        before=before,
        after=after,
        hours_before=hours_before,
        hours_after=hours_after,
        why=why,
    )


def _why_not(before: Counts, after: Counts) -> str:
    """Why no other limit is proposed; empty where one is."""
    invalid, reviewed = before.hits + before.misses, before.hits + before.misses + before.valid
    if reviewed < MIN_REVIEWED or invalid < MIN_INVALID:
        return f"too few reviewed hours: {reviewed} with {invalid} invalid, needed {MIN_REVIEWED} with {MIN_INVALID}"
    return "no other limit is better" if after.f1 - before.f1 < MIN_GAIN else ""


def candidates(limit: BaseLimit) -> list[BaseLimit]:
    """Limits to try in place of one, including itself, all valid in a file of limits."""
    names = KNOBS[type(limit)]
    choices = [sorted({_scaled(limit, name, factor) for factor in FACTORS}) for name in names]
    found = {limit: None}
    for figures in product(*choices):
        made = msgspec.structs.replace(limit, **dict(zip(names, figures, strict=True)))
        if made.mistake() is None:
            found[made] = None
    return list(found)


def _scaled(limit: BaseLimit, name: str, factor: float) -> float:
    value = float(getattr(limit, name))
    if name == "ratio":
        # A ratio means how far above 1.
        return round(max(1.01, 1 + (value - 1) * factor), 6)
    if name == "hours":
        return min(max(round(value * factor), _HOURS.start), _HOURS.stop - 1)
    return float(f"{value * factor:.6g}")


def _distance(one: BaseLimit, other: BaseLimit) -> float:
    pairs = [(getattr(one, name), getattr(other, name)) for name in KNOBS[type(other)]]
    return float(sum(abs(np.log(abs(first) / abs(second))) for first, second in pairs if first and second))


def _tried(
    limit: BaseLimit, series: Sequence[ReviewedSeries], native: Mapping[tuple[str, str], Sequence[Native]]
) -> tuple[Counts, int]:
    masks = [run_again(limit, item, native.get((item.station_id, item.parameter), ())) for item in series]
    counts = total(count(item.truth, mask) for item, mask in zip(series, masks, strict=True))
    return counts, sum(int(mask.sum()) for mask in masks)


def run_again(limit: BaseLimit, item: ReviewedSeries, native: Sequence[Native]) -> NDArray[np.bool_]:
    """Hours that a test flags with a limit: of hourly values, or of any native value in the hour."""
    hours = pd.DatetimeIndex(item.hourly.index).tz_localize(None).to_numpy()
    if isinstance(limit, HourlySpikeLimit | HourlyFlatLimit | PmInversionLimit):
        return np.asarray(_hourly_flags(limit, item, hours) == Flag.SUSPECT)
    mask = np.zeros(len(hours), dtype=bool)
    for values, times in native:
        line = values if isinstance(limit, GrossRangeLimit) else unwrapped(values, parameter(item.parameter).period)
        flagged = times[_native_flags(limit, line, times) == Flag.SUSPECT].astype("datetime64[h]")
        mask |= np.isin(hours.astype("datetime64[h]"), flagged)
    return mask


def _hourly_flags(
    limit: HourlySpikeLimit | HourlyFlatLimit | PmInversionLimit, item: ReviewedSeries, hours: NDArray[np.datetime64]
) -> NDArray[np.int8]:
    values = _complete(item, item.parameter)
    if isinstance(limit, HourlySpikeLimit):
        return hourly_spike_test(values, hours, ratio=limit.ratio, increment=limit.increment)
    if isinstance(limit, HourlyFlatLimit):
        values = unwrapped(values, parameter(item.parameter).period)
        return hourly_flat_test(values, hours, hours=limit.hours, tolerance=limit.tolerance, above=limit.above)
    return pm_inversion_test(values, _complete(item, PM10), ratio=limit.ratio, difference=limit.difference)


def _complete(item: ReviewedSeries, code: str) -> NDArray[np.float64]:
    """Values as the hourly tests see them: hours that failed for their completeness are excluded."""
    values = item.hourly[code].to_numpy(dtype=np.float64)
    return np.where(item.flagged["completeness"], np.nan, values) if "completeness" in item.flagged else values


def _native_flags(limit: BaseLimit, values: NDArray[np.float64], times: NDArray[np.datetime64]) -> NDArray[np.int8]:
    runs: dict[type[Any], Callable[[Any], NDArray[np.int8]]] = {
        GrossRangeLimit: lambda one: gross_range_test(values, _UNBOUNDED, _suspect_span(one)),
        SpikeLimit: lambda one: spike_test(
            values, one.suspect, times=times, relative=one.relative, method=SpikeMethod.DIFFERENTIAL
        ),
        RateOfChangeLimit: lambda one: rate_of_change_test(
            values, times, one.suspect_per_minute / MINUTE_S, across_holes=False
        ),
        FlatLineLimit: lambda one: flat_line_test(values, times, one.suspect_s, tolerance=one.tolerance),
    }
    flags = runs[type(limit)](limit)
    if isinstance(limit, FlatLineLimit) and limit.above is not None:
        flags[(flags == Flag.SUSPECT) & (values <= limit.above)] = Flag.PASS
    return flags


_UNBOUNDED = (-np.inf, np.inf)


def _suspect_span(limit: GrossRangeLimit) -> tuple[float, float]:
    low = -np.inf if limit.suspect_min is None else limit.suspect_min
    return low, np.inf if limit.suspect_max is None else limit.suspect_max


def to_overrides(proposals: Sequence[LimitProposal], source: str) -> str:
    """Proposed limits as a file that can be placed next to the network file as ``thresholds.toml``.

    Parameters
    ----------
    proposals : sequence of LimitProposal
        Those without a better limit are left out.
    source : str
        Source of the limits.

    Raises
    ------
    qc.limits.load.ThresholdError
        If the limits could not be loaded again, since such a file stops every run.
    """
    lines = [
        "# Limits learnt from reviews; check each before use. Put into thresholds.toml next to the network file.",
        "",
    ]
    for item in proposals:
        if item.proposed is None:
            continue
        fields = msgspec.to_builtins(item.proposed) | {
            "parameters": [item.parameter],
            "groups": [],
            "source": source,
            "verified": False,
        }
        given = {name: value for name, value in fields.items() if value is not None and value not in ([], ())}
        lines += ["[[limit]]", *(f"{name} = {_toml(value)}" for name, value in given.items()), ""]
    text = "\n".join(lines)
    parse_thresholds(text, "the proposed limits", _KINDS)
    return text


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(_toml(item) for item in value)}]"
    return msgspec.json.encode(value).decode()
