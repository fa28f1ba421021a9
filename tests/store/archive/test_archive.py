from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import typer
import xarray as xr
from typer.testing import CliRunner

from console.cli import export, migrate
from schemas.frames import FLAG_COLUMNS
from schemas.interval import Interval
from schemas.network import Station
from schemas.reading import Reading
from store.archive.archive import long_table, write_csv, write_parquet
from store.archive.netcdf import write_netcdf
from store.archive.option import Level
from store.archive.provenance import provenance
from store.influx.store import Bucket, InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

START = datetime(2026, 11, 22, tzinfo=UTC)
ORIGIN = provenance(query="skyground export --network gas", level=Level.HOURLY, now=START)
STATIONS = {
    "a": Station(id="a", instruments=(), lon=123.4, lat=41.8, altitude_m=45.0),
    "b": Station(id="b", instruments=()),
}


def hourly(values: list[float], first_hour: int = 0) -> pd.DataFrame:
    index = pd.date_range(
        START + pd.Timedelta(hours=first_hour), periods=len(values), freq="h", unit="us", name="start"
    )
    missing = np.isnan(values)
    flags = np.where(missing, 9, 3).astype(np.int8)
    return pd.DataFrame({"so2": values, "so2__n": np.where(missing, 0, 60), "so2__flag": flags}, index=index)


FRAMES = {("a", ""): hourly([1.5, np.nan]), ("b", ""): hourly([4.0], first_hour=1)}


def test_csv_states_provenance_and_units(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, [long_table(FRAMES)], ORIGIN)
    text = path.read_text()
    assert (
        "# query: skyground export --network gas\n# created: 2026-11-22T00:00:00+00:00\n# software: skyground " in text
    )
    assert "# unit so2: ug/m3\n" in text
    assert (
        "start,station_id,so2,so2__n,so2__flag\n2026-11-22T00:00:00Z,a,1.5,60,3\n2026-11-22T01:00:00Z,a,,0,9\n" in text
    )


def test_csv_is_read_back_as_written(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_csv(path, [long_table(FRAMES)], ORIGIN)
    found = pd.read_csv(path, comment="#", parse_dates=["start"])
    pd.testing.assert_frame_equal(found, long_table(FRAMES), check_dtype=False)


def test_a_table_of_series_with_other_columns_keeps_whole_numbers() -> None:
    other = hourly([2.0]).rename(columns=lambda name: name.replace("so2", "o3"))
    table = long_table({("a", ""): hourly([1.0]), ("b", ""): other})
    assert table["o3__flag"].tolist() == [9, 3]
    assert (table["o3__n"].dtype, table["o3__flag"].dtype) == (np.int64, np.int8)


def test_parquet_carries_units_and_provenance(tmp_path: Path) -> None:
    path = tmp_path / "out.parquet"
    write_parquet(path, [long_table(FRAMES)], ORIGIN)
    schema = pq.read_schema(path)
    assert schema.field("so2").metadata[b"unit"] == b"ug/m3"
    assert schema.metadata[b"skyground_query"] == b"skyground export --network gas"
    pd.testing.assert_frame_equal(pd.read_parquet(path), long_table(FRAMES))


def test_netcdf_is_a_cf_time_series_with_flags_and_places(tmp_path: Path) -> None:
    path = tmp_path / "out.nc"
    write_netcdf(path, FRAMES, STATIONS, ORIGIN)
    with xr.open_dataset(path, engine="h5netcdf") as found:
        assert (found.attrs["Conventions"], found.attrs["featureType"]) == ("CF-1.8", "timeSeries")
        assert "skyground export" in found.attrs["history"]
        assert found["series_id"].attrs["cf_role"] == "timeseries_id"
        assert found["series_id"].to_numpy().tolist() == ["a", "b"]
        np.testing.assert_array_equal(found["so2"], [[1.5, np.nan], [np.nan, 4.0]])
        np.testing.assert_array_equal(found["so2_flag"], [[3, 9], [9, 3]])
        assert found["time"].to_numpy()[1] == np.datetime64("2026-11-22T01:00")
        np.testing.assert_array_equal(found["lat"], [41.8, np.nan])


def test_netcdf_describes_its_variables_after_cf(tmp_path: Path) -> None:
    path = tmp_path / "out.nc"
    write_netcdf(path, FRAMES, STATIONS, ORIGIN)
    with xr.open_dataset(path, engine="h5netcdf") as found:
        described = found["so2"].attrs
        assert (described["units"], described["standard_name"]) == (
            "ug m-3",
            "mass_concentration_of_sulfur_dioxide_in_air",
        )
        assert described["ancillary_variables"] == "so2_n so2_flag"
        assert found["so2_flag"].attrs["flag_values"].tolist() == [1, 2, 3, 4, 9]
        assert found["so2_flag"].attrs["flag_meanings"] == "pass unknown suspect fail missing"


def test_native_statuses_survive_in_netcdf(tmp_path: Path) -> None:
    frame = hourly([1.0, 2.0])[["so2"]].assign(so2__status=[None, "D"])
    write_netcdf(tmp_path / "out.nc", {("a", "i"): frame}, STATIONS, ORIGIN)
    with xr.open_dataset(tmp_path / "out.nc", engine="h5netcdf") as found:
        assert found["so2_status"].to_numpy().tolist() == [["N", "D"]]
        assert found["series_id"].to_numpy().tolist() == ["a/i"]


def test_nothing_cannot_be_written_as_netcdf(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nothing to export"):
        write_netcdf(tmp_path / "out.nc", {}, STATIONS, ORIGIN)


def test_no_two_networks_or_instruments_share_a_key_in_any_format(tmp_path: Path) -> None:
    frames = {("a", "i"): hourly([1.0]), ("a", "j"): hourly([2.0])}
    keys = set[tuple[object, ...]]()
    names = list[str]()
    for network in ("gas", "pm"):
        origin = provenance(query="q", level=Level.NATIVE, now=START, network=network)
        table = long_table(frames, network)
        keys |= set(zip(table["start"], table["station_id"], table["network"], table["instrument_id"], strict=True))
        write_netcdf(tmp_path / "out.nc", frames, STATIONS, origin)
        with xr.open_dataset(tmp_path / "out.nc", engine="h5netcdf") as found:
            names += found["series_id"].to_numpy().tolist()
            assert found.attrs["network"] == network
    assert len(keys) == 4
    assert names == ["gas/a/i", "gas/a/j", "pm/a/i", "pm/a/j"]


@pytest.fixture
def cli(settings: SharedSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> typer.Typer:
    network = tmp_path / "network.toml"
    network.write_text(
        'zone = "Asia/Shanghai"\n[[station]]\nid = "a"\n[[station.instrument]]\nid = "i"\nnetwork = "gas"\ncadence_s = 60\nparameters = ["so2"]\n'
    )
    for name, value in (
        ("INFLUX_URL", settings.influx_url),
        ("INFLUX_DATABASE", settings.influx_database),
        ("STATE_URL", settings.state_url),
        ("NETWORK", network),
        ("RUN_DIR", tmp_path),
    ):
        monkeypatch.setenv(f"SKYGROUND_{name}", str(value))
    app = typer.Typer()
    export.register(app)
    migrate.register(app)
    return app


@pytest.mark.integration
@pytest.mark.parametrize("level", ["hourly", "native"])
@pytest.mark.parametrize("kind", ["csv", "parquet", "netcdf"])
def test_the_command_exports_what_is_stored(
    cli: typer.Typer, settings: SharedSettings, tmp_path: Path, level: str, kind: str
) -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["migrate"]).exit_code == 0
    store = InfluxStore(settings)
    store.write_hourly("gas", "a", FRAMES["a", ""])
    store.write_readings(
        [
            Reading("gas", "a", "i", Interval(START, START), {"so2": 1.5}),
            Reading("gas", "a", "i", Interval(START.replace(minute=1), START), {"so2": 2.5}),
        ]
    )
    store.close()
    arguments = [
        "export",
        "--network",
        "gas",
        "--station",
        "a",
        "--from",
        "2026-11-22",
        "--to",
        "2026-11-23T08:00:00+08:00",
        "--level",
        level,
    ]
    result = runner.invoke(cli, [*arguments, "--format", kind, "--output", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {"output": str(tmp_path / "out"), "format": kind, "rows": 2, "series": 1}
    assert (tmp_path / "out").stat().st_size > 100


@pytest.mark.integration
def test_exports_carry_the_flags_of_all_tests_and_mark_what_was_not_evaluated(
    cli: typer.Typer, settings: SharedSettings, tmp_path: Path
) -> None:
    runner = CliRunner()
    assert runner.invoke(cli, ["migrate"]).exit_code == 0
    store, minute = InfluxStore(settings), timedelta(minutes=1)
    store.write_readings(
        [
            Reading("gas", "a", "i", Interval(START + step * minute, START + (step + 1) * minute), {"so2": 1.5})
            for step in (0, 1, 61)
        ]
    )
    store.write_hourly("gas", "a", hourly([1.5, 2.0]).assign(so2__flag=np.int8(1)))
    rows = [(START, "a", None, "so2", "drift", 3, "off")]
    store.write_flags(Bucket.HOURLY, "gas", pd.DataFrame(rows, columns=list(FLAG_COLUMNS)))
    store.close()
    with StateStore(settings.state_url) as state:
        state.screened.add("gas", ["a"], START, START + 60 * minute)
    usual = ["export", "--network", "gas", "--from", "2026-11-22", "--to", "2026-11-23T08:00:00+08:00"]
    told = []
    for level in ("native", "hourly"):
        path = tmp_path / f"{level}.csv"
        assert runner.invoke(cli, [*usual, "--level", level, "--output", str(path)]).exit_code == 0
        told.append(pd.read_csv(path, comment="#")["so2__flag"].tolist())
    assert told == [[3, 3, 2], [3, 1]]


@pytest.mark.integration
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--from", "yesterday"], "ISO 8601"),
        (["--station", "zz"], "no such station"),
        (["--network", "rad"], "no station reports"),
        (["--format", "xls"], "xls"),
    ],
)
def test_a_wrong_argument_is_named(cli: typer.Typer, tmp_path: Path, arguments: list[str], words: str) -> None:
    usual = [
        "export",
        "--network",
        "gas",
        "--from",
        "2026-11-22",
        "--to",
        "2026-11-23",
        "--output",
        str(tmp_path / "out"),
    ]
    result = CliRunner().invoke(cli, [*usual, *arguments], env={"COLUMNS": "400"})
    assert result.exit_code == 2
    assert words in result.output


@pytest.mark.integration
def test_an_empty_export_is_reported_and_writes_nothing(cli: typer.Typer, tmp_path: Path) -> None:
    runner = CliRunner()
    runner.invoke(cli, ["migrate"])
    result = runner.invoke(
        cli,
        ["export", "--network", "gas", "--from", "2026-11-22", "--to", "2026-11-23", "--output", str(tmp_path / "out")],
        env={"SKYGROUND_LANGUAGE": "en"},
    )
    assert result.exit_code == 1
    assert "nothing is stored" in result.output
    assert not (tmp_path / "out").exists()
