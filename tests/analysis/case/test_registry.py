"""The registry of enterprises: strict reading, and what lies upwind."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.case.case_file import Bearing, Estimate
from analysis.case.registry import (
    Enterprise,
    EnterpriseError,
    Registry,
    enterprise_kinds,
    parse_registry,
    upwind,
)
from analysis.receptor.source_library import load_library
from schemas.network import Station
from tests.analysis.case.event.scene import station

ENTRY = """
[[enterprise]]
id = "works"
name_zh = "厂"
name_en = "Works"
kind = "steel"
latitude = 41.8
longitude = 123.4
"""
HERE = station("a")
WEST = Bearing(from_deg=Estimate(value=270.0, low=255.0, high=285.0), chance=0.01, hours=8)
NORTH = Bearing(from_deg=Estimate(value=0.0, low=350.0, high=10.0), chance=0.01, hours=8)


def enterprise(name: str, east_km: float, north_km: float = 0.0, kind: str = "steel") -> Enterprise:
    place = station(name, east_km, north_km)
    assert place.lat is not None
    assert place.lon is not None
    return Enterprise(id=name, name_zh=name, name_en=name, kind=kind, latitude=place.lat, longitude=place.lon)


def named(*enterprises: Enterprise, here: Station = HERE, **given: object) -> list[str]:
    return [item.id for item in upwind(Registry(enterprises), here, **given)]  # type: ignore[arg-type]


def test_a_registry_is_read_with_its_optional_fields() -> None:
    more = 'species = ["pm25"]\nheight_m = 80\nsource = "survey"\nsynthetic = true\n'
    (found,) = parse_registry(ENTRY + more, "file").enterprises
    assert (found.species, found.height_m, found.source, found.synthetic) == (("pm25",), 80, "survey", True)


def test_the_example_of_the_deployment_is_a_registry() -> None:
    path = Path(__file__).resolve().parents[3] / "deploy" / "enterprises.example.toml"
    assert len(parse_registry(path.read_text(encoding="utf-8"), path.name).enterprises) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ENTRY.replace('"steel"', '"smelter"'),
            r"file: enterprise 1 \('works'\): kind: 'smelter', expected one of steel, ",
        ),
        (ENTRY.replace("41.8", "91.0"), r"enterprise 1 \('works'\): .*<= 90.0 - at `\$.latitude`"),
        (ENTRY.replace("123.4", '"east"'), r"got `str` - at `\$.longitude`"),
        (ENTRY + 'chimney = "high"\n', "unknown field `chimney`; the fields are id, name_zh, "),
        (ENTRY + 'species = ["pm2.5"]\n', r"species: 'pm2.5' is no code of the parameters"),
        (ENTRY.replace('kind = "steel"\n', ""), "missing required field `kind`"),
        (ENTRY + ENTRY, "enterprise 2: id 'works' is that of enterprise 1 too"),
        (ENTRY.replace('id = "works"\n', ""), "enterprise 1: .*missing required field `id`"),
        ("", r"expected one \[\[enterprise\]\] or more and nothing else; other entries: none"),
        ("[[company]]\n" + ENTRY, "other entries: 'company'"),
        ("[[enterprise", "file: not TOML"),
        ("enterprise = " + "[" * 5000 + "]" * 5000, "file: not TOML: .*recursion"),
        (ENTRY + ".".join(["a"] * 5000) + " = 1", "file: not TOML: line 9: a key of 5000 parts, expected at most 9"),
        (
            ENTRY.replace('"Works"', '"\\u001b]0;x\\u0007"'),
            r"name_en: '\\x1b\]0;x\\x07', expected one line of at most 100",
        ),
        (ENTRY.replace('"Works"', '"\\u202Eskrow"'), r"name_en: '\\u202eskrow', expected one line"),
        (ENTRY.replace('"Works"', '"A\\r\\nBcc: b@c"'), "name_en: .*expected one line"),
        (ENTRY.replace('"厂"', '"  "'), "name_zh: '  ', expected one line of at most 100 characters"),
        (ENTRY.replace('"厂"', f'"{"厂" * 101}"'), "name_zh: .*expected one line of at most 100 characters"),
        (ENTRY + f'source = "{"s" * 501}"\n', "source: .*expected one line of at most 500 characters"),
        ("enterprise = [3]", "enterprise 1: Expected `object`, got `int`"),
    ],
)
def test_a_wrong_registry_names_entry_field_and_expectation(text: str, message: str) -> None:
    with pytest.raises(EnterpriseError, match=message):
        parse_registry(text, "file")


def test_every_kind_of_source_of_an_enterprise_is_in_the_library() -> None:
    known = {*load_library().kinds}
    assert {source for kind in enterprise_kinds().values() for source in kind.sources} <= known


def test_nothing_is_named_without_direction_and_place() -> None:
    assert named(enterprise("west", -5), kinds=("steel",)) == []


def test_what_lies_in_the_direction_is_named_the_fitting_kind_first_then_the_nearest() -> None:
    all_of = (
        enterprise("far", -9),
        enterprise("near", -3, kind="solvent"),
        enterprise("east", 5),
        enterprise("mid", -6),
    )
    assert named(*all_of, bearing=WEST) == ["near", "mid", "far"]
    assert named(*all_of, bearing=WEST, kinds=("coal",)) == ["mid", "far", "near"]


def test_what_lies_in_the_region_of_the_place_comes_first() -> None:
    inside = enterprise("inside", 2, 8)

    def region(lon: float, lat: float) -> bool:
        return (lon, lat) == (inside.longitude, inside.latitude)

    assert named(enterprise("west", -3), inside, bearing=WEST, in_place=region) == ["inside", "west"]
    assert named(enterprise("west", -3), inside, in_place=region) == ["inside"]


def test_a_direction_may_pass_north() -> None:
    assert named(enterprise("left", -1, 8), enterprise("right", 1, 8), enterprise("west", -8), bearing=NORTH) == [
        "left",
        "right",
    ]


def test_an_enterprise_next_to_the_station_lies_in_every_direction() -> None:
    assert named(enterprise("next", 0.3), bearing=WEST) == ["next"]


def test_enterprises_beyond_the_radius_and_more_than_five_are_not_named() -> None:
    assert named(enterprise("far", -25), bearing=WEST) == []
    assert len(named(*(enterprise(f"e{number}", -3 - number) for number in range(8)), bearing=WEST)) == 5


def test_a_station_without_coordinates_names_nothing() -> None:
    assert named(enterprise("west", -5), here=Station(id="a", instruments=()), bearing=WEST) == []


def test_what_is_not_known_of_a_candidate_is_none() -> None:
    (found,) = upwind(Registry((enterprise("west", -5),)), HERE, bearing=WEST)
    assert (found.in_direction, found.in_place, found.kind_fits) == (True, None, None)


def test_a_radius_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="radius_km: expected a distance above 0 km"):
        upwind(Registry(()), HERE, bearing=WEST, radius_km=0)
