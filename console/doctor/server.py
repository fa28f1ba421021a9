"""Servers that a part talks to: broker, InfluxDB, Airflow, console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from console.doctor.diagnosis import Diagnosis, PartName, bare_url

if TYPE_CHECKING:
    from console.local.settings import LocalSettings

HTTP_TIMEOUT_S = 5.0
"""Longest wait for a page [s]; behind it the component counts as busy."""


def check_broker(settings: LocalSettings) -> Diagnosis:
    """The broker accepts the collector with its own user, password or certificate, and subscriptions."""
    from ingest.mqtt import probe
    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    own = load_settings(CollectorSettings)
    return _probed(probe(own, own.subscriptions), f"{bare_url(settings.mqtt_url)} grants the collector's subscriptions")


def check_gateway_broker(settings: LocalSettings) -> Diagnosis:
    """The broker accepts the gateway with its own user."""
    from ingest.gateway.settings import GatewaySettings
    from ingest.mqtt import probe
    from store.settings import load_settings

    return _probed(probe(load_settings(GatewaySettings), ()), f"{bare_url(settings.mqtt_url)} accepts the gateway")


def _probed(refused: str, detail: str) -> Diagnosis:
    if not refused:
        return Diagnosis(component="broker", ok=True, detail=detail)
    repair = "skyground up broker, or correct SKYGROUND_MQTT_URL, its user and password, or the broker's access list"
    return Diagnosis(component="broker", ok=False, detail=refused, repair=repair)


def check_influxdb(settings: LocalSettings, part: PartName | None) -> Diagnosis:
    """Every bucket that the part uses can be written and read."""
    from store.error import StoreError
    from store.influx.bucket.access import try_access
    from store.influx.http import Bucket, InfluxHttp
    from store.influx.token import READS, WRITES, TokenOwner

    owner = None if part is None else TokenOwner(part)
    reads = frozenset(Bucket) if owner is None else READS[owner]
    writes = frozenset(Bucket) if owner is None else WRITES[owner]
    http = InfluxHttp(settings)
    try:
        found = try_access(http)
        version = http.server.version
    except StoreError as error:
        return _influxdb_refused(str(error))
    finally:
        http.close()
    # the answer to a read does not tell an absent organisation from an absent bucket, the one to a write does
    failed = [item.cannot_write for item in found[:1] if "SKYGROUND_INFLUX_ORG" in item.cannot_write]
    failed += [
        f"writing {item.bucket}: {item.cannot_write}" for item in found if item.cannot_write and item.bucket in writes
    ]
    failed += [
        f"reading {item.bucket}: {item.cannot_read}" for item in found if item.cannot_read and item.bucket in reads
    ]
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        return _influxdb_refused(failed[0] + more)
    rights = f"write {', '.join(sorted(writes)) or 'nothing'}; read {', '.join(sorted(reads))}"
    return Diagnosis(component="influxdb", ok=True, detail=f"{settings.influx_url}, version {version}, tried: {rights}")


def _influxdb_refused(detail: str) -> Diagnosis:
    if "organi" in detail:
        repair = "set SKYGROUND_INFLUX_ORG to an organisation of this server"
    elif "refuses the credentials" in detail:
        repair = "correct SKYGROUND_INFLUX_TOKEN; `skyground token create PART` makes one with the rights of a part"
    elif "not found" in detail or "there is no" in detail:
        repair = "skyground migrate (with credentials that may administer)"
    else:
        repair = "skyground up influxdb, or correct SKYGROUND_INFLUX_URL"
    return Diagnosis(component="influxdb", ok=False, detail=detail, repair=repair)


def check_airflow(settings: LocalSettings) -> Diagnosis:
    """Airflow answers."""
    return _web(
        "airflow", settings.airflow_url, "/api/v2/monitor/health", "skyground up airflow (takes up to a minute)"
    )


def check_console(settings: LocalSettings) -> Diagnosis:
    """The console answers."""
    return _web("console", settings.console_url, "/api/v1/health", "skyground up console")


def _web(component: str, url: str, path: str, repair: str) -> Diagnosis:
    """Ask a page; one that takes connections and does not answer in time is busy, not dead."""
    try:
        status = httpx.get(url + path, timeout=HTTP_TIMEOUT_S).status_code
    except httpx.ReadTimeout:
        detail = f"{url} is busy: it takes connections, no answer within {HTTP_TIMEOUT_S:.0f} s"
        return Diagnosis(component=component, ok=True, detail=detail)
    except httpx.HTTPError as error:
        return Diagnosis(component=component, ok=False, detail=f"{url} does not answer: {error}", repair=repair)
    if status >= 400:  # noqa: PLR2004 - first error status of HTTP
        detail = f"{url}{path} answers HTTP {status}"
        return Diagnosis(component=component, ok=False, detail=detail, repair=f"read its log, then {repair}")
    return Diagnosis(component=component, ok=True, detail=f"{url} answers")
