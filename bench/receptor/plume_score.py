"""Scores of located releases against known places and rates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest

from schemas.geodesy import great_circle_km

if TYPE_CHECKING:
    from analysis.receptor.plume import PlumeResult

LEAST_STATIONS = 3
"""Stations that must be reached for a release to be scored."""


@dataclass(frozen=True, kw_only=True)
class KnownRelease:
    """True place [deg], rate [kg/h], and number of stations it reaches."""

    lon: float
    lat: float
    rate_kg_h: float
    reached: int


Scored = list[tuple[KnownRelease, "PlumeResult"]]


def figures(name: str, met: Scored, others: Scored) -> dict[str, object]:
    """Scores of the releases that reach 3 stations, and of the others; one that is not located counts as infinitely far in ``value``."""
    located = [(release, found) for release, found in met if found.is_located]
    error = np.array([error_km(release, found) for release, found in located])
    every = np.concatenate([error, np.full(len(met) - len(located), np.inf)])
    median = float(np.median(every)) if len(every) else np.inf
    return {
        "name": name,
        # JSON has no infinity: fewer than half are located
        "value": round(median, 3) if np.isfinite(median) else None,
        "unit": "km",
        "must": 2.0,
        "aim": 1.0,
        "scored": len(met),
        "located": len(located),
        "median_error_of_located_km": _quantile(error, 0.5),
        "p90_error_of_located_km": _quantile(error, 0.9),
        "coverage_place": share([covers_place(*item) for item in located]),
        "coverage_rate": share([covers_rate(*item) for item in located]),
        "coverage_place_all": share([covers_place(*item) for item in met]),
        "coverage_rate_all": share([covers_rate(*item) for item in met]),
        "median_area_km2": _quantile(np.array([found.area_km2 or np.nan for _, found in located]), 0.5),
        "median_rate_factor": _quantile(np.array([(f.rate_high or 1) / (f.rate_low or 1) for _, f in located]), 0.5),
        "others_not_locatable": share([not found.is_located for _, found in others]),
    }


def _quantile(values: np.ndarray, part: float) -> float | None:
    return round(float(np.quantile(values, part)), 3) if len(values) else None


def share(held: list[bool]) -> dict[str, float]:
    """Share with its Wilson interval of 95 % and the number it is of."""
    if not held:
        return {"n": 0}
    interval = binomtest(sum(held), len(held)).proportion_ci(method="wilson")
    low, high = float(interval.low), float(interval.high)
    return {"share": round(sum(held) / len(held), 3), "low": round(low, 3), "high": round(high, 3), "n": len(held)}


def error_km(release: KnownRelease, found: PlumeResult) -> float:
    """Distance of the place found from the true one [km]."""
    return float(great_circle_km(found.lon or np.nan, found.lat or np.nan, release.lon, release.lat))


def covers_place(release: KnownRelease, found: PlumeResult) -> bool:
    """Whether the true place is in the 90 % region; without a posterior there is none."""
    if found.posterior is None:
        return False
    east, north = found.plane.to_km(np.array(release.lon), np.array(release.lat))
    return found.posterior.contains(float(east), float(north))


def covers_rate(release: KnownRelease, found: PlumeResult) -> bool:
    """Whether the true rate is in the 90 % interval."""
    return found.rate_low is not None and found.rate_low <= release.rate_kg_h <= (found.rate_high or 0.0)
