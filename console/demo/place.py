"""Where a demo runs: a run directory of its own with free ports, marked so that only a demo is ever wiped."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from console.local.settings import LocalSettings, free_ports, write_settings_env
from store.settings import PREFIX, load_settings

REGISTRY = "enterprises.toml"
"""Registry of the simulated province's invented enterprises, in the run directory."""
WEATHER = "weather"
"""Folder of weather forecasts of the simulated province, in the run directory."""
PEOPLE = "people.toml"
"""Persons, teams and roster, in the run directory."""
_MARK = "made-by-skyground-demo"


class DemoPlaceError(RuntimeError):
    """The demo cannot use this run directory; the message states the cause."""


def prepare_place(run_dir: Path) -> LocalSettings:
    """Empty the run directory of an earlier demo, choose free ports, and write ``settings.env``.

    Raises
    ------
    DemoPlaceError
        The directory holds something that no demo made, or a demo still runs in it.
    """
    run_dir = run_dir.resolve()
    if run_dir.exists() and any(run_dir.iterdir()):
        if not (run_dir / _MARK).exists():
            msg = f"{run_dir} is not empty and was not made by a demo; name another with {PREFIX}RUN_DIR"
            raise DemoPlaceError(msg)
        if (run_dir / "log" / "supervisord.pid").exists():
            msg = f"a demo seems to run in {run_dir}; end it with Ctrl-C there, or with: skyground down"
            raise DemoPlaceError(msg)
        shutil.rmtree(run_dir)
    run_dir.mkdir(parents=True, exist_ok=True)
    (run_dir / _MARK).touch()
    values = _settings_values(run_dir)
    write_settings_env(run_dir, values)
    shutil.copy(Path(__file__).with_name(PEOPLE), run_dir / PEOPLE)
    os.environ[PREFIX + "RUN_DIR"] = str(run_dir)
    return load_settings(LocalSettings)


def _settings_values(run_dir: Path) -> dict[str, str]:
    mqtt, influx, smtp, console, airflow, metrics, watch = free_ports(7)
    values = {
        "RUN_DIR": str(run_dir),
        "NETWORK": str(run_dir / "network.toml"),
        "ENTERPRISES": str(run_dir / REGISTRY),
        "WEATHER_FORECAST": str(run_dir / WEATHER),
        "MQTT_URL": f"mqtt://127.0.0.1:{mqtt}",
        "INFLUX_URL": f"http://127.0.0.1:{influx}",
        "SMTP_URL": f"smtp://127.0.0.1:{smtp}",
        "CONSOLE_URL": f"http://127.0.0.1:{console}",
        "AIRFLOW_URL": f"http://127.0.0.1:{airflow}",
        "METRICS_PORT": str(metrics),
        "WATCH_METRICS_PORT": str(watch),
        "NOTIFY_MAX_AGE_H": "48",  # the real data set keeps its hours of the day, so its episode may lie a day back
        "PEOPLE": str(run_dir / PEOPLE),
        "MAILS_PER_H": "60",  # the history of days comes at once; each case shall have a mail of its own
        "RULES": str(Path(__file__).resolve().parents[2] / "deploy" / "rules.example.toml"),
    }
    return {PREFIX + name: os.environ.get(PREFIX + name, value) for name, value in values.items()}
