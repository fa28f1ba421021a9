"""The jobs on a real InfluxDB and a real state database."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from analysis.forecast.daily.site_hours import DailyTarget
from analysis.run.case import cases_of_span
from analysis.run.coanalysis.daily import coanalyse
from analysis.run.forecast import backtest_stored, forecast, train_model
from analysis.run.hour_source import NoHoursError, stored_hours
from store.error import StoreRefusedError, StoreUnavailableError
from store.influx.store import Bucket, InfluxStore, WriteResult, require_accepted
from store.state import StateStore
from tests.analysis.frames import START, network_text
from tests.analysis.run.fill import filled_settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
END = START + timedelta(days=32)


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    return filled_settings(settings, tmp_path, count=3)


def test_repeated_coanalysis_stores_aqi_joint_days_and_ofp_once(filled: SharedSettings) -> None:
    first = coanalyse(filled, date(2026, 5, 20), date(2026, 5, 21), END)
    again = coanalyse(filled, date(2026, 5, 20), date(2026, 5, 21), END)
    assert first.assessments == 10  # three stations, the city and all: May, and the year up to it
    assert replace(first, assessments=0) == again
    assert (first.joint_valid_days, first.days_asked) == (6, 6)
    assert (first.stations, first.station_days, first.aqi_hours, first.ofp_hours, first.cities) == (3, 6, 144, 48, 1)
    store = InfluxStore(filled)
    daily = store.read_product("aqi_daily", START, END, "st-1")
    assert len(daily) == 2
    assert set(daily["edition"]) == {"HJ633-2026"}
    assert daily["complete"].eq(1).all()
    assert (store.read_product("ofp_hourly", START, END)["species_n"] == 9).all()


def test_stored_hours_of_a_city_are_joined_with_their_other_networks(filled: SharedSettings) -> None:
    found = stored_hours(filled, START, START + timedelta(days=1), city="210100")
    assert list(found.hourly) == list(found.by_city()["210100"])
    assert {"pm25", "wind_speed", "pm25__flag"} <= set(found.hourly["st-1"].columns)
    assert (found.source, found.zone.key, found.held_batches) == ("stored", "Asia/Shanghai", 0)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"city": "990000"}, "city '990000': no station there, expected one of"),
        ({"stations": ["st-99"]}, "unknown station 'st-99'"),
        ({"stations": ["st-1"]}, "st-1: no hour of the gas network between 2031-01-01"),
    ],
)
def test_a_place_without_hours_is_named(filled: SharedSettings, asked: dict[str, Any], words: str) -> None:
    later = datetime(2031, 1, 1, tzinfo=UTC)
    with pytest.raises(NoHoursError, match=words):
        stored_hours(filled, later, later + timedelta(days=1), **asked)


def test_the_index_of_an_hour_that_fails_later_is_removed_by_the_next_run(filled: SharedSettings) -> None:
    coanalyse(filled, date(2026, 5, 20), date(2026, 5, 21), END)
    store = InfluxStore(filled)
    before = store.read_product("aqi_hourly", START, END, "st-1")
    frame = store.read_hourly("gas", "st-1", START, END)
    store.write_hourly("gas", "st-1", frame.assign(pm25__flag=4))
    coanalyse(filled, date(2026, 5, 20), date(2026, 5, 21), END)
    after = store.read_product("aqi_hourly", START, END, "st-1")
    assert before["iaqi_pm25_1h"].notna().all()
    assert after["iaqi_pm25_1h"].isna().all()
    assert after["complete"].eq(0).all()
    assert after["held"].eq(0).all()


def test_without_a_model_72_ordered_hours_of_six_pollutants_are_stored_by_the_simple_one(
    filled: SharedSettings,
) -> None:
    summary = forecast(filled, END)
    assert set(summary.models.values()) == {"fallback-yesterday-climatology"}
    assert (summary.forecasts, summary.cities, summary.skipped, summary.model_version) == (18, 6, (), "")
    rows = InfluxStore(filled).read_product("forecast_hourly", END, END + timedelta(days=4))
    assert len(rows) == 18 * 72
    assert ((rows["q10"] <= rows["value"]) & (rows["value"] <= rows["q90"])).all()
    city = InfluxStore(filled).read_product("forecast_city_hourly", END, END + timedelta(days=4))
    assert set(city["station_id"]) == {"210100"}


def test_nothing_stored_gives_empty_summaries(settings: SharedSettings, tmp_path: Path) -> None:
    path = tmp_path / "network.toml"
    path.write_text(network_text(), encoding="utf-8")
    empty = settings.model_copy(update={"network": path})
    InfluxStore(empty).ensure()
    with StateStore(empty.state_url) as state:
        state.migrate()
    assert coanalyse(empty, date(2026, 5, 20), date(2026, 5, 20), END).stations == 0
    assert cases_of_span(empty, START, END, END).events == 0
    assert forecast(empty, END).forecasts == 0


JOBS: dict[str, Callable[[SharedSettings], object]] = {
    "coanalyse": lambda own: coanalyse(own, date(2026, 5, 20), date(2026, 5, 20), END),
    "cases": lambda own: cases_of_span(own, START, END, END),
    "forecast": lambda own: forecast(own, END),
    "train": lambda own: train_model(own, END),
    "backtest": lambda own: backtest_stored(own, DailyTarget.MDA8, END, days=7, history_days=32),
}


@pytest.mark.parametrize("job", JOBS)
@pytest.mark.parametrize("is_reached", [True, False])
def test_every_job_closes_the_store_it_opened_also_where_it_cannot_be_read(
    settings: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, job: str, *, is_reached: bool
) -> None:
    counts = {"opened": 0, "closed": 0}

    class Counted(InfluxStore):
        def __init__(self, own: SharedSettings) -> None:
            super().__init__(own)
            counts["opened"] += 1

        def close(self) -> None:
            super().close()
            counts["closed"] += 1

    path = tmp_path / "network.toml"
    path.write_text(network_text(), encoding="utf-8")
    own = settings.model_copy(update={"network": path})
    InfluxStore(own).ensure()
    if not is_reached:
        own = own.model_copy(update={"influx_url": "http://127.0.0.1:9"})
    for module in ("coanalysis.daily", "case.job", "forecast.job", "forecast.stored_backtest", "forecast.train"):
        monkeypatch.setattr(f"analysis.run.{module}.InfluxStore", Counted)
    with nullcontext() if is_reached else pytest.raises(StoreUnavailableError):
        JOBS[job](own)
    assert counts == {"opened": 1, "closed": 1}


def test_a_refused_product_fails_the_run_with_the_reason(filled: SharedSettings) -> None:
    store = InfluxStore(filled)
    line = (
        f'copollution_daily,station=st-1 pm25="text" {int(datetime(2026, 5, 19, 16, tzinfo=UTC).timestamp())}000000000'
    )
    require_accepted(store.write_lines(Bucket.PRODUCT, [line.encode()]), "the conflict")
    with pytest.raises(StoreRefusedError, match=r"lines of copollution_daily of st-0.*field type conflict"):
        coanalyse(filled, date(2026, 5, 20), date(2026, 5, 21), END)


def test_a_product_that_cannot_be_stored_fails_the_run(filled: SharedSettings) -> None:
    result = WriteResult(3, (), retry=True, detail="timeout")
    with pytest.raises(StoreUnavailableError, match="cannot take aqi_daily of st-1 now: timeout"):
        require_accepted(result, "aqi_daily of st-1")
