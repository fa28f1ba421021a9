"""Standard uncertainty of hourly values, where the instrument's is stated, pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from msgspec import Meta

from qc.limits.limit import BaseLimit
from schemas.frames import UNCERTAINTY, parameters_in

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from qc.limits.thresholds import Thresholds


class InstrumentUncertainty(BaseLimit, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="uncertainty"):
    """Standard uncertainty stated by the manufacturer or a calibration: no test, a figure of every hour.

    Attributes
    ----------
    relative : float
        Part of the value [1].
    absolute : float
        In the unit of the value.
    """

    relative: Annotated[float, Meta(ge=0)] = 0.0
    absolute: Annotated[float, Meta(ge=0)] = 0.0


def hourly_uncertainty(values: NDArray[np.float64], *, relative: float, absolute: float) -> NDArray[np.float64]:
    """Standard uncertainty of means, combined of two independent parts; NaN where the value is.

    What an instrument's calibration leaves open is the same for all readings of an hour, so it does not shrink with their
    number.

    Parameters
    ----------
    values : array of float
        Hourly means, canonical unit.
    relative : float
        Part of the value [1].
    absolute : float
        Unit of the values.

    References
    ----------
    JCGM 100:2008 (GUM), 5.1.2.

    Examples
    --------
    >>> hourly_uncertainty(np.array([30.0, np.nan]), relative=0.1, absolute=4.0).tolist()
    [5.0, nan]
    """
    return np.hypot(relative * np.abs(values), absolute) + 0.0 * values


def with_uncertainty(
    hours: pd.DataFrame, thresholds: Thresholds, *, network: str, station_id: str, zone: ZoneInfo
) -> pd.DataFrame:
    """Hours with ``<p>__uncertainty`` for the parameters whose instrument's uncertainty is stated; others are left without.

    Parameters
    ----------
    hours : DataFrame
        `schemas.frames` hourly.
    zone : ZoneInfo
        Of the civil months by which it may change.
    """
    months = pd.DatetimeIndex(hours.index).tz_convert(zone).month.to_numpy()
    occurring = np.unique(months).tolist()
    found: dict[str, NDArray[np.float64]] = {}
    for code in parameters_in(hours):
        for month in occurring:
            stated = thresholds.find(InstrumentUncertainty, code, network=network, station_id=station_id, month=month)
            if stated is not None:
                column = found.setdefault(code + UNCERTAINTY, np.full(len(hours), np.nan))
                values = hours[code].to_numpy(dtype=np.float64)
                figures = hourly_uncertainty(values, relative=stated.relative, absolute=stated.absolute)
                column[months == month] = figures[months == month]
    return pd.concat([hours, pd.DataFrame(found, index=hours.index)], axis=1) if found else hours
