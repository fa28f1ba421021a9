"""Solar elevation against pvlib, in a separate environment; skipped where its wheel cannot be had."""

from __future__ import annotations

import subprocess
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np
import pytest

from qc.native.solar import solar_elevation
from tests.qc.peer import python_or_skip

if TYPE_CHECKING:
    from pathlib import Path

PVLIB = ("pvlib==0.16.1", *(f"{name}=={version(name)}" for name in ("numpy", "scipy", "pandas")))
PLACES = ((123.43, 41.80), (121.62, 38.92), (124.39, 40.12), (0.0, 0.0), (-70.0, -53.0), (25.0, 69.0))
"""Longitude, latitude [deg]: three cities of the demonstration, the equator, and both high latitudes."""
SCRIPT = """
import sys
import numpy as np, pandas as pd
from pvlib.solarposition import get_solarposition
cases = np.load(sys.argv[1])
times = pd.DatetimeIndex(cases["times"]).tz_localize("UTC")
found = [get_solarposition(times, lat, lon)["elevation"] for lon, lat in cases["places"]]
np.save(sys.argv[2], np.array(found))
"""


@pytest.fixture(scope="session")
def pvlib_python() -> Path:
    return python_or_skip("pvlib", *PVLIB)


def test_the_elevation_is_that_of_pvlib_within_a_tenth_of_a_degree(pvlib_python: Path, tmp_path: Path) -> None:
    hours = np.arange("1990-01-01", "2041-01-01", 97 * 60 + 11, dtype="datetime64[m]")
    times = hours.astype("datetime64[ns]")
    np.savez(tmp_path / "cases.npz", times=times, places=np.array(PLACES))
    subprocess.run([pvlib_python, "-c", SCRIPT, tmp_path / "cases.npz", tmp_path / "found.npy"], check=True)
    theirs = np.load(tmp_path / "found.npy")
    ours = np.array([solar_elevation(times, lon, lat) for lon, lat in PLACES])
    assert ours.shape == theirs.shape
    assert np.abs(ours - theirs).max() < 0.1
