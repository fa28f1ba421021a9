"""From the runs of the ensemble to the list: benefit of each precursor with its interval, and what cannot be told apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from schemas.parameter import parameter
from schemas.units import conversion

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from analysis.coanalysis.cocontrol.box.run import BoxRun
    from analysis.coanalysis.cocontrol.model_input import ModelInput

    Array = NDArray[np.float64]

PERCENTILES = (5.0, 95.0)
DISTINCT_FROM = 0.9
"""Probability from which the order of two precursors counts as known; project's choice."""
NEAR = 0.8
"""A cut counts as good as the best one where it lowers the sum by this part of the best one's [1]; project's choice."""
WIDENED = 1.4
"""Factor on the spread of the ensemble [1].

The members share the form of the model, so that they lie too close together: on provinces of seeds 1100 to 1139 (`bench.cocontrol`) their 90 % intervals held
the known answer in three quarters of the cases, alike with all VOC and with five of them.
"""
_BLOCK_D = 2
_RESAMPLES = 20
_MASS = {"sulfate": 96.06 / 24.45, "nitrate": 62.0 / 24.45, "ammonium": 18.04 / 24.45}


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """Mean and 90 % interval of what a cut of 20 % lowers."""

    mean: float
    low: float
    high: float


class PrecursorPart(msgspec.Struct, frozen=True, kw_only=True):
    """One precursor of the list.

    Attributes
    ----------
    precursor : str
        ``nox alkene aromatic alkane ovoc co so2 nh3``
    o3_ug_m3, pm25_ug_m3 : Part or None
        Fall of MDA8 and of the day's secondary PM2.5 by a cut of the emission of 20 % [µg m⁻³], negative: a rise; None where not measured.
    joint_pct : Part
        Fall over the limit in force, of both, weighted [% of the limit].
    probability_first : float
        That its joint part is the largest [1].
    probability_near : float
        That its joint part is at least 80 % of the largest, above zero [1]; 0 in documents of earlier versions.
    indistinct : tuple of str
        Other precursors whose order with this one is known with a probability below 0.9.
    """

    precursor: str
    o3_ug_m3: Part | None
    pm25_ug_m3: Part | None
    joint_pct: Part
    probability_first: float
    probability_near: float = 0.0
    indistinct: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """Falls by day, axes member, precursor, day: ``mda8`` and ``pm25`` [µg m⁻³] (None without ions); limits by day [µg m⁻³]."""

    precursors: tuple[str, ...]
    mda8: Array
    pm25: Array | None
    limit_o3: Array
    limit_pm25: Array


def daily_mda8(o3: Array) -> Array:
    """Highest of the 17 means of 8 h that end from 08:00 to 24:00, by day; first axis is the hour, from a midnight on."""
    days = len(o3) // 24
    rows = o3.reshape(days, 24, *o3.shape[1:])
    total = np.cumsum(np.concatenate([np.zeros_like(rows[:, :1]), rows], axis=1), axis=1)
    found: Array = ((total[:, 8:] - total[:, :-8]) / 8.0).max(axis=1)
    return found


def response(given: ModelInput, run: BoxRun, precursors: Sequence[str], limits: tuple[Array, Array]) -> Response:
    """Falls of MDA8 and of secondary PM2.5.

    The particle components respond as the model's do, relative to the level that was observed: a model that makes too little nitrate does not
    make its fall too small. Without a measured component the model's own level is taken (SOA), without sulfate, nitrate and ammonium
    there is no part in PM2.5.
    """
    ozone = daily_mda8(run.o3) * conversion("ppb", parameter("o3"))[0]
    mda8 = np.moveaxis(ozone[:, :, :1] - ozone[:, :, 1:], 0, -1)
    pm25 = None
    if all(given.has(name) for name in _MASS):
        models = {name: (getattr(run, name) * mass, given.series[name]) for name, mass in _MASS.items()}
        models["soa"] = (run.soa, given.soa if given.soa is not None else run.soa[:, :, 0].mean(axis=1))
        pm25 = np.sum([_fall(model, observed) for model, observed in models.values()], axis=0)
    return Response(precursors=tuple(precursors), mda8=mda8, pm25=pm25, limit_o3=limits[0], limit_pm25=limits[1])


def _fall(model: Array, observed: Array) -> Array:
    """Fall by day, (member, precursor, day) [µg m⁻³]."""
    daily = model.reshape(-1, 24, *model.shape[1:]).mean(axis=1)
    level = np.maximum(observed.reshape(-1, 24).mean(axis=1), 0.0)[:, None]
    # one scale a member: that of single days would hand the model's errors in time to the response
    scale = level.mean() / np.maximum(daily[:, :, 0].mean(axis=0), 1e-3)
    fall = (daily[:, :, :1] - daily[:, :, 1:]) * np.clip(scale, 0.2, 5.0)[None, :, None]
    return np.moveaxis(fall, 0, -1)


def rank(
    found: Response,
    days: NDArray[np.bool_],
    rng: np.random.Generator,
    *,
    pm_weight: float = 1.0,
    widened: float = WIDENED,
) -> tuple[PrecursorPart, ...]:
    """The list over some of the days: the most probable first, then the others by their mean joint part.

    Parameters
    ----------
    found : Response
    days : array of bool
        Which days count; at least one.
    rng : numpy.random.Generator
        For the choice of days in blocks of two: the interval contains the accident of which days were had.
    pm_weight : float
        Weight of PM2.5 against O3 in the joint part [1].
    widened : float
        Factor on the spread of the members about their mean [1].
    """
    chosen = np.flatnonzero(days)
    falls = {"o3": _widened(found.mda8[:, :, chosen], widened)}
    falls["joint"] = 100.0 * falls["o3"] / found.limit_o3[chosen]
    if found.pm25 is not None:
        falls["pm25"] = _widened(found.pm25[:, :, chosen], widened)
        falls["joint"] = falls["joint"] + 100.0 * pm_weight * falls["pm25"] / found.limit_pm25[chosen]
    draws = _resampled(falls, rng)
    best = draws["joint"].argmax(axis=1)
    largest = draws["joint"].max(axis=1, keepdims=True)
    near = np.mean((draws["joint"] >= NEAR * largest) & (largest > 0.0), axis=0)
    ahead = np.mean(draws["joint"][:, :, None] > draws["joint"][:, None, :], axis=0)
    parts = [
        PrecursorPart(
            precursor=name,
            o3_ug_m3=_part(draws["o3"][:, row]),
            pm25_ug_m3=_part(draws["pm25"][:, row]) if "pm25" in draws else None,
            joint_pct=_part(draws["joint"][:, row]),
            probability_first=float(np.mean(best == row)),
            probability_near=float(near[row]),
            indistinct=tuple(
                other for column, other in enumerate(found.precursors)
                if column != row and max(ahead[row, column], ahead[column, row]) < DISTINCT_FROM
            ),
        )
        for row, name in enumerate(found.precursors)
    ]  # fmt: skip
    # the mean of a skew ensemble may be another's: the first is the one that is most often first
    leader = max(parts, key=lambda item: (item.probability_first, item.joint_pct.mean))
    rest = (item for item in parts if item is not leader)
    return (leader, *sorted(rest, key=lambda item: -item.joint_pct.mean))


def _widened(falls: Array, factor: float) -> Array:
    centre = falls.mean(axis=0)
    return np.asarray(centre + factor * (falls - centre))


def _resampled(falls: dict[str, Array], rng: np.random.Generator) -> dict[str, Array]:
    """Means over days drawn in blocks, (draw, precursor), the same days for all figures of a draw."""
    members, _, days = falls["o3"].shape
    length = min(_BLOCK_D, days)
    blocks = -(-days // length)
    starts = rng.integers(0, days, size=(members, _RESAMPLES, blocks))
    picked = ((starts[..., None] + np.arange(length)) % days).reshape(members, _RESAMPLES, -1)[..., :days]
    counts = np.zeros((members, _RESAMPLES, days))
    np.add.at(counts, (np.arange(members)[:, None, None], np.arange(_RESAMPLES)[None, :, None], picked), 1.0 / days)
    return {
        name: np.einsum("mrd,mpd->mrp", counts, values).reshape(members * _RESAMPLES, -1)
        for name, values in falls.items()
    }


def _part(draws: Array) -> Part:
    low, high = np.percentile(draws, PERCENTILES)
    return Part(mean=float(draws.mean()), low=float(low), high=float(high))
