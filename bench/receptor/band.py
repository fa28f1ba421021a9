"""How often the bands of means by wind, and the directions that are named, hold a known truth.

Months of a known mean by direction with autocorrelated noise: the bands of `regress_direction`, its peak, and the sector of a background.
Quarters of a known mean by wind vector: the bands of `regress_vector`. Months of real Beijing PM2.5 with the wind of other days, to which a
known mean by direction is added: the peak where one is named.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.cpf import CHANCE, cpf
from analysis.receptor.direction.background import QUANTILE, SECTOR_HALF_WIDTH_DEG
from analysis.receptor.wind import CALM, SECTORS, sectors
from analysis.receptor.wind_regression.estimate import DIRECTIONS, FEWEST_HOURS, regress_direction, regress_vector
from bench.receptor.noise import HOURS, ar1, read_beijing, walk

if TYPE_CHECKING:
    from collections.abc import Callable

    from analysis.receptor.wind_regression.result import DirectionPeak, WindRegression

MONTHS, QUARTERS = 100, 40
FIRST_SEED = 33_000
"""Seeds from here on are used for nothing else."""
WIDTHS_DEG = (12.0, 25.0, 40.0)
MEMORIES = (0.8, 0.9, 0.95)
_DEVIATION, _SOURCE = 10.0, 30.0
_QUARTER = 3


def memory_of(seed: int) -> float:
    """Autocorrelation of the noise from hour to hour [1]."""
    return MEMORIES[seed // len(WIDTHS_DEG) % len(MEMORIES)]


def off_deg(one: float, other: float) -> float:
    """Angle between two directions [deg]."""
    return abs((one - other + 180.0) % 360.0 - 180.0)


def source(seed: int) -> tuple[float, Callable[[np.ndarray], np.ndarray]]:
    """Bearing of a source [deg], and the mean by direction that it adds to."""
    bearing = float(np.random.default_rng([seed, 1]).uniform(0.0, 360.0))
    width = WIDTHS_DEG[seed % len(WIDTHS_DEG)]

    def added(angle: np.ndarray) -> np.ndarray:
        return np.asarray(_SOURCE * np.exp(-0.5 * (((angle - bearing + 180.0) % 360.0 - 180.0) / width) ** 2))

    return bearing, added


def held(found: WindRegression, truth: np.ndarray) -> float:
    """Share of the rows with enough hours whose band holds the truth."""
    known = (found.effective_hours >= FEWEST_HOURS) & np.isfinite(found.low)
    return float(((found.low <= truth) & (truth <= found.high))[known].mean())


def series(*parts: np.ndarray) -> list[pd.Series]:
    """With an index of hours."""
    index = pd.date_range("2026-05-01", periods=len(parts[0]), freq="h", tz="UTC", name="start")
    return [pd.Series(part, index=index) for part in parts]


def month(seed: int) -> tuple[float, float, bool | None, bool | None]:
    """Share of the band, half its median width, whether the peak and the sector hold the bearing; None where none is named."""
    rng = np.random.default_rng(seed)
    speed, direction = walk(rng)
    bearing, added = source(seed)
    noise = _DEVIATION * ar1(rng, memory_of(seed))
    value, wind, angle = series(30.0 + added(direction) + noise, speed, direction)
    found = regress_direction(value, wind, angle, seed=seed)
    truth = 30.0 + added(np.arange(DIRECTIONS) * (360.0 / DIRECTIONS))
    half = float(np.nanmedian(found.high - found.low)) / 2
    return held(found, truth), half, is_near(found.peak, bearing), is_in_sector(value, wind, angle, bearing)


def is_near(peak: DirectionPeak | None, bearing: float) -> bool | None:
    """Whether the interval of a peak, on a grid of 5 degrees, holds the bearing."""
    return None if peak is None else off_deg(peak.direction_deg, bearing) <= peak.half_width_deg + 180.0 / DIRECTIONS


def is_in_sector(value: pd.Series, speed: pd.Series, direction: pd.Series, bearing: float) -> bool | None:
    """Whether the leading sector of the CPF and its neighbours hold the bearing."""
    table = cpf(value, sectors(speed, direction), float(value.quantile(QUANTILE)))
    lead = table.leading()
    if lead is None or lead.sector == CALM or (table.tail_chance or 0.0) > CHANCE:
        return None
    return off_deg(lead.sector * 360.0 / SECTORS, bearing) <= SECTOR_HALF_WIDTH_DEG


def quarter(seed: int) -> float:
    """Share of the cells of a polar surface whose band holds the truth: a place in the plane of the wind, and calm air."""
    rng = np.random.default_rng(seed)
    parts = [walk(rng) for _ in range(_QUARTER)]
    speed, direction = (np.concatenate([part[number] for part in parts]) for number in range(2))

    def truth(blows: np.ndarray, angle: np.ndarray) -> np.ndarray:
        east, north = blows * np.sin(np.radians(angle)), blows * np.cos(np.radians(angle))
        place = _SOURCE * np.exp(-0.5 * ((east + 3.0) ** 2 + (north + 3.0) ** 2) / 1.5**2)
        return np.asarray(30.0 + place + 15.0 * np.exp(-0.5 * (blows / 1.5) ** 2))

    noise = _DEVIATION * np.concatenate([ar1(rng, 0.9) for _ in range(_QUARTER)])
    rings, angles = np.meshgrid(np.arange(0.25, 8.0, 0.5), np.arange(5.0, 360.0, 10.0), indexing="ij")
    cells = rings.reshape(-1), angles.reshape(-1)
    value, wind, way = series(truth(speed, direction) + noise, speed, direction)
    found = regress_vector(value, wind, way, cells, seed=seed)
    return held(found, truth(*cells))


def beijing_peak(seed: int, stations: list[pd.DataFrame]) -> bool | None:
    """Whether the peak of a known source on top of real hours, with the wind of other days, holds its bearing."""
    rng = np.random.default_rng(seed)
    frame = stations[seed % len(stations)]
    first, other = (24 * int(item) for item in rng.integers(0, (len(frame) - HOURS) // 24, 2))
    wind = frame.iloc[other : other + HOURS]
    speed, direction = (wind[name].to_numpy(dtype=float) for name in ("WSPM", "angle"))
    bearing, added = source(seed)
    value = frame["PM2.5"].to_numpy(dtype=float)[first : first + HOURS] + 2.0 * added(direction)
    samples = series(value, speed, direction)
    return is_near(regress_direction(samples[0], samples[1], samples[2], seed=seed).peak, bearing)


def of_named(trials: list[bool | None]) -> dict[str, float]:
    """Trials in which something is named, and the share of them that holds the bearing."""
    named = [item for item in trials if item is not None]
    return {"trials": len(trials), "named": len(named), "coverage": round(float(np.mean(named)), 3)}


def main() -> None:
    """Print one line of JSON; exit with 1 where the data of Beijing are absent."""
    shared = Path(
        os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    )
    if not (shared / "beijing").is_dir():
        sys.stderr.write("receptor.band: no folder beijing in SKYGROUND_SHARED_DATA\n")
        sys.exit(1)
    stations = read_beijing(shared / "beijing")
    seeds = range(FIRST_SEED, FIRST_SEED + MONTHS)
    months = [month(seed) for seed in seeds]
    surfaces = [quarter(seed) for seed in seeds[:QUARTERS]]
    figures = {
        "name": "receptor.band",
        "value": round(float(np.mean([item[0] for item in months])), 4),
        "unit": "1",
        "must": [0.85, 0.95],
        "by_memory": {
            str(memory): round(
                float(
                    np.mean([item[0] for seed, item in zip(seeds, months, strict=True) if memory_of(seed) == memory])
                ),
                3,
            )
            for memory in MEMORIES
        },
        "median_half_width": round(float(np.median([item[1] for item in months])), 2),
        "surface_coverage": round(float(np.mean(surfaces)), 4),
        "surfaces": QUARTERS,
        "peak": of_named([item[2] for item in months]),
        "beijing_peak": of_named([beijing_peak(seed, stations) for seed in seeds]),
        "sector": of_named([item[3] for item in months]),
        "workload": f"{MONTHS} months of a known mean by direction, {QUARTERS} quarters of one by wind vector, noise of memory 0.8 to 0.95",
        "seeds": f"{seeds[0]} to {seeds[-1]}",
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
