"""How often the case file of an episode that has nothing to do with the wind names a direction or a source.

200 episodes of autocorrelated noise with a wind that walks at random, and 200 of real hours of Beijing with the wind of other
days. The settings are those of ``attribution.truth``.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from analysis.case.assembly import case_file
from analysis.receptor.source_library import BACKGROUND, UNNAMED
from bench.analysis.beijing_case import beijing_case, read_beijing
from bench.analysis.labelled_case import case_input
from sensors.simulator.labelled import noise_event

if TYPE_CHECKING:
    from analysis.case.case_file import CaseFile

EPISODES = 200
FIRST_SEED = 60_000
"""Seeds from here on are used for nothing else."""


def main() -> None:
    """Print one line of JSON; exit with 1 where the data of Beijing are absent; ``python -m ... 1000 50`` takes other seeds."""
    first, count = (int(item) for item in sys.argv[1:3]) if len(sys.argv) > 2 else (FIRST_SEED, EPISODES)
    shared = Path(
        os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    )
    if not (shared / "beijing").is_dir():
        sys.stderr.write("attribution.noise: no folder beijing in SKYGROUND_SHARED_DATA\n")
        sys.exit(1)
    stations = read_beijing(shared / "beijing")
    seeds = range(first, first + count)
    noise = [_named(case_file(case_input(noise_event(seed)), seed=seed)) for seed in seeds]
    beijing = [_named(case_file(beijing_case(seed, stations), seed=seed)) for seed in seeds]
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
        "workload": f"{count} episodes of simulated noise, {count} of Beijing with the wind of other days, seeds {first} to "
        f"{first + count - 1}",
    }
    print(json.dumps(figures))


def _named(found: CaseFile) -> tuple[bool, bool]:
    """Whether a direction, and whether a source is named."""
    sources = [item for item in found.sources if item.kind not in {BACKGROUND, UNNAMED}]
    return found.bearing is not None or found.place is not None, bool(sources)


if __name__ == "__main__":
    main()
