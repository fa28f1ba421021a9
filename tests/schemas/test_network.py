"""A network file is used whole or refused with its place."""

from datetime import timedelta
from pathlib import Path

import pytest

from schemas.network.file import NetworkFileError, load_network, parse_network

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "network.example.toml"
STATION = 'zone = "Asia/Shanghai"\n[[station]]\nid = "a"\n'
SINCE = '[[station.instrument]]\nid = "g"\nnetwork = "gas"\ncadence_s = 60\nparameters = ["o3"]\nsince = {}\n'
INSTRUMENT = '[[station.instrument]]\nid = "g"\nnetwork = "gas"\ncadence_s = 60\n'
PARAMETERS = 'parameters = ["o3"]\n'


def test_example_file_has_an_instrument_in_every_network() -> None:
    network = load_network(EXAMPLE)
    assert {item.network for item in network.instruments.values()} == {"voc", "ghg", "pm", "eco", "rad", "gas", "met"}


def test_station_without_window_gets_a_week() -> None:
    station = parse_network(STATION + INSTRUMENT + 'parameters = ["o3"]\n', "n.toml").stations["a"]
    assert station.late_window_h == 168


def test_a_delay_is_the_stations_unless_the_instrument_states_its_own() -> None:
    second = INSTRUMENT.replace('"g"', '"h"') + "delay_s = 0\n"
    network = parse_network(STATION + "delay_s = 2700\n" + INSTRUMENT + PARAMETERS + second + PARAMETERS, "n.toml")
    assert network.delays == {("a", "g"): timedelta(minutes=45), ("a", "h"): timedelta(0)}
    assert network.late_windows == {("a", "g"): timedelta(hours=168, minutes=45), ("a", "h"): timedelta(hours=168)}


def test_any_age_stays_any_age_with_a_delay() -> None:
    text = STATION + "delay_s = 2700\nlate_window_h = 0\n" + INSTRUMENT + PARAMETERS
    assert parse_network(text, "n.toml").late_windows == {("a", "g"): timedelta(0)}


def test_name_falls_back_to_the_other_language_and_then_to_the_id() -> None:
    network = parse_network(STATION + 'name_zh = "甲"\n' + INSTRUMENT + 'parameters = ["o3"]\n', "n.toml")
    assert network.stations["a"].name("en") == "甲"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zone = ", "n.toml: not TOML"),
        ('zone = "Mars/Olympus"\nstation = []\n', "zone: 'Mars/Olympus', expected an IANA time zone"),
        ('zone = "Asia/Shanghai"\nstation = []\nfoo = 1\n', "unknown field `foo`"),
        (STATION + "delay_s = -1\n" + INSTRUMENT + "parameters = []\n", "$.station[0].delay_s"),
        (STATION + "delay_s = nan\n" + INSTRUMENT + "parameters = []\n", "$.station[0].delay_s"),
        (STATION + INSTRUMENT + "parameters = []\ndelay_s = 700000\n", "delay_s"),
        (STATION.replace('"a"', '"A a"') + INSTRUMENT + "parameters = []\n", "$.station[0].id"),
        (STATION + INSTRUMENT + 'parameters = ["unobtainium"]\n', "unobtainium"),
        (STATION + INSTRUMENT + 'parameters = ["gamma_dose_rate"]\n', "is not a parameter of network gas"),
        (STATION + INSTRUMENT + 'parameters = []\ncadence_s = "x"\n', "n.toml"),
        (STATION + (INSTRUMENT + "parameters = []\n") * 2, "id is used twice at this station"),
        (STATION + INSTRUMENT + PARAMETERS + "[[station]]\nid = 'a'\ninstrument = []\n", "id is used twice"),
        (STATION.replace('"a"', '"a\\n"') + INSTRUMENT + "parameters = []\n", "$.station[0].id"),
        (STATION + INSTRUMENT.replace('"g"', '"g\\n"') + "parameters = []\n", "$.station[0].instrument[0].id"),
        (STATION + "altitude_m = nan\ninstrument = []\n", "station[0] (a).altitude_m: nan, expected -500 to 9000"),
        (STATION + "altitude_m = inf\ninstrument = []\n", "altitude_m"),
        (STATION + "altitude_m = 1e5\ninstrument = []\n", "altitude_m"),
        (STATION + "lon = nan\ninstrument = []\n", "lon"),
        (STATION + "late_window_h = 999999999999\ninstrument = []\n", "late_window_h"),
        *(
            (STATION + f'city = "{code}"\ninstrument = []\n', f"city: {code!r}, expected a code of GB/T 2260")
            for code in ("../../x", "2101/2026", "province", "all", "a b")
        ),
        (STATION + 'name_zh = "a\\nb"\ninstrument = []\n', "name_zh: 'a\\nb', expected text on one line"),
        (STATION + INSTRUMENT + 'parameters = ["o3", "no2", "o3"]\n', "parameters: 'o3' is named twice"),
        (STATION + SINCE.format("2026-01-01T00:00:00"), "instrument (g).since: 2026-01-01T00:00:00 has no offset"),
        (STATION + SINCE.format("0001-01-01T00:00:00+08:00"), "expected a time from 1800 to 2200"),
        (STATION + SINCE.format("2026-01-01"), "since"),
        (STATION + SINCE.format("2026-01-01T00:00:00Z\nuntil = 2025-12-31T00:00:00Z"), "expected after since"),
        (STATION + SINCE.format("2026-01-01T00:00:00Z\nuntil = 2026-01-01T08:00:00+08:00"), "expected after since"),
        (
            STATION + SINCE.format("2026-01-01T00:00:00Z\nuntil = 2026-12-31T00:00:00"),
            "until: 2026-12-31T00:00:00 has no",
        ),
        *(
            (
                STATION.replace("Asia/Shanghai", zone) + INSTRUMENT + PARAMETERS,
                f"zone: {zone!r} is not the same on every machine",
            )
            for zone in (
                "localtime",
                "Localtime",
                "posixrules",
                "Factory",
                "posix/Asia/Shanghai",
                "right/Asia/Shanghai",
                "zone.tab",
            )
        ),
        *(
            (
                STATION.replace("Asia/Shanghai", zone) + INSTRUMENT + PARAMETERS,
                f"zone: {zone!r}, expected an IANA time zone",
            )
            for zone in ("", "UTC+8", "/etc/localtime", "../localtime")
        ),
        (
            STATION + "lat = 41.8\n" + INSTRUMENT + PARAMETERS,
            "station[0] (a).lon: absent although lat is given, expected both or none",
        ),
        (
            STATION + "lon = 123.4\n" + INSTRUMENT + PARAMETERS,
            "station[0] (a).lat: absent although lon is given, expected both or none",
        ),
        (STATION + "instrument = []\n", "station[0] (a).instrument: none, expected at least one"),
        (STATION + INSTRUMENT + "parameters = []\n", "instrument (g).parameters: none, expected at least one"),
        ('zone = "Asia/Shanghai"\nstation = []\n', "station: none, expected at least one"),
        ('zone = "Asia"\nstation = []\n', "zone: 'Asia', expected an IANA time zone"),
        (f'zone = "{"a" * 5_000}"\nstation = []\n', "expected an IANA time zone"),
    ],
)
def test_wrong_file_is_refused_with_place_and_expectation(text: str, expected: str) -> None:
    with pytest.raises(NetworkFileError) as caught:
        parse_network(text, "n.toml")
    assert expected in str(caught.value)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError, match="cannot be read"):
        load_network(tmp_path / "absent.toml")


def test_a_byte_order_mark_of_an_editor_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "n.toml"
    path.write_text(STATION + INSTRUMENT + 'parameters = ["o3"]\n', encoding="utf-8-sig")
    assert load_network(path).zone == "Asia/Shanghai"


def test_the_first_fault_of_the_file_is_reported() -> None:
    text = STATION + "altitude_m = nan\n" + INSTRUMENT + 'parameters = ["unobtainium"]\n'
    with pytest.raises(NetworkFileError, match="altitude_m"):
        parse_network(text, "n.toml")
