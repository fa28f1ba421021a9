"""Share of simulated provinces in which the first precursor of the list is right, one JSON line.

``python -m bench.cocontrol.score``: the first 40 provinces from seed 7000 on with at least four exceeding days. Constants and thresholds of
the product were chosen on provinces of seeds 1000 to 1049; seeds from 7000 on were used for nothing but this score. ``--tuning`` prints the
figures of the former. Measured once, on 2026-11-29, after model and simulator were changed: the first is right in 34 of 40; the list says that it cannot tell in 13, and of the
27 where it can, 26 are right. ``calibration`` holds the stated probability of the first and how often it was right, by class of probability.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from analysis.coanalysis.cocontrol.cut_list import what_to_cut
from bench.cocontrol.observation import ZONE, observe
from bench.cocontrol.province import draw_province, simulate
from bench.cocontrol.truth import FEWEST_EXCEEDING_D, Truth, truth_of

PROVINCES = 40
FIRST_SEED, TUNING_SEED = 7000, 1000
_BATCH = 25
_CLASSES = (0.0, 0.5, 0.7, 0.9, 1.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One province: the truth, the first of the list, its probability and whether the list calls it known."""

    seed: int
    season: str
    truth: Truth
    first: str
    probability: float
    is_distinct: bool
    indistinct: tuple[str, ...]
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the first precursor is the true one."""
        return self.first == self.truth.first


def score(first_seed: int, provinces: int) -> list[Scored]:
    """Score the first provinces from a seed on that have enough exceeding days."""
    found: list[Scored] = []
    seed = first_seed
    while len(found) < provinces:
        drawn = [draw_province(number) for number in range(seed, seed + _BATCH)]
        seed += _BATCH
        run = simulate(drawn)
        for number, province in enumerate(drawn):
            truth = truth_of(province, run, number)
            if truth.exceeding_days < FEWEST_EXCEEDING_D or len(found) >= provinces:
                continue
            started = time.monotonic()
            best = what_to_cut(observe(province, run, number), ZONE, np.random.default_rng([22, 0])).lists[0]
            found.append(
                Scored(
                    seed=province.seed, season=province.season.name, truth=truth, first=best.first,
                    probability=best.precursors[0].probability_first, is_distinct=best.is_first_distinct, indistinct=best.indistinct,
                    seconds=time.monotonic() - started,
                )
            )  # fmt: skip
            sys.stderr.write(f"{len(found)}/{provinces}  {province.seed} {best.first} {truth.first}\n")
    return found


def calibration(found: list[Scored]) -> list[dict[str, float]]:
    """Mean probability of the first and share that was right, by class of probability."""
    probability = np.array([item.probability for item in found])
    right = np.array([item.is_right for item in found])
    classes = [(probability >= low) & (probability < high) for low, high in pairwise(_CLASSES)]
    return [
        {
            "n": int(chosen.sum()),
            "stated": round(float(probability[chosen].mean()), 3),
            "right": round(float(right[chosen].mean()), 3),
        }
        for chosen in classes
        if chosen.any()
    ]


def main() -> int:
    """Print the figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tuning", action="store_true", help="score the provinces that constants were chosen on")
    first_seed = TUNING_SEED if parser.parse_args().tuning else FIRST_SEED
    found = score(first_seed, PROVINCES)
    firsts = sorted({item.truth.first for item in found})
    clear = [item for item in found if item.truth.margin >= 0.2]
    line = {
        "name": "cocontrol.truth",
        "value": sum(item.is_right for item in found) / len(found),
        "unit": "1",
        "workload": f"{len(found)} simulated provinces of 30 days, seeds from {first_seed}",
        "cannot_tell": sum(not item.is_distinct for item in found) / len(found),
        "right_where_distinct": _share([item for item in found if item.is_distinct]),
        "right_where_ahead_by_20_pct": _share(clear),
        "clear": len(clear),
        "true_or_indistinct": sum(item.is_right or item.truth.first in item.indistinct for item in found) / len(found),
        "calibration": calibration(found),
        "true_first": {name: sum(item.truth.first == name for item in found) for name in firsts},
        "seconds": sum(item.seconds for item in found) / len(found),
    }
    sys.stdout.write(json.dumps(line) + "\n")
    return 0


def _share(found: list[Scored]) -> float | None:
    return sum(item.is_right for item in found) / len(found) if found else None


if __name__ == "__main__":
    sys.exit(main())
