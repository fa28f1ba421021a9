"""Looks at every component and says in words what is wrong and what to do."""

from __future__ import annotations

import shutil
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from console.local.process import http_answers
from schemas.network import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from console.local.settings import LocalSettings

FONT_FAMILIES = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei")
LEAST_FREE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result for one component; ``repair`` is empty when it is well."""

    component: str
    well: bool
    detail: str
    repair: str = ""


def examine(settings: LocalSettings) -> Iterator[Finding]:
    """Examine one component after the other; a check that itself fails is a finding, never a crash."""
    checks: tuple[Callable[[LocalSettings], Finding], ...] = (
        _network,
        _programs,
        _font,
        _disk,
        _broker,
        _influxdb,
        _state,
        _mail,
        _airflow,
        _console,
    )
    for check in checks:
        try:
            yield check(settings)
        except Exception as error:  # noqa: BLE001 - the doctor reports whatever a component throws
            name = check.__name__.strip("_")
            yield Finding(
                component=name,
                well=False,
                detail=f"{type(error).__name__}: {error}",
                repair="read the message; the check itself broke",
            )


def _network(settings: LocalSettings) -> Finding:
    try:
        network = settings.stations
    except NetworkFileError as error:
        return Finding(
            component="network", well=False, detail=str(error), repair="correct the file that SKYGROUND_NETWORK names"
        )
    detail = f"{settings.network}: {len(network.stations)} stations, {len(network.instruments)} instruments"
    return Finding(component="network", well=True, detail=detail)


def _programs(settings: LocalSettings) -> Finding:
    del settings
    packages = {"mosquitto": "mosquitto", "influxd": "influxdb"}
    missing = [
        package
        for program, package in packages.items()
        if not shutil.which(program, path="/usr/sbin:/usr/bin:/usr/local/bin")
    ]
    if missing:
        return Finding(
            component="programs",
            well=False,
            detail=f"not installed here: {', '.join(missing)}",
            repair=f"apt-get install {' '.join(missing)} (only needed where these parts run on this machine)",
        )
    return Finding(component="programs", well=True, detail="mosquitto and influxd are installed")


def _font(settings: LocalSettings) -> Finding:
    del settings
    from matplotlib import font_manager

    names = {entry.name for entry in font_manager.fontManager.ttflist}
    found = next((name for name in FONT_FAMILIES if name in names), None) or _font_file()
    if found is None:
        return Finding(
            component="font",
            well=False,
            detail="no font with Chinese characters for the pictures in mails",
            repair="apt-get install fonts-noto-cjk",
        )
    return Finding(component="font", well=True, detail=found)


def _font_file() -> str | None:
    return next((path.name for path in Path("/usr/share/fonts").rglob("*CJK*.tt[cf]")), None)


def _disk(settings: LocalSettings) -> Finding:
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.run_dir).free
    detail = f"{free / 1024**3:.1f} GiB free at {settings.run_dir}"
    if free < LEAST_FREE_BYTES:
        return Finding(
            component="disk",
            well=False,
            detail=detail,
            repair="free at least 2 GiB; the raw log waits there while InfluxDB is down",
        )
    return Finding(component="disk", well=True, detail=detail)


def _broker(settings: LocalSettings) -> Finding:
    refused = _refused(settings.mqtt_url)
    if refused:
        return Finding(
            component="broker", well=False, detail=refused, repair="skyground up broker, or correct SKYGROUND_MQTT_URL"
        )
    return Finding(component="broker", well=True, detail=f"{_bare(settings.mqtt_url)} answers")


def _influxdb(settings: LocalSettings) -> Finding:
    from store.influx import InfluxStore

    health = InfluxStore(settings).health()
    if not health.ok:
        return Finding(
            component="influxdb",
            well=False,
            detail=health.detail,
            repair="skyground up influxdb, or correct SKYGROUND_INFLUX_URL and its credentials",
        )
    return Finding(component="influxdb", well=True, detail=f"{settings.influx_url}, version {health.version}")


def _state(settings: LocalSettings) -> Finding:
    from store.state import StateStore

    pending = StateStore(settings.state_url).pending_migrations()
    if pending:
        return Finding(
            component="state",
            well=False,
            detail=f"{len(pending)} migrations are not applied",
            repair="skyground migrate",
        )
    return Finding(component="state", well=True, detail=f"{settings.state_url.split('@')[-1]}, schema is current")


def _mail(settings: LocalSettings) -> Finding:
    refused = _refused(settings.smtp_url, greeting=b"220")
    if refused:
        return Finding(
            component="mail",
            well=False,
            detail=refused,
            repair="skyground up mail (local sink), or correct SKYGROUND_SMTP_URL",
        )
    return Finding(
        component="mail",
        well=True,
        detail=f"{_bare(settings.smtp_url)} answers; prove the whole way with: skyground alerts test-mail",
    )


def _airflow(settings: LocalSettings) -> Finding:
    if not http_answers(settings.airflow_url + "/api/v2/monitor/health"):
        return Finding(
            component="airflow",
            well=False,
            detail=f"{settings.airflow_url} does not answer",
            repair="skyground up airflow (takes up to a minute)",
        )
    return Finding(component="airflow", well=True, detail=f"{settings.airflow_url} answers")


def _console(settings: LocalSettings) -> Finding:
    if not http_answers(settings.console_url + "/api/v1/health"):
        return Finding(
            component="console",
            well=False,
            detail=f"{settings.console_url} does not answer",
            repair="skyground up console",
        )
    return Finding(component="console", well=True, detail=f"{settings.console_url} answers")


def _refused(url: str, *, greeting: bytes = b"") -> str | None:
    """Why a TCP server cannot be used, or None; ``greeting`` is what it must say first."""
    parts = urlsplit(url)
    if not parts.hostname or not parts.port:
        return f"{_bare(url)}: expected scheme://host:port"
    try:
        with socket.create_connection((parts.hostname, parts.port), timeout=3) as connection:
            said = connection.recv(512) if greeting else b""
    except OSError as error:
        return f"{_bare(url)}: {error.strerror or error}"
    if not said.startswith(greeting):
        return f"{_bare(url)}: says {said[:40]!r}, expected {greeting.decode()}"
    return None


def _bare(url: str) -> str:
    """URL without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"
