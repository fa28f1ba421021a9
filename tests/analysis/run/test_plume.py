"""The job on a real InfluxDB and a real state database, with a release in the air of nine stations."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from analysis.receptor.plume import AssumedRelease, PlumeInputError
from analysis.receptor.plume.forward import unit_concentration
from analysis.run.receptor.plume import locate_plume
from console.cli import build_app
from schemas.statement import is_translated, statement_text
from schemas.words import render
from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.receptor.plume.release import GRID_KM, PLANE, wind

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
BEGIN = datetime(2026, 5, 1, tzinfo=UTC)
HISTORY_H = 200
TURNING = (150.0, 190.0, 230.0, 270.0, 310.0, 350.0)
LAST = BEGIN + timedelta(hours=HISTORY_H + len(TURNING) - 1)
NOW = LAST + timedelta(hours=3)
PLACE_KM = (1.5, 2.0)
PPB_OF_UG = 1.5


def network_text() -> str:
    lines = ['zone = "Asia/Shanghai"']
    for number, place in enumerate(GRID_KM):
        lon, lat = PLANE.to_degrees(*map(float, place))
        lines += ["[[station]]", f'id = "st-{number}"', f'name_zh = "{number}号站"', f'name_en = "Station {number}"']
        lines += ['city = "210100"', f"lon = {lon}", f"lat = {lat}", "synthetic = true"]
        for code, names in (("ghg", ("ch4",)), ("met", ("wind_speed", "wind_direction", "temperature"))):
            quoted = ", ".join(f'"{name}"' for name in names)
            lines += ["[[station.instrument]]", f'id = "{code}1"', f'network = "{code}"', "cadence_s = 3600"]
            lines += [f"parameters = [{quoted}]"]
    return "\n".join(lines)


def hourly(columns: dict[str, object], index: pd.DatetimeIndex) -> pd.DataFrame:
    counts = {f"{name}__n": 60.0 for name in columns}
    flags = {f"{name}__flag": np.int8(1) for name in columns}
    return pd.DataFrame(columns | counts | flags, index=index)


@pytest.fixture
def filled(settings: SharedSettings, tmp_path: Path) -> SharedSettings:
    path = tmp_path / "network.toml"
    path.write_text(network_text(), encoding="utf-8")
    settings = settings.model_copy(update={"network": path})
    store = InfluxStore(settings)
    store.ensure()
    rng = np.random.Generator(np.random.PCG64(3))
    hours = HISTORY_H + len(TURNING)
    index = pd.date_range(BEGIN, periods=hours, freq="h", name="start")
    direction = np.concatenate([rng.uniform(0.0, 360.0, HISTORY_H), TURNING])
    for number, place in enumerate(GRID_KM):
        east, north = place - np.asarray(PLACE_KM)
        added = [
            300.0 * unit_concentration(np.array(east), np.array(north), wind(item), np.zeros(1), AssumedRelease())[0]
            for item in TURNING
        ]
        ch4 = 2000.0 + rng.normal(0.0, 5.0, hours)
        ch4[HISTORY_H:] += PPB_OF_UG * np.array(added)
        store.write_hourly("ghg", f"st-{number}", hourly({"ch4": ch4}, index))
        weather: dict[str, object] = {"wind_speed": 3.0, "wind_direction": direction, "temperature": 15.0}
        store.write_hourly("met", f"st-{number}", hourly(weather, index))
    with StateStore(settings.state_url) as state:
        state.migrate()
    return settings


def test_a_release_is_located_from_the_store_and_kept_as_a_document(filled: SharedSettings) -> None:
    product = locate_plume(filled, "st-4", "ch4", LAST, NOW)
    assert product.is_located
    east, north = PLANE.to_km(np.array(product.lon), np.array(product.lat))
    assert float(np.hypot(east - PLACE_KM[0], north - PLACE_KM[1])) < 1.0
    assert product.rate_low_kg_h is not None
    assert product.rate_high_kg_h is not None
    assert product.rate_low_kg_h < 300.0 < product.rate_high_kg_h
    assert product.distance_km == pytest.approx(2.5, abs=1.0)
    with StateStore(filled.state_url) as state:
        document = state.documents.get("plume", "st-4/ch4/2026-05-09T08:00Z")
    assert document is not None
    assert document.body["obstacles"] == []
    assert all(map(is_translated, document.body["statements"]))
    assert "Station 4" in statement_text(document.body["statements"][1], "en")
    assert {item["level"] for item in document.body["cells"]} == {0.5, 0.9}


def test_the_command_prints_the_answer_and_draws_a_map(
    filled: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.cli.shell.settings", lambda: filled)
    monkeypatch.setattr("console.cli.shell.now", lambda: NOW)
    png = tmp_path / "plume.png"
    words = ["analyse", "plume", "st-4", "--parameter", "ch4", "--at", f"{LAST:%Y-%m-%dT%H:%MZ}"]
    shown = CliRunner().invoke(build_app(["analyse"]), [*words, "--png", str(png)])
    assert shown.exit_code == 0, shown.output
    assert "kg/h" in shown.output
    assert png.read_bytes().startswith(b"\x89PNG")
    body = json.loads(CliRunner().invoke(build_app(["analyse"]), [*words, "--json"]).stdout)
    assert body["statements"][0]["zh"].startswith("CH4")
    assert body["stations"] == len(GRID_KM)


def test_quiet_hours_are_not_locatable_and_say_why(filled: SharedSettings) -> None:
    product = locate_plume(filled, "st-4", "ch4", BEGIN + timedelta(hours=150), NOW)
    assert "few_stations" in product.obstacles
    assert "3 are needed" in product.statements[0].text("en")
    assert product.cells == ()


@pytest.mark.parametrize(
    ("station", "code", "at", "what"),
    [
        ("st-99", "ch4", LAST, "station st-99 is not in the network file"),
        ("st-4", "so2", LAST, "no station within 20 km of st-4 has hours of so2"),
        ("st-4", "ch4", NOW + timedelta(hours=2), "has not come"),
        ("st-4", "ch4", BEGIN + timedelta(hours=20), "72 h of history"),
    ],
)
def test_what_cannot_be_located_is_an_error_that_says_what_is_needed(
    filled: SharedSettings, station: str, code: str, at: datetime, what: str
) -> None:
    with pytest.raises(PlumeInputError, match=what):
        locate_plume(filled, station, code, at, NOW)


@pytest.mark.parametrize(
    ("code", "at", "said"),
    [("so2", LAST, "周围20公里内没有站点"), ("ch4", BEGIN + timedelta(hours=20), "没有站点有72小时的历史数据")],
)
def test_missing_data_are_said_in_the_language_of_the_reader(
    filled: SharedSettings, code: str, at: datetime, said: str
) -> None:
    with pytest.raises(PlumeInputError) as raised:
        locate_plume(filled, "st-4", code, at, NOW)
    assert raised.value.reason is not None
    assert said in render(raised.value.reason, "zh")
