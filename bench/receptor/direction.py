"""How often a direction is named where there is none, and how well the direction of plumes is found.

``direction.noise``: 200 episodes of autocorrelated noise with a wind that walks at random, and 200 of real hours of Beijing with the wind
of other days; whatever names a direction counts. ``direction.truth``: plumes of known place, and releases for the coverage of the interval.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from analysis.receptor.cpf import cpf
from analysis.receptor.direction import Direction, DirectionBasis, direction_of_frames, leading_direction
from analysis.receptor.direction.cluster import BACKGROUND_DAYS, cluster_of
from analysis.receptor.direction.event import scores_of
from analysis.receptor.direction.wind_of_excess import wind_of_excess
from analysis.receptor.wind import sectors
from qc.robust import MAD_TO_SIGMA
from schemas.geodesy import bearing_deg
from schemas.interval import Interval
from sensors.simulator.labelled import labelled_event, labelled_release, noise_event

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sensors.simulator.labelled import LabelledEvent

TRIALS = 200
FIRST_SEED = 7000
"""Seeds from here on are used for nothing else."""
PLUMES, RELEASES = 100, 100
NEAR_DEG = 22.5
_HOURS = 33 * 24
_LAST_H, _STRETCH_H = 72, 6
_APART_H = 60 * 24
"""[h] Least distance of the wind's month from that of the concentrations."""
_OF_EPISODE = frozenset({DirectionBasis.EVENT, DirectionBasis.WIND})
_POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
_POLLUTANTS = ("PM2.5", "PM10", "SO2", "NO2", "CO")
_PLACES = {
    "Aotizhongxin": (116.407, 40.003), "Dongsi": (116.434, 39.952), "Gucheng": (116.225, 39.928),
    "Huairou": (116.644, 40.394), "Nongzhanguan": (116.473, 39.972), "Wanshouxigong": (116.366, 39.867),
}  # fmt: skip
"""[deg] Of the stations, not verified; with the wind of other days they decide only which stations are in reach."""


def read_beijing(folder: Path) -> dict[str, pd.DataFrame]:
    """Hours of each station, direction in degrees; index UTC."""
    found = {}
    for path in sorted(folder.glob("*.csv.gz")):
        frame = pd.read_csv(path)
        local = pd.to_datetime(frame[["year", "month", "day", "hour"]])
        frame.index = pd.DatetimeIndex(local).tz_localize("Asia/Shanghai").tz_convert("UTC")
        frame["angle"] = frame["wd"].map({name: 22.5 * number for number, name in enumerate(_POINTS)})
        found[str(frame["station"].iloc[0])] = frame[[*_POLLUTANTS, "WSPM", "angle"]]
    return found


def named_in_beijing(seed: int, stations: dict[str, pd.DataFrame]) -> tuple[Direction, bool]:
    """The highest stretch of the last days of a month, with the wind of another month: direction, and whether the CPF names one."""
    rng = np.random.default_rng([seed, 1])
    count = len(next(iter(stations.values())))
    first = other = 0
    while abs(first - other) < _APART_H:
        first, other = (24 * int(item) for item in rng.integers(0, (count - _HOURS) // 24, 2))
    name, code = str(rng.choice(list(stations))), str(rng.choice(_POLLUTANTS))
    values = pd.DataFrame({key: frame[code].iloc[first : first + _HOURS] for key, frame in stations.items()})
    speed, angle = (
        pd.DataFrame({key: frame[part].iloc[other : other + _HOURS].to_numpy() for key, frame in stations.items()})
        .set_index(values.index)
        for part in ("WSPM", "angle")
    )  # fmt: skip
    window = _highest(values[name])
    found = leading_direction(values, speed, angle, places=_PLACES, station_id=name, window=window)
    return found, _is_sector_named(values[name], speed[name], angle[name], window)


def named_in_noise(seed: int) -> tuple[Direction, bool]:
    """An episode of noise: direction, and whether the CPF names one."""
    event = noise_event(seed)
    frame = event.hourly[event.station_id]
    parts = (frame[event.parameter], frame["wind_speed"], frame["wind_direction"])
    return _direction(event), _is_sector_named(*parts, event.window)


def _direction(event: LabelledEvent) -> Direction:
    return direction_of_frames(event.stations, event.hourly, event.parameter, event.window, station_id=event.station_id)


def _is_sector_named(values: pd.Series, speed: pd.Series, direction: pd.Series, window: Interval) -> bool:
    """What the statements of an episode read: the CPF of the 30 days before."""
    index = pd.DatetimeIndex(values.index)
    start = pd.Timestamp(window.start)
    inside = np.asarray((index >= start - pd.Timedelta(days=BACKGROUND_DAYS)) & (index < start))
    before = values[inside]
    table = cpf(before, sectors(speed[inside], direction[inside]), float(before.quantile(0.75)))
    return table.leading() is not None


def _highest(values: pd.Series) -> Interval:
    """The highest six hours of the last three days, with the hours around them that are well above the month."""
    level = values.to_numpy(dtype=float)
    means = values.rolling(_STRETCH_H, min_periods=3).mean().to_numpy()
    possible = means[-_LAST_H:-4]
    last = len(level) - _LAST_H + (int(np.nanargmax(possible)) if np.isfinite(possible).any() else 0)
    first = last - _STRETCH_H + 1
    median = float(np.nanmedian(level[:first]))
    high = level > median + 2 * MAD_TO_SIGMA * float(np.nanmedian(np.abs(level[:first] - median)))
    while first > 0 and high[first - 1]:
        first -= 1
    while last + 1 < len(level) and high[last + 1]:
        last += 1
    index = pd.DatetimeIndex(values.index)
    return Interval(index[first].to_pydatetime(), (index[last] + pd.Timedelta(hours=1)).to_pydatetime())


def off_deg(one: float, other: float) -> float:
    """Angle between two directions [deg]."""
    return abs((one - other + 180.0) % 360.0 - 180.0)


def is_inside(interval_deg: tuple[float, float], direction_deg: float) -> bool:
    """Whether an interval of directions holds one."""
    low, high = interval_deg
    return (direction_deg - low) % 360.0 <= (high - low) % 360.0


def plumes() -> dict[str, object]:
    """Directions of plumes of known place: of five seeds two are plumes."""
    seeds = [seed for seed in range(FIRST_SEED, FIRST_SEED + 5 * PLUMES) if seed % 5 in {0, 2}][:PLUMES]
    near, covered, widths = [], [], []
    for seed in seeds:
        event = labelled_event(seed)
        found = _direction(event)
        if found.basis not in _OF_EPISODE or event.bearing_deg is None:
            near.append(False)
            continue
        assert found.from_deg is not None
        assert found.interval_deg is not None
        near.append(off_deg(found.from_deg, event.bearing_deg) <= NEAR_DEG)
        covered.append(is_inside(found.interval_deg, event.bearing_deg))
        widths.append((found.interval_deg[1] - found.interval_deg[0]) % 360.0)
    return {
        "value": float(np.mean(near)),
        "named": round(len(covered) / PLUMES, 3),
        "coverage": round(float(np.mean(covered)), 3),
        "coverage_trials": len(covered),
        "median_width_deg": round(float(np.median(widths)), 1),
        "seeds": f"{seeds[0]} to {seeds[-1]}",
    }


def release_coverage() -> dict[str, object]:
    """Coverage of the interval of the wind of the excess, at the station that a release reaches most."""
    covered: list[bool] = []
    seed = FIRST_SEED
    while len(covered) < RELEASES:
        case = labelled_release(seed)
        seed += 1
        if not case.reached:
            continue
        name = max(case.reached, key=lambda item: float(case.excess[item]["excess"].max()))
        station = {item.id: (float(item.lon or 0.0), float(item.lat or 0.0)) for item in case.stations}
        parts = [
            pd.DataFrame({key: frame[code] for key, frame in case.hourly.items()})
            for code in (case.species, "wind_speed", "wind_direction")
        ]
        cluster = cluster_of(parts[0], (parts[1], parts[2]), places=station, station_id=name, window=case.window)
        found = wind_of_excess(cluster, scores_of(cluster)[1][:, 0])
        truth = float(bearing_deg(*station[name], case.release.lon, case.release.lat))
        if found is not None:
            covered.append(off_deg(found.from_deg, truth) <= found.half_width_deg)
    return {"release_coverage": round(float(np.mean(covered)), 3), "releases": len(covered)}


def shares(trials: Sequence[tuple[Direction, bool]]) -> dict[str, float]:
    """Shares of trials in which a direction is named, by what named it."""
    named = [(found.basis is not None, sector) for found, sector in trials]
    return {
        "episode": float(np.mean([found.basis in _OF_EPISODE for found, _ in trials])),
        "background": float(np.mean([found.basis is DirectionBasis.BACKGROUND for found, _ in trials])),
        "sector": float(np.mean([sector for _, sector in named])),
        "any": float(np.mean([direction or sector for direction, sector in named])),
    }


def main() -> None:
    """Print two lines of JSON; exit with 1 where the data of Beijing are absent."""
    shared = Path(
        os.environ.get("SKYGROUND_SHARED_DATA", Path(__file__).resolve().parents[2].parent / "shared" / "data")
    )
    if not (shared / "beijing").is_dir():
        sys.stderr.write("direction.noise: no folder beijing in SKYGROUND_SHARED_DATA\n")
        sys.exit(1)
    seeds = range(FIRST_SEED, FIRST_SEED + TRIALS)
    stations = read_beijing(shared / "beijing")
    noise, beijing = (
        shares([named_in_noise(seed) for seed in seeds]),
        shares([named_in_beijing(seed, stations) for seed in seeds]),
    )
    figures = {
        "name": "direction.noise",
        "value": max(noise["any"], beijing["any"]),
        "unit": "1",
        "must": 0.05,
        "aim": 0.02,
        "noise": noise,
        "beijing": beijing,
        "workload": f"{TRIALS} episodes of noise with random-walk wind, as many of Beijing with the wind of other days",
        "seeds": f"{seeds[0]} to {seeds[-1]}",
    }
    print(json.dumps(figures), flush=True)
    truth = {
        "name": "direction.truth",
        **plumes(),
        **release_coverage(),
        "unit": "1",
        "must": 0.8,
        "workload": f"{PLUMES} plumes: share within {NEAR_DEG:g} degrees, coverage of the 90 % interval; {RELEASES} releases",
    }
    print(json.dumps(truth))


if __name__ == "__main__":
    main()
