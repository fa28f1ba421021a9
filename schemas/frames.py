"""Column contracts of the DataFrames that cross folders, and their checks on entry.

native
    One instrument of one station. Index ``start``: DatetimeIndex, UTC, ascending, unique. Columns: parameter codes,
    float64, canonical unit, NaN where no value; and ``<parameter>__status``, str letters, only where any is not N
    (NaN or absent = N).
hourly
    One station, all networks or one. Index ``start``: starts of UTC hours, ascending, unique. Columns by parameter:
    ``<p>`` float64 mean (sum for rain, vector mean for wind direction) of the valid native values; ``<p>__n`` count
    of valid native values; ``<p>__flag`` int8 combined QARTOD flag of the hour. NaN mean = the hour has no valid value.
    At level L2 ``<p>__flag`` is that after review, and ``<p>__review`` int8 its stage (`schemas.review.ReviewCode`).
    Companions, absent where nothing states them: ``<p>__std`` float64 standard deviation of the valid native values, unit
    of the mean, NaN below two values (wind direction: that of angles [deg]; none for sums); ``<p>__completeness`` float64
    part of the expected values that is there, 0 to 1 [1]; ``<p>__uncertainty`` float64 standard uncertainty, unit of the
    mean; ``<p>__revision`` int64 how often the hour's value or any of its fields was changed after it was first made, 0
    where never.
flags
    Long. Columns ``start`` (UTC), ``station_id``, ``instrument_id`` (may be None), ``parameter``, ``test``, ``flag`` (int8),
    ``reason``. Only verdicts other than PASS, and a PASS that explains a value (`TELLING_TESTS`). Column ``end`` (UTC, absent
    where no record states it): the record covers every value that starts in ``[start, end)``; NaT: the one value that
    starts at ``start``; of an hourly record, and of a test in `schemas.flag.HOUR_RECORD_TESTS`, the rest of its hour.
    `schemas.flagged` joins records to values.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.column import (
    COMPLETENESS,
    COUNT,
    FLAG,
    FLAG_END,
    HOURLY_COUNTS,
    HOURLY_FLOATS,
    NO_FIGURE,
    REVIEW,
    REVISION,
    SEPARATOR,
    STATUS,
    STD,
    TAKEN_BACK,
    TELLING_TESTS,
    UNCERTAINTY,
)
from schemas.flag import is_valid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "COMPLETENESS",
    "COUNT",
    "FLAG",
    "FLAG_COLUMNS",
    "FLAG_END",
    "HOLE_FACTOR",
    "HOURLY_COUNTS",
    "HOURLY_FLOATS",
    "NO_FIGURE",
    "REVIEW",
    "REVISION",
    "SEPARATOR",
    "STATUS",
    "STD",
    "TAKEN_BACK",
    "TELLING_TESTS",
    "UNCERTAINTY",
    "FrameError",
    "check_time_index",
    "columns_of",
    "concat_flags",
    "empty_flags",
    "frame_of",
    "holes_after",
    "parameters_in",
    "valid_values",
]

HOLE_FACTOR = 1.6
"""Cadences [1] beyond which the step between two values is a hole: one value is missing, and not only late. Project's choice."""
FLAG_COLUMNS = ("start", "station_id", "instrument_id", "parameter", "test", "flag", "reason")
#: Making one costs as much as the tests of a day of minutes.
_NO_FLAGS = pd.DataFrame({name: pd.Series(dtype=object) for name in FLAG_COLUMNS})


class FrameError(ValueError):
    """A frame that breaks its contract; the message names column or index and the expectation."""


def check_time_index(frame: pd.DataFrame | pd.Series) -> None:
    """Raise `FrameError` unless the index is UTC, ascending and unique."""
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex) or str(index.tz) != "UTC":
        msg = f"index: expected DatetimeIndex in UTC, got {getattr(index, 'dtype', type(index).__name__)}"
        raise FrameError(msg)
    if not (index.is_monotonic_increasing and index.is_unique):
        msg = "index: expected ascending and unique interval starts"
        raise FrameError(msg)


def parameters_in(frame: pd.DataFrame) -> list[str]:
    """Parameter codes of a native or hourly frame, in column order."""
    return [name for name in map(str, frame.columns) if SEPARATOR not in name]


def columns_of(frame: pd.DataFrame, names: Sequence[str] | None = None) -> dict[str, NDArray[np.float64]]:
    """Columns as arrays of float, all or those named: picking many out of a frame one by one costs more than a test of quality control."""
    chosen = frame if names is None else frame[list(names)]
    return dict(zip(map(str, chosen.columns), chosen.to_numpy(dtype=np.float64).T, strict=True))


def frame_of(columns: Mapping[str, NDArray[np.generic]], index: pd.DatetimeIndex) -> pd.DataFrame:
    """Columns of one type, one a parameter, as a frame; made as one block, which takes a part of the time of one by one."""
    block = np.array(list(columns.values())).T if columns else np.empty((len(index), 0))
    return pd.DataFrame(block, index=index, columns=list(columns))


def holes_after(starts: pd.DatetimeIndex, cadence: timedelta) -> NDArray[np.bool_]:
    """Whether a value is missing after each start: the next one is more than `HOLE_FACTOR` cadences away; never after the last.

    Parameters
    ----------
    starts : DatetimeIndex
        Starts of all values, ascending; of a part of them, as after thinning, the answer would be wrong.
    cadence : timedelta
        Time between two values, above zero.
    """
    found = np.zeros(len(starts), dtype=np.bool_)
    if len(starts) > 1:
        found[:-1] = np.diff(starts.as_unit("us").asi8) > HOLE_FACTOR * (cadence / timedelta(microseconds=1))
    return found


def valid_values(hourly: pd.DataFrame, parameter: str) -> pd.Series:
    """Hourly values of one parameter with those that may not enter statistics set to NaN.

    Absent parameter: a series of NaN. Missing ``__flag`` column: all values count.
    """
    if parameter not in hourly:
        return pd.Series(np.nan, index=hourly.index, name=parameter)
    values = hourly[parameter].astype(float)
    flag_name = parameter + FLAG
    if flag_name not in hourly:
        return values
    flags = hourly[flag_name].fillna(9).to_numpy(dtype=np.int8)
    return values.where(is_valid(flags))


def empty_flags() -> pd.DataFrame:
    """A flags frame without rows."""
    return _NO_FLAGS.copy()


def concat_flags(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Join flags frames; empty ones are left out."""
    filled = [frame for frame in frames if len(frame)]
    return pd.concat(filled, ignore_index=True) if filled else empty_flags()
