"""Joint pollution and the relation of PM2.5 to O3, stored by season."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pandas as pd
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from analysis.coanalysis.product import joint_products
from analysis.report.stored_case import CASE
from analysis.run.case.case_document import stored_cases
from analysis.run.coanalysis.joint_pollution import JOINT, RELATION, episodes_of_case, joint_of_days
from analysis.run.hours import save_product
from analysis.run.to_json import to_json
from analysis.statistics.aqi_frame import daily_statistics
from console.cli import build_app
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.frames import START, checked, province
from tests.analysis.run.fill import filled_settings
from tests.console.build import stored_case

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
ZONE = ZoneInfo("Asia/Shanghai")
NOW = START + timedelta(days=32, hours=2)
LAST = date(2026, 6, 2)
CASE_KEY = "st-0/o3/2026-05-20T00:00Z"


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    """On 2026-05-19 and the day after both pollutants exceed at station 0; a case file has O3 there on the second day."""
    own = filled_settings(settings, tmp_path, count=2)
    frame = province(32, 1)["gas"]["st-0"].copy()
    joint = (frame.index >= "2026-05-18T16:00Z") & (frame.index < "2026-05-20T16:00Z")
    frame.loc[joint, "pm25"], frame.loc[joint, "o3"] = 90.0, 190.0
    InfluxStore(own).write_hourly("gas", "st-0", checked(frame[["pm25", "o3", "no2"]]))
    with StateStore(own.state_url) as state:
        for hour, place in ((4, "st-0"), (5, "st-1")):
            case = stored_case(place, "o3", datetime(2026, 5, 20, hour, tzinfo=UTC)).case
            case = replace(case, event=replace(case.event, stations=(place,), parameters=("o3",)))
            state.documents.put(CASE, case.key, to_json(case))
    return own


def test_seasons_that_the_days_touch_are_stored_once_and_episodes_name_their_case_files(filled: SharedSettings) -> None:
    run = joint_of_days(filled, date(2026, 5, 31), LAST, NOW)
    assert (run.seasons, run.stations, run.episodes, run.linked) == (("2026-03-01", "2026-06-01"), 2, 1, 1)
    assert joint_of_days(filled, date(2026, 5, 31), LAST, NOW) == run
    with StateStore(filled.state_url) as state:
        spring, summer = body(state, JOINT, "st-0/2026-03-01"), body(state, JOINT, "st-0/2026-06-01")
        relation = body(state, RELATION, "st-0/2026-03-01")
        episodes = [episodes_of_case(state, case.case, ZONE) for case in stored_cases(state)]
        versions = [len(state.documents.list_versions(kind, "st-0/2026-03-01")) for kind in (JOINT, RELATION)]
        assert state.documents.get(RELATION, "st-0/2026-06-01") is None  # no week of the summer is over
    assert versions == [1, 1]
    ((of_case,),) = [found for found in episodes if found]  # the case file of the other station has none
    assert (of_case.station_id, str(of_case.first), of_case.days) == ("st-0", "2026-05-19", 2)
    (episode,) = spring["summary"]["episodes"]
    assert (episode["first"], episode["last"], episode["cases"]) == ("2026-05-19", "2026-05-20", [CASE_KEY])
    assert (spring["is_final"], summer["is_final"], summer["summary"]["days"]["total"]) == (True, False, 2)
    assert (relation["is_final"], relation["relation"]["hours"]) == (True, 30 * 24)


def test_days_episodes_and_relations_are_exported(
    filled: SharedSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    joint_of_days(filled, date(2026, 5, 31), LAST, NOW)
    with closing(InfluxStore(filled)) as store:
        hourly = store.read_hourly("gas", "st-0", START, NOW)
        days, _ = joint_products(hourly, daily_statistics(hourly, filled.stations.timezone), filled.stations.timezone)
        save_product(store, "copollution_daily", "st-0", days)
    for name in ("run_dir", "influx_url", "influx_database", "state_url", "network"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(filled, name)))
    tables = {}
    for product in ("joint-days", "joint-episodes", "relations"):
        path = tmp_path / f"{product}.csv"
        words = ["export", "--product", product, "--from", "2026-03-01", "--to", "2026-06-02", "--output", str(path)]
        done = CliRunner().invoke(build_app(["export"]), words)
        assert done.exit_code == 0, done.output
        tables[product] = pd.read_csv(path, comment="#")
    assert tables["joint-days"]["class"].value_counts()["both"] == 2
    assert tables["joint-episodes"][["station_id", "first", "cases"]].to_numpy().tolist() == [
        ["st-0", "2026-05-19", CASE_KEY]
    ]
    assert set(tables["relations"]["second"]) == {"o3", "ox"}
    assert tables["relations"]["r"].notna().any()


def test_an_earlier_day_that_is_computed_once_more_does_not_shorten_the_season(filled: SharedSettings) -> None:
    joint_of_days(filled, LAST, LAST, NOW)
    joint_of_days(filled, date(2026, 6, 1), date(2026, 6, 1), NOW)
    with StateStore(filled.state_url) as state:
        assert len(state.documents.list_versions(JOINT, "st-0/2026-06-01")) == 1


def body(state: StateStore, kind: str, key: str) -> dict[str, Any]:
    found = state.documents.get(kind, key)
    assert found is not None, key
    return found.body
