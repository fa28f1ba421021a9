"""What the excess of a particle mass over its usual level is made of, by measured component, with 90 % intervals.

The usual level is the mean of the middle half of the earlier days, in order of the mass in the same hours of day: robust against
earlier episodes, and additive, so that the components and the rest sum to the excess. Its interval is of a bootstrap by blocks of
days. It says how well the usual level is known, not how far ordinary days depart from it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from analysis.case.case_file import Estimate
from analysis.case.chemistry.day_window import LEAST_DAYS, day_windows
from analysis.chemistry.components import SOIL_ELEMENTS, mass_reconstruction
from qc.hourly.relation.pm import MASS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from analysis.case.case_hours import CaseHours

    Field = NDArray[np.float64]

MASSES = ("pm25", "pm10")
"""Parameters that have a composition."""
PARTS = ("ammonium_nitrate", "ammonium_sulfate", "organic_matter", "elemental_carbon", "soil", "sea_salt", "coarse")
"""Components (``word.component``)."""
REST = "rest"
"""What the measured components do not explain."""
COMPLETE = PARTS[:4]
"""Components that a closure needs."""
LEAST_HOURS = 3
"""Hours of the event with the mass and all components that are used."""
DRAWS, BLOCK_D = 500, 3
_WIDER = 1.35
"""Widening of the intervals of the bootstrap [1]: set by coverage on simulated days, see docs/attribution.md."""
_TAIL = 5.0
_KNOWN = 0.5
_CODES = ("sulfate", "nitrate", "oc", "ec", "sodium_ion", *SOIL_ELEMENTS)


class ExcessPart(msgspec.Struct, frozen=True, kw_only=True):
    """One component of an excess.

    Attributes
    ----------
    name : str
        Of `PARTS`, or `REST`.
    excess : Estimate
        Over the usual level [µg m⁻³].
    share : float
        Of the excess of the mass [1]; may be negative.
    """

    name: str
    excess: Estimate
    share: float


class ExcessComposition(msgspec.Struct, frozen=True, kw_only=True):
    """What an excess is made of.

    Attributes
    ----------
    parameter : str
    excess : Estimate
        Of the mass [µg m⁻³].
    parts : tuple of ExcessPart
        The largest first, the rest last; they sum to the excess.
    closure : float or None
        Sum of the components by the mass in the event [1]; None where one of the four main components is not measured.
    hours, days : int
        Hours of the event with all that is used; earlier days.
    """

    parameter: str
    excess: Estimate
    parts: tuple[ExcessPart, ...]
    closure: float | None
    hours: int
    days: int


def composition_of(case_hours: CaseHours, *, seed: int, om_per_oc: float = MASS["oc"]) -> ExcessComposition | None:
    """Divide the excess of PM2.5 or PM10 into its components.

    Parameters
    ----------
    case_hours : CaseHours
    seed : int
        Of the bootstrap.
    om_per_oc : float
        Organic mass by organic carbon [1], as of `analysis.chemistry.components.mass_reconstruction`.

    Returns
    -------
    ExcessComposition or None
        None for another parameter, without a component, with fewer than three hours or ten earlier days, or without an excess.
    """
    name = case_hours.given.parameter
    if name not in MASSES:
        return None
    names, rows = _rows(case_hours, name, om_per_oc)
    found = day_windows(case_hours, rows)
    days = found.days[:, np.isfinite(found.days).all(axis=0)]
    if len(names) <= 1 or int(found.hours[0]) < LEAST_HOURS or days.shape[1] < LEAST_DAYS:
        return None
    excess = found.event - middle_mean(days)
    if not np.isfinite(excess).all() or excess[0] <= 0:
        return None
    spread = found.event[:, None] - resampled(days, seed=seed)
    closure = float(found.event[1:].sum() / found.event[0]) if set(COMPLETE) <= set(names) else None
    return ExcessComposition(
        parameter=name,
        excess=interval(excess[0], spread[0]),
        parts=_parts(names[1:], excess, spread),
        closure=closure,
        hours=int(found.hours[0]),
        days=days.shape[1],
    )


def _rows(case_hours: CaseHours, name: str, om_per_oc: float) -> tuple[list[str], Field]:
    """The mass and the components that are there, in hours that have them all; names and array (series, hour)."""
    station_id = case_hours.station_ids[0]
    frame = pd.DataFrame(
        {code: case_hours.row(station_id, code) for code in (*_CODES, *MASSES)}, index=case_hours.hours
    )
    table = mass_reconstruction(frame, om_per_oc=om_per_oc)
    mass = frame[name].to_numpy()
    coarse = frame["pm10"] - frame["pm25"] if name == "pm10" else np.nan
    table = table.assign(coarse=coarse).reindex(columns=[*PARTS])
    if name == "pm10":
        table = table.drop(
            columns=["soil", "sea_salt"]
        )  # measured in PM2.5; in PM10 they are within the coarse part too
    inside = case_hours.inside & np.isfinite(mass)
    known = table[inside].notna().mean()
    kept = [item for item in table.columns if known[item] >= _KNOWN]
    rows = np.vstack([mass[None, :], table[kept].to_numpy(dtype=float).T])
    return [name, *kept], np.where(np.isfinite(rows).all(axis=0), rows, np.nan)


def middle_mean(days: Field) -> Field:
    """Mean over the middle half of the days in order of the first row, shape (..., series, day) -> (..., series).

    Examples
    --------
    >>> middle_mean(np.array([[1.0, 2.0, 3.0, 90.0], [5.0, 6.0, 8.0, 7.0]])).tolist()
    [2.5, 7.0]
    """
    count = days.shape[-1]
    cut = count // 4
    order = np.argsort(days[..., 0, :], axis=-1)[..., cut : count - cut]
    return np.asarray(np.take_along_axis(days, order[..., None, :], axis=-1).mean(axis=-1))


def resampled(days: Field, *, seed: int) -> Field:
    """Usual levels of resamples by blocks of three days, shape (series, draw)."""
    rng = np.random.Generator(np.random.PCG64(seed))  # noqa: TID251 - the seed is an argument
    count = days.shape[1]
    starts = rng.integers(0, count, (DRAWS, -(-count // BLOCK_D)))
    index = (starts[:, :, None] + np.arange(BLOCK_D)) % count
    index = index.reshape(DRAWS, -1)[:, :count]
    return middle_mean(np.moveaxis(days[:, index], 1, 0)).T


def interval(value: float, spread: Field) -> Estimate:
    """Value with the widened percentiles of its resamples."""
    low, high = np.percentile(spread, [_TAIL, 100 - _TAIL])
    return Estimate(
        value=float(value),
        low=float(value - _WIDER * max(value - low, 0.0)),
        high=float(value + _WIDER * max(high - value, 0.0)),
    )


def _parts(names: list[str], excess: Field, spread: Field) -> tuple[ExcessPart, ...]:
    found = [
        ExcessPart(name=name, excess=interval(excess[at], spread[at]), share=float(excess[at] / excess[0]))
        for at, name in enumerate(names, start=1)
    ]
    found.sort(key=lambda item: -item.excess.value)
    rest = excess[0] - excess[1:].sum()
    left = interval(rest, spread[0] - spread[1:].sum(axis=0))
    return (*found, ExcessPart(name=REST, excess=left, share=float(rest / excess[0])))
