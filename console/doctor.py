"""Tries what each part needs, with the credentials of the settings at hand, and says what is wrong and what to do.

Each part reads settings of its own (a unit's or a container's environment), so the doctor is run there for that part:
``skyground doctor --part gateway``. Nothing is stored by a check: InfluxDB gets an empty write, the state database a transaction
that is rolled back, the broker a session that ends, the mail server a log-in without a mail.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import httpx

from schemas.network_file import NetworkFileError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.local.settings import LocalSettings

FONT_FAMILIES = ("Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei")
LEAST_FREE_BYTES = 2 * 1024**3
HTTP_TIMEOUT_S = 5.0
"""Longest wait for a page [s]; behind it the component counts as busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Result for one component; ``repair`` is empty when it is ok."""

    component: str
    ok: bool
    detail: str
    repair: str = ""


class Part(StrEnum):
    """Parts whose needs can be tried by themselves."""

    COLLECTOR = "collector"
    GATEWAY = "gateway"
    WATCH = "watch"
    AIRFLOW = "airflow"
    CONSOLE = "console"


class _Check(Protocol):
    def __call__(self, settings: LocalSettings, /) -> Finding: ...


_NEEDS = {
    Part.COLLECTOR: ("network", "disk", "broker", "influxdb", "state"),
    Part.GATEWAY: ("network", "disk", "broker"),
    Part.WATCH: ("network", "font", "influxdb", "state", "rules", "mail"),
    Part.AIRFLOW: ("network", "font", "influxdb", "state", "rules", "mail", "airflow"),
    Part.CONSOLE: ("network", "influxdb", "state", "console"),
}


def examine(settings: LocalSettings, part: Part | None = None) -> Iterator[Finding]:
    """Try one component after the other; a check that itself fails is a finding, never a crash.

    Parameters
    ----------
    settings : LocalSettings
    part : Part or None
        Only what this part needs; None: everything.
    """
    for name, check in _checks(part).items():
        try:
            yield check(settings)
        except Exception as error:  # noqa: BLE001 - the doctor reports whatever a component throws
            yield Finding(
                component=name,
                ok=False,
                detail=f"{type(error).__name__}: {error}",
                repair="read the message; the check itself broke",
            )


def _checks(part: Part | None) -> dict[str, _Check]:
    everything: dict[str, _Check] = {
        "network": _network,
        "programs": _programs,
        "font": _font,
        "disk": _disk,
        "broker": _broker,
        "influxdb": partial(_influxdb, part=part),
        "state": _state,
        "rules": _rules,
        "mail": _mail,
        "airflow": _airflow,
        "console": _console,
    }
    if part is Part.GATEWAY:
        everything["broker"] = _gateway_broker
    return everything if part is None else {name: everything[name] for name in _NEEDS[part]}


def _network(settings: LocalSettings) -> Finding:
    try:
        network = settings.stations
    except NetworkFileError as error:
        return Finding(
            component="network", ok=False, detail=str(error), repair="correct the file that SKYGROUND_NETWORK names"
        )
    detail = f"{settings.network}: {len(network.stations)} stations, {len(network.instruments)} instruments"
    return Finding(component="network", ok=True, detail=detail)


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
            ok=False,
            detail=f"not installed here: {', '.join(missing)}",
            repair=f"apt-get install {' '.join(missing)} (only needed where these parts run on this machine)",
        )
    return Finding(component="programs", ok=True, detail="mosquitto and influxd are installed")


def _font(settings: LocalSettings) -> Finding:
    del settings
    from matplotlib import font_manager

    names = {entry.name for entry in font_manager.fontManager.ttflist}
    found = next((name for name in FONT_FAMILIES if name in names), None) or _font_file()
    if found is None:
        return Finding(
            component="font",
            ok=False,
            detail="no font with Chinese characters for the pictures in mails",
            repair="apt-get install fonts-noto-cjk",
        )
    return Finding(component="font", ok=True, detail=found)


def _font_file() -> str | None:
    return next((path.name for path in Path("/usr/share/fonts").rglob("*CJK*.tt[cf]")), None)


def _disk(settings: LocalSettings) -> Finding:
    settings.run_dir.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(settings.run_dir).free
    detail = f"{free / 1024**3:.1f} GiB free at {settings.run_dir}"
    if free < LEAST_FREE_BYTES:
        return Finding(
            component="disk",
            ok=False,
            detail=detail,
            repair="free at least 2 GiB; the raw log waits there while InfluxDB is down",
        )
    return Finding(component="disk", ok=True, detail=detail)


def _broker(settings: LocalSettings) -> Finding:
    """The collector's own way: its user, its password or certificate, its subscriptions."""
    from ingest.mqtt import probe
    from ingest.process.settings import CollectorSettings
    from store.settings import load_settings

    own = load_settings(CollectorSettings)
    return _probed(probe(own, own.subscriptions), f"{_bare(settings.mqtt_url)} grants the collector's subscriptions")


def _gateway_broker(settings: LocalSettings) -> Finding:
    from ingest.gateway.settings import GatewaySettings
    from ingest.mqtt import probe
    from store.settings import load_settings

    return _probed(probe(load_settings(GatewaySettings), ()), f"{_bare(settings.mqtt_url)} accepts the gateway")


def _probed(refused: str, detail: str) -> Finding:
    if not refused:
        return Finding(component="broker", ok=True, detail=detail)
    repair = "skyground up broker, or correct SKYGROUND_MQTT_URL, its user and password, or the broker's access list"
    return Finding(component="broker", ok=False, detail=refused, repair=repair)


def _influxdb(settings: LocalSettings, part: Part | None) -> Finding:
    """Write to and read from every bucket that the part uses."""
    from store.error import StoreError
    from store.influx.bucket import try_access
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
    return Finding(component="influxdb", ok=True, detail=f"{settings.influx_url}, version {version}, tried: {rights}")


def _influxdb_refused(detail: str) -> Finding:
    if "organi" in detail:
        repair = "set SKYGROUND_INFLUX_ORG to an organisation of this server"
    elif "refuses the credentials" in detail:
        repair = "correct SKYGROUND_INFLUX_TOKEN; `skyground token create PART` makes one with the rights of a part"
    elif "not found" in detail or "there is no" in detail:
        repair = "skyground migrate (with credentials that may administer)"
    else:
        repair = "skyground up influxdb, or correct SKYGROUND_INFLUX_URL"
    return Finding(component="influxdb", ok=False, detail=detail, repair=repair)


def _state(settings: LocalSettings) -> Finding:
    from store.error import StateError, StateSchemaError
    from store.state import StateStore

    with StateStore(settings.state_url) as state:
        try:
            pending = state.database.pending_migrations()
            if not pending:
                state.database.try_write()
        except StateSchemaError as error:
            return Finding(component="state", ok=False, detail=str(error), repair="install a version that knows it")
        except StateError as error:
            return Finding(
                component="state",
                ok=False,
                detail=str(error),
                repair="correct SKYGROUND_STATE_URL, its user or its rights",
            )
    if pending:
        return Finding(
            component="state", ok=False, detail=f"{len(pending)} migrations are not applied", repair="skyground migrate"
        )
    place = settings.state_url.split("@")[-1]
    return Finding(component="state", ok=True, detail=f"{place}, schema is current, may be written")


def _mail(settings: LocalSettings) -> Finding:
    """Greet the server and log in as the alerts do."""
    from alerts.channels.email import DeliveryError, check
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    try:
        check(load_settings(AlertSettings))
    except DeliveryError as error:
        repair = "skyground up mail (local sink), or correct SKYGROUND_SMTP_URL and SKYGROUND_SMTP_PASSWORD"
        return Finding(component="mail", ok=False, detail=f"{_bare(settings.smtp_url)}: {error}", repair=repair)
    waiting = _waiting_mails(settings)
    if waiting:
        repair = "is skyground watch running? its log says why; skyground alerts deliver sends them now"
        return Finding(
            component="mail", ok=False, detail=f"{_bare(settings.smtp_url)} answers, but {waiting}", repair=repair
        )
    return Finding(
        component="mail",
        ok=True,
        detail=f"{_bare(settings.smtp_url)} accepts the log-in; prove the whole way with: skyground alerts test-mail",
    )


def _waiting_mails(settings: LocalSettings) -> str:
    """What of the alert mails does not go out though the server answers; empty where nothing waits too long."""
    from alerts.channels.outage import mail_state
    from store.error import StoreError
    from store.state import StateStore

    try:
        with StateStore(settings.state_url) as state:
            mail = mail_state(state, datetime.now(UTC))
    except StoreError:  # the state database is a finding of its own
        return ""
    parts = [f"{mail.waiting} alert mails wait since {mail.oldest:%Y-%m-%d %H:%M}Z"] if mail.is_stuck else []
    parts += [f"{mail.failed} were given up within 24 h"] if mail.failed else []
    return "; ".join(parts)


def _rules(settings: LocalSettings) -> Finding:
    """Read the rules as the watch does, and name those that can never fire with the network file at hand."""
    from alerts.rules.idle import idle_rules
    from alerts.rules.rules import RulesFileError, load_rules

    try:
        rules = load_rules(settings.rules)
    except RulesFileError as error:
        return Finding(
            component="rules", ok=False, detail=str(error), repair="correct the file that SKYGROUND_RULES names"
        )
    idle = [
        f"rule {name!r} can never fire: {why}" for name, why in idle_rules(rules, settings.stations, only_patterns=True)
    ]
    if idle:
        repair = "correct stations and cities of these rules, or remove them"
        return Finding(component="rules", ok=False, detail="; ".join(idle), repair=repair)
    return Finding(component="rules", ok=True, detail=f"{settings.rules}: {len(rules.items)} rules")


def _airflow(settings: LocalSettings) -> Finding:
    return _web(
        "airflow", settings.airflow_url, "/api/v2/monitor/health", "skyground up airflow (takes up to a minute)"
    )


def _console(settings: LocalSettings) -> Finding:
    return _web("console", settings.console_url, "/api/v1/health", "skyground up console")


def _web(component: str, url: str, path: str, repair: str) -> Finding:
    """Ask a page; one that takes connections and does not answer in time is busy, not dead."""
    try:
        status = httpx.get(url + path, timeout=HTTP_TIMEOUT_S).status_code
    except httpx.ReadTimeout:
        detail = f"{url} is busy: it takes connections, no answer within {HTTP_TIMEOUT_S:.0f} s"
        return Finding(component=component, ok=True, detail=detail)
    except httpx.HTTPError as error:
        return Finding(component=component, ok=False, detail=f"{url} does not answer: {error}", repair=repair)
    if status >= 400:  # noqa: PLR2004 - first error status of HTTP
        detail = f"{url}{path} answers HTTP {status}"
        return Finding(component=component, ok=False, detail=detail, repair=f"read its log, then {repair}")
    return Finding(component=component, ok=True, detail=f"{url} answers")


def _bare(url: str) -> str:
    """URL without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"
