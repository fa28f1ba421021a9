"""Settings of clients of the broker, and of the collector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator

from store.settings import SharedSettings

_DEFAULT_PORT = {"mqtt": 1883, "mqtts": 8883}
_NAME = re.compile(r"[a-z0-9-]{1,48}")


def _checked_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        msg = "expected [a-z0-9-]{1,48}"
        raise ValueError(msg)
    return value


def _checked_filter(value: str) -> str:
    levels = value.split("/")
    is_wild_inside = any("+" in level or "#" in level for level in levels if level not in ("+", "#"))
    if not value or "\0" in value or is_wild_inside or "#" in levels[:-1]:
        msg = "expected an MQTT topic filter, such as obs/v1/# or obs/v1/voc/+/+/json"
        raise ValueError(msg)
    return value


Port = Annotated[int, Field(ge=0, le=65_535)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[int, Field(ge=0, le=3650)]
"""0: without end [d]."""
MqttName = Annotated[str, AfterValidator(_checked_name)]
"""Client id or share group."""
_NameOrEmpty = Annotated[str, AfterValidator(lambda value: value and _checked_name(value))]
_Filter = Annotated[str, AfterValidator(_checked_filter)]
_FilterOrEmpty = Annotated[str, AfterValidator(lambda value: value and _checked_filter(value))]


class Broker(SharedSettings):
    """How to reach the broker.

    Attributes
    ----------
    mqtt_url : str
        ``mqtt://[user@]host[:port]``, or ``mqtts://`` for TLS.
    mqtt_password : SecretStr
        Never part of the URL; ``SKYGROUND_MQTT_PASSWORD_FILE`` reads it from a file.
    mqtt_ca, mqtt_cert, mqtt_key : Path or None
        Certificate authority (none: the system's) and the client's own certificate, PEM.
    """

    mqtt_url: str = "mqtt://127.0.0.1:1883"
    mqtt_password: SecretStr = SecretStr("")
    mqtt_password_file: Path | None = None
    mqtt_ca: Path | None = None
    mqtt_cert: Path | None = None
    mqtt_key: Path | None = None

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, value: str) -> str:
        expected = "expected mqtt://[user@]host[:port] or mqtts://[user@]host[:port]"
        try:
            parts = urlsplit(value)
            is_sound = parts.scheme in _DEFAULT_PORT and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError as error:
            raise ValueError(expected) from error
        if not is_sound or parts.path not in ("", "/") or parts.query:
            raise ValueError(expected)
        if parts.password:
            msg = "a password in the URL would show in process lists and logs; use SKYGROUND_MQTT_PASSWORD_FILE"
            raise ValueError(msg)
        return value

    @property
    def mqtt_host(self) -> str:
        """Host name or address."""
        return urlsplit(self.mqtt_url).hostname or ""

    @property
    def mqtt_port(self) -> int:
        """Port, by default that of the scheme."""
        parts = urlsplit(self.mqtt_url)
        return parts.port or _DEFAULT_PORT[parts.scheme]

    @property
    def mqtt_user(self) -> str:
        """User name, empty for an anonymous connection."""
        return urlsplit(self.mqtt_url).username or ""

    @property
    def mqtt_tls(self) -> bool:
        """Whether the connection is encrypted."""
        return self.mqtt_url.startswith("mqtts://")


class CollectorSettings(Broker):
    """Settings of the collector.

    Attributes
    ----------
    mqtt_client_id : str
        Names the persistent session: messages that arrive while the collector is down wait under this name.
    mqtt_share : str
        Share group (``$share/<group>/``) of several collectors, each with its own client id; empty for none.
    mqtt_cover_after_s : float
        Absence after which another member takes over the session of a member [s]; 0 is off.
    mqtt_topic : str
        Topic filter.
    mqtt_calibration_topic : str
        Topic filter of calibration results; empty: they are not asked for.
    mqtt_session_days : int
        How long the broker keeps the session of an absent collector [d].
    mqtt_receive_maximum : int
        Most unacknowledged messages [1]; also the upper bound of a batch in flight.
    intake_batch, intake_wait_ms : int
        A commit of the raw log ends at so many messages [1], or so long after the first one [ms].
    intake_queue_bytes : int
        Received and not yet kept, at most [B]; beyond that nothing more is read from the broker.
    disk_reserve_bytes : int
        While less than this is free where the raw log is, nothing is acknowledged [B]; 0 is off.
    drain_batch, drain_batch_bytes : int
        Messages [1] and payload [B] that are decoded and written together.
    drain_idle_ms : int
        Pause when the raw log holds nothing new [ms].
    drain_live_after_s : float
        When messages have waited so long to be stored, live ones go ahead of them [s]; 0: never.
    payload_max_bytes : int
        Larger payloads go to the quarantine undecoded [B].
    time_ahead_max_s : int
        Readings that end later than this after reception are refused [s].
    clock_screen : bool
        Whether readings of clocks that are recognised as wrong are held (`ingest.decode.clock`).
    gap_requests_per_s : float
        Stations are asked for missing readings at most so often, all together [s⁻¹]; 0 switches gap repair off.
    gap_request_readings, gap_attempts : int
        At most so many readings a request, and so many requests without progress [1].
    gap_wait_s : float
        From finding a gap to asking, since redelivered messages often close it [s].
    survey_every_s : float
        Interval of housekeeping: reconciliation and retention [s]; 0 is off.
    quarantine_max_items, quarantine_max_bytes : int
        Bounds of the quarantine, entries [1] and payload [B]: beyond them the oldest go, and are counted.
    quarantine_keep_days, rawlog_keep_days : int
        Entries and days of the raw log that are older go [d]; 0: never.
    sheet_keep_days : int
        Rows of the reconciliation without a rest and closed gaps are deleted when unchanged for so long [d]; 0: never.
    metrics_host, metrics_port
        Where Prometheus asks; port 0 is off.
    """

    mqtt_client_id: MqttName = "skyground-collector"
    mqtt_share: _NameOrEmpty = ""
    mqtt_cover_after_s: Annotated[float, Field(ge=0)] = 20.0
    mqtt_topic: _Filter = "obs/v1/#"
    mqtt_calibration_topic: _FilterOrEmpty = "cal/v1/#"
    mqtt_session_days: Annotated[int, Field(ge=1, le=3650)] = 30
    mqtt_receive_maximum: Annotated[int, Field(ge=1, le=65_535)] = 2_000
    intake_batch: Annotated[int, Field(ge=1, le=65_535)] = 1_000
    intake_wait_ms: Annotated[int, Field(ge=0, le=10_000)] = 20
    intake_queue_bytes: Annotated[int, Field(ge=1 << 20)] = 64 << 20
    disk_reserve_bytes: Annotated[int, Field(ge=0)] = 1 << 30
    drain_batch: Annotated[int, Field(ge=1, le=100_000)] = 4_000
    drain_batch_bytes: Annotated[int, Field(ge=1 << 20)] = 16 << 20
    drain_idle_ms: Annotated[int, Field(ge=1, le=60_000)] = 50
    drain_live_after_s: Annotated[float, Field(ge=0)] = 60.0
    payload_max_bytes: Count = 1 << 20
    time_ahead_max_s: Annotated[int, Field(ge=0)] = 600
    clock_screen: bool = True
    gap_requests_per_s: Annotated[float, Field(ge=0, le=1_000)] = 2.0
    gap_request_readings: Annotated[int, Field(ge=1, le=20_000)] = 1_000
    gap_attempts: Annotated[int, Field(ge=1, le=100)] = 4
    gap_wait_s: Annotated[float, Field(ge=0)] = 5.0
    survey_every_s: Annotated[float, Field(ge=0, le=86_400)] = 3_600.0
    quarantine_max_items: Annotated[int, Field(ge=1_000)] = 200_000
    quarantine_max_bytes: Annotated[int, Field(ge=1 << 20)] = 1 << 30
    quarantine_keep_days: Days = 180
    rawlog_keep_days: Days = 0
    sheet_keep_days: Days = 1_095
    metrics_host: str = "127.0.0.1"
    metrics_port: Port = 9464

    @property
    def subscriptions(self) -> list[str]:
        """All topic filters with their share group: of readings, and of calibration results where they are asked for."""
        share = f"$share/{self.mqtt_share}/" if self.mqtt_share else ""
        return [self.subscription, *([share + self.mqtt_calibration_topic] if self.mqtt_calibration_topic else [])]

    @property
    def subscription(self) -> str:
        """Topic filter with its share group."""
        return f"$share/{self.mqtt_share}/{self.mqtt_topic}" if self.mqtt_share else self.mqtt_topic

    @property
    def process_name(self) -> str:
        """What the collector is called where processes are listed."""
        return f"collector/{self.mqtt_client_id}"

    @property
    def rawlog_dir(self) -> Path:
        """Directory of the raw log."""
        return self.run_dir / "rawlog"
