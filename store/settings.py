"""Settings every part shares: where the databases, the network file and the run directory are.

Environment variables ``SKYGROUND_*``, then ``settings.env`` in the run directory (written by ``skyground up``), then the
defaults. ``NAME_FILE`` reads a secret from a file. A wrong value stops the start with its name and the expectation.
"""

from __future__ import annotations

import os
from enum import StrEnum
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self, TypeVar

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from schemas.bounds import parse_zone
from schemas.moment import BoundsError
from schemas.network.file import load_network

if TYPE_CHECKING:
    from schemas.network import Network

PREFIX = "SKYGROUND_"
_Settings = TypeVar("_Settings", bound="SharedSettings")


class SettingsError(ValueError):
    """A setting cannot be used; one line a setting, each with name and expectation."""


class InfluxDialect(StrEnum):
    """Which write interface the time-series database has."""

    AUTO = "auto"
    V1 = "v1"
    V2 = "v2"


class Language(StrEnum):
    """Languages of pages, mails and commands."""

    ZH = "zh"
    EN = "en"


def run_dir_from_environment() -> Path:
    """Directory for everything that a run leaves behind (default ``.run``)."""
    return Path(os.environ.get(PREFIX + "RUN_DIR", ".run"))


class SharedSettings(BaseSettings):
    """Settings shared by all parts; folders with more of their own extend this class."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)
    MADE_AT_START: ClassVar[frozenset[str]] = frozenset()
    """Names of settings that end in ``_file`` and name a file to make, not a secret to read."""

    run_dir: Path = Path(".run")
    network: Path = Path("deploy/network.example.toml")
    influx_url: str = "http://127.0.0.1:8086"
    influx_org: str = "skyground"
    influx_database: str = "skyground"
    influx_user: str = ""
    influx_token: SecretStr = SecretStr("")
    influx_token_file: Path | None = None
    influx_password: SecretStr = SecretStr("")
    influx_password_file: Path | None = None
    influx_dialect: InfluxDialect = InfluxDialect.AUTO
    influx_timeout_s: float = 30.0
    state_url: str = ""
    state_url_file: Path | None = None
    zone: str = "Asia/Shanghai"
    language: Language = Language.ZH
    console_url: str = "http://127.0.0.1:8088"
    api_token: SecretStr = SecretStr("")
    api_token_file: Path | None = None
    enterprises: Path | None = None
    receptor_errors: Path | None = None
    weather_forecast: Path | None = None
    weather_forecast_max_age_h: float = Field(default=24.0, gt=0.0)
    forecast_miss_cost: float | None = Field(default=None, gt=0.0)

    @field_validator("enterprises", "receptor_errors", "weather_forecast", "forecast_miss_cost", mode="before")
    @classmethod
    def _none_where_empty(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("influx_url", "console_url")
    @classmethod
    def _is_http(cls, value: str) -> str:
        if not value.startswith(("http://", "https://")):
            msg = "expected http://host:port or https://host:port"
            raise ValueError(msg)
        return value.rstrip("/")

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, value: str) -> str:
        try:
            return parse_zone(value).key
        except BoundsError as error:
            raise ValueError(str(error)) from error

    @model_validator(mode="before")
    @classmethod
    def _read_secret_files(cls, values: dict[str, object]) -> dict[str, object]:
        for name in [key for key in values if key.endswith("_file") and values[key] and key not in cls.MADE_AT_START]:
            path = Path(str(values[name]))
            try:
                values[name.removesuffix("_file")] = path.read_text(encoding="utf-8-sig").strip()
            except (OSError, UnicodeDecodeError) as error:
                msg = f"{PREFIX}{name.upper()}: {path} cannot be read: {getattr(error, 'strerror', None) or error}"
                raise ValueError(msg) from error
        return values

    @model_validator(mode="after")
    def _default_state(self) -> Self:
        if not self.state_url:
            path = (self.run_dir / "state.sqlite").resolve()
            object.__setattr__(self, "state_url", f"sqlite:///{path}")
        return self

    @cached_property
    def stations(self) -> Network:
        """The parsed network file; raises `schemas.network.file.NetworkFileError`."""
        return load_network(self.network)


def load_settings(kind: type[_Settings]) -> _Settings:
    """Read the settings of one part.

    Raises
    ------
    SettingsError
        Names every wrong variable and what was expected, or the file that cannot be read.
    """
    path = run_dir_from_environment() / "settings.env"
    try:
        return kind(_env_file=path)
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        msg = (
            f"{path} cannot be read: {why}; correct its owner, permissions or encoding (UTF-8), run as the user of the parts, "
            f"or name another directory with {PREFIX}RUN_DIR"
        )
        raise SettingsError(msg) from error
    except ValidationError as error:
        lines = [
            f"{PREFIX}{'_'.join(map(str, item['loc'])).upper() or 'settings'}: {item['msg']}" for item in error.errors()
        ]
        raise SettingsError("\n".join(lines)) from error
