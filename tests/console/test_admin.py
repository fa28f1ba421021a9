"""`skyground migrate`, `token` and `doctor` as an operator meets them, on real servers."""

from __future__ import annotations

import json
import os
import socket
import threading
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from console.cli import build_app

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from click.testing import Result

    from store.settings import SharedSettings

pytestmark = pytest.mark.integration
FAR_AWAY = "http://127.0.0.1:9"


def skyground(settings: SharedSettings, *arguments: str, **more: str) -> Result:
    """Run a command with these settings alone, without a terminal."""
    own = {
        "RUN_DIR": str(settings.run_dir),
        "INFLUX_URL": settings.influx_url,
        "INFLUX_ORG": settings.influx_org,
        "INFLUX_TOKEN": settings.influx_token.get_secret_value(),
        "INFLUX_DATABASE": settings.influx_database,
        "STATE_URL": settings.state_url,
        "NETWORK": str(settings.network),
    }
    cleared = dict.fromkeys(name for name in os.environ if name.startswith("SKYGROUND_"))
    env = cleared | {f"SKYGROUND_{name}": value for name, value in (own | more).items()}
    return CliRunner().invoke(build_app(), arguments, env=env)


@pytest.fixture(params=["1.x", "2.x"])
def either(request: pytest.FixtureRequest, tmp_path: Path) -> SharedSettings:
    """Settings of stores in which nothing is yet."""
    found: SharedSettings = request.getfixturevalue("settings" if request.param == "1.x" else "influx2_settings")
    (tmp_path / "state.sqlite").unlink()
    return found


def test_a_dry_run_names_the_steps_and_makes_nothing(either: SharedSettings) -> None:
    first = skyground(either, "migrate", "--dry-run", "--keep", "ops=90d")
    assert first.exit_code == 0, first.stderr
    assert "would create" in first.stdout
    assert "migrations to apply" in first.stdout
    assert skyground(either, "migrate", "--dry-run", "--keep", "ops=90d").stdout == first.stdout


def test_a_shorter_retention_is_refused_without_a_terminal(either: SharedSettings) -> None:
    assert skyground(either, "migrate").exit_code == 0
    refused = skyground(either, "migrate", "--keep", "native=30d")
    assert (refused.exit_code, "confirm with --yes" in refused.stderr) == (2, True)
    assert "native for ever" in skyground(either, "migrate").stdout
    assert "native 30d" in skyground(either, "migrate", "--keep", "native=30d", "--yes").stdout
    assert "native for ever" in skyground(either, "migrate", "--keep", "native=forever").stdout


@pytest.mark.parametrize("text", ["native", "native=soon", "nothing=3d"])
def test_a_wrong_retention_is_refused_with_the_reason(settings: SharedSettings, text: str) -> None:
    done = skyground(settings, "migrate", "--keep", text)
    assert done.exit_code == 2
    assert "expected" in done.stderr


def test_a_token_that_may_only_collect_is_distinguished_from_wrong_credentials(
    influx2_settings: SharedSettings, tmp_path: Path
) -> None:
    assert skyground(influx2_settings, "migrate").exit_code == 0
    secrets = {}
    for part in ("airflow", "collector"):
        path = tmp_path / part
        made = skyground(influx2_settings, "token", "create", part, "--file", str(path))
        assert made.exit_code == 0, made.stderr
        secrets[part] = path.read_text()
        assert secrets[part] not in made.stdout + made.stderr
        assert path.stat().st_mode & 0o777 == 0o600
    again = skyground(influx2_settings, "token", "create", "airflow", "--file", str(tmp_path / "airflow"))
    assert (again.exit_code, (tmp_path / "airflow").read_text()) == (2, secrets["airflow"])
    whole = skyground(influx2_settings, "migrate", INFLUX_TOKEN=secrets["airflow"])
    assert (whole.exit_code, "may not change or list them" in whole.stdout) == (0, True)
    part_of_it = skyground(influx2_settings, "migrate", INFLUX_TOKEN=secrets["collector"])
    assert part_of_it.exit_code == 1
    assert "native: these credentials may read and write" in part_of_it.stderr
    assert "hourly: these credentials may do nothing" in part_of_it.stderr


def findings(settings: SharedSettings, *arguments: str, **more: str) -> dict[str, dict[str, object]]:
    done = skyground(settings, "doctor", "--json", *arguments, **more)
    return {row["component"]: row for row in map(json.loads, done.stdout.splitlines())}


def test_doctor_tries_what_a_part_needs_and_says_what_is_missing(either: SharedSettings, mqtt_url: str) -> None:
    before = findings(either, "--part", "collector", MQTT_URL=mqtt_url)
    assert set(before) == {"network", "disk", "restore", "broker", "influxdb", "state"}
    assert before["broker"]["ok"] is True
    assert [before[name]["ok"] for name in ("influxdb", "state")] == [False, False]
    assert "skyground migrate" in str(before["influxdb"]["repair"])
    assert skyground(either, "migrate").exit_code == 0
    after = findings(either, "--part", "collector", MQTT_URL=mqtt_url)
    assert all(item["ok"] for item in after.values()), after


def test_doctor_names_a_wrong_organisation(influx2_settings: SharedSettings) -> None:
    found = findings(influx2_settings, "--part", "console", INFLUX_ORG="nobody", CONSOLE_URL=FAR_AWAY)
    assert found["influxdb"]["ok"] is False
    assert "SKYGROUND_INFLUX_ORG" in str(found["influxdb"]["repair"])


def test_doctor_reports_refused_log_ins_of_mail_and_absent_console(settings: SharedSettings, smtp_url: str) -> None:
    found = findings(settings, "--part", "watch", SMTP_URL=smtp_url.replace("//", "//duty@"), SMTP_PASSWORD="wrong")
    assert found["mail"]["ok"] is False
    assert "SKYGROUND_SMTP_PASSWORD" in str(found["mail"]["repair"])
    assert findings(settings, "--part", "console", CONSOLE_URL=FAR_AWAY)["console"]["ok"] is False


@pytest.fixture
def busy_url() -> Iterator[str]:
    """A server that takes connections and answers nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            try:
                while True:
                    held.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=accept)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        for item in held:
            item.close()
    thread.join()


def test_a_busy_console_is_not_a_dead_one(settings: SharedSettings, busy_url: str) -> None:
    found = findings(settings, "--part", "console", CONSOLE_URL=busy_url)["console"]
    assert (found["ok"], "busy" in str(found["detail"])) == (True, True)


def test_doctor_ends_with_1_and_says_fail(settings: SharedSettings) -> None:
    done = skyground(settings, "doctor", "--part", "gateway", MQTT_URL="mqtt://127.0.0.1:9")
    assert done.exit_code == 1
    assert "FAIL  broker" in done.stdout
    assert "ok    network" in done.stdout
