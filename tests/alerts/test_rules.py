from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

import pytest

from alerts.rules import RulesFileError, load_rules, parse_rules
from schemas.alert import RuleKind
from schemas.network import Instrument, Station
from tests.alerts.conftest import EXAMPLE

if TYPE_CHECKING:
    from pathlib import Path

    from alerts.rules import Rules

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


def test_the_example_has_every_kind(example: Rules) -> None:
    assert {rule.KIND for rule in example.items} == set(RuleKind)


def test_levels_are_chosen_by_date(example: Rules) -> None:
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


def test_the_longest_prefix_chooses_the_operation_rule(example: Rules) -> None:
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
        (('name = "r"\n', ""), "rule number 1: key name: missing"),
        (("[[rule]]", "grop_over = 2\n[[rule]]"), "f.toml: key grop_over: unknown"),
        (("[[rule]]", "group_over = 0\n[[rule]]"), "key group_over: expected a whole number"),
        (
            ("above = 200", "above = 200\nsince = 2026-02-01\nuntil = 2026-01-01"),
            "key until: expected a day not before since",
        ),
        (("above = 200", "above = "), "f.toml: not TOML"),
    ],
)
def test_a_wrong_rule_says_file_rule_key_and_expectation(change: tuple[str, str], message: str) -> None:
    with pytest.raises(RulesFileError, match=re.escape(message)):
        parse_rules(RULE.replace(*change), "f.toml")


def test_two_rules_of_one_name_are_refused() -> None:
    with pytest.raises(RulesFileError, match="used twice"):
        parse_rules(RULE + RULE, "f.toml")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RulesFileError, match=r"absent\.toml: cannot be read"):
        load_rules(tmp_path / "absent.toml")


def test_docs_name_every_rule_kind_key_and_setting(example: Rules) -> None:
    text = (EXAMPLE.parents[1] / "docs" / "alerts.md").read_text(encoding="utf-8")
    keys = {key for rule in example.items for key in rule.__struct_fields__} | {
        "window_h",
        "min_hours",
        "dry_h",
        "group_over",
    }
    wanted = {rule.name for rule in example.items} | set(RuleKind) | keys
    assert {item for item in wanted if f"`{item}`" not in text} == set()
