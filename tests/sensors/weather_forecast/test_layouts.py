"""Files of both layouts: what is written is read back, and what is wrong is refused with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from schemas.words import render
from sensors.weather_forecast import WeatherForecastError, joined, read_part, read_reference, station_weather
from sensors.weather_forecast.quantity import QUANTITIES, quantity_of, unit_of
from sensors.weather_forecast.writer import netcdf_bytes, table_text, to_dataset
from tests.sensors.weather_forecast.grid import LAT, LON, REFERENCE_H, run, station

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PLACES = np.array([122.75]), np.array([41.25])
START = np.datetime64("1970-01-01T00", "h") + REFERENCE_H


def refused(path: Path) -> str:
    with pytest.raises(WeatherForecastError) as found:
        read_part(path, PLACES)
    assert path.name in str(found.value)
    assert all(render(found.value.reason, language) for language in ("zh", "en"))
    return found.value.reason.kind


@pytest.mark.parametrize("ending", ["nc", "csv"])
def test_a_written_run_is_read_back(tmp_path: Path, ending: str) -> None:
    path, part = tmp_path / f"run.{ending}", run()
    path.write_bytes(netcdf_bytes(part) if ending == "nc" else table_text(part).encode())
    assert read_reference(path) == REFERENCE_H
    own, found = (
        station_weather(joined([item]), (station(),)).hourly["st-1"] for item in (part, read_part(path, PLACES))
    )
    assert list(found.columns) == list(own.columns)
    assert np.allclose(found, own, rtol=1e-5, atol=1e-3)


def test_of_a_large_grid_only_the_nodes_around_the_stations_are_read(tmp_path: Path) -> None:
    path = tmp_path / "run.nc"
    path.write_bytes(netcdf_bytes(run()))
    found = read_part(path, PLACES)
    assert (found.lat.tolist(), found.lon.tolist()) == ([41.5, 41.0], [122.5, 123.0])


def ecmwf() -> xr.Dataset:
    """A file as cfgrib names its parts: packed names, steps, totals since the reference time, longitudes from 0 to 360."""
    dims, shape = ("step", "latitude", "longitude"), (4, 3, 4)
    total = np.broadcast_to(np.arange(4.0)[:, None, None], shape)
    accumulated = {"units": "m", "standard_name": "unknown", "GRIB_stepType": "accum"}
    return xr.Dataset(
        {
            "t2m": (dims, np.full(shape, 283.15, np.float32), {"units": "K", "GRIB_stepType": "instant"}),
            "u10": (dims, np.zeros(shape), {"units": "m s**-1", "GRIB_stepType": "instant"}),
            "v10": (dims, np.full(shape, -3.0), {"units": "m s**-1", "GRIB_stepType": "instant"}),
            "tp": (dims, total / 1000, accumulated),
            "ssrd": (dims, total * 3.6e5, accumulated | {"units": "J m**-2"}),
            "tcc": (dims, np.zeros(shape), {"units": "1", "standard_name": "cloud_area_fraction"}),
        },
        {
            "time": ((), START.astype("datetime64[ns]"), {"standard_name": "forecast_reference_time"}),
            "valid_time": ("step", (START + np.arange(4)).astype("datetime64[ns]"), {"standard_name": "time"}),
            "latitude": ("latitude", LAT, {"units": "degrees_north"}),
            "longitude": ("longitude", LON, {"units": "degrees_east"}),
            "surface": 0.0,
        },
    )


def test_a_file_of_cfgrib_is_read(tmp_path: Path) -> None:
    ecmwf().to_netcdf(tmp_path / "ec.nc", engine="h5netcdf")
    part = read_part(tmp_path / "ec.nc", PLACES)
    frame = station_weather(joined([part]), (station(),)).hourly["st-1"]
    expected = {"temperature": 10, "wind_speed": 3, "wind_direction": 0, "rain": 1, "global_radiation": 100}
    assert frame.iloc[-1][list(expected)].to_dict() == pytest.approx(expected, abs=1e-4)
    assert part.unused == ("tcc",)


def test_a_packed_netcdf_3_file_with_two_dimensional_coordinates_is_read(tmp_path: Path) -> None:
    lon, lat = np.meshgrid(LON, LAT)
    data = ecmwf()[["t2m"]].drop_vars(["latitude", "longitude", "surface"]).rename_dims(latitude="y", longitude="x")
    data = data.assign_coords(
        lat=(("y", "x"), lat, {"units": "degrees_north"}), lon=(("y", "x"), lon, {"units": "degrees_east"})
    ).drop_vars("step", errors="ignore")
    packed = {"t2m": {"dtype": "int16", "scale_factor": 0.01, "add_offset": 273.15, "_FillValue": -32767}}
    data.to_netcdf(tmp_path / "a.nc", engine="scipy", encoding=packed)
    part = read_part(tmp_path / "a.nc", PLACES)
    assert station_weather(joined([part]), (station(),)).hourly["st-1"]["temperature"].iloc[0] == pytest.approx(
        10, abs=0.01
    )


def _attributes(name: str, **change: object) -> Callable[[xr.Dataset], xr.Dataset]:
    def changed(data: xr.Dataset) -> xr.Dataset:
        data[name].attrs |= change
        return data

    return changed


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (_attributes("temperature", units="degF"), "unit"),
        (_attributes("temperature", cell_methods="time: maximum"), "cell_method"),
        (_attributes("temperature", standard_name="soil_temperature"), None),
        (_attributes("pressure", standard_name="air_temperature", units="K"), "twice"),
        (_attributes("lat", units="m"), "unit"),
        (lambda data: data.drop_vars("forecast_reference_time"), "no_reference"),
        (lambda data: data.drop_vars("lon"), "no_axis"),
        (lambda data: data.isel(lat=[0]), "small_grid"),
        (lambda data: data.assign(temperature=data["temperature"].expand_dims(number=2)), "long_axis"),
        (lambda data: data.expand_dims(isobaricInhPa=[850.0]), "level"),
        (lambda data: data.assign_coords(plev=((), 85_000.0, {"units": "Pa"})), "level"),
        (lambda data: data.assign_coords(heightAboveGround=((), 100.0, {"units": "m"})), "level"),
        (lambda data: data.assign_coords(time=data["time"] + 0.5), "no_whole_hour"),
        (lambda data: data.assign_coords(lon=("lon", [122.0, 122.5, 123.0, 124.0], data["lon"].attrs)), "spacing"),
        (lambda data: data.isel(time=[0, 2, 1, 3]), "unsorted_time"),
        (lambda data: data.isel(time=[0, 1, 1, 3]), "duplicate_time"),
        (lambda data: data.drop_vars([name for name in data.data_vars if name != "time_bnds"]), "no_variable"),
    ],
)
def test_a_netcdf_file_that_is_not_as_expected_is_refused(
    tmp_path: Path, change: Callable[[xr.Dataset], xr.Dataset], kind: str | None
) -> None:
    part = run()
    data = to_dataset(part)
    # with bounds, which the writer has where a field has them
    data["time_bnds"] = (("time", "bnds"), np.stack([part.valid_h - 1, part.valid_h], axis=1))
    data["time"].attrs["bounds"] = "time_bnds"
    change(data).to_netcdf(tmp_path / "a.nc", engine="h5netcdf")
    if kind is None:
        assert "temperature" in read_part(tmp_path / "a.nc", PLACES).unused
    else:
        assert refused(tmp_path / "a.nc") == kind


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (lambda text: text.replace("[degC]", "[degF]"), "unit"),
        (lambda text: text.replace(" [degC]", ""), "unit"),
        (lambda text: text.replace("air_temperature", "temperature_of_air"), "name"),
        (lambda text: text.replace("relative_humidity [%]", "temperature [K]"), "twice"),
        (lambda text: text.replace("valid_time,lon", "valid_time,longitude"), "no_axis"),
        (lambda text: text.replace("Z,122,42,10", "Z,122,42,ten"), "number"),
        (lambda text: text.replace("2026-12-04T17:00Z,", "2026-12-04T17:00,"), "moment"),
        (lambda text: text.replace("17:00Z,122,42", "17:30Z,122,42"), "no_whole_hour"),
        (lambda text: text.replace("2026-12-04T17:00Z,122,42,", "2026-12-04T17:00Z,122.5,42,"), "duplicate_node"),
        (lambda text: "\n".join(text.splitlines()[:-1]), "missing_node"),
        (lambda text: text + "2026-12-04T16:00Z,2026-12-04T16:00Z,122,42,1,1,1,1,1,1,1\n", "unsorted_time"),
        (lambda text: text + "2026-12-04T10:00Z,2026-12-04T22:00Z,122,42,1,1,1,1,1,1,1\n", "references"),
        (lambda text: text + "1,2\n", "cells"),
        (lambda text: text.splitlines()[0], "no_time"),
        (lambda text: text.replace("122,42,", "122.1,42,"), "missing_node"),
        (lambda _: "GRIB", "layout"),
    ],
)
def test_a_table_that_is_not_as_expected_is_refused(tmp_path: Path, change: Callable[[str], str], kind: str) -> None:
    text = table_text(run())
    assert change(text) != text
    (tmp_path / "a.csv").write_text(change(text), encoding="utf-8")
    assert refused(tmp_path / "a.csv") == kind


def test_files_that_are_cut_off_or_of_nothing_are_refused(tmp_path: Path) -> None:
    whole = netcdf_bytes(run())
    for name, body, kind in (("half.nc", whole[: len(whole) // 2], "unreadable"), ("empty", b"", "layout")):
        (tmp_path / name).write_bytes(body)
        assert refused(tmp_path / name) == kind
    assert refused(tmp_path / "absent.nc") == "unreadable"


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"CDF\x01", b"\x89HDF\r\n\x1a\n", b"valid_time,reference_time,lon,lat\n"]),
)
def test_arbitrary_bytes_are_refused(tmp_path_factory: pytest.TempPathFactory, body: bytes, head: bytes) -> None:
    path = tmp_path_factory.mktemp("any") / "any"
    path.write_bytes(head + body)
    assert refused(path)


@pytest.mark.parametrize(
    ("name", "unit", "value", "canonical"),
    [
        ("air_temperature", "K", 273.15, 0.0),
        ("air_temperature", "degree_Celsius", 5.0, 5.0),
        ("surface_air_pressure", "Pa", 100_000.0, 1000.0),
        ("surface_air_pressure", "millibars", 1000.0, 1000.0),
        ("eastward_wind", "m s**-1", 3.0, 3.0),
        ("wind_speed", "km h-1", 36.0, 10.0),
        ("relative_humidity", "1", 0.5, 50.0),
        ("precipitation_amount", "kg m-2", 2.0, 2.0),
        ("precipitation_flux", "kg m-2 s-1", 1 / 3600, 1.0),
        ("lwe_thickness_of_precipitation_amount", "m", 0.002, 2.0),
        ("surface_downwelling_shortwave_flux_in_air", "W m-2", 7.0, 7.0),
        ("atmosphere_boundary_layer_thickness", "km", 0.5, 500.0),
    ],
)
def test_units_are_converted_by_their_text(name: str, unit: str, value: float, canonical: float) -> None:
    quantity = quantity_of(name)
    assert quantity is not None
    found = unit_of(quantity, unit)
    assert found is not None
    assert value * found.factor + found.offset == pytest.approx(canonical, abs=1e-9)


def test_no_name_is_of_two_quantities() -> None:
    names = [name for item in QUANTITIES for name in (*item.standard, *item.names)]
    assert len(names) == len(set(names))
