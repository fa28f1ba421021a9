"""Parts start, answer, and end as whole process groups."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from console.cli import build_app
from console.local.parts import all_parts
from console.local.process import NotReadyError, port_answers, wait_until
from console.local.settings import AddressError, LocalSettings, free_ports, local_port, write_settings_env
from console.local.supervisor import PartError, Supervisor
from store.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def local(tmp_path: Path) -> LocalSettings:
    mqtt, influx = free_ports(2)
    return LocalSettings(
        run_dir=tmp_path / "run", mqtt_url=f"mqtt://127.0.0.1:{mqtt}", influx_url=f"http://127.0.0.1:{influx}"
    )


@pytest.fixture
def supervisor(local: LocalSettings) -> Iterator[Supervisor]:
    supervisor = Supervisor(local, all_parts(local))
    yield supervisor
    supervisor.shutdown()


@pytest.mark.integration
def test_part_starts_by_itself_and_stops(local: LocalSettings, supervisor: Supervisor) -> None:
    port = local_port(local.mqtt_url, "MQTT_URL")
    supervisor.ensure()
    supervisor.start("broker")
    assert port_answers(port)
    assert supervisor.state("influxdb").state == "STOPPED"
    supervisor.stop("broker")
    assert not port_answers(port)


@pytest.mark.integration
def test_second_call_leaves_a_running_part_alone(supervisor: Supervisor) -> None:
    supervisor.ensure()
    supervisor.start("broker")
    pid = supervisor.state("broker").pid
    supervisor.ensure()
    supervisor.start("broker")
    assert supervisor.state("broker").pid == pid


@pytest.mark.integration
def test_part_that_cannot_start_names_its_log(local: LocalSettings, supervisor: Supervisor) -> None:
    import socket

    with socket.socket() as holder:
        holder.bind(("127.0.0.1", local_port(local.influx_url, "INFLUX_URL")))
        holder.listen()
        supervisor.ensure()
        with pytest.raises(PartError, match=r"influxdb\.log"):
            supervisor.start("influxdb")


@pytest.mark.integration
def test_a_part_that_dies_after_its_start_is_started_again_after_growing_pauses(local: LocalSettings) -> None:
    starts = local.run_dir / "starts"
    script = f"import time; open({str(starts)!r}, 'a').write(f'{{time.time()}} '); time.sleep(1.5); raise SystemExit(1)"
    part = replace(all_parts(local)["watch"], command=[sys.executable, "-c", script])
    own = Supervisor(local, {"watch": part})
    own.ensure()
    try:
        own.start("watch")
        wait_until(lambda: len(times(starts)) >= 5, what="the fifth start", timeout_s=90)
        # supervisord looks once a second
        first, *_, last = (after - before for before, after in pairwise(times(starts)[:5]))
        assert last > first + 1.0
        wait_until(lambda: own.state("watch").state == "BACKOFF", what="a pause", timeout_s=30)
        own.launch("watch")  # again by hand, without waiting for the end of the pause
        assert own.state("watch").state == "STARTING"
        wait_until(lambda: own.state("watch").state == "BACKOFF", what="a pause", timeout_s=30)
        own.stop("watch")
        assert own.state("watch").state == "STOPPED"
    finally:
        own.shutdown()


def times(path: Path) -> list[float]:
    return [float(word) for word in path.read_text(encoding="utf-8").split()] if path.exists() else []


def test_nothing_runs_before_supervisord(supervisor: Supervisor) -> None:
    assert supervisor.state("broker").state == "DOWN"
    supervisor.shutdown()


def test_foreign_address_is_not_started_here() -> None:
    with pytest.raises(AddressError, match="not this machine's loopback"):
        local_port("mqtt://broker.example.org:1883", "MQTT_URL")


def test_waiting_ends_with_the_name_of_what_did_not_answer() -> None:
    with pytest.raises(NotReadyError, match="the moon did not answer within 0 s"):
        wait_until(lambda: False, what="the moon", timeout_s=0)


def test_settings_env_of_the_run_directory_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_settings_env(tmp_path, {"SKYGROUND_METRICS_PORT": "4711"})
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path))
    assert load_settings(LocalSettings).metrics_port == 4711


def test_a_collector_without_a_metrics_port_is_not_asked_there(local: LocalSettings) -> None:
    collector = all_parts(local.model_copy(update={"metrics_port": 0}))["collector"]
    assert collector.ready()
    assert not collector.answers


@pytest.mark.integration
def test_what_was_not_started_here_and_answers_is_said_by_status_and_down(
    tmp_path: Path, mqtt_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYGROUND_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("SKYGROUND_MQTT_URL", mqtt_url)
    (port,) = free_ports(1)
    monkeypatch.setenv("SKYGROUND_INFLUX_URL", f"http://127.0.0.1:{port}")
    runner = CliRunner()
    rows = {
        row["part"]: row
        for row in map(json.loads, runner.invoke(build_app(), ["status", "--json"]).output.splitlines())
    }
    found = {name: (rows[name]["state"], rows[name]["ready"], rows[name]["answers"]) for name in ("broker", "influxdb")}
    assert found == {"broker": ("DOWN", False, True), "influxdb": ("DOWN", False, False)}
    words = runner.invoke(build_app(), ["down"]).output
    assert f"broker     still answers at {mqtt_url}: not started by this run directory's supervisor" in words
    assert "influxdb" not in words
