"""One simulated province for the worked example: its hours as `skyground export` writes them, and the known answer to each cut.

``python -m bench.cocontrol.example SEED province.csv [--png list.png]``; then ``skyground analyse cocontrol province.csv --dataset export``.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from analysis.coanalysis.cocontrol.cut_list import what_to_cut
from analysis.report.cut_list import draw_cut_list
from bench.cocontrol.observation import ZONE, observe
from bench.cocontrol.province import draw_province, simulate
from bench.cocontrol.truth import truth_of
from schemas.words import words
from store.archive.archive import long_table, write_csv
from store.archive.option import Level
from store.archive.provenance import provenance

STATION = "simulated"


def main() -> int:
    """Write the hours, print the truth; with ``--png`` draw the list with it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("seed", type=int)
    parser.add_argument("output", type=Path)
    parser.add_argument("--png", type=Path)
    parser.add_argument("--language", choices=["zh", "en"], default="en")
    given = parser.parse_args()
    province = draw_province(given.seed)
    run = simulate([province])
    hours, truth = observe(province, run, 0), truth_of(province, run, 0)
    origin = provenance(
        query=f"python -m bench.cocontrol.example {given.seed}", level=Level.HOURLY, now=datetime.now(UTC), network=""
    )
    write_csv(given.output, [long_table({(STATION, ""): hours})], origin)
    order = np.argsort(-truth.joint)
    for row in order:
        sys.stdout.write(
            f"{truth.precursors[row]}  MDA8 {truth.mda8[row]:.1f} µg/m³  secondary PM2.5 {truth.pm25[row]:.1f} µg/m³  "
            f"joint {truth.joint[row]:.1f} % of the limits\n"
        )
    if given.png is not None:
        rows = zip(truth.precursors, truth.mda8.tolist(), truth.pm25.tolist(), truth.joint.tolist(), strict=True)
        found = what_to_cut(hours, ZONE, np.random.default_rng([22, 0]))
        known = {name: (o3, pm25, joint) for name, o3, pm25, joint in rows}
        given.png.write_bytes(draw_cut_list(found, STATION, words(given.language, "cocontrol"), known))
    return 0


if __name__ == "__main__":
    sys.exit(main())
