"""A running console over real databases with a few stations in them."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from alerts.run.case import NoEvidence, NoticeTarget, assign_cases
from analysis.report.stored_case import CASE
from analysis.run.forecast import forecast
from analysis.run.to_json import to_json
from console.local.process import http_answers, wait_until
from console.local.settings import free_ports
from schemas.alert import AlertState, AlertTransition, RuleKind, Severity
from schemas.interval import Interval, floor_hour
from schemas.message import RawMessage, Topic
from schemas.reading import Reading, Rejection, RejectReason
from store.influx.store import Bucket, InfluxStore
from store.settings import SharedSettings
from store.state import Balance, StateStore
from tests.console.build import flags, stored_case
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SHENYANG = {"name_zh": "沈阳一号", "name_en": "Shenyang 1", "city": "210100", "lon": 123.43, "lat": 41.8}
_DALIAN = {"name_zh": "大连一号", "name_en": "<b>Dalian</b>", "city": "210200", "lon": 121.62, "lat": 38.91}
NETWORK = network_text(
    station("ln-sy-01", instrument("gas1", "gas", 60, "o3", "no2"), **_SHENYANG),
    station("ln-dl-01", instrument("gas1", "gas", 60, "o3"), **_DALIAN),
)


TOKEN = "a token of the tests"


@dataclass(frozen=True)
class Running:
    url: str
    settings: SharedSettings
    hour: datetime
    alert_id: int
    case_id: str


@pytest.fixture(scope="session")
def running(influx_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("console")
    settings = console_settings(directory, influx_url)
    hour = floor_hour(datetime.now(UTC))
    alert_id, case_id = fill(settings, hour)
    process = start(settings)
    try:
        yield Running(settings.console_url, settings, hour, alert_id, case_id)
    finally:
        process.terminate()
        process.wait(20)


def console_settings(directory: Path, influx_url: str) -> SharedSettings:
    (port,) = free_ports(1)
    network = directory / "network.toml"
    network.write_text(NETWORK, encoding="utf-8")
    return SharedSettings(
        run_dir=directory,
        influx_url=influx_url,
        influx_database="console",
        state_url=f"sqlite:///{directory / 'state.sqlite'}",
        network=network,
        console_url=f"http://127.0.0.1:{port}",
    )


def start(settings: SharedSettings) -> subprocess.Popen[bytes]:
    names = ("run_dir", "influx_url", "influx_database", "state_url", "network", "console_url")
    environment = {f"SKYGROUND_{name.upper()}": str(getattr(settings, name)) for name in names}
    environment["SKYGROUND_API_TOKEN"] = TOKEN
    command = [sys.executable, "-c", "from console.cli.console import console; console(url=None)"]
    log = (settings.run_dir / "console.log").open("ab")
    process = subprocess.Popen(command, env={**os.environ, **environment}, stdout=log, stderr=log)
    log.close()
    alive = lambda: process.poll() is None  # noqa: E731
    wait_until(lambda: http_answers(settings.console_url + "/api/v1/health"), what="console", timeout_s=90, alive=alive)
    return process


def fill(settings: SharedSettings, hour: datetime) -> tuple[int, str]:
    influx = InfluxStore(settings)
    influx.ensure()
    minutes = [datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=back) for back in range(1, 90)]
    influx.write_readings(
        [
            Reading("gas", "ln-sy-01", "gas1", Interval(at, at + timedelta(minutes=1)), {"o3": 100.0, "no2": 30.0})
            for at in minutes
        ]
    )
    index = pd.date_range(end=hour - timedelta(hours=1), periods=48, freq="1h", name="start")
    hourly = pd.DataFrame({"o3": [float(step) for step in range(48)], "o3__n": 45.0, "o3__flag": 1}, index=index)
    influx.write_hourly("gas", "ln-sy-01", hourly.astype({"o3__flag": "int8"}))
    verdicts = flags((index[-2], "ln-sy-01", None, "o3", "step", 3, "a leap of 99 ug/m3"))
    influx.write_flags(Bucket.HOURLY, "gas", verdicts.astype({"flag": "int8"}))
    influx.close()
    made = _fill_state(settings, hour)
    forecast(settings, hour)
    return made


def _fill_state(settings: SharedSettings, hour: datetime) -> tuple[int, str]:
    state = StateStore(settings.state_url)
    state.migrate()
    state.balance.add(
        [Balance(hour=hour, station_id="ln-sy-01", instrument_id="gas1", messages=60, rejected={"bad_unit": 2})]
    )
    message = RawMessage("obs/v1/gas/ln-sy-01/gas1/json", b"{}", datetime.now(UTC))
    rejection = Rejection(RejectReason.BAD_UNIT, "units.o3: 'furlong' <script>", "ln-sy-01", "gas1", "o3")
    state.quarantine.add(message, Topic("gas", "ln-sy-01", "gas1", "json"), [rejection])
    at = hour - timedelta(hours=3)
    alert_id = state.alerts.save(
        AlertTransition(
            alert_key="o3-1h/ln-sy-01/o3",
            rule="o3-1h",
            kind=RuleKind.THRESHOLD,
            severity=Severity.WARNING,
            station_id="ln-sy-01",
            parameter="o3",
            from_state=AlertState.OK,
            to_state=AlertState.FIRING,
            at=at,
            since=at,
            value=231.4,
            threshold=200.0,
            unit="ug/m3",
        )
    )
    case = stored_case("ln-sy-01", "o3", at)
    body = to_json(case.case) | {"chart": to_json(case.chart)}
    state.documents.put(CASE, case.case.key, body)
    route = lambda _: [NoticeTarget("duty@localhost", "mail")]  # noqa: E731
    (opened,) = assign_cases(state, settings.stations, hour, evidence=NoEvidence(), route=route)
    state.close()
    return alert_id, opened.id
