"""A network file is used whole or refused with its place."""

from pathlib import Path

import pytest

from schemas.network import NetworkFileError, load_network, parse_network

EXAMPLE = Path(__file__).resolve().parents[2] / "deploy" / "network.example.toml"
STATION = 'zone = "Asia/Shanghai"\n[[station]]\nid = "a"\n'
INSTRUMENT = '[[station.instrument]]\nid = "g"\nnetwork = "gas"\ncadence_s = 60\n'


def test_example_file_has_an_instrument_in_every_network() -> None:
    network = load_network(EXAMPLE)
    assert {item.network for item in network.instruments.values()} == {"voc", "ghg", "pm", "eco", "rad", "gas", "met"}


def test_station_without_window_gets_a_week() -> None:
    station = parse_network(STATION + INSTRUMENT + 'parameters = ["o3"]\n', "n.toml").stations["a"]
    assert station.late_window_h == 168


def test_name_falls_back_to_the_other_language_and_then_to_the_id() -> None:
    network = parse_network(STATION + 'name_zh = "甲"\n' + INSTRUMENT + 'parameters = ["o3"]\n', "n.toml")
    assert network.stations["a"].name("en") == "甲"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("zone = ", "n.toml: not TOML"),
        ('zone = "Mars/Olympus"\nstation = []\n', "zone: 'Mars/Olympus' is not an IANA time zone"),
        ('zone = "Asia/Shanghai"\nstation = []\nfoo = 1\n', "unknown field `foo`"),
        (STATION.replace('"a"', '"A a"') + INSTRUMENT + "parameters = []\n", "$.station[0].id"),
        (STATION + INSTRUMENT + 'parameters = ["unobtainium"]\n', "unobtainium"),
        (STATION + INSTRUMENT + 'parameters = ["gamma_dose_rate"]\n', "is not a parameter of network gas"),
        (STATION + INSTRUMENT + 'parameters = []\ncadence_s = "x"\n', "n.toml"),
        (STATION + (INSTRUMENT + "parameters = []\n") * 2, "id is used twice at this station"),
        (STATION + "instrument = []\n[[station]]\nid = 'a'\ninstrument = []\n", "id is used twice"),
    ],
)
def test_wrong_file_is_refused_with_place_and_expectation(text: str, expected: str) -> None:
    with pytest.raises(NetworkFileError) as caught:
        parse_network(text, "n.toml")
    assert expected in str(caught.value)


def test_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NetworkFileError, match="cannot be read"):
        load_network(tmp_path / "absent.toml")
