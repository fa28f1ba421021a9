"""Models of the hourly forecast on a real InfluxDB: training, promotion, and files that are refused."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from analysis.forecast.hourly.model import HourlyOptions
from analysis.forecast.hourly.model_file import HEAD, ModelFileError
from analysis.forecast.hourly.promotion import PromotionDecision
from analysis.run.forecast import forecast, train_model
from analysis.run.forecast.model_store import (
    describe,
    folder_of,
    list_models,
    load_in_force,
    put_in_force,
    versions_in_force,
)
from analysis.run.forecast.train import promote
from schemas.reason import Reason
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.frames import START
from tests.analysis.run.fill import filled_settings

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = [pytest.mark.integration, pytest.mark.slow]
END = START + timedelta(days=40)
QUICK = HourlyOptions(rows=1000, trees=5, folds=2, samples=40, targets=("pm25", "o3"))


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SharedSettings:
    monkeypatch.setattr("analysis.run.forecast.train.RECENT_D", 2)
    return filled_settings(settings, tmp_path, 40, 2, run_dir=tmp_path / "run")


def decided(*, is_better: bool) -> PromotionDecision:
    kind = "better" if is_better else "pinball_worse"
    return PromotionDecision(is_better=is_better, reason=Reason("promotion", kind, {"ratio": 0.5}, scope="forecast"))


def test_a_model_in_force_is_used_and_replaced_only_by_a_readable_one(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = train_model(filled, END, options=QUICK)
    assert (first.targets, first.series) == (("pm25", "o3"), 3)
    assert set(first.decisions) == {"pm25", "o3"}
    assert first.score is not None
    promote(filled, first.version, is_dry_run=False)
    assert first.score.model["o3"]["mae"] < first.score.persistence["o3"]["mae"]
    summary = forecast(filled, END)
    assert summary.model_version == first.version
    assert (summary.models["o3"], summary.models["so2"]) == ("lightgbm", "fallback-yesterday-climatology")
    rows = InfluxStore(filled).read_product("forecast_hourly", END, END + timedelta(days=4))
    assert set(rows[rows["parameter"] == "o3"]["model_version"]) == {first.version}

    worse = dict.fromkeys(("pm25", "o3"), decided(is_better=False))
    monkeypatch.setattr("analysis.run.forecast.train.decide", lambda *_: worse)
    second = train_model(filled, END - timedelta(days=2), options=QUICK)
    assert second.version != first.version
    with StateStore(filled.state_url) as state:
        put_in_force(state, second.version)
        assert [item.version for item in list_models(state)] == [second.version, first.version]
    tree = folder_of(filled, second.version) / "o3-0-value.txt"
    tree.write_bytes(tree.read_bytes() + b"\n")
    summary = forecast(filled, END)
    assert summary.model_version == first.version
    assert len(summary.refused) == 1
    assert "o3-0-value.txt: its SHA-256 differs" in summary.refused[0]
    with pytest.raises(ModelFileError, match="SHA-256"):
        promote(filled, second.version, is_dry_run=False)

    (folder_of(filled, first.version) / HEAD).unlink()
    summary = forecast(filled, END)
    assert summary.model_version == ""
    assert set(summary.models.values()) == {"fallback-yesterday-climatology"}
    assert len(summary.refused) == 2


def test_a_rehearsed_promotion_changes_nothing(filled: SharedSettings) -> None:
    found = train_model(filled, END, options=QUICK)
    promote(filled, found.version, is_dry_run=False)
    with StateStore(filled.state_url) as state:
        before = versions_in_force(state)
        assert promote(filled, found.version, is_dry_run=True) == found.version
        assert versions_in_force(state) == before
        assert load_in_force(filled, state).version == found.version
    with pytest.raises(ModelFileError, match="no such model"):
        promote(filled, "x", is_dry_run=True)


def test_pollutants_are_promoted_one_by_one(filled: SharedSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad = decided(is_better=True), decided(is_better=False)
    monkeypatch.setattr("analysis.run.forecast.train.decide", lambda *_: {"pm25": bad, "o3": good})
    first = train_model(filled, END - timedelta(days=1), options=QUICK)
    assert (first.promoted, first.in_force != first.version) == (True, True)
    models = forecast(filled, END).models
    assert (models["o3"], models["pm25"]) == ("lightgbm", "fallback-yesterday-climatology")
    monkeypatch.setattr("analysis.run.forecast.train.decide", lambda *_: {"pm25": good, "o3": bad})
    second = train_model(filled, END, options=QUICK)
    summary = forecast(filled, END + timedelta(hours=1))
    assert (summary.models["o3"], summary.models["pm25"]) == ("lightgbm", "lightgbm")
    assert summary.model_version == second.in_force
    with StateStore(filled.state_url) as state:
        stored = describe(state, second.in_force)
    assert stored is not None
    assert stored.sources == {"pm25": second.version, "o3": first.version}


def test_too_few_days_train_no_model_and_say_why(filled: SharedSettings) -> None:
    found = train_model(filled, START + timedelta(days=20), options=QUICK)
    assert (found.version, found.promoted) == ("", False)
    assert "too_little_history" in found.reason
