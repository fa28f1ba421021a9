from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr

from analysis.receptor.trajectory.grid import LevelKind, WindGridError
from analysis.receptor.trajectory.sphere import to_vector
from analysis.run.receptor.wind_file import read_winds

if TYPE_CHECKING:
    from pathlib import Path

    from analysis.receptor.trajectory.grid import WindGrid

LATS, LONS = np.array([42.0, 41.0, 40.0]), np.array([120.0, 121.0, 122.0, 123.0])
HOURS = np.array([np.datetime64("2026-05-01T00:00:00", "ns"), np.datetime64("2026-05-01T01:00:00", "ns")])
MOMENT_S = float(HOURS[0].astype("datetime64[s]").astype(int))


def wind(level: int, units: str = "m s**-1") -> tuple[np.ndarray, dict[str, str]]:
    """5 m/s to the east, 1 m/s more each latitude to the south."""
    shape = (2, level, 3, 4) if level else (2, 3, 4)
    return np.broadcast_to(5.0 + np.arange(3.0)[:, None], shape).astype(np.float32), {"units": units}


def era5(**change: object) -> xr.Dataset:
    u, attributes = wind(2)
    dims = ("valid_time", "pressure_level", "latitude", "longitude")
    level = ("pressure_level", np.array([1000.0, 850.0]), {"units": "hPa", "standard_name": "air_pressure"})
    rising = (dims, np.full(u.shape, -0.5, dtype=np.float32), {"units": "Pa s**-1"})
    parts: dict[str, object] = {"u": (dims, u, attributes), "v": (dims, 0 * u, attributes), "w": rising}
    axes = {"valid_time": HOURS, "pressure_level": level, "latitude": LATS, "longitude": LONS}
    return xr.Dataset(parts | change, axes)


def speed_at(grid: WindGrid, lat: float, level: float = 925.0) -> tuple[float, float]:
    velocity, change = grid.at(np.array([MOMENT_S]), to_vector(np.array([121.5]), np.array([lat])), np.array([level]))
    return float(np.linalg.norm(velocity)), float(change[0])


def test_pressure_levels_of_era5_are_read(tmp_path: Path) -> None:
    era5().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    grid = read_winds([tmp_path / "a.nc"])
    assert (grid.kind, grid.level.tolist(), grid.has_vertical) == (LevelKind.PRESSURE, [850.0, 1000.0], True)
    assert speed_at(grid, 40.0) == pytest.approx((7.0, -0.005), rel=1e-3)


def test_an_old_packed_netcdf_3_file_of_era5_is_read(tmp_path: Path) -> None:
    data = era5().drop_vars("w").rename(valid_time="time", pressure_level="level").astype("float32")
    data["level"].attrs = {"units": "millibars"}
    packed = {
        name: {"dtype": "int16", "scale_factor": 0.001, "add_offset": 0.0, "_FillValue": -32767} for name in ("u", "v")
    }
    data.to_netcdf(tmp_path / "a.nc", engine="scipy", encoding=packed)
    grid = read_winds([tmp_path / "a.nc"])
    assert (grid.time_s[0], grid.has_vertical) == (MOMENT_S, False)
    assert speed_at(grid, 42.0)[0] == pytest.approx(5.0, rel=1e-3)


def test_final_and_preliminary_part_are_one(tmp_path: Path) -> None:
    u, attributes = wind(2)
    both = np.stack([u, u + 90.0], axis=1)
    both[1, 0] = np.nan
    both[1, 1] = u[1]
    dims = ("valid_time", "expver", "pressure_level", "latitude", "longitude")
    era5(u=(dims, both, attributes)).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    grid = read_winds([tmp_path / "a.nc"])
    assert grid.fastest_m_s == pytest.approx(7.0)


def test_gfs_as_thredds_names_it_is_read(tmp_path: Path) -> None:
    u, attributes = wind(2, "m/s")
    dims = ("time1", "isobaric3", "lat", "lon")
    names = {"u-component_of_wind_isobaric": u, "v-component_of_wind_isobaric": 0 * u}
    level = ("isobaric3", np.array([85_000.0, 100_000.0]), {"units": "Pa"})
    axes = {"time1": HOURS, "isobaric3": level, "lat": LATS, "lon": LONS}
    xr.Dataset({name: (dims, part, attributes) for name, part in names.items()}, axes).to_netcdf(
        tmp_path / "a.nc", engine="h5netcdf"
    )
    grid = read_winds([tmp_path / "a.nc"])
    assert grid.level.tolist() == [850.0, 1000.0]


def test_wind_of_one_level_and_of_sigma_levels_is_read(tmp_path: Path) -> None:
    u, attributes = wind(0)
    dims = ("time", "latitude", "longitude")
    axes = {"time": HOURS, "latitude": LATS, "longitude": LONS}
    xr.Dataset({"u10": (dims, u, attributes), "v10": (dims, u, attributes)}, axes).to_netcdf(
        tmp_path / "a.nc", engine="h5netcdf"
    )
    assert read_winds([tmp_path / "a.nc"]).kind is LevelKind.SURFACE
    u, attributes = wind(1)
    sigma = ("sigma", np.array([0.995]), {"units": "1"})
    dims4 = ("time", "sigma", "latitude", "longitude")
    xr.Dataset({"u": (dims4, u, attributes), "v": (dims4, u, attributes)}, axes | {"sigma": sigma}).to_netcdf(
        tmp_path / "b.nc", engine="h5netcdf"
    )
    assert read_winds([tmp_path / "b.nc"]).kind is LevelKind.SIGMA


def test_files_that_continue_each_other_are_one_grid(tmp_path: Path) -> None:
    era5().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    later = era5().assign_coords(valid_time=HOURS + np.timedelta64(1, "h"))
    later.to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    assert len(read_winds([tmp_path / "b.nc", tmp_path / "a.nc"]).time_s) == 3


def test_what_is_no_wind_is_refused_with_what_is_needed(tmp_path: Path) -> None:
    (tmp_path / "text.nc").write_text("u v")
    era5().drop_vars("u").to_netcdf(tmp_path / "no_u.nc", engine="h5netcdf")
    u, _ = wind(2)
    dims = ("valid_time", "pressure_level", "latitude", "longitude")
    era5(u=(dims, u, {"units": "knots"})).to_netcdf(tmp_path / "knots.nc", engine="h5netcdf")
    for name, words in (
        ("text", "not a NetCDF file"),
        ("no_u", "no variable is wind to the east"),
        ("knots", "in knots; expected m s-1"),
    ):
        with pytest.raises(WindGridError, match=words):
            read_winds([tmp_path / f"{name}.nc"])
    with pytest.raises(WindGridError, match="No such file"):
        read_winds([tmp_path / "absent.nc"])


LEVEL = {"units": "hPa"}
DAMAGED = {
    "no coordinates": (lambda data: data.drop_vars("latitude"), "axis latitude has no coordinates"),
    "no levels": (lambda data: data.drop_vars("pressure_level"), "axis pressure_level has no coordinates"),
    "missing time": (
        lambda data: data.assign_coords(valid_time=[HOURS[0], np.datetime64("NaT", "ns")]),
        "a time is missing",
    ),
    "negative level": (
        lambda data: data.assign_coords(pressure_level=("pressure_level", [-1000.0, 850.0], LEVEL)),
        "levels pressure_level are .-1000.*expected numbers of at least 0",
    ),
    "missing level": (
        lambda data: data.assign_coords(pressure_level=("pressure_level", [np.nan, 850.0], LEVEL)),
        "levels pressure_level are .* nan",
    ),
    "pascal as hPa": (
        lambda data: data.assign_coords(pressure_level=("pressure_level", [100_000.0, 85_000.0], LEVEL)),
        "levels pressure_level reach 100000 hPa; expected at most 1100: check their unit",
    ),
    "missing latitude": (
        lambda data: data.assign_coords(latitude=[42.0, np.nan, 40.0]),
        "latitude is not strictly monotonic",
    ),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_axes_that_say_no_place_are_refused(name: str, tmp_path: Path) -> None:
    change, words = DAMAGED[name]
    change(era5()).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    with pytest.raises(WindGridError, match=words):
        read_winds([tmp_path / "a.nc"])


@pytest.mark.parametrize("size", [4, 60, 400])
def test_a_netcdf_3_file_that_is_cut_off_is_refused(size: int, tmp_path: Path) -> None:
    era5().to_netcdf(tmp_path / "a.nc", engine="scipy")
    (tmp_path / "cut.nc").write_bytes((tmp_path / "a.nc").read_bytes()[:size])
    with pytest.raises(WindGridError, match=r"cut\.nc: the file cannot be read"):
        read_winds([tmp_path / "cut.nc"])


def test_no_wind_is_made_up_for_days_that_files_lack(tmp_path: Path) -> None:
    era5().to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    era5().assign_coords(valid_time=HOURS + np.timedelta64(30, "h")).to_netcdf(tmp_path / "b.nc", engine="h5netcdf")
    grid = read_winds([tmp_path / "b.nc", tmp_path / "a.nc"])
    hours = MOMENT_S + np.array([0.5, 1.0, 15.0, 30.0, 30.5]) * 3600.0
    place = to_vector(np.full(5, 121.5), np.full(5, 41.0))
    known = np.isfinite(grid.at(hours, place, np.full(5, 925.0))[0]).all(axis=1)
    assert known.tolist() == [True, True, False, True, True]
