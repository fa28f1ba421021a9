"""Exports of any length: written in parts of time, the file is the same as in one piece."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from console.cli import export, export_file
from console.cli.export_file import TooLongError, write_file
from schemas.interval import Interval
from schemas.reading import Reading
from store.archive.archive import long_table
from store.archive.option import ExportFormat, Level
from store.archive.provenance import provenance
from store.influx.store import InfluxStore

if TYPE_CHECKING:
    from pathlib import Path

    from store.settings import SharedSettings

START = datetime(2026, 2, 28, 22, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ORIGIN = provenance(query="q", level=Level.HOURLY, now=START, network="gas")


def hourly(start: datetime, codes: tuple[str, ...], count: int = 3) -> pd.DataFrame:
    index = pd.date_range(start, periods=count, freq="h", unit="us", name="start")
    flags = np.ones(count, dtype=np.int8)
    columns = {
        name: value for code in codes for name, value in ((code, 1.5), (f"{code}__n", 60), (f"{code}__flag", flags))
    }
    return pd.DataFrame(columns, index=index)


PARTS = (
    {("a", ""): hourly(START, ("o3",)), ("b", ""): hourly(START, ("o3",))},
    {},
    {("a", ""): hourly(START + 3 * HOUR, ("o3", "no2"))},
)
WHOLE = {("a", ""): pd.concat([PARTS[0]["a", ""], PARTS[2]["a", ""]]), ("b", ""): PARTS[0]["b", ""]}


@pytest.mark.parametrize("form", [ExportFormat.CSV, ExportFormat.PARQUET])
def test_a_table_in_parts_has_the_rows_and_columns_of_one_in_a_piece(tmp_path: Path, form: ExportFormat) -> None:
    assert write_file(tmp_path / "x", form, PARTS, {}, ORIGIN) == (9, 2)
    read = (
        pd.read_parquet
        if form is ExportFormat.PARQUET
        else (lambda path: pd.read_csv(path, comment="#", parse_dates=["start"]))
    )
    order = ["station_id", "start"]
    found, wanted = (
        table.sort_values(order, ignore_index=True) for table in (read(tmp_path / "x"), long_table(WHOLE, "gas"))
    )
    pd.testing.assert_frame_equal(found, wanted, check_dtype=form is ExportFormat.PARQUET)
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_netcdf_is_put_together_of_its_parts_up_to_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert write_file(tmp_path / "x", ExportFormat.NETCDF, PARTS, {}, ORIGIN) == (9, 2)
    with xr.open_dataset(tmp_path / "x", engine="h5netcdf") as found:
        assert int(found["o3"].count()) == 9
        assert found["no2_flag"].sel(series=0).to_numpy().tolist() == [9, 9, 9, 1, 1, 1]
    monkeypatch.setattr(export_file, "MOST_NETCDF", 20)
    with pytest.raises(TooLongError, match="more than 20 values"):
        write_file(tmp_path / "y", ExportFormat.NETCDF, PARTS, {}, ORIGIN)


@pytest.mark.parametrize("form", list(ExportFormat))
def test_an_export_of_nothing_leaves_no_file(tmp_path: Path, form: ExportFormat) -> None:
    assert write_file(tmp_path / "x", form, ({}, {}), {}, ORIGIN) == (0, 0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.integration
def test_the_parts_of_an_interval_hold_every_reading_once(
    settings: SharedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    influx = InfluxStore(settings)
    influx.ensure()
    moments = [START + 7 * MINUTE + step * MINUTE for step in range(300)]
    influx.write_readings(
        [Reading("gas", "ln-sy-01", "gas1", Interval(at, at + MINUTE), {"o3": 1.0}) for at in moments]
    )
    monkeypatch.setattr(export, "_PIECE_VALUES", 420)
    span = (START + 10 * MINUTE, START + 4 * HOUR + 30 * MINUTE)
    pieces = list(export._pieces(settings, influx, "gas", ["ln-sy-01"], (Level.NATIVE, *span, None)))
    influx.close()
    frames = [piece["ln-sy-01", "gas1"] for piece in pieces if piece]
    assert len(frames) > 1
    assert pd.concat(frames).index.tolist() == [moment for moment in moments if span[0] <= moment < span[1]]
