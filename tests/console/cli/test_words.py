"""Commands of quality control, review and analysis given names, times and numbers that there are not: words and status 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from console.cli import build_app
from tests.network import instrument, network_text, station

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from click.testing import Result

    from store.settings import SharedSettings

NETWORK = network_text(
    station("s1", instrument("gas1", "gas", 300, "o3", "pm25"), lon=123.4, lat=41.8),
    station("s2", instrument("gas1", "gas", 300, "o3"), lon=123.5, lat=41.9),
)


@pytest.fixture
def say(settings: SharedSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Result]:
    (tmp_path / "network.toml").write_text(NETWORK)
    monkeypatch.setenv("SKYGROUND_NETWORK", str(tmp_path / "network.toml"))
    monkeypatch.setenv("COLUMNS", "300")
    for name in ("run_dir", "influx_url", "influx_database", "state_url"):
        monkeypatch.setenv(f"SKYGROUND_{name.upper()}", str(getattr(settings, name)))
    app = build_app(["qc", "review", "analyse"])
    return lambda line: CliRunner().invoke(app, line.split())


@pytest.mark.integration
@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("qc calibration list --network foo", "unknown network 'foo'"),
        ("qc calibration list --station s9", "unknown station 's9'"),
        ("qc calibration list --parameter x", "unknown parameter 'x'"),
        ("qc held list --network foo", "unknown network 'foo'"),
        ("review list --station s9", "unknown station 's9'"),
        ("review confirm --who li --network foo", "unknown network 'foo'"),
        ("qc arrivals --station s9", "unknown station 's9'"),
        ("qc arrivals --from 2150-01-01", "expected a moment after --from"),
        ("qc drift o3 --station s1 --from 2150-01-01", "expected a moment after --from"),
        ("qc drift o3 --station s1 --against s1", "s1 cannot be its own reference"),
        ("qc drift pm25 --station s2", "no instrument of gas at s2 measures 'pm25'"),
        ("qc drift pm25 --station s1 --against s2", "no instrument of gas at s2 measures 'pm25'"),
        ("qc calibration show 99999999999999999999", "beyond 64 bits"),
        (
            "review propose --network gas --verdict invalid --reason maintenance --who li --from 1990-01-01",
            "expected at most 366 in one review",
        ),
        (
            "review propose --network gas --verdict invalid --reason maintenance --who li --from 2150-01-01 --to 2151-01-01",
            "no full hour between",
        ),
        ("analyse aqi PM2.5:24h=81 pm25:24h=500", "PM2.5 24h is given twice"),
        ("analyse aqi O3:8h=81 O3:MDA8=500", "O3 8h is given twice"),
        ("analyse aqi PM2.5:1h=81 --day 2026-05-01", "the daily report of HJ633-2026 uses PM2.5 24h"),
        ("analyse aqi O3:1h=81 --day 2026-03-01", "the daily report of HJ633-2026 uses PM2.5 24h"),
        ("analyse aqi PM2.5:24h=1e-99999999", "expected a finite number below 1e30"),
        ("analyse aqi PM2.5:24h=８１", "expected a finite number below 1e30"),
        ("analyse coanalysis --day-from 2150-01-01", "2150-01-01 has not come"),
        ("analyse forecast --now 2150-01-01", "has not come"),
        ("analyse backtest --stored --now 2150-01-01", "has not come"),
    ],
)
def test_what_does_not_exist_is_refused_with_its_name(line: str, words: str, say: Callable[[str], Result]) -> None:
    found = say(line)
    assert found.exit_code == 2, found.output
    assert words in found.output


@pytest.mark.integration
@pytest.mark.parametrize(
    "line",
    ["qc verdict --station s1 --parameter o3 --at 2026-11-27", "qc calibration show 1", "qc drifts --dry-run"],
)
def test_a_file_of_limits_that_cannot_be_used_ends_a_command_with_its_place(
    line: str, say: Callable[[str], Result], settings: SharedSettings, tmp_path: Path
) -> None:
    from datetime import UTC, datetime

    from schemas.calibration import CheckKind, CheckResult
    from store.state import StateStore

    (tmp_path / "thresholds.toml").write_text("x = 1")
    now = datetime(2026, 11, 27, tzinfo=UTC)
    with StateStore(settings.state_url) as state:
        state.migrate()
        state.calibration.add_checks([CheckResult("gas", "s1", "gas1", "o3", now, CheckKind.ZERO, 0.0, 0.1)], now)
    found = say(line)
    assert found.exit_code == 2, found.output
    assert "thresholds.toml: x: unknown table" in found.output


@pytest.mark.integration
def test_empty_lists_end_with_status_zero(say: Callable[[str], Result]) -> None:
    for line in ("qc calibration list --network voc", "review list --station s1", "qc held list --network product/x"):
        assert say(line).exit_code == 0
