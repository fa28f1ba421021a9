"""How often the case file of an episode that has nothing to do with the wind names a direction or a source.

200 episodes of autocorrelated noise with a wind that walks at random, and 200 of real hours of Beijing with the wind of other
days. The settings are those of ``attribution.truth``. Further keys: how often such an episode is surely called a plume or a fault
(``sure``), and 60 simulated plumes with the wind of other days: how often their direction is said to hold against such wind (``held``; at
most 0.05 is right), and how often the wind is stated as the wind alone.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from analysis.case.assembly import case_file
from analysis.case.case_file import BearingBasis, EventKind
from analysis.receptor.source_library import BACKGROUND, UNNAMED
from bench.analysis.beijing_case import beijing_case, read_beijing
from bench.analysis.labelled_case import case_input, compare, with_other_wind
from sensors.simulator.labelled import labelled_event, noise_event

if TYPE_CHECKING:
    from analysis.case.case_file import CaseFile

EPISODES = 200
PLUMES = 60
FIRST_SEED, FIRST_PLUME = 61_200, 64_200
"""Seeds from here on are used for nothing else; of five seeds two are plumes."""
APART_DAYS = (2, 26)
"""The wind of a plume is that of so many days before."""
SURE = 0.9
LOCAL = frozenset({EventKind.PLUME, EventKind.FAULT})


def main() -> None:
    """Print one line of JSON; exit with 1 where the data of Beijing are absent; ``python -m ... 1000 50 2000`` takes other seeds."""
    given = [int(item) for item in sys.argv[1:4]]
    first, count, plume = given if len(given) > 2 else (FIRST_SEED, EPISODES, FIRST_PLUME)
    shared = Path(
        os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    )
    if not (shared / "beijing").is_dir():
        sys.stderr.write("attribution.noise: no folder beijing in SKYGROUND_SHARED_DATA\n")
        sys.exit(1)
    stations = read_beijing(shared / "beijing")
    seeds = range(first, first + count)
    files = (
        [case_file(case_input(noise_event(seed)), seed=seed) for seed in seeds],
        [case_file(beijing_case(seed, stations), seed=seed) for seed in seeds],
    )
    noise, beijing = ([_named(found) for found in of] for of in files)
    shares = [sum(any(item) for item in found) / count for found in (noise, beijing)]
    figures = {
        "name": "attribution.noise",
        "value": max(shares),
        "unit": "1",
        "must": 0.05,
        "aim": 0.02,
        "noise": shares[0],
        "beijing": shares[1],
        "directions": [sum(direction for direction, _ in found) for found in (noise, beijing)],
        "sources": [sum(source for _, source in found) for found in (noise, beijing)],
        "sure": [sum(map(_is_sure, found)) / count for found in files],
        "plumes_other_wind": plumes_with_other_wind(plume, min(count, PLUMES)),
        "workload": f"{count} episodes of simulated noise, {count} of Beijing with the wind of other days, seeds {first} to "
        f"{first + count - 1}; {min(count, PLUMES)} plumes with the wind of other days, seeds from {plume}",
    }
    print(json.dumps(figures))


def plumes_with_other_wind(first: int, count: int) -> dict[str, float | int]:
    """Shares of plumes with the wind of other days by what is said of their direction.

    Parameters
    ----------
    first : int
        Seed from which on the plumes are taken.
    count : int
        Plumes.
    """
    files, truth = [], []
    for seed in [seed for seed in range(first, first + 5 * count) if seed % 5 in {0, 2}][:count]:
        days = int(np.random.Generator(np.random.PCG64(seed)).integers(*APART_DAYS))
        event = with_other_wind(labelled_event(seed), days)
        files.append(case_file(case_input(event), seed=seed))
        truth.append(compare(event, files[-1]))
    bases = [None if item.bearing is None else item.bearing.basis for item in files]
    return {
        "held": bases.count(BearingBasis.HELD) / count,
        "wind": bases.count(BearingBasis.WIND) / count,
        "wrong": sum(
            item.bearing is not None and not score.is_direction_near for item, score in zip(files, truth, strict=True)
        )
        / count,
        "places": sum(item.place is not None for item in files) / count,
        "plumes": count,
    }


def _is_sure(found: CaseFile) -> bool:
    return found.kind in LOCAL and found.kinds[0].probability >= SURE


def _named(found: CaseFile) -> tuple[bool, bool]:
    """Whether a direction, and whether a source is named."""
    sources = [item for item in found.sources if item.kind not in {BACKGROUND, UNNAMED}]
    return found.bearing is not None or found.place is not None, bool(sources)


if __name__ == "__main__":
    main()
