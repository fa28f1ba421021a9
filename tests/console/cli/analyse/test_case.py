"""``skyground analyse case`` on a real InfluxDB."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from store.influx.store import InfluxStore
from store.state import StateStore
from tests.analysis.frames import episode_start, network_text, province

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store.settings import SharedSettings
    from tests.command import Done

pytestmark = pytest.mark.integration
AT = f"{episode_start() + timedelta(hours=2):%Y-%m-%dT%H:%MZ}"


@pytest.fixture(scope="module")
def words(influx_url: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Settings of a province with a known episode at its first station."""
    from store.settings import SharedSettings

    directory = tmp_path_factory.mktemp("case")
    path = directory / "network.toml"
    path.write_text(network_text(), encoding="utf-8")
    values: dict[str, Any] = {
        "run_dir": directory,
        "network": path,
        "influx_url": influx_url,
        "influx_database": "analyse_case",
        "state_url": f"sqlite:///{directory / 'state.sqlite'}",
        "language": "en",
    }
    settings: SharedSettings = SharedSettings(**values)
    store = InfluxStore(settings)
    store.ensure()
    for code, stations in province().items():
        for station_id, frame in stations.items():
            store.write_hourly(code, station_id, frame)
    store.close()
    with StateStore(settings.state_url) as state:
        state.migrate()
    return values


def test_the_first_line_is_the_answer_then_comes_the_evidence(
    command: Callable[..., Done], words: dict[str, object], tmp_path: Path
) -> None:
    picture = tmp_path / "case.png"
    done = command("analyse", "case", "st-0", "--at", AT, "--png", str(picture), **words)
    assert done.returncode == 0, done.stderr
    first, basis, *rest = done.stdout.splitlines()
    assert "at Station 0" in first
    assert basis.startswith("From hourly data up to ")
    assert "What was measured" in rest
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_an_event_near_the_moment_is_said_to_be_another_time(
    command: Callable[..., Done], words: dict[str, object]
) -> None:
    before = f"{episode_start() - timedelta(hours=2):%Y-%m-%dT%H:%MZ}"
    near = command("analyse", "case", "st-0", "--at", before, "--parameter", "toluene", "--json", **words)
    assert json.loads(near.stdout)["parameter"] == "toluene"
    assert near.stderr.startswith("No event at ")
    assert not command("analyse", "case", "st-0", "--at", AT, "--parameter", "toluene", **words).stderr


def test_json_has_the_document_with_both_languages(command: Callable[..., Done], words: dict[str, object]) -> None:
    done = command("analyse", "case", "st-0", "--at", AT, "--parameter", "toluene", "--json", **words)
    body = json.loads(done.stdout)
    assert body["parameter"] == "toluene"
    assert all(item["zh"] and item["en"] for item in body["statements"])


def test_where_nothing_was_high_the_nearest_event_is_named(
    command: Callable[..., Done], words: dict[str, object]
) -> None:
    later = f"{episode_start() + timedelta(hours=20):%Y-%m-%dT%H:%MZ}"
    done = command("analyse", "case", "st-0", "--at", later, "--parameter", "pm25", **words)
    assert done.returncode == 1
    assert "was not above its threshold or its usual course, nor its instrument at fault, within 3 h" in done.stderr
    assert "Nearest: PM2.5 from" in done.stderr


@pytest.mark.parametrize(
    ("given", "named"),
    [
        (("nowhere", "--at", AT), "unknown station 'nowhere'"),
        (("st-1", "--at", AT, "--parameter", "toluene"), "st-1 does not measure 'toluene'"),
        (("st-0", "--at", "2199-01-01"), "has not come"),
    ],
)
def test_a_wrong_argument_is_named(
    command: Callable[..., Done], words: dict[str, object], given: tuple[str, ...], named: str
) -> None:
    done = command("analyse", "case", *given, **words)
    assert done.returncode == 2
    assert named in " ".join(done.stderr.replace("│", " ").split())


def test_a_span_prints_the_answer_of_each_event(command: Callable[..., Done], words: dict[str, object]) -> None:
    start = f"{episode_start():%Y-%m-%dT%H:%MZ}"
    done = command("analyse", "attribution", "--start", start, "--end", AT, **words)
    assert done.returncode == 0, done.stderr
    assert "at Station 0" in done.stdout
    assert "1 case file computed" in done.stdout
