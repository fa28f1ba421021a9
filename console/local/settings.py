"""Where the parts of this machine listen."""

from __future__ import annotations

import socket
from contextlib import ExitStack, suppress
from pathlib import Path
from random import SystemRandom
from urllib.parse import urlsplit

from pydantic import field_validator

from store.settings import PREFIX, SharedSettings

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LISTENING_PORTS = range(10_000, 32_768)
"""Below Linux's ephemeral ports: an outgoing connection cannot take one of these before its server binds it."""


class LocalSettings(SharedSettings):
    """Addresses of every part; a part is started here only when its address is on loopback."""

    mqtt_url: str = "mqtt://127.0.0.1:1883"
    smtp_url: str = "smtp://127.0.0.1:1025"
    airflow_url: str = "http://127.0.0.1:8080"
    maildir: Path | None = None
    metrics_port: int = 9464
    gateway_port: int = 9212
    rules: Path = Path("deploy/rules.example.toml")

    @field_validator("mqtt_url")
    @classmethod
    def _is_mqtt(cls, value: str) -> str:
        if not value.startswith(("mqtt://", "mqtts://")):
            msg = "expected mqtt://[user@]host:port or mqtts://[user@]host:port"
            raise ValueError(msg)
        return value


class AddressError(ValueError):
    """A part cannot be started at the address its setting names."""


def local_port(url: str, variable: str) -> int:
    """Port of a loopback URL.

    Raises
    ------
    AddressError
        The host is not this machine, or the port is missing.
    """
    parts = urlsplit(url)
    if parts.hostname not in _LOOPBACK:
        msg = f"{PREFIX}{variable}={url}: {parts.hostname} is not this machine's loopback, so nothing is started here"
        raise AddressError(msg)
    if parts.port is None:
        msg = f"{PREFIX}{variable}={url}: expected a port"
        raise AddressError(msg)
    return parts.port


def free_ports(count: int) -> list[int]:
    """``count`` different loopback ports that are free at this moment, chosen at random outside the ephemeral range."""
    chance = SystemRandom()
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            port = chance.choice(_LISTENING_PORTS)
            with suppress(OSError):
                held.enter_context(socket.socket()).bind(("127.0.0.1", port))
                found.append(port)
    return found


def write_settings_env(run_dir: Path, values: dict[str, str]) -> Path:
    """Write ``settings.env`` of a run directory, which every command reads after the environment."""
    run_dir.mkdir(parents=True, exist_ok=True)
    path = run_dir / "settings.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in sorted(values.items())), encoding="utf-8")
    return path
