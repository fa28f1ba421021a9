"""The compose file as far as it can be checked without an engine: rules, references, and names that really exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from prometheus_client import generate_latest

from ingest.gateway.metrics import GatewayMetrics
from ingest.process.metrics import CollectorMetrics
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from store.settings import SharedSettings

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {name for name, service in SERVICES.items() if service.get("restart") == "no"}
LASTING = sorted(set(SERVICES) - ONE_SHOT)
PUBLISHED = {
    "mosquitto": "${SKYGROUND_MQTT_BIND:-0.0.0.0}:8883:8883",
    "console": "${SKYGROUND_CONSOLE_BIND:-127.0.0.1}:8088:8088",
    "gateway": "${SKYGROUND_GATEWAY_BIND:-127.0.0.1}:9212:9212",
}
GENERATED = {"tls/ca.crt", "tls/server.crt", "tls/server.key", "mqtt/passwords"}
every_service = pytest.mark.parametrize("name", sorted(SERVICES))
every_lasting_service = pytest.mark.parametrize("name", LASTING)


def _environment(name: str) -> dict[str, str]:
    return {key: str(value) for key, value in SERVICES[name].get("environment", {}).items()}


def _mounted(service: dict[str, Any]) -> dict[str, str]:
    """Secrets of a service: name of the file in the container, and name in the compose file."""
    entries = [item if isinstance(item, dict) else {"source": item} for item in service.get("secrets", [])]
    return {item.get("target", item["source"]): item["source"] for item in entries}


def test_all_parts_of_the_design_are_there() -> None:
    parts = {"mosquitto", "influxdb", "postgres", "redis", "collector-1", "collector-2", "gateway", "watch", "console"}
    airflow = {f"airflow-{part}" for part in ("init", "apiserver", "scheduler", "dag-processor", "triggerer", "worker")}
    assert parts | airflow <= set(SERVICES)


@every_service
def test_image_has_a_fixed_version(name: str) -> None:
    image = SERVICES[name]["image"]
    tag = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", image).rpartition(":")[2]
    assert re.match(r"\d+\.\d+(\.\d+)?", tag), image


@every_lasting_service
def test_lasting_service_has_a_health_check_and_restarts(name: str) -> None:
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", sorted(ONE_SHOT))
def test_one_shot_service_is_waited_for(name: str) -> None:
    waiting = [item for item in SERVICES.values() if name in item.get("depends_on", {})]
    assert waiting
    assert {item["depends_on"][name]["condition"] for item in waiting} == {"service_completed_successfully"}


@every_service
def test_service_depends_only_on_what_is_there(name: str) -> None:
    for other, rule in SERVICES[name].get("depends_on", {}).items():
        expected = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
        assert (other in SERVICES, rule["condition"]) == (True, expected)


@every_service
def test_service_has_limits_and_no_extra_rights(name: str) -> None:
    service = SERVICES[name]
    assert {"cpus", "memory", "pids"} == set(service["deploy"]["resources"]["limits"])
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.get("privileged")
    assert "network_mode" not in service


def test_only_the_tls_port_the_console_and_the_gateway_are_published() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert ports == {name: [port] for name, port in PUBLISHED.items()}


def test_databases_are_only_on_the_network_without_a_way_out() -> None:
    assert COMPOSE["networks"]["core"] == {"internal": True}
    for name in ("influxdb", "postgres", "redis"):
        assert SERVICES[name]["networks"] == ["core"]


@every_service
def test_secrets_come_as_files(name: str) -> None:
    secret = re.compile(r"PASSWORD|TOKEN|SECRET|FERNET|_KEY|URL_FILE|CONN|RESULT_BACKEND|BROKER_URL")
    exempt = {"AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"}
    for key, value in _environment(name).items():
        if secret.search(key) and key not in exempt:
            assert key.endswith(("_FILE", "_CMD")), key
            mounted = value.removeprefix("cat ").removeprefix("/run/secrets/")
            assert mounted in _mounted(SERVICES[name]), (key, value)


def test_no_value_holds_a_password() -> None:
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert re.findall(r"://[^/\s:@]*:[^/\s@]+@", text) == []


@every_service
def test_every_secret_is_declared_and_used_under_its_path(name: str) -> None:
    service = SERVICES[name]
    mentioned = set(re.findall(r"/run/secrets/([a-z_0-9]+)", yaml.safe_dump(service)))
    assert set(_mounted(service).values()) <= set(COMPOSE["secrets"])
    assert mentioned <= set(_mounted(service))


def test_every_secret_is_made_by_a_script() -> None:
    scripts = (DEPLOY / "make-secrets.sh").read_text() + (DEPLOY / "mosquitto" / "make-credentials.sh").read_text()
    for item in COMPOSE["secrets"].values():
        path = re.sub(r"\$\{[A-Z_]+:-([^}]*)\}", r"\1", item["file"]).removeprefix("./secrets/")
        name = Path(path).name.removesuffix(".password")
        assert path in GENERATED or re.search(rf"\b{re.escape(name)}\b", scripts), path


@every_service
def test_every_mounted_file_and_volume_exists(name: str) -> None:
    for volume in SERVICES[name].get("volumes", []):
        source = re.sub(r"\$\{[^}]*\}", "/variable", volume).split(":")[0]
        if source.startswith("./secrets/"):
            assert source.removeprefix("./secrets/") in GENERATED
        elif source.startswith("."):
            assert (DEPLOY / source).exists()
        elif not source.startswith("/"):
            assert source in COMPOSE["volumes"]


def test_build_finds_its_files() -> None:
    build = SERVICES["console"]["build"]
    assert (DEPLOY / build["context"]).resolve() == ROOT
    assert (ROOT / build["dockerfile"]).is_file()


def test_each_collector_has_its_own_session_and_raw_log() -> None:
    collectors = [name for name in SERVICES if name.startswith("collector-")]
    clients = {_environment(name)["SKYGROUND_MQTT_CLIENT_ID"] for name in collectors}
    volumes = {SERVICES[name]["volumes"][-1] for name in collectors}
    shares = {_environment(name)["SKYGROUND_MQTT_SHARE"] for name in collectors}
    assert (len(clients), len(volumes), len(shares)) == (len(collectors), len(collectors), 1)


def test_every_command_of_ours_exists() -> None:
    from console.cli import COMMANDS

    used = {service["command"][1] for service in SERVICES.values() if service.get("command", [""])[0] == "skyground"}
    assert used == {"collect", "gateway", "watch", "console", "migrate"}
    assert used <= set(COMMANDS)


def _probe(name: str, tmp_path: Path, variables: dict[str, str]) -> int:
    """Exit status of a service's Python health check, run here."""
    command = [sys.executable, *SERVICES[name]["healthcheck"]["test"][2:]]
    environment = {**os.environ, "SKYGROUND_RUN_DIR": str(tmp_path), "PYTHONPATH": str(ROOT), **variables}
    return subprocess.run(command, env=environment, capture_output=True, check=False, timeout=60).returncode


@pytest.mark.integration
def test_health_check_of_the_watch_reports_a_missing_database(settings: SharedSettings, tmp_path: Path) -> None:
    variables = {"SKYGROUND_INFLUX_URL": settings.influx_url, "SKYGROUND_INFLUX_DATABASE": settings.influx_database}
    assert _probe("watch", tmp_path, variables) == 1
    with closing(InfluxStore(settings)) as store:
        store.ensure()
    assert _probe("watch", tmp_path, variables) == 0


@pytest.mark.parametrize(("service", "metrics"), [("collector-1", CollectorMetrics), ("gateway", GatewayMetrics)])
def test_a_health_check_reads_a_metric_that_exists(
    service: str, metrics: type[CollectorMetrics | GatewayMetrics]
) -> None:
    made = metrics()
    made.connected.set(1)
    wanted = re.search(r'b"\\n(\S+ 1\.0)\\n"', SERVICES[service]["healthcheck"]["test"][-1])
    assert wanted is not None
    assert wanted[1] in generate_latest(made.registry).decode().splitlines()


def test_gateway_has_files_ports_and_a_user_as_its_settings_expect() -> None:
    from ingest.gateway.settings import GatewaySettings

    defaults, service = GatewaySettings(), SERVICES["gateway"]
    assert service["ulimits"]["nofile"] > defaults.gateway_connections_max + 200
    assert service["ports"][0].endswith(f":{defaults.gateway_port}:{defaults.gateway_port}")
    assert f":{defaults.gateway_metrics_port}/metrics" in service["healthcheck"]["test"][-1]
    acl = (DEPLOY / "mosquitto" / "acl").read_text(encoding="utf-8")
    assert "user " + _environment("gateway")["SKYGROUND_MQTT_URL"].split("//")[1].split("@")[0] + "\n" in acl


def test_every_airflow_setting_exists() -> None:
    options = _airflow_options()
    for key in _environment("airflow-worker"):
        if key.startswith("AIRFLOW__CELERY__") or not key.startswith("AIRFLOW__"):
            continue
        section, option = key.removeprefix("AIRFLOW__").removesuffix("_CMD").lower().split("__")
        assert option in options[section], key
        if key.endswith("_CMD"):
            # Airflow runs a command only for options that it knows to be sensitive
            assert options[section][option].get("sensitive"), key


def _airflow_options() -> dict[str, dict[str, Any]]:
    package = find_spec("airflow")
    assert package is not None
    assert package.submodule_search_locations is not None
    path = Path(package.submodule_search_locations[0]) / "config_templates" / "config.yml"
    return {name: section["options"] for name, section in yaml.safe_load(path.read_text(encoding="utf-8")).items()}


def test_airflow_image_gets_the_celery_provider() -> None:
    assert _environment("airflow-worker")["AIRFLOW__CORE__EXECUTOR"] == "CeleryExecutor"
    lock = (DEPLOY / "requirements-celery.lock").read_text(encoding="utf-8")
    assert re.search(r"(?m)^apache-airflow-providers-celery==", lock)
    assert re.search(r"(?m)^redis==", lock)
