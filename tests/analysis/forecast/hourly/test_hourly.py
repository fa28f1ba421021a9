"""Hourly forecast: no look ahead, calibrated quantiles, fallback, range, files that are refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd
import pytest

from analysis.forecast.hourly.calibration import calibrated, conformal_quantiles
from analysis.forecast.hourly.feature import FeatureMaker, LeadPairs, all_pairs
from analysis.forecast.hourly.grid import LAST_LEAD_H, LEVELS, TARGETS, HourGrid, city_frames, hour_grid
from analysis.forecast.hourly.issue import issue, product
from analysis.forecast.hourly.model import ForecastKind, HourlyModel, composed, predict
from analysis.forecast.hourly.model_file import HEAD, ModelFileError, ModelHead, from_files, to_files
from analysis.forecast.hourly.out_of_range import out_of_range
from analysis.forecast.hourly.promotion import decide
from analysis.forecast.hourly.training import train
from analysis.forecast.hourly.verify import ScoreSum, Verification, scores, verify
from schemas.words import render
from tests.analysis.forecast.hourly.air import QUICK, ZONE, frames, grid, trained

if TYPE_CHECKING:
    from numpy.typing import NDArray

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def known() -> HourGrid:
    return grid()


@pytest.fixture(scope="module")
def fitted(known: HourGrid) -> tuple[HourlyModel, int]:
    return trained(known)


def test_features_of_an_origin_do_not_change_when_the_future_does() -> None:
    cut = 20 * 24
    changed = {name: frame.copy() for name, frame in frames(30).items()}
    for frame in changed.values():
        frame.iloc[cut:] = 999.0
    pairs = all_pairs(3, cut, last_lead=LAST_LEAD_H, weather=np.zeros((3, LAST_LEAD_H), dtype=bool))
    made = []
    for found in (grid(30), hour_grid(changed, ZONE)):
        assert found is not None
        made.append(FeatureMaker(found).matrix("pm25", pairs, is_seasonal=True)[0])
    np.testing.assert_array_equal(made[0], made[1])


def test_a_model_does_not_depend_on_hours_after_its_training_data() -> None:
    long, end = grid(45), 35 * 24
    short = hour_grid({name: frame.iloc[: end + 24] for name, frame in frames(45).items()}, ZONE)
    assert short is not None
    models = [train(item, before=long.hours[end], options=QUICK, levels={}) for item in (long, short)]
    texts = [to_files(item, code_version="x", settings=QUICK) for item in models if item is not None]
    assert len(texts) == 2
    assert texts[0] == texts[1]


def test_the_90_percent_interval_covers_90_percent_at_near_and_far_leads(
    known: HourGrid, fitted: tuple[HourlyModel, int]
) -> None:
    model, end = fitted
    maker, rng = FeatureMaker(known), np.random.default_rng(1)
    for first, last in ((1, 24), (25, 96)):
        row = rng.integers(end, len(known.hours) - LAST_LEAD_H, 6000)
        pairs = LeadPairs(
            rng.integers(0, 3, 6000), row, rng.integers(first, last + 1, 6000), np.zeros(6000, dtype=bool)
        )
        for target in ("pm25", "o3"):
            _, levels, _ = predict(model, maker, target, pairs)
            observed = maker.observed(target, pairs)
            inside = (observed >= levels[:, LEVELS.index(0.05)]) & (observed <= levels[:, LEVELS.index(0.95)])
            assert 0.85 <= inside.mean() <= 0.95, (target, first)


def test_conformal_quantiles_cover_what_they_say_on_skewed_residuals() -> None:
    rng = np.random.default_rng(2)
    one = np.ones(4000)
    found = conformal_quantiles(rng.exponential(1.0, 4000), one, np.full(4000, 10)).quantiles[9, 0]
    fresh = rng.exponential(1.0, 20_000)
    share = ((fresh >= found[LEVELS.index(0.05)]) & (fresh <= found[LEVELS.index(0.95)])).mean()
    assert share == pytest.approx(0.9, abs=0.015)


def test_the_interval_covers_calm_and_unsettled_hours_alike() -> None:
    rng = np.random.default_rng(3)

    def residuals(n: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        # what is predicted to be calm is calmer than predicted, and the unsettled more unsettled
        spread = np.exp(rng.normal(0.0, 0.5, n))
        return rng.normal(0.0, 1.0, n) * spread**0.7, spread

    lead = np.full(4000, 10)
    calibration = conformal_quantiles(*residuals(4000), lead)
    fresh, spread = residuals(20_000)
    found = calibrated(calibration, spread, np.full(20_000, 10))
    inside = (fresh >= found[:, LEVELS.index(0.05)]) & (fresh <= found[:, LEVELS.index(0.95)])
    for part in np.array_split(spread.argsort(), 5):
        assert inside[part].mean() == pytest.approx(0.9, abs=0.03)
    assert (np.diff(found, axis=1) >= 0).all()


def test_intervals_with_weather_ahead_are_wider_by_the_factor_of_their_lead(
    known: HourGrid, fitted: tuple[HourlyModel, int]
) -> None:
    model, end = fitted
    single = replace(model, targets={"pm25": replace(model.targets["pm25"], widening=(1.0, 1.0, 1.0, 1.0, 2.0))})
    double = replace(model, targets={"pm25": replace(model.targets["pm25"], widening=(1.0, 1.0, 1.0, 1.0, 4.0))})
    maker = FeatureMaker(known)
    for lead, ratio in ((60, 1.0), (90, 2.0)):
        for weather in (False, True):
            pairs = LeadPairs(
                np.zeros(50, dtype=np.int64), end + np.arange(50), np.full(50, lead), np.full(50, weather)
            )
            narrow, wide = (predict(item, maker, "pm25", pairs)[1] for item in (single, double))
            width = (wide[:, 11] - wide[:, 7]) / (narrow[:, 11] - narrow[:, 7])
            np.testing.assert_allclose(width, ratio if weather else 1.0, rtol=1e-6)
            np.testing.assert_allclose(wide[:, 7], narrow[:, 7])


def test_known_weather_ahead_makes_the_forecast_better(known: HourGrid, fitted: tuple[HourlyModel, int]) -> None:
    model, end = fitted
    maker, rng = FeatureMaker(known), np.random.default_rng(3)
    row, lead = rng.integers(end, len(known.hours) - LAST_LEAD_H, 3000), rng.integers(25, 73, 3000)
    errors = []
    for weather in (False, True):
        pairs = LeadPairs(np.zeros(3000, dtype=np.int64), row, lead, np.full(3000, weather))
        centre, _, _ = predict(model, maker, "pm25", pairs)
        errors.append(float(np.abs(centre.middle - maker.observed("pm25", pairs)).mean()))
    assert errors[1] < 0.95 * errors[0]


def test_an_issue_has_72_ordered_hours_of_each_station_and_pollutant(
    known: HourGrid, fitted: tuple[HourlyModel, int]
) -> None:
    origin = known.hours[-1] + pd.Timedelta(hours=1)
    found, skipped = issue(known, fitted[0], origin, dict.fromkeys(TARGETS, known.series))
    assert {item.target: item.kind for item in found} == {
        "pm25": ForecastKind.BOOSTED, "o3": ForecastKind.BOOSTED, "pm10": ForecastKind.SIMPLE, "no2": ForecastKind.SIMPLE,
    }  # fmt: skip
    assert sorted(skipped) == sorted(f"s{place}/{target}" for place in range(3) for target in ("so2", "co"))
    for item in found:
        rows = product(item, origin, "v")
        assert (len(rows), rows.index[0]) == (72, origin)
        ordered = rows[["q05", "q10", "value", "q90", "q95"]].to_numpy()
        assert (np.diff(ordered, axis=1) >= 0).all()


def test_what_is_warned_of_is_issued_and_counted(known: HourGrid, fitted: tuple[HourlyModel, int]) -> None:
    model, end = fitted
    cuts = model.targets["pm25"].cuts
    assert [[len(group) for group in mode] for mode in cuts] == [[3] * 5] * 2
    assert all(cut.events > 20 for mode in cuts for group in mode for cut in group[:2])
    origin = known.hours[-1] + pd.Timedelta(hours=1)
    (item,) = issue(known, model, origin, {"pm25": ["s0"]})[0]
    rows = product(item, origin, "v")
    assert (rows["warn"] != rows["value"]).any()
    assert rows["warn"].between(0, rows["q95"].max() * 1.1).all()
    # other cuts change the warnings that the score counts, and nothing else
    eager = tuple(
        tuple(tuple(msgspec.structs.replace(cut, share=0.95) for cut in group) for group in mode) for mode in cuts
    )
    often = replace(model, targets={"pm25": replace(model.targets["pm25"], cuts=eager)})
    ours, theirs = (verify(known, item, end, end + 100, {"pm25": 75.0}).model["pm25"] for item in (often, model))
    assert ours.hits + ours.false_alarms > theirs.hits + theirs.false_alarms
    assert (ours.hits + ours.misses, ours.absolute) == (theirs.hits + theirs.misses, theirs.absolute)


def test_without_a_model_the_simple_one_is_named_and_used() -> None:
    short = grid(5)
    origin = short.hours[-1] + pd.Timedelta(hours=1)
    assert train(short, before=origin, options=QUICK, levels={}) is None
    found, _ = issue(short, None, origin, {"pm25": short.series})
    assert {item.kind for item in found} == {ForecastKind.SIMPLE}
    assert all(np.isfinite(item.quantiles[:72]).all() for item in found)


def test_a_series_without_a_recent_hour_gets_no_forecast(known: HourGrid, fitted: tuple[HourlyModel, int]) -> None:
    values = np.array(known.values)
    values[0, -7:, 1] = np.nan
    silent = replace(known, values=values)
    found, skipped = issue(silent, fitted[0], known.hours[-1] + pd.Timedelta(hours=1), {"pm25": known.series})
    assert ([item.series for item in found], skipped) == (["s0", "s2"], ["s1/pm25"])


def test_a_forecast_of_few_hours_of_the_day_is_not_issued() -> None:
    short = grid(5)
    values = np.array(short.values)
    values[:, :-4] = np.nan
    found, skipped = issue(
        replace(short, values=values), None, short.hours[-1] + pd.Timedelta(hours=1), {"pm25": short.series}
    )
    assert found == []
    assert skipped == [f"{name}/pm25" for name in short.series]


def test_inputs_outside_the_training_range_are_named(known: HourGrid, fitted: tuple[HourlyModel, int]) -> None:
    model = fitted[0].targets["pm25"]
    inside = ((model.low + model.high) / 2).astype(np.float32)
    asked = {"age_h": 0.0, "series": "s0", "trained_on": ("s0",)}
    assert out_of_range(model, inside, **asked) is None  # type: ignore[arg-type]  # by name
    far = inside.copy()
    far[model.names.index("mean_24h")] = 900.0
    why = out_of_range(model, far, **asked)  # type: ignore[arg-type]  # by name
    assert why is not None
    assert "PM2.5" in render(why, "en")
    assert "900" in render(why, "en")
    assert out_of_range(model, inside, age_h=5.0, series="s0", trained_on=("s0",)).kind == "stale"  # type: ignore[union-attr]
    assert out_of_range(model, inside, age_h=0.0, series="x", trained_on=("s0",)).kind == "unknown_station"  # type: ignore[union-attr]


def test_a_model_read_back_forecasts_the_same(known: HourGrid, fitted: tuple[HourlyModel, int]) -> None:
    again = from_files(to_files(fitted[0], code_version="x", settings=QUICK))
    origin, wanted = known.hours[-1] + pd.Timedelta(hours=1), {"pm25": known.series}
    for ours, theirs in zip(
        issue(known, fitted[0], origin, wanted)[0], issue(known, again, origin, wanted)[0], strict=True
    ):
        np.testing.assert_allclose(ours.quantiles, theirs.quantiles, rtol=1e-6)
        np.testing.assert_allclose(ours.warn, theirs.warn, rtol=1e-6)
    np.testing.assert_array_equal(again.ranks, fitted[0].ranks)


def test_files_that_do_not_match_are_refused_with_name_and_reason(fitted: tuple[HourlyModel, int]) -> None:
    files = to_files(fitted[0], code_version="x", settings=QUICK)
    trees = "pm25-0-value.txt"
    head = msgspec.json.decode(files[HEAD], type=ModelHead)
    changed = {
        f"{trees}: its SHA-256": files | {trees: files[trees] + b" "},
        f"{trees}: absent": {name: content for name, content in files.items() if name != trees},
        f"{HEAD}: format 99": files | {HEAD: msgspec.json.encode(msgspec.structs.replace(head, format=99))},
        f"{HEAD}: format 3, expected 4": files | {HEAD: b'{"format": 3, "targets": []}'},
        f"{HEAD}: absent": {},
        f"{HEAD}: .*truncated": files | {HEAD: files[HEAD][:-9]},
        "features, expected": files
        | {HEAD: msgspec.json.encode(msgspec.structs.replace(head, targets=(
            msgspec.structs.replace(head.targets[0], names=head.targets[0].names[:-1]), *head.targets[1:]
        )))},
    }  # fmt: skip
    for message, found in changed.items():
        with pytest.raises(ModelFileError, match=message):
            from_files(found)


def test_a_city_is_the_mean_of_its_stations_where_half_are_valid() -> None:
    index = pd.date_range("2026-05-01", periods=2, freq="h", tz="UTC", name="start")
    stations = {name: pd.DataFrame({"pm25": values}, index=index) for name, values in (
        ("a", [10.0, 10.0]), ("b", [20.0, np.nan]), ("c", [30.0, np.nan]),
    )}  # fmt: skip
    city = city_frames(stations, {"210100": ("a", "b", "c"), "210200": ("x",)})
    assert list(city) == ["210100"]
    assert city["210100"]["pm25"].iloc[0] == 20.0
    assert np.isnan(city["210100"]["pm25"].iloc[1])


def test_doubled_and_unsorted_hours_give_the_same_grid() -> None:
    ordered = frames(5, 1)["s0"]
    doubled = pd.concat([ordered.iloc[::-1], ordered.iloc[5:9]])
    first, second = hour_grid({"a": ordered}, ZONE), hour_grid({"a": doubled}, ZONE)
    assert first is not None
    assert second is not None
    np.testing.assert_array_equal(first.values, second.values)


def verification(
    pinball: float, hits: int = 50, absolute: float = 1.0, *, covered: int = 90, misses: int | None = None
) -> Verification:
    missed = 60 - hits if misses is None else misses
    ours = ScoreSum(
        n=100, absolute=absolute * 100, pinball=pinball * 100, hits=hits, misses=missed, covered=covered, interval_n=100
    )
    return Verification(model={"pm25": ours}, persistence={"pm25": ScoreSum(n=100, absolute=200.0)})


@pytest.mark.parametrize(
    ("candidate", "in_force", "kind"),
    [
        (verification(1.0), verification(1.1), "better"),
        (verification(1.2), verification(1.1), "pinball_worse"),
        (verification(1.0, hits=40), verification(1.1), "csi_worse"),
        # too few events for a CSI: the quantiles decide
        (verification(1.0, hits=5, misses=9), verification(1.1, hits=9, misses=5), "better"),
        (verification(1.0), None, "better_than_persistence"),
        (verification(1.0, absolute=3.0), None, "worse_than_persistence"),
        (Verification(model={}, persistence={}), None, "nothing_scored"),
        (verification(1.0, covered=74), None, "coverage"),
        (verification(1.0, covered=100), verification(1.1), "coverage"),
    ],
)
def test_a_model_is_promoted_only_if_it_is_not_worse(
    candidate: Verification, in_force: Verification | None, kind: str
) -> None:
    is_better, why = decide(candidate, in_force, ["pm25"])["pm25"]
    assert (is_better, why.kind) == (kind.startswith("better"), kind)
    assert render(why, "zh") != render(why, "en")


def test_a_bad_pollutant_does_not_block_the_others() -> None:
    good, bad = verification(1.0), verification(1.0, covered=50)
    both = Verification(
        model={"pm25": good.model["pm25"], "o3": bad.model["pm25"]},
        persistence={"pm25": good.persistence["pm25"], "o3": bad.persistence["pm25"]},
    )
    found = decide(both, None, ["pm25", "o3"])
    assert {target: item.is_better for target, item in found.items()} == {"pm25": True, "o3": False}


def test_a_composed_model_forecasts_each_pollutant_with_its_own_model(
    known: HourGrid, fitted: tuple[HourlyModel, int]
) -> None:
    model = fitted[0]
    newer = replace(
        model,
        targets={name: replace(item, widening=(2.0,) * 5, series=("s0",)) for name, item in model.targets.items()},
    )
    whole = from_files(to_files(composed(newer, model, {"o3"}), code_version="x", settings=QUICK))
    assert {name: item.widening[0] for name, item in whole.targets.items()} == {"pm25": 1.0, "o3": 2.0}
    assert set(composed(newer, None, {"o3"}).targets) == {"o3"}
    origin = known.hours[-1] + pd.Timedelta(hours=1)
    found, _ = issue(known, whole, origin, {"pm25": known.series, "o3": known.series})
    marked = {(item.series, item.target) for item in found if "unknown_station" in item.out_of_range}
    assert marked == {("s1", "o3"), ("s2", "o3")}


def test_the_model_beats_persistence_over_the_same_pairs(known: HourGrid, fitted: tuple[HourlyModel, int]) -> None:
    found = verify(known, fitted[0], fitted[1], len(known.hours), {"pm25": 60.0})
    for target in ("pm25", "o3"):
        ours, theirs = scores(found.model[target]), scores(found.persistence[target])
        assert ours.n == theirs.n > 0
        assert (ours.mae or 9e9) < (theirs.mae or 0)
    assert found.model["so2"].n == 0
