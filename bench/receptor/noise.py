"""How often concentrations that have nothing to do with the wind are given a direction.

Two sorts of months, 200 of each: AR(1) noise with a wind direction that walks at random, and real hours of Beijing (PM2.5) with the
wind of other days.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter

from analysis.receptor.cpf import cpf
from analysis.receptor.wind import sectors
from analysis.receptor.wind_regression.estimate import regress_direction

EPISODES = 200
FIRST_SEED = 3000
"""Seeds from here on are used for nothing else."""
HOURS = 720
_QUANTILE = 0.75
_SPEED, _WD = "WSPM", "wd"
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_APART_H = 60 * 24
"""[h] Least distance of the wind's month from that of the concentrations."""


def ar1(rng: np.random.Generator, memory: float) -> np.ndarray:
    """AR(1) series of unit variance."""
    steps = np.sqrt(1 - memory**2) * rng.standard_normal(HOURS + 300)
    return np.asarray(lfilter([1.0], [1.0, -memory], steps)[300:])


def walk(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Speed, and a direction that walks at random [deg]."""
    direction = (rng.uniform(0, 360) + np.cumsum(rng.normal(0, 20, HOURS))) % 360
    return 3.0 * np.exp(0.5 * ar1(rng, 0.9)), direction


def named(values: np.ndarray, speed: np.ndarray, direction: np.ndarray, seed: int) -> tuple[bool, bool]:
    """Whether CPF and the regression name a direction."""
    index = pd.date_range("2026-05-01", periods=HOURS, freq="h", tz="UTC", name="start")
    value, wind, angle = (pd.Series(part, index=index) for part in (values, speed, direction))
    lead = cpf(value, sectors(wind, angle), float(value.quantile(_QUANTILE))).leading()
    return lead is not None, regress_direction(value, wind, angle, seed=seed).peak is not None


def synthetic(seed: int) -> tuple[bool, bool]:
    """A month of noise with a random-walk wind."""
    rng = np.random.default_rng(seed)
    speed, direction = walk(rng)
    memory = (0.8, 0.95, 0.98)[seed % 3]
    return named(30 * np.exp(0.5 * ar1(rng, memory)), speed, direction, seed)


def real(seed: int, stations: list[pd.DataFrame]) -> tuple[bool, bool]:
    """A month of Beijing with the wind of another month of the same station."""
    rng = np.random.default_rng(seed)
    frame = stations[seed % len(stations)]
    first, other = 0, 0
    while abs(first - other) < _APART_H:
        first, other = (24 * int(item) for item in rng.integers(0, (len(frame) - HOURS) // 24, 2))
    values = frame["PM2.5"].to_numpy(dtype=float)[first : first + HOURS]
    wind = frame.iloc[other : other + HOURS]
    return named(values, wind[_SPEED].to_numpy(dtype=float), wind["angle"].to_numpy(dtype=float), seed)


def read_beijing(folder: Path) -> list[pd.DataFrame]:
    """Whole hours of each station, direction in degrees."""
    found = []
    for path in sorted(folder.glob("*.csv.gz")):
        frame = pd.read_csv(path, usecols=["PM2.5", _SPEED, _WD])
        frame["angle"] = frame[_WD].map({name: 22.5 * number for number, name in enumerate(_POINTS)})
        found.append(frame)
    return found


def main() -> None:
    """Print one line of JSON; exit with 1 where the data of Beijing are absent."""
    shared = Path(
        os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    )
    if not (shared / "beijing").is_dir():
        sys.stderr.write("receptor.noise: no folder beijing in SKYGROUND_SHARED_DATA\n")
        sys.exit(1)
    stations = read_beijing(shared / "beijing")
    seeds = range(FIRST_SEED, FIRST_SEED + EPISODES)
    noise = np.mean([synthetic(seed) for seed in seeds], axis=0)
    beijing = np.mean([real(seed, stations) for seed in seeds], axis=0)
    figures = {
        "name": "receptor.noise",
        "value": float(max(noise.max(), beijing.max())),
        "unit": "1",
        "must": 0.05,
        "aim": 0.02,
        "noise": {"cpf": float(noise[0]), "regression": float(noise[1])},
        "beijing": {"cpf": float(beijing[0]), "regression": float(beijing[1])},
        "workload": f"{EPISODES} months of noise with random-walk wind, as many of Beijing PM2.5 with the wind of other days",
        "seeds": f"{FIRST_SEED} to {FIRST_SEED + EPISODES - 1}",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
