"""Configuration files of the servers we start: mosquitto, influxd, supervisord."""

from __future__ import annotations

import getpass
from configparser import RawConfigParser
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_STEADY_S = 60
"""A part that runs for so long has come up [s]."""
_RETRIES = 60
"""Starts in a row that fail before supervisord gives up: the last pause is a minute, all of them half an hour [1]."""


def mosquitto_conf(directory: Path, port: int) -> str:
    """Broker on loopback with a persistent store and queues without a limit (the raw log empties them)."""
    return f"""\
listener {port} 127.0.0.1
allow_anonymous true
user {getpass.getuser()}
persistence true
persistence_location {directory}/
autosave_interval 30
max_queued_messages 0
max_queued_bytes 0
max_inflight_messages 2000
max_packet_size 8388608
persistent_client_expiration 30d
log_dest stderr
log_type error
log_type warning
log_type notice
connection_messages false
"""


def influxdb_conf(directory: Path, http_port: int, rpc_port: int) -> str:
    """InfluxDB 1.x on loopback without usage reports."""
    return f"""\
reporting-disabled = true
bind-address = "127.0.0.1:{rpc_port}"
[meta]
  dir = "{directory}/meta"
[data]
  dir = "{directory}/data"
  wal-dir = "{directory}/wal"
  index-version = "tsi1"
  query-log-enabled = false
  cache-max-memory-size = "1g"
  max-series-per-database = 0
  max-values-per-tag = 0
[coordinator]
  write-timeout = "30s"
[monitor]
  store-enabled = false
[http]
  bind-address = "127.0.0.1:{http_port}"
  log-enabled = false
  max-body-size = 50000000
[logging]
  level = "warn"
"""


def supervisord_conf(
    directory: Path, socket: Path, programs: Mapping[str, tuple[Sequence[str], Mapping[str, str]]]
) -> str:
    """Supervisord with one program a part; none starts automatically, each is stopped as a process group.

    A part runs in the directory of the command that writes this: its settings may name files from there.
    A part that ends within ``startsecs`` of its start is started again after a pause that grows by a second each time; who
    has run for longer, at once. With a shorter time than the start takes, one that dies right after it would be started
    again and again without any pause.
    """
    config = RawConfigParser()
    config["unix_http_server"] = {"file": str(socket), "chmod": "0700"}
    config["supervisord"] = {
        "logfile": str(directory / "supervisord.log"),
        "pidfile": str(directory / "supervisord.pid"),
        "childlogdir": str(directory),
        "user": getpass.getuser(),
    }
    config["rpcinterface:supervisor"] = {
        "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
    }
    for name, (command, environment) in programs.items():
        config[f"program:{name}"] = {
            "command": " ".join(_quote(item) for item in command),
            "environment": ",".join(f'{key}="{_percent(value)}"' for key, value in sorted(environment.items())),
            "directory": str(Path.cwd()),
            "autostart": "false",
            "autorestart": "unexpected",
            "startsecs": str(_STEADY_S),
            "startretries": str(_RETRIES),
            "stopwaitsecs": "30",
            "stopasgroup": "true",
            "killasgroup": "true",
            "redirect_stderr": "true",
            "stdout_logfile": str(directory / f"{name}.log"),
            "stdout_logfile_maxbytes": "20MB",
            "stdout_logfile_backups": "2",
        }
    out = StringIO()
    config.write(out)
    return out.getvalue()


def airflow_wrapper(airflow: Path) -> str:
    """Stand-in for the command ``airflow`` that keeps its log servers from starting.

    ``airflow standalone`` starts its components by name from PATH; the scheduler's and the triggerer's log servers bind
    to all interfaces and have no setting for the host. On one machine the API server reads the log files itself.
    """
    return f"""\
#!/bin/sh
case "$1" in
  scheduler|triggerer) exec "{airflow}" "$@" --skip-serve-logs ;;
  *) exec "{airflow}" "$@" ;;
esac
"""


def _percent(value: str) -> str:
    return value.replace("%", "%%").replace('"', '\\"')


def _quote(item: str) -> str:
    return f'"{_percent(item)}"' if " " in item or "%" in item else item
