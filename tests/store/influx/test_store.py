"""The time-series store against a real InfluxDB 1.x, and a 2.x where one is named."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from pydantic import SecretStr

from schemas.interval import Interval
from schemas.parameter import load_parameters
from schemas.reading import Reading
from store.error import StoreError, StoreUnavailableError
from store.influx.store import Bucket, InfluxStore
from store.settings import InfluxDialect, SharedSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration
START = datetime(2026, 11, 22, tzinfo=UTC)
END = START + timedelta(days=1)


@pytest.fixture(params=["1.x", "2.x"])
def store(request: pytest.FixtureRequest) -> Iterator[InfluxStore]:
    with closing(
        InfluxStore(request.getfixturevalue("settings" if request.param == "1.x" else "influx2_settings"))
    ) as opened:
        opened.ensure()
        yield opened


def reading(
    minute: int,
    values: dict[str, float],
    status: dict[str, str] | None = None,
    *,
    station: str = "a",
    instrument: str = "i",
) -> Reading:
    at = START + timedelta(minutes=minute)
    return Reading("gas", station, instrument, Interval(at, at + timedelta(minutes=1)), values, status or {})


def hourly(values: list[float]) -> pd.DataFrame:
    index = pd.date_range(START, periods=len(values), freq="h", unit="us", name="start")
    missing = np.isnan(values)
    counts, flags = np.where(missing, 0, 60), np.where(missing, 9, 1).astype(np.int8)
    return pd.DataFrame({"so2": values, "so2__n": counts, "so2__flag": flags}, index=index)


def flag(value: int, test: str = "spike", reason: str = "") -> pd.DataFrame:
    return pd.DataFrame(
        {
            "start": [START],
            "station_id": ["a"],
            "instrument_id": ["i"],
            "parameter": ["so2"],
            "test": [test],
            "flag": np.array([value], dtype=np.int8),
            "reason": [reason],
        }
    )


def test_readings_come_back_as_a_native_frame(store: InfluxStore) -> None:
    assert (
        store.write_readings(
            [reading(0, {"so2": 0.1 + 0.2, "no": 3.0}), reading(1, {"so2": 1e-7}, {"no": "D"})]
        ).accepted
        == 2
    )
    frame = store.read_native("gas", "a", "i", START, END)
    assert frame.index.tolist() == [pd.Timestamp(START), pd.Timestamp(START + timedelta(minutes=1))]
    assert frame["so2"].tolist() == [0.1 + 0.2, 1e-7]
    assert frame["no__status"].isna().tolist() == [True, False]
    assert frame["no"].isna().tolist() == [False, True]


def test_microseconds_survive(store: InfluxStore) -> None:
    at = START + timedelta(microseconds=123_457)
    store.write_readings([Reading("rad", "a", "i", Interval(at, at), {"gamma_dose_rate": 80.0})])
    assert store.read_native("rad", "a", "i", START, END).index.tolist() == [pd.Timestamp(at)]


def test_an_interval_is_half_open(store: InfluxStore) -> None:
    store.write_readings([reading(minute, {"so2": 1.0}) for minute in range(3)])
    frame = store.read_native("gas", "a", "i", START, START + timedelta(minutes=2))
    assert len(frame) == 2


def test_other_instruments_do_not_mix_in(store: InfluxStore) -> None:
    store.write_readings(
        [reading(0, {"so2": 1.0}), reading(0, {"no": 2.0}, instrument="j"), reading(0, {"so2": 3.0}, station="b")]
    )
    assert store.read_native("gas", "a", "i", START, END).to_dict("list") == {"so2": [1.0]}


def test_named_parameters_are_columns_even_without_a_value(store: InfluxStore) -> None:
    store.write_readings([reading(0, {"so2": 1.0, "no": 2.0})])
    frame = store.read_native("gas", "a", "i", START, END, parameters=["so2", "o3"])
    assert list(frame) == ["so2", "o3"]
    assert frame["o3"].isna().all()


def test_writing_again_changes_nothing(store: InfluxStore) -> None:
    for _ in range(2):
        store.write_readings([reading(0, {"so2": 1.0}), reading(1, {"so2": 2.0})])
    assert store.count_values("gas", START, END) == 2


def test_counting_leaves_statuses_out(store: InfluxStore) -> None:
    store.write_readings([reading(0, {"so2": 1.0, "no": 2.0}, {"so2": "C"})])
    assert store.count_values("gas", START, END) == 2
    assert store.count_values("voc", START, END) == 0


def test_one_bad_line_costs_no_other(store: InfluxStore) -> None:
    lines = [b"gas,station=a so2=%d %d" % (index, index) for index in range(100)]
    lines[17] = b"gas,station=a so2"
    lines[63] = b'gas,station=a so2="text" 63'
    result = store.write_lines(Bucket.NATIVE, lines)
    assert (result.accepted, [item.index for item in result.rejected], result.retry) == (98, [17, 63], False)
    assert "so2" in result.rejected[0].reason
    assert "field type conflict" in result.rejected[1].reason
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    assert store.count_values("gas", epoch, END) == 98


def test_a_rejected_reading_is_named_by_its_own_index(store: InfluxStore) -> None:
    store.write_lines(Bucket.NATIVE, [b'gas,instrument=i,station=a no="text" 1795305600000000000'])
    result = store.write_readings([reading(0, {}), reading(1, {"so2": 1.0}), reading(2, {"no": 1.0})])
    assert [item.index for item in result.rejected] == [2]


def test_what_is_stored_of_a_network_is_what_is_stored_of_each_instrument(store: InfluxStore) -> None:
    store.write_readings(
        [
            reading(0, {"so2": 1.0, "no": 2.0}, {"no": "D"}),
            reading(1, {"so2": 3.0}),
            reading(0, {"o3": 4.0}, station="b"),
            reading(0, {}, {"o3": "C"}, station="b", instrument="j"),
            reading(5, {"o3": 5.0}, station="c"),
        ]
    )
    span = START, START + timedelta(minutes=2)
    every = store.read_stored_all("gas", *span)
    assert sorted(every) == [("a", "i"), ("b", "i"), ("b", "j")]
    assert every == {key: store.read_stored("gas", *key, *span) for key in every}
    assert every["a", "i"][START].status == {"no": "D"}
    assert store.read_stored_all("voc", *span) == {}


def test_nothing_stored_gives_empty_frames_of_the_right_shape(store: InfluxStore) -> None:
    native = store.read_native("gas", "a", "i", START, END, parameters=["so2"])
    hours = store.read_hourly("gas", "a", START, END, ["so2"])
    assert (list(native), str(native.index.tz)) == (["so2"], "UTC")
    assert (list(hours), str(hours.index.tz)) == (["so2", "so2__n", "so2__flag"], "UTC")
    assert store.read_hourly_all("gas", START, END) == {}
    assert "start" in store.read_flags(Bucket.NATIVE, "gas", START, END)
    assert store.read_product("aqi_hourly", START, END).empty
    assert store.last_readings("gas").empty


def test_hourly_frames_come_back_as_they_were(store: InfluxStore) -> None:
    frame = hourly([1.5, np.nan, 3.0])
    store.write_hourly("gas", "a", frame)
    pd.testing.assert_frame_equal(store.read_hourly("gas", "a", START, END), frame, check_freq=False)


def test_a_station_without_hours_has_every_named_column(store: InfluxStore) -> None:
    codes = list(load_parameters())
    found = store.read_hourly("voc", "absent", START, START + timedelta(hours=1), codes)
    assert list(found) == [code + suffix for code in codes for suffix in ("", "__n", "__flag")]
    assert (len(found), found["pm25__flag"].dtype) == (0, np.int8)


def test_an_hour_that_lost_its_value_does_not_show_the_earlier_one(store: InfluxStore) -> None:
    store.write_hourly("gas", "a", hourly([1.5]))
    store.write_hourly("gas", "a", hourly([np.nan]))
    assert store.read_hourly("gas", "a", START, END)["so2"].isna().all()


def test_all_stations_are_read_at_once_each_with_its_own_parameters(store: InfluxStore) -> None:
    store.write_hourly("gas", "a", hourly([1.0]))
    store.write_hourly("gas", "b", hourly([2.0, 3.0]).rename(columns=lambda name: name.replace("so2", "o3")))
    frames = store.read_hourly_all("gas", START, END)
    assert {name: list(frame) for name, frame in frames.items()} == {
        "a": ["so2", "so2__n", "so2__flag"],
        "b": ["o3", "o3__n", "o3__flag"],
    }
    assert frames["b"]["o3"].tolist() == [2.0, 3.0]
    assert set(store.read_hourly_all("gas", START, END, ["o3"])) == {"b"}


def test_flags_come_back_with_any_text(store: InfluxStore) -> None:
    written = flag(3, reason='9 > "5",\n twice \\')
    store.write_flags(Bucket.NATIVE, "gas", written)
    found = store.read_flags(Bucket.NATIVE, "gas", START, END, "a")
    assert found.iloc[0].to_dict() == written.assign(start=pd.to_datetime(written["start"])).iloc[0].to_dict()
    assert store.read_flags(Bucket.HOURLY, "gas", START, END).empty


def test_a_flag_withdrawn_by_pass_is_gone(store: InfluxStore) -> None:
    store.write_flags(Bucket.NATIVE, "gas", flag(3))
    store.write_flags(Bucket.NATIVE, "gas", flag(4, "range"))
    store.write_flags(Bucket.NATIVE, "gas", flag(1))
    assert store.read_flags(Bucket.NATIVE, "gas", START, END)["test"].tolist() == ["range"]


def test_products_keep_texts_that_look_like_numbers(store: InfluxStore) -> None:
    index = pd.date_range(START, periods=2, freq="h", unit="us")
    store.write_product(
        "aqi_daily", "a", pd.DataFrame({"aqi": [50.0, np.nan], "code": ["007", None]}, index=index), {"edition": "2026"}
    )
    found = store.read_product("aqi_daily", START, END, "a")
    assert found.to_dict("list") == {
        "station_id": ["a", "a"],
        "aqi": [50.0, pytest.approx(np.nan, nan_ok=True)],
        "code": ["007", None],
        "edition": ["2026", "2026"],
    }


def test_the_last_reading_of_every_instrument(store: InfluxStore) -> None:
    store.write_readings([reading(0, {"so2": 1.0}), reading(5, {"no": 1.0}), reading(3, {}, {"so2": "D"}, station="b")])
    found = store.last_readings("gas")
    assert found["station_id"].tolist() == ["a", "b"]
    assert found["start"].tolist() == [pd.Timestamp(START + timedelta(minutes=minute)) for minute in (5, 3)]


def test_hostile_names_stay_names(store: InfluxStore) -> None:
    hostile = "a' OR station != '"
    store.write_readings([reading(0, {"so2": 1.0})])
    assert store.read_native("gas", hostile, "i", START, END).empty
    assert store.read_native('gas"; DROP DATABASE "x', "a", "i", START, END).empty
    assert store.count_values("gas", START, END) == 1


def test_an_absent_database_is_made_by_the_first_write(settings: SharedSettings) -> None:
    store = InfluxStore(settings)
    with pytest.raises(StoreError, match="skyground migrate"):
        store.read_native("gas", "a", "i", START, END)
    assert not store.health().ok
    assert store.write_readings([reading(0, {"so2": 1.0})]).accepted == 1
    assert store.health().ok
    store.close()


def test_an_absent_retention_policy_is_made_by_the_first_write(settings: SharedSettings) -> None:
    store = InfluxStore(settings)
    store.ensure()
    store._http.query_json(f'DROP RETENTION POLICY "hourly" ON "{settings.influx_database}"')
    assert store.write_hourly("gas", "a", hourly([1.0])).accepted == 1
    store.close()


def test_an_unreachable_server_means_try_again() -> None:
    store = InfluxStore(
        SharedSettings(influx_url="http://127.0.0.1:9", influx_dialect=InfluxDialect.V1, influx_timeout_s=2)
    )
    result = store.write_readings([reading(0, {"so2": 1.0})])
    assert (result.accepted, result.retry) == (0, True)
    assert "does not answer" in result.detail
    with pytest.raises(StoreUnavailableError, match="SKYGROUND_INFLUX_URL"):
        store.read_native("gas", "a", "i", START, END)
    store.close()


def test_large_batches_are_split_into_requests(store: InfluxStore) -> None:
    result = store.write_readings([reading(minute, {"so2": 1.0}) for minute in range(12_345)])
    assert result.accepted == 12_345
    assert store.count_values("gas", START, START + timedelta(days=30)) == 12_345


def test_credentials_are_sent_as_1x_takes_them(settings: SharedSettings) -> None:
    store = InfluxStore(settings)
    store.write_readings([reading(0, {"so2": 1.0})])
    known = InfluxStore(settings.model_copy(update={"influx_user": "someone", "influx_password": SecretStr("x")}))
    assert known.count_values("gas", START, END) == 1
    known.close()
    store.close()
