"""Hourly frames for tests: plain series, and a small province with a known episode."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from schemas.network.file import parse_network

if TYPE_CHECKING:
    from schemas.network import Network

START = datetime(2026, 5, 1, 16, tzinfo=UTC)  # midnight in Asia/Shanghai
PARAMETERS = {
    "gas": ("pm25", "pm10", "o3", "no2", "so2", "co"),
    "met": ("wind_speed", "wind_direction", "temperature"),
    "voc": (
        "benzene",
        "toluene",
        "ethylbenzene",
        "m_p_xylene",
        "o_xylene",
        "ethylene",
        "propylene",
        "n_hexane",
        "isoprene",
    ),
}
EPISODE_AT, EPISODE_H = 30 * 24 + 10, 6


def hours(values: object, start: datetime = START) -> pd.Series:
    array = np.asarray(values, dtype=float)
    return pd.Series(array, index=pd.date_range(start, periods=len(array), freq="h", name="start"))


def network_text(count: int = 5) -> str:
    lines = ['zone = "Asia/Shanghai"']
    for place in range(count):
        lines += [
            "[[station]]",
            f'id = "st-{place}"',
            f'name_zh = "{place}号站"',
            f'name_en = "Station {place}"',
            'city = "210100"',
        ]
        lines += [f"lon = {123.4 + 0.1 * place}", "lat = 41.8", "synthetic = true"]
        for network, names in PARAMETERS.items():
            if network == "voc" and place != 0:
                continue
            quoted = ", ".join(f'"{name}"' for name in names)
            lines += [
                "[[station.instrument]]",
                f'id = "{network}1"',
                f'network = "{network}"',
                "cadence_s = 3600",
                f"parameters = [{quoted}]",
            ]
    return "\n".join(lines)


def network(count: int = 5) -> Network:
    return parse_network(network_text(count), "test")


def province(days: int = 32, count: int = 5) -> dict[str, dict[str, pd.DataFrame]]:
    """Wind turns around; at station 0 values are high with west wind, and in one episode solvents come with it."""
    rng = np.random.default_rng(7)
    n = days * 24
    index = pd.date_range(START, periods=n, freq="h", name="start")
    hour = (np.arange(n)) % 24
    direction = (rng.normal(0, 25, n) + 360 * np.sin(np.arange(n) / 40)) % 360
    frames: dict[str, dict[str, pd.DataFrame]] = {name: {} for name in PARAMETERS}
    for place in range(count):
        level = 20 + 8 * np.sin(np.arange(n) / 30) + rng.normal(0, 2, n)
        if place == 0:
            level = level + np.where(np.abs(direction - 270) < 20, 15.0, 0.0)
            level[EPISODE_AT : EPISODE_AT + EPISODE_H] += 90.0
            direction[EPISODE_AT : EPISODE_AT + EPISODE_H] = 270.0
        ozone = 80 + 60 * np.sin((hour - 9) / 24 * 2 * np.pi) + rng.normal(0, 5, n)
        gas = {
            "pm25": level,
            "pm10": 1.6 * level,
            "o3": ozone,
            "no2": 30 + rng.normal(0, 3, n),
            "so2": np.full(n, 8.0),
            "co": np.full(n, 0.6),
        }
        frames["gas"][f"st-{place}"] = pd.DataFrame(gas, index=index)
        frames["met"][f"st-{place}"] = pd.DataFrame(
            {"wind_speed": 2.5 + rng.random(n), "wind_direction": direction, "temperature": 15 + rng.normal(0, 1, n)},
            index=index,
        )
    voc = {name: np.exp(rng.normal(0, 0.2, n)) for name in PARAMETERS["voc"]}
    for name in ("toluene", "ethylbenzene", "m_p_xylene", "o_xylene"):
        voc[name][EPISODE_AT : EPISODE_AT + EPISODE_H] *= 6.0
    frames["voc"]["st-0"] = pd.DataFrame(voc, index=index)
    return {code: {name: checked(frame) for name, frame in stations.items()} for code, stations in frames.items()}


def checked(frame: pd.DataFrame) -> pd.DataFrame:
    """Count and PASS flag of every value, as quality control writes them."""
    more = {f"{name}__{suffix}": value for name in frame for suffix, value in (("n", 60.0), ("flag", np.int8(1)))}
    return frame.assign(**more)


def episode_start() -> datetime:
    return START + timedelta(hours=EPISODE_AT)
