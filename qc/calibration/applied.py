"""Flagged periods and corrections of a network's calibrations, applied to native flags and values. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from qc.calibration.check import FlaggedPeriod, evaluate_checks, flagged_periods, period_flags
from qc.calibration.correction import corrected
from schemas.flag import Flag, combine
from schemas.frames import FLAG_COLUMNS, FLAG_END, concat_flags, parameters_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from qc.limits.thresholds import Thresholds
    from qc.native.runner import FlaggedNative
    from qc.native.series import Stream
    from schemas.calibration import CheckResult, Correction

_Channel = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Calibrations:
    """Flagged periods and corrections of a network's data, by station, instrument and parameter."""

    periods: Mapping[_Channel, Sequence[FlaggedPeriod]]
    corrections: Mapping[_Channel, Sequence[Correction]]

    def flag(self, flagged: FlaggedNative, native: pd.DataFrame, stream: Stream) -> FlaggedNative:
        """Native flags with those of the checks; one record an hour and period, a missing value stays missing."""
        times = pd.DatetimeIndex(native.index).tz_localize(None).to_numpy()
        combined, records = dict(flagged.combined), list[pd.DataFrame]()
        for code in parameters_in(native):
            periods = self.periods.get((stream.station_id, stream.instrument_id, code))
            if not periods:
                continue
            there = native[code].notna().to_numpy()
            for period, flags in period_flags(times, periods):
                combined[code] = np.where(there, combine([combined[code], flags]), combined[code]).astype(np.int8)
                records.append(_records(period, times[there & (flags != Flag.PASS)]))
        if not records:
            return flagged
        hours = pd.concat(records, ignore_index=True)
        # periods of one test that begin with the same value make one record
        hours[FLAG_END] = hours.groupby(["parameter", "test", "start"])[FLAG_END].transform("max")
        return replace(flagged, combined=combined, records=concat_flags([flagged.records, hours]))

    def correct(self, native: pd.DataFrame, stream: Stream) -> pd.DataFrame:
        """Native values with recorded corrections; the frame itself without any."""
        times = pd.DatetimeIndex(native.index).tz_localize(None).to_numpy()
        changed = {
            code: corrected(native[code].to_numpy(dtype=np.float64), times, decisions)
            for code in parameters_in(native)
            if (decisions := self.corrections.get((stream.station_id, stream.instrument_id, code)))
        }
        return native.assign(**changed) if changed else native


def calibrations_of(
    results: Iterable[CheckResult], corrections: Iterable[Correction], thresholds: Thresholds, zone: ZoneInfo
) -> Calibrations:
    """Flagged periods of checks and the corrections that hold, by channel; parameters as `qc.calibration.check.evaluate_checks`."""
    periods: dict[_Channel, list[FlaggedPeriod]] = defaultdict(list)
    for item in flagged_periods(evaluate_checks(results, thresholds, zone)):
        periods[item.station_id, item.instrument_id, item.parameter].append(item)
    decisions: dict[_Channel, list[Correction]] = defaultdict(list)
    for held in corrections:
        decisions[held.station_id, held.instrument_id, held.parameter].append(held)
    return Calibrations(periods, decisions)


def _records(period: FlaggedPeriod, times: np.ndarray) -> pd.DataFrame:
    """One record for each hour with values, from the first of them to the end of the hour or of the period."""
    starts = pd.DatetimeIndex(times).as_unit("us").tz_localize("UTC")
    first = starts[~starts.floor("h").duplicated()]
    ends = pd.Series(first.floor("h") + pd.Timedelta(hours=1))
    if period.end is not None:
        ends = ends.where(ends < pd.Timestamp(period.end), pd.Timestamp(period.end))
    frame = pd.DataFrame({"start": first, FLAG_END: ends.dt.as_unit("us")})
    frame = frame.assign(
        station_id=period.station_id,
        instrument_id=period.instrument_id,
        parameter=period.parameter,
        test=period.test,
        flag=np.int8(period.flag),
        reason=period.reason,
    )
    return frame[[*FLAG_COLUMNS, FLAG_END]]
