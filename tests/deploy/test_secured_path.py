"""From a station to the database and the duty officer's mail, through the production broker: TLS, passwords, access list."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from alerts.people.file import people_of
from alerts.run.case_assignment import assign
from alerts.run.delivery import deliver
from alerts.run.evaluation import evaluate
from alerts.settings import AlertSettings
from console.local.settings import free_ports
from schemas.interval import floor_hour
from schemas.reading import RejectReason
from store.influx.store import InfluxStore
from store.state import FindingKind, StateStore
from tests.alerts.run.test_job import mails
from tests.deploy.broker import ROOT, SecuredBroker, secured_broker, session
from tests.deploy.test_broker_access import FOREIGN, NOT_AUTHORIZED, OWN
from tests.ingest.conftest import payload, wait_for
from tests.ingest.gateway.conftest import Station
from tests.sensors.hj212.build import NETWORK_TOML, frame

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def broker() -> Iterator[SecuredBroker]:
    with secured_broker() as started:
        yield started


@contextmanager
def part(name: str, user: str, broker: SecuredBroker, settings: SharedSettings, **more: object) -> Iterator[None]:
    """A part of the system as a process, with a user of its own at the broker."""
    named = {
        "run_dir": settings.run_dir / name,
        "network": settings.network,
        "influx_url": settings.influx_url,
        "influx_database": settings.influx_database,
        "state_url": settings.state_url,
        "mqtt_url": f"mqtts://{user}@127.0.0.1:{broker.port}",
        "mqtt_ca": broker.authority,
        "mqtt_password_file": broker.directory / "users" / f"{user}.password",
        **more,
    }
    kept = {key: value for key, value in os.environ.items() if not key.startswith("SKYGROUND_")}
    environment = kept | {f"SKYGROUND_{key.upper()}": str(value) for key, value in named.items()}
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    log = settings.run_dir / f"{name}.log"
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "console.cli", name], env=environment, stderr=file)
    try:
        awaited = b"subscribed" if name == "collect" else b"started"
        wait_for(lambda: b'"event": "%s"' % awaited in log.read_bytes(), f"{name} to be ready")
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(40)


@contextmanager
def collector(broker: SecuredBroker, settings: SharedSettings) -> Iterator[None]:
    client_id = f"test-{uuid.uuid4().hex[:12]}"
    with part("collect", "collector", broker, settings, mqtt_client_id=client_id, metrics_port=0):
        yield


def test_station_that_poses_as_another_is_refused_kept_and_mailed(
    broker: SecuredBroker, settings: SharedSettings, smtp_url: str, maildir: Path
) -> None:
    hour = floor_hour(datetime.now(UTC)) - timedelta(hours=1)
    with collector(broker, settings), session(broker, "ln-sy-01") as station:
        assert station.publish(FOREIGN, payload(hour, {"co2": 420.0})) == NOT_AUTHORIZED
        assert station.publish(OWN, payload(hour, {"so2": 6.0}, station="ln-fs-01")) == 0
        with StateStore(settings.state_url) as state:
            state.migrate()
            wait_for(lambda: bool(state.findings.list(kind=FindingKind.FOREIGN_PAYLOAD)), "the finding")
            (entry,) = state.quarantine.list()
            assert (entry.reason, entry.topic, entry.station_id) == (RejectReason.TOPIC_MISMATCH, OWN, "ln-sy-01")
    shared = settings.model_dump()
    own = AlertSettings(
        **shared,
        smtp_url=smtp_url,
        rules=ROOT / "deploy" / "rules.example.toml",
        mail_to=("duty@example.org",),
        mail_from="sky@example.org",
    )
    now = datetime.now(UTC)
    evaluate(own, now - timedelta(days=1), now, now)
    assign(own, now, people=people_of(own))
    deliver(own, now)
    (mail,) = [item for item in mails(maildir) if "ln-sy-01" in str(item["Subject"])]
    body = str(mail.get_body(preferencelist=("plain",)).get_content())  # type: ignore[union-attr]  # it has one
    assert "ln-fs-01" in body
    store = InfluxStore(settings)
    assert store.read_native("gas", "ln-sy-01", "gas1", hour, hour + timedelta(hours=1)).empty
    store.close()


def test_frame_over_tcp_reaches_the_database_under_the_gateways_own_name(
    broker: SecuredBroker, settings: SharedSettings, tmp_path: Path
) -> None:
    network = tmp_path / "hj212.toml"
    network.write_text(NETWORK_TOML)
    (port,) = free_ports(1)
    settings = settings.model_copy(update={"network": network})
    start = floor_hour(datetime.now(UTC)) - timedelta(hours=1)
    upload = frame(f"DataTime={start + timedelta(hours=8):%Y%m%d%H%M%S};a21026-Avg=6.5")
    store = InfluxStore(settings)
    store.ensure()
    with (
        collector(broker, settings),
        part("gateway", "gateway", broker, settings, gateway_port=port, gateway_metrics_port=0),
        Station(port) as station,
    ):
        station.send(upload)
        assert [answer.cn for answer in station.hear()] == ["9014"]
        wait_for(
            lambda: not store.read_native("gas", "ln-sy-01", "gas1", start, start + timedelta(hours=1)).empty,
            "the reading",
        )
    store.close()
