"""The parts of skyground on one machine: how each is started and how one knows that it is up."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from console.local.configuration import airflow_wrapper, influxdb_conf, mosquitto_conf
from console.local.process import http_answers, port_answers
from console.local.settings import free_ports, local_port
from store.settings import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from console.local.settings import LocalSettings


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalPart:
    """One part.

    Attributes
    ----------
    command : sequence of str
    environment : mapping of str to str
        Added to that of this process.
    prepare : callable
        Writes the configuration files before a start.
    ready : callable
        True when the part does its work.
    answers : bool
        Whether `ready` asks the part; one without a port is taken to be ready when it runs.
    timeout_s : float
        How long a start may take [s].
    """

    name: str
    command: Sequence[str]
    ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], None] = _nothing
    timeout_s: float = 120.0
    address: str = ""
    answers: bool = True


def all_parts(settings: LocalSettings) -> dict[str, LocalPart]:
    """Every part by name, in the order of starting."""
    factories = (_mail, _broker, _influxdb, _collector, _gateway, _watch, _console, _airflow)
    return {part.name: part for part in (make(settings) for make in factories)}


def _skyground(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "console.cli", *arguments]


def _directory(settings: LocalSettings, name: str) -> Path:
    return (settings.run_dir / name).resolve()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _broker(settings: LocalSettings) -> LocalPart:
    port = local_port(settings.mqtt_url, "MQTT_URL")
    directory = _directory(settings, "broker")
    path = directory / "mosquitto.conf"

    return LocalPart(
        name="broker",
        command=["mosquitto", "-c", str(path)],
        prepare=lambda: _write(path, mosquitto_conf(directory, port)),
        ready=lambda: port_answers(port),
        address=settings.mqtt_url,
    )


def _influxdb(settings: LocalSettings) -> LocalPart:
    port = local_port(settings.influx_url, "INFLUX_URL")
    directory = _directory(settings, "influxdb")
    path = directory / "influxdb.conf"

    return LocalPart(
        name="influxdb",
        command=["influxd", "-config", str(path)],
        prepare=lambda: _write(path, influxdb_conf(directory, port, free_ports(1)[0])),
        ready=lambda: http_answers(f"http://127.0.0.1:{port}/ping"),
        address=settings.influx_url,
    )


def _collector(settings: LocalSettings) -> LocalPart:
    has_port = settings.metrics_port > 0
    return LocalPart(
        name="collector",
        command=_skyground("collect"),
        ready=lambda: not has_port or port_answers(settings.metrics_port),
        address=f"http://127.0.0.1:{settings.metrics_port}/metrics" if has_port else "(SKYGROUND_METRICS_PORT=0)",
        answers=has_port,
    )


def _gateway(settings: LocalSettings) -> LocalPart:
    return LocalPart(
        name="gateway",
        command=_skyground("gateway"),
        ready=lambda: port_answers(settings.gateway_port),
        address=f"tcp://127.0.0.1:{settings.gateway_port}",
    )


def _watch(settings: LocalSettings) -> LocalPart:
    return LocalPart(
        name="watch",
        command=_skyground("watch"),
        ready=lambda: True,
        address=str(settings.rules),
        answers=False,
    )


def _mail(settings: LocalSettings) -> LocalPart:
    port = local_port(settings.smtp_url, "SMTP_URL")
    maildir = settings.maildir or _directory(settings, "maildir")
    return LocalPart(
        name="mail",
        command=_skyground("alerts", "sink", "--port", str(port), "--maildir", str(maildir)),
        ready=lambda: port_answers(port),
        address=f"{settings.smtp_url} -> {maildir}",
    )


def _console(settings: LocalSettings) -> LocalPart:
    local_port(settings.console_url, "CONSOLE_URL")
    return LocalPart(
        name="console",
        command=_skyground("console"),
        ready=lambda: http_answers(settings.console_url + "/api/v1/health"),
        address=settings.console_url,
    )


def _airflow(settings: LocalSettings) -> LocalPart:
    port = local_port(settings.airflow_url, "AIRFLOW_URL")
    home = _directory(settings, "airflow")
    wrapper = home / "bin" / "airflow"

    def prepare() -> None:
        _write(wrapper, airflow_wrapper(Path(sys.executable).parent / "airflow"))
        wrapper.chmod(0o755)

    return LocalPart(
        name="airflow",
        command=[sys.executable, "-m", "airflow", "standalone"],
        environment=airflow_environment(settings, home, port),
        prepare=prepare,
        ready=lambda: http_answers(settings.airflow_url + "/api/v2/monitor/health"),
        timeout_s=180,
        address=settings.airflow_url,
    )


def airflow_environment(settings: LocalSettings, home: Path, port: int) -> dict[str, str]:
    """Environment for Airflow on loopback with few workers; its defaults fork 32 and bind to all interfaces."""
    return {
        PREFIX + "RUN_DIR": str(settings.run_dir.resolve()),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(Path(__file__).resolve().parents[2] / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__MAX_ACTIVE_TASKS_PER_DAG": "2",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "True",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": "5",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "30",
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__LOGGING__COLORED_CONSOLE_LOG": "False",
        "NO_PROXY": "127.0.0.1,localhost",
        "OPENBLAS_NUM_THREADS": "1",  # as of the command skyground
        "PATH": f"{home / 'bin'}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }
