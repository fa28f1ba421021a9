"""The wind of an episode against the wind of other days."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from analysis.receptor.direction import Direction, DirectionBasis, leading_direction
from analysis.receptor.direction.cluster import Cluster, cluster_of
from analysis.receptor.direction.event import scores_of
from analysis.receptor.direction.leading import LEAST_FACTOR, basis_of, disagreement
from analysis.receptor.direction.other_winds import FEWEST_DAYS, WindTest, compare_with_winds
from schemas.interval import Interval
from schemas.statement import Confidence, Statement

PLACES = {"a": (123.40, 41.80), "b": (123.45, 41.80), "c": (123.38, 41.83), "d": (123.38, 41.77)}
HOURS, LAST = 30 * 24 + 4, 4
INDEX = pd.date_range("2026-05-01", periods=HOURS, freq="h", tz="UTC", name="start")
WINDOW = Interval(INDEX[-LAST].to_pydatetime(), (INDEX[-1] + pd.Timedelta(hours=1)).to_pydatetime())


def values(stations: dict[str, list[float]]) -> pd.DataFrame:
    rng = np.random.Generator(np.random.PCG64(1))
    found = pd.DataFrame(rng.normal(20.0, 2.0, (HOURS, 4)), index=INDEX, columns=list(PLACES))
    for name, added in stations.items():
        found.loc[INDEX[-LAST:], name] += added
    return found


def daily_wind(seed: int, own: float | list[float]) -> pd.Series:
    """A steady wind each day, another one the next day; the last hours have their own."""
    rng = np.random.Generator(np.random.PCG64(seed))
    angle = np.repeat(rng.uniform(0, 360, HOURS // 24 + 1), 24)[:HOURS]
    angle[-LAST:] = own
    return pd.Series(angle, index=INDEX)


def cluster(added: dict[str, list[float]], angle: pd.Series, speed: float = 3.0) -> Cluster:
    wind = pd.DataFrame({"a": angle})
    return cluster_of(values(added), (wind * 0 + speed, wind), places=PLACES, station_id="a", window=WINDOW)


def compared(added: dict[str, list[float]], angle: pd.Series) -> WindTest | None:
    found = cluster(added, angle)
    return compare_with_winds(found, scores_of(found)[0])


def named(added: dict[str, list[float]], angle: pd.Series) -> Direction:
    wind = pd.DataFrame({"a": angle})
    return leading_direction(values(added), wind * 0 + 3.0, wind, places=PLACES, station_id="a", window=WINDOW)


ALONG = {"b": [60.0] * LAST, "a": [30.0] * LAST}
"""A plume that meets b, and a behind it: the wind blows along the line of both, from the east."""


def test_an_excess_that_ends_when_the_wind_turns_holds_against_other_days() -> None:
    result = named({"a": [60.0, 60.0, 0.0, 0.0]}, daily_wind(2, [90.0, 90.0, 180.0, 180.0]))
    assert result.basis is DirectionBasis.EVENT
    assert result.from_deg == pytest.approx(90.0, abs=15.0)
    assert result.winds is not None
    assert (result.winds.better, result.winds.factor > LEAST_FACTOR) == (0, True)
    assert result.chance is not None
    assert result.winds.chance <= result.chance <= 0.05


def test_the_same_excess_with_a_wind_that_turns_the_other_way_round_is_not_named() -> None:
    found = compared({"a": [60.0, 60.0, 0.0, 0.0]}, daily_wind(2, [60.0, 120.0, 90.0, 90.0]))
    assert found is not None
    assert basis_of(found) is DirectionBasis.WIND


def test_an_excess_of_one_station_in_a_steady_wind_rarely_holds() -> None:
    found = [compared({"a": [60.0] * LAST}, daily_wind(seed, 200.0)) for seed in range(2, 12)]
    assert len(found) == 10
    assert sum(item is not None and basis_of(item) is DirectionBasis.EVENT for item in found) <= 3


def test_a_wind_that_blows_every_day_is_no_evidence() -> None:
    result = named(ALONG, pd.Series(90.0, index=INDEX))
    assert (result.basis, result.from_deg) == (None, None)
    assert str(result.reasons[0].key).endswith("direction.other_winds")
    assert result.winds is not None
    assert (result.winds.chance, result.winds.better) == (1.0, result.winds.days)


def test_winds_of_other_days_hold_as_rarely_as_the_chance_says() -> None:
    series = daily_wind(3, 90.0)
    rolled = [pd.Series(np.roll(series.to_numpy(), 24 * days), index=INDEX) for days in range(2, 28)]
    chances = np.array([item.chance for item in (compared(ALONG, angle) for angle in rolled) if item is not None])
    assert len(chances) == len(rolled)
    assert (chances <= 0.05).mean() <= 0.1
    assert 0.3 <= (chances <= 0.5).mean() <= 0.7


def test_a_deduced_wind_states_how_many_days_would_do() -> None:
    result = next(
        item
        for item in (named(ALONG, daily_wind(seed, 90.0)) for seed in range(40))
        if item.basis is DirectionBasis.WIND
    )
    first = result.reasons[0]
    assert str(first.key).endswith("direction.wind")
    assert result.winds is not None
    assert first.figures["better"] == result.winds.better >= 1
    said = Statement(topic="direction", key=first.key or "", figures=first.figures, confidence=Confidence.LOW)
    assert f"the wind of {result.winds.better} of {result.winds.days} days before" in said.text("en")
    assert "不构成证明" in said.text("zh")


def test_calm_hours_take_the_last_direction_and_too_many_are_no_test() -> None:
    angle = daily_wind(2, 90.0)
    angle.iloc[-1] = np.nan
    assert compared(ALONG, angle) is not None
    angle.iloc[-3:] = np.nan
    assert compared(ALONG, angle) is None
    assert disagreement(None) == "few_winds"


def test_fewer_days_with_wind_are_no_test() -> None:
    angle = daily_wind(2, 90.0)
    angle.iloc[: -24 * FEWEST_DAYS] = np.nan
    assert compared(ALONG, angle) is None


@pytest.mark.parametrize(("chance", "kind"), [(0.04, None), (0.5, None), (0.51, "other_winds")])
def test_a_wind_that_most_other_days_beat_is_not_named(chance: float, kind: str | None) -> None:
    assert disagreement(WindTest(chance=chance, better=1, days=25, factor=5.0)) == kind
