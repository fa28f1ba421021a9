"""Features of an event that determine its kind, each between -1 and 1 or close to it; 0 where the data are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.case.case_hours import mean_of
from analysis.case.channel import LEAST_NEIGHBOURS, regional_deviation
from analysis.case.kind.feature_value import Feature
from analysis.case.kind.minute_shape import minute_shape
from analysis.case.kind.ordinary import shared_part
from analysis.case.kind.station_feature import own_parameters, station_features
from schemas.parameter import parameter as known

if TYPE_CHECKING:
    from analysis.case.case_file import Bearing
    from analysis.case.case_hours import CaseHours, StationSeries
    from analysis.case.channel import Channels
    from analysis.case.kind.minute_shape import Shape

PARTICLES = frozenset({"pm25", "pm10", "pm1", "nitrate", "sulfate", "ammonium"})
EVIDENCE = (
    "regional",
    "some_neighbours",
    "shared_rise",
    "companions",
    "other_instruments",
    "same_factor",
    "flat",
    "unrest",
    "rough",
    "steady",
    "ramp",
    "length",
    "one_side",
    "agreement",
    "breadth",
    "secondary",
    "flagged",
    "status",
)
"""Names for people (``word.evidence``); those of ``regional`` are split by the sort of parameter in the weights."""
USUAL_ROUGH = 0.1
"""Mean step of minute values by their standard deviation in ordinary air [1]; of simulated events 0.07 to 0.12."""
OTHER_Z = (3.0, 8.0)
"""Robust standard deviations of the second clearest channel of other instruments that count for nothing, and fully [1]; project choice."""
FEW_SHARE = 3
"""Neighbours from which a rise that they share is no chance of their own; project choice."""
RISEN_Z = 3.0
"""Robust standard deviations from which a channel has risen [1]."""
_TOP_Z = 10.0
"""Larger ones do not count more [1]."""
_TOP = 3
"""Companions that count."""
_LONG_H = 12.0
_ALIKE = 0.3
"""Difference of two rises, as a part of one, up to which they count as the same [1]."""
_RAMP_H = 6
"""Hours from which a trend counts."""
_STEADY = 1e-6
LEAST_SORTS = 3
"""Sorts of channels, that of the parameter left out, from which a common factor counts: channels of one sort are emitted together,
as benzene, toluene and xylenes, and rise by one factor in a plume; project choice."""
PLAIN_GASES = frozenset({"gas", "ghg", "precursor_gas"})
"""Groups of the registry whose members have sources of their own."""


def features_of(case_hours: CaseHours, channels: Channels, bearing: Bearing | None) -> dict[str, Feature]:
    """Features by name; one whose data are missing is absent."""
    series = case_hours.series(case_hours.given.parameter)
    own = station_features(case_hours, channels) if is_alone(case_hours) else {}
    return own | (
        _regional(case_hours, series)
        | _companions(case_hours, channels)
        | _other_instruments(case_hours, channels)
        | _instrument(case_hours, channels)
        | _shape(case_hours)
        | _length(case_hours)
        | _ramp(case_hours, channels)
        | _one_side(bearing)
    )


def is_alone(case_hours: CaseHours) -> bool:
    """Whether no neighbour measures the parameter."""
    return not case_hours.series(case_hours.given.parameter).history[1:].max(initial=0)


def _regional(case_hours: CaseHours, series: StationSeries) -> dict[str, Feature]:
    """Rise of the neighbours as a part of the station's own, split by what the parameter is."""
    rise = mean_of(np.where(case_hours.inside, series.deviation, np.nan))
    others = rise[1:][np.isfinite(rise[1:])]
    if not np.isfinite(rise[0]) or rise[0] <= 0 or not len(others):
        return {}
    share = float(np.clip(np.median(others) / rise[0], 0.0, 1.2))
    most = float(np.clip(others.max() / rise[0], 0.0, 1.2))
    risen = int((others >= rise[0] / 2).sum())
    figures: dict[str, float | int | str] = {"stations": len(others), "share": share, "most": most, "risen": risen}
    found = {
        regional_name(case_hours.given.parameter): Feature(value=share, figures=figures),
        "some_neighbours": Feature(value=most - share, figures=figures),
    }
    part = shared_part(found)
    return found | ({"shared_rise": Feature(value=part, figures=figures)} if part and len(others) >= FEW_SHARE else {})


def regional_name(parameter: str) -> str:
    """Name of the feature of the neighbours for a parameter.

    Examples
    --------
    >>> regional_name("o3"), regional_name("pm25"), regional_name("so2")
    ('regional_ozone', 'regional_particles', 'regional_gases')
    """
    return f"regional_{'ozone' if parameter == 'o3' else 'particles' if parameter in PARTICLES else 'gases'}"


def _companions(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """How far other channels rose at the station and not at its neighbours."""
    keep = [index for index, item in enumerate(channels.names) if item != case_hours.given.parameter]
    if len(keep) < _TOP:
        return {}
    z = channels.z_score[keep]
    order = np.argsort(-z)[:_TOP]
    top = np.clip(z[order], 0.0, _TOP_Z)
    count = int((z > RISEN_Z).sum())
    names = ",".join(channels.names[keep[index]] for index in order[:count])
    figures: dict[str, float | int | str] = {"channels": len(keep), "risen": count, "names": names}
    figures["stations"] = int(channels.neighbours.max(initial=0))
    return {"companions": Feature(value=float(top.mean()) / _TOP_Z, figures=figures)}


def _other_instruments(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """Whether instruments that do not measure the parameter rose too: no fault of its instrument does that."""
    mine = own_parameters(case_hours.given)
    found = sorted(
        ((float(z), name) for name, z in zip(channels.names, channels.z_score, strict=True) if name not in mine),
        reverse=True,
    )[:_TOP]
    if len(found) < _TOP or not found[1][0] > OTHER_Z[0]:
        return {}
    least, full = OTHER_Z
    figures: dict[str, float | int | str] = {
        "names": ",".join(name for z, name in found if z > least),
        "least": found[1][0],
    }
    return {"other_instruments": Feature(value=min((found[1][0] - least) / (full - least), 1.0), figures=figures)}


def _instrument(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """Whether all sorts of channels of the instrument rose by the same factor, ozone included."""
    name = case_hours.given.parameter
    own = next((item for item in case_hours.given.station.instruments if name in item.parameters), None)
    at = channels.at(name)
    if own is None or at is None or channels.local[at] <= 0:
        return {}
    ratios = {
        item: channels.local[index] / channels.local[at]
        for index, item in enumerate(channels.names)
        if item in own.parameters and sort_of(item) != sort_of(name)
    }
    sorts = sorted({sort_of(item) for item in ratios})
    if len(sorts) < LEAST_SORTS:
        return {}
    alike = {item: abs(ratio - 1.0) < _ALIKE for item, ratio in ratios.items()}
    share = float(np.mean([np.mean([alike[item] for item in ratios if sort_of(item) == one]) for one in sorts]))
    figures: dict[str, float | int | str] = {"channels": len(ratios), "share": share}
    return {"same_factor": Feature(value=max(2 * share - 1, 0.0) if alike.get("o3", True) else 0.0, figures=figures)}


def sort_of(parameter: str) -> str:
    """Sort of channels that one source raises together: the group of the registry; each plain gas is a sort of its own.

    Examples
    --------
    >>> sort_of("benzene") == sort_of("toluene"), sort_of("pm25") == sort_of("pm10"), sort_of("so2") == sort_of("co")
    (True, True, False)
    """
    group = str(known(parameter).group)
    return parameter if group in PLAIN_GASES else group


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
        "rough": Feature(
            value=_roughness(found),
            figures=figures | {"rough": found.rough, "usual": found.usual_rough},
            usual=USUAL_ROUGH,
        ),
        "steady": Feature(value=1.0 - min(found.steady, 1.0), figures=figures | {"variation": found.steady}),
    }


def _roughness(found: Shape) -> float:
    """Roughness that counts [1]: one that is usual for the instrument, its cadence and so short a time is no sign of a fault."""
    return min(found.rough, 1.2) if found.rough > found.usual_rough else min(found.rough, USUAL_ROUGH)


def _length(case_hours: CaseHours) -> dict[str, Feature]:
    hours = int(case_hours.inside.sum())
    return {"length": Feature(value=min(hours / _LONG_H, 4.0) / 4, figures={"hours": hours})}


def _one_side(bearing: Bearing | None) -> dict[str, Feature]:
    """Whether one place upwind explains the excess of the stations."""
    if bearing is None:
        return {}
    figures: dict[str, float | int | str] = {
        "direction": bearing.from_deg.value,
        "hours": bearing.hours,
        "chance": bearing.chance,
    }
    return {"one_side": Feature(value=1.0, figures=figures)}


def _ramp(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """How far the deviation from the neighbours grows along a straight line, as that of an instrument that drifts."""
    at = channels.at(case_hours.given.parameter)
    if at is None or channels.neighbours[at] < LEAST_NEIGHBOURS:
        return {}
    regional, _ = regional_deviation(channels.deviation[at : at + 1])
    local = (channels.deviation[at, 0] - regional[0])[case_hours.inside]
    local = local[np.isfinite(local)]
    if len(local) < _RAMP_H or local.std() < _STEADY:
        return {}
    r = float(np.corrcoef(np.arange(len(local)), local)[0, 1])
    return {"ramp": Feature(value=max(r, 0.0) ** 2, figures={"hours": len(local), "share": max(r, 0.0) ** 2})}
