"""Drift of a station against the others of its network."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qc.hourly.drift.flagging import flag_drift
from qc.run.limits import load_thresholds
from schemas.flag import Flag
from schemas.frames import FLAG
from schemas.words import sentence

DAYS = 30
INDEX = pd.date_range("2026-06-01", periods=24 * DAYS, freq="h", tz="UTC", name="start", unit="us")
LIMITS = load_thresholds()


def network(drifts: dict[str, float], stations: int = 5) -> dict[str, pd.DataFrame]:
    """Stations with a daily course, noise, an offset each, and a gain that grows to the given part."""
    rng = np.random.default_rng(42)
    made = {}
    for number in range(stations):
        course = 2000 + 40 * np.sin(np.arange(len(INDEX)) / 24 * 2 * np.pi) + 15 * number + rng.normal(0, 5, len(INDEX))
        gain = 1 + drifts.get(f"s{number}", 0.0) * np.linspace(0, 1, len(INDEX))
        made[f"s{number}"] = pd.DataFrame({"ch4": course * gain, "ch4" + FLAG: np.int8(Flag.PASS)}, index=INDEX)
    return made


def test_only_the_station_that_drifts_is_suspect_and_only_when_it_is_far_off() -> None:
    records, unevaluated = flag_drift(network({"s2": 0.08}), LIMITS, network="ghg", month=6)
    assert set(records["station_id"]) == {"s2"}
    assert set(records["flag"]) == {int(Flag.SUSPECT)}
    assert records["start"].min() > INDEX[24 * 12]
    assert records["start"].max() == INDEX[-1]
    assert "4 other stations" in sentence(records["reason"].iloc[0], "en")
    assert not unevaluated


def test_steady_stations_are_not_flagged() -> None:
    assert flag_drift(network({}), LIMITS, network="ghg", month=6)[0].empty


def test_without_enough_neighbours_stations_are_counted_and_not_evaluated() -> None:
    records, unevaluated = flag_drift(network({"s0": 0.2}, stations=3), LIMITS, network="ghg", month=6)
    assert records.empty
    assert unevaluated == ["s0/ch4", "s1/ch4", "s2/ch4"]


def test_failed_hours_are_excluded_from_neighbour_comparisons() -> None:
    hours = network({})
    for name in ("s1", "s2", "s3"):
        hours[name]["ch4"] *= np.linspace(1, 1.5, len(INDEX))
        hours[name]["ch4" + FLAG] = np.int8(Flag.FAIL)
    assert flag_drift(hours, LIMITS, network="ghg", month=6)[0].empty


def test_no_hours_give_no_flags() -> None:
    assert flag_drift({}, LIMITS, network="ghg", month=6)[0].empty
    assert flag_drift({"a": network({})["s0"].iloc[:0]}, LIMITS, network="ghg", month=6)[0].empty
