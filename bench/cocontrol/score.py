"""Share of simulated provinces in which the first precursor of the list is right, one JSON line.

``python -m bench.cocontrol.score``: the first 40 provinces from seed 10,000 on with at least four exceeding days. ``--first-seed``, ``--last-seed`` and ``--species`` (list of VOC that
the station measures) score others. `docs/analysis.md` says which seeds served what. ``coverage`` is the share of 90 % intervals that hold the
known fall; ``calibration`` the stated probability of the first and how often it was right; ``near`` the same of a cut that is as good as 80 % of the best.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from analysis.coanalysis.cocontrol.cut_list import what_to_cut
from analysis.coanalysis.cocontrol.ranking import NEAR
from bench.cocontrol.observation import SPECIES_LISTS, ZONE, observe, with_species
from bench.cocontrol.province import draw_province, simulate
from bench.cocontrol.truth import FEWEST_EXCEEDING_D, Truth, truth_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from analysis.coanalysis.cocontrol.result import CutList

PROVINCES = 40
FIRST_SEED = 10_000
_BATCH = 20
_CLASSES = (0.0, 0.5, 0.7, 0.9, 1.01)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """One province: the truth of the precursors that are ranked, and the list."""

    seed: int
    truth: Truth
    listed: CutList
    seconds: float

    @property
    def is_right(self) -> bool:
        """Whether the first precursor is the true one."""
        return self.listed.first == self.truth.first

    @property
    def is_near(self) -> bool:
        """Whether a cut of the first lowers the sum at least 80 % as much as the best."""
        row = self.truth.precursors.index(self.listed.first)
        return bool(self.truth.joint[row] >= NEAR * self.truth.joint.max())

    def held(self, figure: str) -> list[bool]:
        """Whether each 90 % interval holds the known fall."""
        known = {"o3_ug_m3": self.truth.mda8, "pm25_ug_m3": self.truth.pm25, "joint_pct": self.truth.joint}[figure]
        parts = [getattr(item, figure) for item in self.listed.precursors]
        # NH3 has no part in O3: both are zero
        return [
            part.low <= value <= part.high
            for part, value in zip(parts, known, strict=True)
            if part is not None and part.high > part.low
        ]


def provinces(first_seed: int, last_seed: int | None) -> Iterator[tuple[int, Truth, pd.DataFrame]]:
    """Seed, truth and observed hours of the provinces with enough exceeding days."""
    seed = first_seed
    while last_seed is None or seed <= last_seed:
        last = seed + _BATCH if last_seed is None else min(seed + _BATCH, last_seed + 1)
        drawn = [draw_province(number) for number in range(seed, last)]
        run = simulate(drawn)
        for number, province in enumerate(drawn):
            truth = truth_of(province, run, number)
            if truth.exceeding_days >= FEWEST_EXCEEDING_D:
                yield province.seed, truth, observe(province, run, number)
        seed = last


def score(first_seed: int, last_seed: int | None = None, species: str = "all") -> list[Scored]:
    """Score the first 40 provinces from a seed on that have enough exceeding days, or those up to a last seed."""
    found: list[Scored] = []
    for seed, truth, hours in provinces(first_seed, last_seed):
        started = time.process_time()
        listed = what_to_cut(with_species(hours, species), ZONE, np.random.default_rng([22, 0])).lists[0]
        of_list = truth.among([item.precursor for item in listed.precursors])
        found.append(Scored(seed=seed, truth=of_list, listed=listed, seconds=time.process_time() - started))
        sys.stderr.write(f"{len(found)}  {seed} {listed.first} {of_list.first}\n")
        if last_seed is None and len(found) == PROVINCES:
            break
    return found


def calibration(stated: list[float], right: list[bool]) -> list[dict[str, float]]:
    """Mean stated probability and share that was right, by class of probability."""
    probability, came = np.array(stated), np.array(right)
    classes = [(probability >= low) & (probability < high) for low, high in pairwise(_CLASSES)]
    return [
        {
            "n": int(chosen.sum()),
            "stated": round(float(probability[chosen].mean()), 3),
            "right": round(float(came[chosen].mean()), 3),
        }
        for chosen in classes
        if chosen.any()
    ]


def main() -> int:
    """Print the figure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED)
    parser.add_argument("--last-seed", type=int, help="all provinces up to this seed; none: the first 40")
    parser.add_argument("--species", choices=list(SPECIES_LISTS), default="all", help="VOC that are measured")
    given = parser.parse_args()
    found = score(given.first_seed, given.last_seed, given.species)
    sys.stdout.write(json.dumps(_line(found, given.first_seed, given.species)) + "\n")
    return 0


def _line(found: list[Scored], first_seed: int, species: str) -> dict[str, object]:
    firsts = sorted({item.truth.first for item in found})
    lead = [item.listed.precursors[0] for item in found]
    right = [item.is_right for item in found]
    return {
        "name": "cocontrol.truth",
        "value": sum(right) / len(found),
        "unit": "1",
        "workload": f"{len(found)} simulated provinces of 30 days, seeds from {first_seed}, VOC {species}",
        "cannot_tell": sum(not item.listed.is_first_distinct for item in found),
        "cannot_tell_near": sum(not (item.listed.is_first_distinct or item.listed.is_first_near) for item in found),
        "right_where_distinct": _share([item.is_right for item in found if item.listed.is_first_distinct]),
        "near": sum(item.is_near for item in found) / len(found),
        "near_where_stated": _share([item.is_near for item in found if item.listed.is_first_near]),
        "right_where_ahead_by_20_pct": _share([item.is_right for item in found if item.truth.margin >= 1.0 - NEAR]),
        "true_or_indistinct": _share([item.is_right or item.truth.first in item.listed.indistinct for item in found]),
        "coverage": {
            name: _share([held for item in found for held in item.held(name)])
            for name in ("o3_ug_m3", "pm25_ug_m3", "joint_pct")
        },
        "coverage_nox_o3": _share([_nox_held(item) for item in found]),
        "calibration": calibration([item.probability_first for item in lead], right),
        "calibration_near": calibration([item.probability_near for item in lead], [item.is_near for item in found]),
        "true_first": {name: sum(item.truth.first == name for item in found) for name in firsts},
        "seconds": sum(item.seconds for item in found) / len(found),
    }


def _nox_held(item: Scored) -> bool:
    row = item.truth.precursors.index("nox")
    part = item.listed.precursors[row].o3_ug_m3
    return part is not None and part.low <= item.truth.mda8[row] <= part.high


def _share(found: list[bool]) -> float | None:
    return round(sum(found) / len(found), 3) if found else None


if __name__ == "__main__":
    sys.exit(main())
