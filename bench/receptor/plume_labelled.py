"""Figure ``plume.labelled``: as ``plume.truth``, for the simulator's releases of gases, VOC and particles in its own weather.

Harder: seven stations, five days of history, a source up to 9 km away, background with a city's own sources. The inversion is given hourly
frames as the store has them, and the hours from the begin of the release to two hours after its end.
"""

from __future__ import annotations

import json
import sys

from analysis.receptor.plume import PlumeResult, evidence_of, locate
from bench.receptor.plume_score import LEAST_STATIONS, KnownRelease, Scored, figures
from schemas.parameter import parameter
from sensors.simulator.labelled import LabelledRelease, labelled_release

SCORED = 100
FIRST_SEED = 1_000
"""Bias and spread of the dilution (the rate) were chosen on seeds 0 to 119 of this set and those of ``plume.truth``; the place was not tuned on it."""


def main(first_seed: int = FIRST_SEED, scored: int = SCORED) -> None:
    """Print one line of JSON."""
    seeds = 0
    met: Scored = []
    others: Scored = []
    while len(met) < scored:
        release = labelled_release(first_seed + seeds)
        seeds += 1
        truth = known(release)
        (met if truth.reached >= LEAST_STATIONS else others).append((truth, located(release)))
    print(
        json.dumps(
            figures("plume.labelled", met, others)
            | {
                "workload": f"releases of the simulator, 7 stations; {len(met)} that reach 3 stations and {len(others)} others",
                "seeds": f"{first_seed} to {first_seed + seeds - 1}; rate tuned on 0 to 119",
            }
        )
    )


def located(release: LabelledRelease) -> PlumeResult:
    """What the inversion says of the hourly frames."""
    code = release.species
    precision = 10.0 ** -parameter(code).decimals
    return locate(evidence_of(release.stations, release.hourly, code, release.window, precision=precision))


def known(release: LabelledRelease) -> KnownRelease:
    """The truth of a release."""
    item = release.release
    return KnownRelease(lon=item.lon, lat=item.lat, rate_kg_h=item.rate_kg_h, reached=len(release.reached))


if __name__ == "__main__":
    main(*(int(item) for item in sys.argv[1:]))
