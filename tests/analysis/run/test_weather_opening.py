"""Files are opened in another process first."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from analysis.run.forecast import weather_opening
from analysis.run.forecast.weather_opening import opened
from sensors.weather_forecast.writer import netcdf_bytes
from tests.sensors.weather_forecast.grid import run

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_good_file_is_opened_and_one_that_holds_the_process_is_refused(tmp_path: Path) -> None:
    good, table = tmp_path / "a.nc", tmp_path / "b.csv"
    good.write_bytes(netcdf_bytes(run()))
    table.write_text("no weather", encoding="utf-8")
    assert opened([good, table]) == ([good, table], [])
    kept, refused = opened([good, table], limit_s=0.01)
    assert kept == [table]
    assert [(item.kind, item.figures["place"]) for item in refused] == [("stuck", "a.nc")]


def test_of_many_files_those_after_a_crash_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [tmp_path / f"{name}.nc" for name in "abc"]
    for path in files:
        path.write_bytes(b"\x89HDF\r\n\x1a\n")
    child = tmp_path / "child.py"
    child.write_text(
        f"import os, sys\nfor at, name in enumerate(sys.argv[1:]):\n"
        f"    name.endswith('b.nc') and os.kill(os.getpid(), {int(signal.SIGSEGV)})\n    print(at, flush=True)\n"
    )
    monkeypatch.setattr(weather_opening, "_CHILD", (str(child),))
    kept, refused = opened(files)
    assert kept == [files[0], files[2]]
    assert [(item.kind, item.figures["place"]) for item in refused] == [("crash", "b.nc")]
