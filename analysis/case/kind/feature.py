"""Features of an event that determine its kind, each between -1 and 1 or close to it; 0 where the data are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np

from analysis.case.case_hours import mean_of
from analysis.case.kind.minute_shape import minute_shape

if TYPE_CHECKING:
    from analysis.case.case_hours import CaseHours, StationSeries
    from analysis.case.channel import Channels

PARTICLES = frozenset({"pm25", "pm10", "pm1", "nitrate", "sulfate", "ammonium"})
RISEN_Z = 3.0
"""Robust standard deviations from which a channel has risen [1]."""
_TOP_Z = 6.0
"""Larger ones do not count more [1]."""
_TOP = 3
"""Companions that count."""
_LONG_H = 12.0


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """One feature.

    Attributes
    ----------
    value : float
        What is multiplied with the weights [1].
    figures : dict of str to number or str
        Of its sentence.
    """

    value: float
    figures: dict[str, float | int | str]


def features_of(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """Features by name; one whose data are missing is absent."""
    series = case_hours.series(case_hours.given.parameter)
    return (
        _regional(case_hours, series)
        | _companions(case_hours, channels)
        | _instrument(case_hours, channels)
        | _shape(case_hours)
        | _length(case_hours)
    )


def _regional(case_hours: CaseHours, series: StationSeries) -> dict[str, Feature]:
    """Rise of the neighbours as a part of the station's own, split by what the parameter is."""
    rise = mean_of(np.where(case_hours.inside, series.deviation, np.nan))
    others = rise[1:][np.isfinite(rise[1:])]
    if not np.isfinite(rise[0]) or rise[0] <= 0 or not len(others):
        return {}
    share = float(np.clip(np.median(others) / rise[0], 0.0, 1.2))
    most = float(np.clip(others.max() / rise[0], 0.0, 1.2))
    block = series.block[1:][np.isfinite(rise[1:])]
    risen = int((others > RISEN_Z * block).sum())
    figures: dict[str, float | int | str] = {"stations": len(others), "share": share, "most": most, "risen": risen}
    name = case_hours.given.parameter
    which = "ozone" if name == "o3" else "particles" if name in PARTICLES else "gases"
    return {
        f"regional_{which}": Feature(value=share, figures=figures),
        "some_neighbours": Feature(value=most - share, figures=figures),
    }


def _companions(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """How far other channels rose at the station and not at its neighbours."""
    keep = [index for index, item in enumerate(channels.names) if item != case_hours.given.parameter]
    if len(keep) < _TOP:
        return {}
    z = channels.z_score[keep]
    order = np.argsort(-z)[:_TOP]
    top = np.clip(z[order], 0.0, _TOP_Z)
    names = ",".join(channels.names[keep[index]] for index in order)
    count = int((z > RISEN_Z).sum())
    figures: dict[str, float | int | str] = {"channels": len(keep), "risen": count, "names": names}
    return {"companions": Feature(value=float(top.mean()) / _TOP_Z, figures=figures)}


def _instrument(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """Whether all channels of the instrument rose by the same factor, ozone included."""
    own = next(
        (item for item in case_hours.given.station.instruments if case_hours.given.parameter in item.parameters), None
    )
    at = channels.at(case_hours.given.parameter)
    if own is None or at is None or channels.local[at] <= 0:
        return {}
    local = [
        channels.local[index] for index, item in enumerate(channels.names) if item in own.parameters and index != at
    ]
    if len(local) < _TOP:
        return {}
    ratio = np.array(local) / channels.local[at]
    same = float(np.mean(np.abs(ratio - 1.0) < 0.3))  # noqa: PLR2004 - part of the rise that counts as the same
    figures: dict[str, float | int | str] = {"channels": len(local), "share": same}
    return {"same_factor": Feature(value=same, figures=figures)}


def _shape(case_hours: CaseHours) -> dict[str, Feature]:
    found = minute_shape(case_hours.given)
    if found is None:
        return {}
    figures: dict[str, float | int | str] = {
        "values": found.values,
        "flat": found.flat,
        "factor": float(np.exp(found.unrest)),
    }
    return {
        "flat": Feature(value=found.flat, figures=figures),
        "unrest": Feature(value=float(np.clip(found.unrest, -2.0, 2.0)) / 2, figures=figures),
    }


def _length(case_hours: CaseHours) -> dict[str, Feature]:
    hours = int(case_hours.inside.sum())
    return {"length": Feature(value=min(hours / _LONG_H, 4.0) / 4, figures={"hours": hours})}
