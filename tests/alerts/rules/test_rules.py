from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import msgspec
import pytest

from alerts.rules.forecast import ForecastRule
from alerts.rules.idle import idle_rules, odd_parts
from alerts.rules.rules import RulesFileError, load_rules, parse_rules
from alerts.rules.threshold.rule import ThresholdRule
from schemas.alert import RuleKind
from schemas.network import Instrument, Network, Station
from tests.alerts.conftest import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.rules.table import AlertRules

RULE = """
[[rule]]
name = "r"
kind = "threshold"
title_zh = "甲"
title_en = "A"
advice_zh = "乙"
advice_en = "B"
severity = "warning"
source = "project default"
verified = false
network = "gas"
parameter = "o3"
unit = "ug/m3"
above = 200
"""


def test_the_example_has_every_kind(example: AlertRules) -> None:
    assert {rule.KIND for rule in example.items} == set(RuleKind)


def test_levels_are_chosen_by_date(example: AlertRules) -> None:
    by_name = {rule.name: rule for rule in example.thresholds()}
    assert by_name["pm25-light-2012"].until == date(2026, 2, 28)
    assert by_name["pm25-light"].since == date(2026, 3, 1)


def test_a_limit_in_another_unit_is_converted() -> None:
    (rule,) = parse_rules(RULE.replace("ug/m3", "mg/m3").replace("200", "0.2"), "f").thresholds()
    assert rule.limit == pytest.approx(200.0)


def test_clear_defaults_to_the_threshold() -> None:
    (rule,) = parse_rules(RULE, "f").thresholds()
    assert rule.clear_limit == rule.limit == 200.0


def test_a_disabled_rule_is_left_out() -> None:
    assert parse_rules(RULE + "enabled = false\n", "f").items == ()


def test_the_longest_prefix_chooses_the_operation_rule(example: AlertRules) -> None:
    names = [example.operation(key) for key in ("dag/qc_hourly", "gate/gas", "disk/full")]
    assert [rule and rule.name for rule in names] == ["task-failed", "gate-hold", "operation-other"]


def test_a_rule_covers_stations_and_cities_by_pattern() -> None:
    (rule,) = parse_rules(RULE + 'stations = ["a-*"]\ncities = ["2101*"]\n', "f").items
    instruments = (Instrument(id="i", network="gas", cadence_s=60, parameters=("o3",)),)  # type: ignore[arg-type]  # a code
    assert rule.covers(Station(id="a-1", city="210102", instruments=instruments))
    assert not rule.covers(Station(id="b-1", city="210102", instruments=instruments))
    assert not rule.covers(Station(id="a-1", city="210202", instruments=instruments))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("above = 200", "above = 200\nabvoe = 3"), "f.toml: rule 'r': key abvoe: unknown"),
        (("above = 200", 'above = "x"'), "f.toml: rule 'r': key above: expected"),
        (("above = 200", "above = 200\nbelow = 3"), "key above: expected exactly one of above and below"),
        (("above = 200", "above = 200\nclear = 210"), "key clear: expected at most the threshold"),
        (('unit = "ug/m3"', 'unit = "furlong"'), "key unit: 'furlong', expected one of ug/m3"),
        (('"o3"', '"o33"'), "key parameter: unknown parameter 'o33'"),
        (('network = "gas"', 'network = "rad"'), "key parameter: 'o3' is not a parameter of network rad"),
        (('kind = "threshold"', 'kind = "magic"'), "rule 'r': key kind: invalid value 'magic'"),
        (('severity = "warning"', 'severity = "loud"'), "key severity: invalid enum value 'loud'"),
        (('title_zh = "甲"\n', ""), "key title_zh: missing"),
        (('title_en = "A"', 'title_en = "A\\r\\nB"'), "key title_en: 'A\\r\\nB', expected text on one line (line"),
        (('title_en = "A"', 'title_en = "\\u202eA"'), "key title_en: '\\u202eA', expected text on one line"),
        (('name = "r"\n', ""), "rule number 1: key name: missing"),
        (("[[rule]]", "grop_over = 2\n[[rule]]"), "f.toml: key grop_over: unknown"),
        (("[[rule]]", "group_over = 0\n[[rule]]"), "key group_over: expected a whole number"),
        (
            ("above = 200", "above = 200\nsince = 2026-02-01\nuntil = 2026-01-01"),
            "key until: expected a day not before since",
        ),
        (("above = 200", "above = "), "f.toml: not TOML"),
        (('name = "r"', 'name = "r\\n"'), "key name: expected"),
        (('name = "r"', 'name = "r"\nstations = []'), "key stations: expected"),
        (('name = "r"', 'name = "r"\ncities = [""]'), "key cities[0]: expected"),
        (("above = 200", "above = 2e6"), "key above: expected a value within the range of o3"),
        (("above = 200", "below = -1e6"), "key below: expected a value within the range of o3"),
        (("above = 200", "above = 200\nclear = -2000"), "key clear: expected a value within the range of o3"),
        (("above = 200", "above = 200\nfor_h = -1"), "key for_h: expected"),
        (("above = 200", "above = 200\nfor_h = 1e9"), "key for_h: expected"),
        (("above = 200", "above = 200\nclear_for_h = -0.1"), "key clear_for_h: expected"),
        (("above = 200", "above = 200\nmax_gap_h = 0"), "key max_gap_h: expected"),
        (("above = 200", "above = 200\nmax_gap_h = 0.9"), "key max_gap_h: 0.9, expected at least 1"),
        (("above = 200", "above = 200\nstale_after_h = 0.5"), "key stale_after_h: 0.5, expected at least 1"),
        (
            ("above = 200", "above = 1e6\nbaseline = {}"),
            "key above: expected a difference below the width of the range of o3",
        ),
        (
            ("above = 200", "below = -1e6\nbaseline = {}"),
            "key below: expected a difference below the width of the range",
        ),
        *(
            (('name = "r"', f'name = "r"\nstations = ["ln-*", "{pattern}"]'), f"key stations[1]: {pattern!r}, expected")
            for pattern in ("st-[", "st-[]", "[a-", "LN-*", "ln_1", "ln *", "ln]", "沈阳*")
        ),
        *(
            (('name = "r"', f'name = "r"\ncities = ["{pattern}"]'), f"key cities[0]: {pattern!r}, expected")
            for pattern in ("21[", "ln*", "沈阳")
        ),
        (("above = 200", "above = 200\nnotify_max_age_h = -1"), "key notify_max_age_h: expected"),
        (("above = 200", "above = 200\nbaseline = {window_h = 0}"), "key baseline.window_h: expected"),
        (("above = 200", "above = 200\nbaseline = {min_hours = 721}"), "key baseline.min_hours: 721, expected at most"),
        (("above = 200", "above = -5\nbaseline = {}"), "key above: expected a difference above zero"),
        (("above = 200", "above = 50\nclear = -1\nbaseline = {}"), "key clear: expected zero or a difference"),
    ],
)
def test_a_wrong_rule_says_file_rule_key_and_expectation(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RulesFileError, match=re.escape(message)):
        parse_rules(RULE.replace(*change), "f.toml")


@pytest.mark.parametrize("pattern", ["ln-*", "ln-sy-0[1-3]", "[!s]*", "?n-*", "a", "ln-[sd]?-*", "0*"])
def test_a_pattern_that_an_id_can_match_is_taken(pattern: str) -> None:
    (rule,) = parse_rules(RULE + f'stations = ["{pattern}"]\n', "f").items
    assert rule.stations == (pattern,)


@pytest.mark.parametrize("unit", ["µg/m³", "UG/M3", "μg m-3", "ug/m3", "ppb", "PPB", "nmol/mol"])
@pytest.mark.parametrize("kind", ["threshold", "forecast"])
def test_a_unit_is_read_in_every_spelling_that_messages_may_have(kind: str, unit: str) -> None:
    text = KINDS[kind].replace("ug/m3", unit)
    plain = KINDS[kind].replace("ug/m3", "ug/m3" if "3" in unit or "³" in unit else "ppb")
    (rule,), (same,) = parse_rules(text, "f").items, parse_rules(plain, "f").items
    assert isinstance(rule, ThresholdRule | ForecastRule)
    assert isinstance(same, ThresholdRule | ForecastRule)
    assert (rule.limit, rule.clear_limit) == (same.limit, same.clear_limit)


@pytest.mark.parametrize("more", ["", "baseline = {}\n"])
@pytest.mark.parametrize("kind", ["threshold", "forecast"])
def test_no_threshold_parts_directions(kind: str, more: str) -> None:
    text = KINDS[kind].replace('"o3"', '"wind_direction"').replace("ug/m3", "deg").replace('"gas"', '"met"')
    with pytest.raises(RulesFileError, match="key parameter: 'wind_direction' is a direction"):
        parse_rules(text + (more if kind == "threshold" else ""), "f")


def test_a_silence_before_the_next_reading_is_due_is_refused() -> None:
    with pytest.raises(RulesFileError, match="key cadences: expected"):
        parse_rules(KINDS["silence"] + "cadences = 0.5\n", "f")


def slow(*cadences_s: int) -> Network:
    """Stations whose instruments give a value each so often."""
    stations = [
        Station(
            id=f"a-{cadence_s}",
            instruments=(Instrument(id="i", network="gas", cadence_s=cadence_s, parameters=("o3",)),),
        )  # type: ignore[arg-type]
        for cadence_s in cadences_s
    ]
    return Network(zone="Asia/Shanghai", station_list=tuple(stations))


def test_a_rule_that_forgets_each_value_before_the_next_is_named() -> None:
    rules = parse_rules(RULE + "for_h = 3\nmax_gap_h = 2\n", "f")
    (found,) = idle_rules(rules, slow(14_401), only_patterns=True)
    assert found == ("r", "for_h = 3, and values are further apart than max_gap_h = 2")
    assert list(idle_rules(rules, slow(60, 3_600, 10_800))) == list(odd_parts(rules, slow(60, 10_800))) == []
    assert list(odd_parts(rules, slow(60, 14_401))) == [("r", "values of a-14401 are further apart than max_gap_h = 2")]
    once = parse_rules(RULE + "for_h = 1\nmax_gap_h = 2\n", "f")
    assert list(idle_rules(once, slow(14_401))) == []


def test_a_pattern_that_matches_nothing_is_named_among_others() -> None:
    rules = parse_rules(RULE + 'stations = ["a-*", "b-*"]\n', "f")
    assert list(odd_parts(rules, slow(60))) == [("r", "stations = ['b-*'] match no station")]


KINDS = {
    "threshold": RULE,
    "silence": RULE.replace("threshold", "silence").partition("network =")[0],
    "forecast": RULE.replace("threshold", "forecast").replace('network = "gas"\n', ""),
    "operation": RULE.replace("threshold", "operation").partition("network =")[0],
}
NUMBERS = {
    "threshold": ("above", "below", "for_h", "clear", "clear_for_h", "max_gap_h", "stale_after_h", "notify_max_age_h"),
    "silence": ("cadences", "min_minutes", "notify_max_age_h"),
    "forecast": ("above", "clear", "lead_h", "notify_max_age_h"),
    "operation": ("clear_after_h", "notify_max_age_h"),
}


def with_number(kind: str, key: str, value: str) -> str:
    """A sound rule of a kind with one number changed."""
    text = KINDS[kind]
    if key == "below":
        return text.replace("above = 200", f"below = {value}")
    return text.replace("above = 200", f"above = {value}") if key == "above" else f"{text}{key} = {value}\n"


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
@pytest.mark.parametrize(("kind", "key"), [(kind, key) for kind, keys in NUMBERS.items() for key in keys])
def test_a_number_that_is_not_finite_stops_the_start_in_every_kind_of_rule(kind: str, key: str, value: str) -> None:
    with pytest.raises(RulesFileError, match=f"f: rule 'r': key {key}: .*expected"):
        parse_rules(with_number(kind, key, value), "f")


def test_every_number_of_every_kind_is_in_the_table_above() -> None:
    for kind, text in KINDS.items():
        (rule,) = parse_rules(text, "f").items
        floats = {item.name for item in msgspec.structs.fields(rule) if "float" in str(item.type)}
        assert floats == set(NUMBERS[kind])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("above = 200", "above = 200\nhours = 25"), "key hours: 25, expected at most lead_h = 24"),
        (("above = 200", "above = 200\nlead_h = 0"), "key lead_h: expected"),
        (("above = 200", "above = 200\nclear = 201"), "key clear: expected at most the threshold"),
        (("above = 200", "above = 1e9"), "key above: expected a value within the range"),
        (('"o3"', '"o33"'), "key parameter: unknown parameter 'o33'"),
        (('unit = "ug/m3"', 'unit = "furlong"'), "key unit: 'furlong', expected one of"),
    ],
)
def test_a_wrong_forecast_rule_says_key_and_expectation(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RulesFileError, match=re.escape(message)):
        parse_rules(KINDS["forecast"].replace(*change), "f")


def test_a_rule_that_can_never_fire_is_named_with_the_reason() -> None:
    instruments = (Instrument(id="i", network="gas", cadence_s=60, parameters=("o3",)),)  # type: ignore[arg-type]  # a code
    network = Network(zone="Asia/Shanghai", station_list=(Station(id="a-1", city="210102", instruments=instruments),))
    text = RULE + (RULE + 'stations = ["b-*"]\n').replace('"r"', '"typo"') + RULE.replace('"r"', '"so2"', 1)
    rules = parse_rules(text.replace('"o3"', '"so2"').replace('"so2"', '"o3"', 2), "f")
    assert [rule.name for rule in rules.items] == ["r", "typo", "so2"]
    assert dict(idle_rules(rules, network)) == {
        "typo": "stations = ['b-*'], cities = ['*'] match no station",
        "so2": "no station that it covers measures so2 in network gas",
    }


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(RulesFileError, match="used twice"):
        parse_rules(RULE + RULE, "f.toml")


def test_a_byte_order_mark_of_an_editor_is_passed_over(tmp_path: Path, example: AlertRules) -> None:
    path = tmp_path / "rules.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8-sig")
    assert load_rules(path) == example


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesFileError, match=r"absent\.toml: cannot be read"):
        load_rules(tmp_path / "absent.toml")


def test_docs_name_every_rule_kind_key_and_setting(example: AlertRules) -> None:
    text = (EXAMPLE.parents[1] / "docs" / "alerts.md").read_text(encoding="utf-8")
    keys = {key for rule in example.items for key in rule.__struct_fields__} | {
        "window_h",
        "ratio_above",
        "min_hours",
        "dry_h",
        "group_over",
    }
    wanted = {rule.name for rule in example.items} | set(RuleKind) | keys
    assert {item for item in wanted if f"`{item}`" not in text} == set()
