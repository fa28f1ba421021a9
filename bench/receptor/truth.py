"""Whether PSCF, CWT and SQTBA peak at the emitter of synthetic wind fields, and whether noise is given a peak."""

from __future__ import annotations

import json
import time

import numpy as np

from analysis.receptor.source_map.method import source_map
from analysis.receptor.source_map.result import MapMethod, SourceMap
from analysis.receptor.trajectory.integrator import Trajectories, trace
from bench.receptor.synthetic_wind import AGE_H, STATIONS, EmitterField, emitter_field
from schemas.geodesy import great_circle_km

FIELDS = 20
FIRST_SEED = 500
"""Seeds from here on are used for nothing else."""


def back(found: EmitterField) -> tuple[Trajectories, float]:
    """Back trajectories of all samples of a field, and the seconds that they took."""
    places = np.array(STATIONS)[found.station]
    begun = time.perf_counter()
    paths = trace(found.grid, found.start_s, (places[:, 0], places[:, 1], 1000.0), hours=-AGE_H, step_s=1200.0)
    return paths, time.perf_counter() - begun


def maps(paths: Trajectories, found: EmitterField, seed: int) -> list[SourceMap]:
    """The three maps of the samples of a field."""
    return [source_map(method, paths, found.station, found.concentration, seed=seed) for method in MapMethod]


def is_near(found: SourceMap, truth: EmitterField) -> bool:
    """Whether the peak is in the emitter's cell or one that touches it."""
    if found.peak is None:
        return False
    column, row = (int(np.floor(value)) for value in _cell(found, truth.lon, truth.lat))
    peak_column, peak_row = (int(np.floor(value)) for value in _cell(found, found.peak.lon, found.peak.lat))
    return max(abs(column - peak_column), abs(row - peak_row)) <= 1


def is_covered(found: SourceMap, truth: EmitterField) -> bool:
    """Whether the emitter is within the 90 % radius."""
    if found.peak is None:
        return False
    away = float(great_circle_km(found.peak.lon, found.peak.lat, truth.lon, truth.lat))
    return bool(away <= found.peak.radius_km)


def _cell(found: SourceMap, lon: float, lat: float) -> tuple[float, float]:
    cells = found.cells
    return (lon - cells.west) / cells.step_deg, (lat - cells.south) / cells.step_deg


def measure(first: int, fields: int) -> dict[str, object]:
    """Shares of fields whose peaks are at the emitter, and of fields where foreign samples have a peak."""
    near, covered, false, rate = [], [], [], []
    for seed in range(first, first + fields):
        truth, other = emitter_field(seed), emitter_field(seed + 10_000)
        paths, seconds = back(truth)
        found = maps(paths, truth, seed)
        near.append([is_near(item, truth) for item in found])
        covered.append([is_covered(item, truth) for item in found])
        rate.append(len(truth.start_s) / seconds)
        # samples of another field: nothing to find
        false.append([item.peak is not None for item in maps(paths, other, seed)])
    shares = {
        name: {
            str(method): round(float(np.mean(column)), 3)
            for method, column in zip(MapMethod, np.array(rows).T, strict=True)
        }
        for name, rows in (("near", near), ("radius_covers", covered), ("noise_named", false))
    }
    return {
        "value": float(np.all(near, axis=1).mean()),
        **shares,
        "fields": fields,
        "trajectories_per_s": round(float(np.median(rate))),
    }


def main() -> None:
    """Print one line of JSON."""
    figures = {
        "name": "receptor.truth",
        **measure(FIRST_SEED, FIELDS),
        "unit": "1",
        "must": 0.9,
        "aim": 1.0,
        "workload": f"{FIELDS} wind fields of 90 days, one emitter 100 to 300 km away, 3 stations, 48 h trajectories, 0.5 degree",
        "seeds": f"{FIRST_SEED} to {FIRST_SEED + FIELDS - 1}",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
