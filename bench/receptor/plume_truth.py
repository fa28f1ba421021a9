"""Figure ``plume.truth``: error and coverage of located releases, and how often the others are said to be not locatable."""

from __future__ import annotations

import json
import sys
import time

import numpy as np

from analysis.receptor.plume import locate
from bench.receptor.plume_score import LEAST_STATIONS, KnownRelease, Scored, figures
from bench.receptor.puff_release import CENTRE, PuffRelease, puff_release

SCORED = 100
TUNING_SEEDS = range(1_000)
FIRST_SEED = 20_000
"""Seeds from here on are for scoring only."""


def main(first_seed: int = FIRST_SEED) -> None:
    """Print one line of JSON."""
    seeds = 0
    met: Scored = []
    others: Scored = []
    seconds = []
    while len(met) < SCORED:
        release = puff_release(first_seed + seeds)
        seeds += 1
        begin = time.perf_counter()
        found = locate(release.evidence)
        if found.posterior is not None:
            seconds.append(time.perf_counter() - begin)
        (met if release.reached >= LEAST_STATIONS else others).append((known(release), found))
    print(
        json.dumps(
            figures("plume.truth", met, others)
            | {
                "seconds_median": round(float(np.median(seconds)), 3),
                "seconds_max": round(float(np.max(seconds)), 3),
                "workload": f"methane from puffs, 4 to 10 h, 9 to 14 stations; {len(met)} releases that reach 3 stations and {len(others)} others",
                "seeds": f"{first_seed} to {first_seed + seeds - 1}; tuned on {TUNING_SEEDS.start} to {TUNING_SEEDS.stop - 1}",
            }
        )
    )


def known(release: PuffRelease) -> KnownRelease:
    """The truth of a release."""
    lon, lat = CENTRE.to_degrees(release.east_km, release.north_km)
    return KnownRelease(lon=lon, lat=lat, rate_kg_h=release.rate_kg_h, reached=release.reached)


if __name__ == "__main__":
    main(*(int(item) for item in sys.argv[1:]))
