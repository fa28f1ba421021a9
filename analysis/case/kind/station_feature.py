"""Features of a station without neighbours: other instruments, secondary particles.

Ventilation is none: it differs little between the simulated kinds, and next to length and breadth its fitted weight had the wrong
sign; `analysis.case.chemistry` states it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from analysis.case.case_hours import moving_mean, spread_of
from analysis.case.chemistry.day_window import LEAST_DAYS, day_windows
from analysis.case.kind.feature_value import Feature
from qc.hourly.relation.pm import MASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours
    from analysis.case.case_input import CaseInput
    from analysis.case.channel import Channels

    Field = NDArray[np.float64]

LEAD_H = 24
"""Hours before the event in which channels are compared too [h]."""
LEAST_PAIRS = 8
AGREES = 0.4
"""Corrected correlation from which an instrument follows the parameter [1]; project choice."""
MASSES = frozenset({"pm25", "pm10", "pm1"})
SALTS = ("nitrate", "sulfate")
LEAST_CHANNELS = 5
"""Channels of other instruments from which the median counts."""
_STEADY = 0.02
_EFFECTIVE = 0.5
"""Independent hours by hour [1]; project choice."""
_TOP = 2
_RISEN_Z = 3.0
SECONDARY, SECONDARY_STEP = 0.3, 0.2
"""Secondary part of a rise that favours no kind, and the step to what counts fully [1]; project choice."""


def station_features(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """Features by name; one whose data are missing is absent."""
    return _agreement(case_hours, channels) | _breadth(case_hours, channels) | _secondary(case_hours)


def _agreement(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """How well channels of other instruments follow the parameter from hour to hour, corrected for their number."""
    name = case_hours.given.parameter
    at = channels.at(name)
    if at is None:
        return {}
    hours = _recent(case_hours)
    own = channels.deviation[at, 0, hours]
    r = np.array([correlation(own, row) for row in channels.deviation[:, 0][:, hours]])
    mine = own_parameters(case_hours.given)
    pairs = int(np.isfinite(own).sum())
    found = []
    for item in case_hours.given.station.instruments:
        index = [k for k, code in enumerate(channels.names) if code in item.parameters and code not in mine]
        index = [k for k in index if np.isfinite(r[k])]
        if index:
            best = max(index, key=lambda k: r[k])
            chance = np.sqrt(2 * np.log(2 * len(index)) / max(_EFFECTIVE * pairs, 1.0))
            found.append((float(r[best] - chance), channels.names[best]))
    if not found:
        return {}
    found.sort(key=lambda item: -item[0])
    value = float(np.clip(np.mean([item[0] for item in found[:_TOP]]), 0.0, 1.0))
    agreeing = [code for r, code in found if r >= AGREES]
    figures: dict[str, float | int | str] = {
        "instruments": len(found),
        "agreeing": len(agreeing),
        "names": ",".join(agreeing or [found[0][1]]),
        "hours": pairs,
    }
    return {"agreement": Feature(value=value, figures=figures)}


def _recent(case_hours: CaseHours) -> NDArray[np.bool_]:
    first = int(np.flatnonzero(case_hours.inside)[0])
    return np.arange(len(case_hours.hours)) >= first - LEAD_H


def correlation(first: Field, second: Field) -> float:
    """Pearson's r [1]; NaN for fewer than eight pairs or a constant.

    Examples
    --------
    >>> round(correlation(np.arange(9.0), 2 * np.arange(9.0)), 6)
    1.0
    """
    known = np.isfinite(first) & np.isfinite(second)
    one, other = first[known], second[known]
    if len(one) < LEAST_PAIRS or one.std() <= 0 or other.std() <= 0:
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def _breadth(case_hours: CaseHours, channels: Channels) -> dict[str, Feature]:
    """Median rise of the channels of other instruments above their usual level, in robust standard deviations."""
    mine = own_parameters(case_hours.given)
    z = np.array(
        [z for name, z in zip(channels.names, _usual_z(case_hours, channels), strict=True) if name not in mine]
    )
    z = z[np.isfinite(z)]
    if len(z) < LEAST_CHANNELS:
        return {}
    figures: dict[str, float | int | str] = {
        "channels": len(z),
        "above": int((z > 1.0).sum()),
        "middle": float(np.median(z)),
    }
    return {"breadth": Feature(value=float(np.clip(np.median(z) / _RISEN_Z, -1.0, 1.0)), figures=figures)}


def _usual_z(case_hours: CaseHours, channels: Channels) -> Field:
    """Mean deviations of the station by their robust standard deviations over as many hours of the history [1]."""
    deviation = channels.deviation[:, 0]
    length = int(case_hours.inside.sum())
    block = spread_of(moving_mean(np.where(case_hours.before, deviation, np.nan), length))
    return np.asarray(channels.rise / np.maximum(block, _STEADY / np.sqrt(length)))


def own_parameters(given: CaseInput) -> set[str]:
    """Parameters of the instruments that measure the parameter of the case."""
    own = [item for item in given.station.instruments if given.parameter in item.parameters]
    return {code for item in own for code in item.parameters}


def _secondary(case_hours: CaseHours) -> dict[str, Feature]:
    """Part of the rise of a particle mass that is ammonium nitrate and ammonium sulfate."""
    name = case_hours.given.parameter
    if name not in MASSES:
        return {}
    station_id = case_hours.station_ids[0]
    rows = np.array([case_hours.row(station_id, item) for item in (name, *SALTS)])
    rows = np.where(np.isfinite(rows).all(axis=0), rows, np.nan)
    found = day_windows(case_hours, rows)
    usual = np.array(
        [np.median(day[np.isfinite(day)]) if np.isfinite(day).sum() >= LEAST_DAYS else np.nan for day in found.days]
    )
    rise = found.event - usual
    if not np.isfinite(rise).all() or rise[0] <= 0:
        return {}
    share = float(sum(MASS[item] * part for item, part in zip(SALTS, rise[1:], strict=True)) / rise[0])
    figures: dict[str, float | int | str] = {"share": share, "hours": int(found.hours[0])}
    return {
        "secondary": Feature(value=float(np.clip((share - SECONDARY) / SECONDARY_STEP, -1.0, 1.0)), figures=figures)
    }
