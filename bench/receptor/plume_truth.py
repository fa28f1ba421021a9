"""Figure ``plume.truth``: error and coverage of located releases, and how often the others are said to be not locatable."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
from scipy.stats import binomtest

from analysis.receptor.plume import PlumeResult, locate
from bench.receptor.puff_release import CENTRE, PuffRelease, puff_release

SCORED = 100
TUNING_SEEDS = range(1_000)
FIRST_SEED = 20_000
"""Seeds from here on are for scoring only."""
LEAST_STATIONS = 3


def main(first_seed: int = FIRST_SEED) -> None:
    """Print one line of JSON."""
    seeds = 0
    met: list[tuple[PuffRelease, PlumeResult]] = []
    others: list[tuple[PuffRelease, PlumeResult]] = []
    seconds = []
    while len(met) < SCORED:
        release = puff_release(first_seed + seeds)
        seeds += 1
        begin = time.perf_counter()
        found = locate(release.evidence)
        seconds.append(time.perf_counter() - begin)
        (met if release.reached >= LEAST_STATIONS else others).append((release, found))
    print(
        json.dumps(
            figures(met, others)
            | {
                "seconds_median": round(float(np.median(seconds)), 3),
                "seconds_max": round(float(np.max(seconds)), 3),
                "workload": f"methane from puffs, 4 to 10 h, 9 to 14 stations; {len(met)} releases that reach 3 stations and {len(others)} others",
                "seeds": f"{first_seed} to {first_seed + seeds - 1}; tuned on {TUNING_SEEDS.start} to {TUNING_SEEDS.stop - 1}",
            }
        )
    )


def figures(
    met: list[tuple[PuffRelease, PlumeResult]], others: list[tuple[PuffRelease, PlumeResult]]
) -> dict[str, object]:
    """Scores; a release that is not located counts as infinitely far in ``value``."""
    located = [(release, found) for release, found in met if found.is_located]
    error = np.array([error_km(release, found) for release, found in located])
    every = np.concatenate([error, np.full(len(met) - len(located), np.inf)])
    return {
        "name": "plume.truth",
        "value": round(float(np.median(every)), 3),
        "unit": "km",
        "must": 2.0,
        "aim": 1.0,
        "located": len(located),
        "median_error_of_located_km": round(float(np.median(error)), 3),
        "p90_error_of_located_km": round(float(np.quantile(error, 0.9)), 3),
        "coverage_place": share([covers_place(*item) for item in located]),
        "coverage_rate": share([covers_rate(*item) for item in located]),
        "coverage_place_all": share([covers_place(*item) for item in met]),
        "coverage_rate_all": share([covers_rate(*item) for item in met]),
        "median_area_km2": round(float(np.median([found.area_km2 or np.nan for _, found in located])), 2),
        "median_rate_factor": round(float(np.median([(f.rate_high or 1) / (f.rate_low or 1) for _, f in located])), 2),
        "others": len(others),
        "others_not_locatable": share([not found.is_located for _, found in others]),
    }


def share(held: list[bool]) -> dict[str, float]:
    """Share with its Wilson interval of 95 % and the number it is of."""
    if not held:
        return {"n": 0}
    low, high = binomtest(sum(held), len(held)).proportion_ci(method="wilson")
    return {
        "share": round(sum(held) / len(held), 3),
        "low": round(float(low), 3),
        "high": round(float(high), 3),
        "n": len(held),
    }


def error_km(release: PuffRelease, found: PlumeResult) -> float:
    """Distance of the place found from the true one [km]."""
    east, north = CENTRE.to_km(np.array(found.lon), np.array(found.lat))
    return float(np.hypot(east - release.east_km, north - release.north_km))


def covers_place(release: PuffRelease, found: PlumeResult) -> bool:
    """Whether the true place is in the 90 % region."""
    if found.posterior is None:
        return False
    east, north = found.plane.to_km(*(np.array(part) for part in CENTRE.to_degrees(release.east_km, release.north_km)))
    return found.posterior.contains(float(east), float(north))


def covers_rate(release: PuffRelease, found: PlumeResult) -> bool:
    """Whether the true rate is in the 90 % interval."""
    return found.rate_low is not None and found.rate_low <= release.rate_kg_h <= (found.rate_high or 0.0)


if __name__ == "__main__":
    main(*(int(item) for item in sys.argv[1:]))
