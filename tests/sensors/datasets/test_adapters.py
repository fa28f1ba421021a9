"""Small files in the form of each data set, with figures of our own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from schemas.network import Network
from schemas.network.file import parse_network
from sensors.datasets import DATASETS, DatasetError, supersite
from sensors.network_file import network_toml

if TYPE_CHECKING:
    from pathlib import Path

MACE_HEAD_SPECIES = ("CH4", "CFC-12", "N2O", "CFC-11", "CFC-113", "CHCl3", "CH3CCl3", "CCl4", "H2", "CO")


def write(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def supersite_file(path: Path, **cells: str) -> Path:
    columns = [*supersite._COLUMNS, *supersite._THERMAL_COLUMNS]
    names = ["Time", *(column.name for column in columns)]
    row = {"Time": "2021-02-01 00:00:00", **cells}
    return write(path / "DEFAULT_DATA.csv", ",".join(names), ",".join(row.get(name, "") for name in names))


def mace_head_file(path: Path, *cells: str) -> Path:
    header = ["Year", "yyyy", "mm", "dd", "hh", "mi", "ryyy", "rm", "rd", "rh", "ri", "Inlet", "Standard"]
    names = " ".join([*header, *(f"{name} Flag" for name in MACE_HEAD_SPECIES)])
    row = ["2012.1", *["2012", "01", "02", "00", "05", "2012", "01", "02", "00", "05", "10m", "J-144"], *cells]
    return write(path / "macehead.12.C", "Created", "macehead", "Scale: --", "Unit: --", names, " ".join(row))


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_stations_make_a_network_file_that_parses_and_accepts_any_age(name: str) -> None:
    dataset = DATASETS[name]
    network = Network(zone=dataset.zone, station_list=dataset.stations)
    assert parse_network(network_toml(network), name) == network
    assert {station.late_window_h for station in dataset.stations} == {0}
    assert ZoneInfo(dataset.zone)


def test_supersite_is_in_civil_time_of_taiwan_and_canonical_units(tmp_path: Path) -> None:
    path = supersite_file(tmp_path, O3="20.0", CO="1.0", BC="1500", Benzene="1.0", T_OC="2.5", O_OC="3.5", THC="2.2")
    by_instrument = {(r.station_id, r.instrument_id): r for r in DATASETS["supersite"].read(path)}
    gas = by_instrument["tw-supersite", "gas1"]
    assert gas.interval.start == datetime(2021, 1, 31, 16, tzinfo=UTC)
    assert gas.interval.duration == timedelta(hours=1)
    assert gas.values == pytest.approx({"o3": 39.24, "co": 1.145}, abs=0.01)
    assert by_instrument["tw-supersite", "bc1"].values == {"bc": 1.5}
    assert by_instrument["tw-supersite", "gc1"].values == pytest.approx({"benzene": 3.193}, abs=0.001)
    assert by_instrument["tw-supersite", "ocec1"].values == {"oc": 3.5}
    assert by_instrument["tw-supersite-thermal", "ocec1"].values == {"oc": 2.5}
    assert ("tw-supersite", "met1") not in by_instrument


def test_supersite_refuses_a_word_among_the_figures(tmp_path: Path) -> None:
    path = supersite_file(tmp_path, O3="high")
    with pytest.raises(DatasetError, match=r"DEFAULT_DATA.csv, line 2, column O3: 'high', expected a finite number"):
        list(DATASETS["supersite"].read(path))


BEIJING = "No,year,month,day,hour,PM2.5,PM10,SO2,NO2,CO,O3,TEMP,PRES,DEWP,RAIN,wd,WSPM,station"


def test_beijing_numbers_each_instrument_and_leaves_na_out(tmp_path: Path) -> None:
    rows = (
        "1,2013,3,1,0,9,9,3,17,300,NA,-0.5,1024.5,-21,0,NNW,5.7,Dongsi",
        "2,2013,3,1,1,8,9,3,17,300,4,1,1024,-21,0,NA,5,Dongsi",
    )
    readings = list(DATASETS["beijing"].read(write(tmp_path / "PRSA_Data_Dongsi.csv", BEIJING, *rows)))
    gas, met = readings[0], readings[1]
    assert gas.interval.start == datetime(2013, 2, 28, 16, tzinfo=UTC)
    assert gas.values == {"pm25": 9, "pm10": 9, "so2": 3, "no2": 17, "co": 0.3}
    assert met.values["wind_direction"] == 337.5
    assert "wind_direction" not in readings[3].values
    assert [reading.seq for reading in readings] == [1, 1, 2, 2]


@pytest.mark.parametrize(
    ("row", "complaint"),
    [
        ("1,2013,2,30,0,9,9,3,17,300,1,1,1,1,0,N,1,Dongsi", "column year: '2013', expected year, month, day and hour"),
        ("1,2013,3,1,0,9,9,3,17,300,1,1,1,1,0,NORTH,1,Dongsi", "column wd: 'NORTH'"),
        ("1,2013,3,1,0,9,9,3,17,300,1,1,1,1,0,N,1,Atlantis", "column station: 'Atlantis'"),
    ],
)
def test_beijing_names_file_line_and_column_of_a_bad_row(tmp_path: Path, row: str, complaint: str) -> None:
    path = write(tmp_path / "PRSA_Data_Dongsi.csv", BEIJING, row)
    with pytest.raises(DatasetError, match=f"PRSA_Data_Dongsi.csv, line 2, {complaint}"):
        list(DATASETS["beijing"].read(path))


def test_gamma_is_an_instant_in_ngy_h_and_calm_has_no_direction(tmp_path: Path) -> None:
    header = "station_id,time_utc,air_dose_rate,counting_rate,wind_direction,wind_speed,precipitation,missing_status"
    rows = (
        "01110007600,2026-07-08T00:20:00Z,0.0358,,東南東,1.1,-9.0,0",
        "01110007600,2026-07-08T01:10:00Z,0.0355,,静穏,0.2,0.5,0",
    )
    first, second = DATASETS["gamma_japan"].read(write(tmp_path / "ramis_20stations.csv", header, *rows))
    assert first.interval.start == first.interval.end == datetime(2026, 7, 8, 0, 20, tzinfo=UTC)
    assert first.values == {"gamma_dose_rate": 35.8, "wind_speed": 1.1, "wind_direction": 112.5}
    assert second.values == {"gamma_dose_rate": 35.5, "wind_speed": 0.2, "rain": 0.5}


def test_svartberget_is_utc_and_stamped_at_the_start(tmp_path: Path) -> None:
    header = "DateTime,#Site,SamplingHeight,InstrumentId,co2"
    path = write(tmp_path / "svb_co2_hourly.csv", header, "2017-06-01 00:00:00,SVB,150,464,413.194")
    (reading,) = DATASETS["svartberget"].read(path)
    assert reading.interval.start == datetime(2017, 6, 1, tzinfo=UTC)
    assert reading.values == {"co2": 413.194}


def hyltemossa_file(path: Path, time: str) -> Path:
    names = (
        "date,time,doy,H_PI_1_1_1,LE_PI_1_1_1,FC_PI_1_1_1,USTAR_1_1_1,WS_1_1_1,WD_1_1_1,FC_PI_f_1_1_1,LE_PI_f_1_1_1,"
        "H_PI_f_1_1_1,MO_LENGTH_1_1_1,V_SIGMA_1_1_1,SW_IN_1_1_1,VPD_PI_1_1_1,TA_1_1_1,TS_1_1_1,RECO_PI_1_1_1,GPP_PI_1_1_1"
    )
    units = "dd/mm/yyyy,hh:mm,-" + ",\xb5" * 17
    row = f"01/01/2017,{time},1,-9999,1,2,-9999,-9999,-9999,7,7,7,-9999,-9999,0,0.5,1.1,4.2,1.7,-0.5"
    return write(path / "SE-Htm_2017.csv", names, units, row, encoding="latin-1")


@pytest.mark.parametrize("time", ["00:30", "00:30:00"])
def test_hyltemossa_names_the_end_of_the_half_hour_in_central_european_time(tmp_path: Path, time: str) -> None:
    flux, met, model = DATASETS["hyltemossa"].read(hyltemossa_file(tmp_path, time))
    assert flux.interval.start == datetime(2016, 12, 31, 23, tzinfo=UTC)
    assert flux.interval.duration == timedelta(minutes=30)
    assert flux.values == {"latent_heat_flux": 1.0, "co2_flux": 2.0}
    assert met.values["soil_temperature"] == 4.2
    assert model.values == {"ecosystem_respiration": 1.7, "gross_primary_production": -0.5}


def test_mace_head_marks_values_that_were_removed_and_not_polluted_air(tmp_path: Path) -> None:
    cells = ["1885.125", "--P-", "nan", "F-B-", "nan", "--B-", *["nan", "--B-"] * 6, "119.930", "--B-"]
    (reading,) = DATASETS["mace_head"].read(mace_head_file(tmp_path, *cells))
    assert reading.interval.start == datetime(2012, 1, 2, 0, 5, tzinfo=UTC)
    assert set(reading.values) == {"ch4", "co"}
    assert reading.values["ch4"] == 1885.125
    assert reading.values["co"] == pytest.approx(0.1373, abs=1e-3)
    assert reading.status == {"dichlorodifluoromethane": "D"}


def test_mace_head_refuses_a_flag_it_does_not_know(tmp_path: Path) -> None:
    path = mace_head_file(tmp_path, *["1.0", "Q-B-"] * 10)
    with pytest.raises(DatasetError, match=r"line 6, column CH4 Flag: 'Q-B-'"):
        list(DATASETS["mace_head"].read(path))


def test_st_louis_is_central_standard_time(tmp_path: Path) -> None:
    header = "Date,Cd,Cu,Fe,Mn,Ni,Pb,Se,Zn,SO4,NO3,OC,EC,Mass"
    row = "6/22/2001 0:00,0.00254,0.00569,0.0458,0.00341,0.00E+00,0.00737,0.00124,0.125,1.76,1.31,3.25,0.584,21.3"
    readings = list(DATASETS["st_louis"].read(write(tmp_path / "Dataset-StLouis-con.csv", header, row)))
    assert readings[0].interval.start == datetime(2001, 6, 22, 6, tzinfo=UTC)
    assert [reading.instrument_id for reading in readings] == ["mass1", "ions1", "ocec1", "metals1"]
    assert readings[3].values["nickel"] == 0.0
