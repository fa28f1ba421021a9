from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING

import msgspec
import pytest

from qc.limits.load import LimitKinds, ThresholdError, parse_limits
from qc.limits.thresholds import PACKAGED, Thresholds
from qc.native.table import KINDS
from qc.native.test.clock import ClockRule
from qc.native.test.flat_line import FlatLineLimit
from qc.native.test.flux_spike import FluxSpikeLimit
from qc.native.test.gross_range import GrossRangeLimit
from qc.native.test.spike import SpikeLimit
from qc.run.limits import KINDS as ALL_KINDS
from qc.run.limits import load_thresholds, parse_thresholds

if TYPE_CHECKING:
    from pathlib import Path

HOUR = '[hour]\nmin_completeness = 0.75\nunit = "1"\nsource = "test"\nverified = false\n'


def limit(
    test: str = "spike", unit: str = "ug/m3", names: str = 'parameters = ["o3"]', more: str = "suspect = 1.0"
) -> str:
    return f'[[limit]]\ntest = "{test}"\nunit = "{unit}"\nsource = "test"\nverified = false\n{names}\n{more}\n'


def spike(thresholds: Thresholds, station: str = "s", month: int = 7, network: str = "gas", code: str = "o3") -> float:
    found = thresholds.find(SpikeLimit, code, network=network, station_id=station, month=month)
    assert found is not None
    return found.suspect


def test_the_narrowest_limit_wins() -> None:
    texts = [
        limit(more="suspect = 2.0"),
        limit(more='suspect = 3.0\nnetwork = "gas"'),
        limit(more="suspect = 4.0\nmonths = [12, 1]"),
        limit(more='suspect = 5.0\nstation = "x"'),
    ]

    found = parse_thresholds(HOUR + "".join(texts), "file")
    assert spike(found, network="ghg") == 2.0
    assert spike(found) == 3.0
    assert spike(found, month=1) == 4.0
    assert spike(found, station="x", month=1) == 5.0


def test_a_parameter_is_narrower_than_its_group() -> None:
    found = parse_thresholds(
        HOUR + limit(names='groups = ["ion"]') + limit(names='parameters = ["sulfate"]', more="suspect = 9.0"), "f"
    )
    assert spike(found, code="nitrate") == 1.0
    assert spike(found, code="sulfate") == 9.0


@pytest.mark.parametrize("unit", ["µg/m³", "UG/M3", "μg m-3"])
def test_a_unit_is_read_in_every_spelling_that_messages_may_have(unit: str) -> None:
    assert spike(parse_thresholds(HOUR + limit(unit=unit), "f")) == 1.0


def test_no_limit_is_none() -> None:
    assert parse_thresholds(HOUR, "f").find(SpikeLimit, "o3", network="gas", station_id="s", month=1) is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (limit(more="suspect = 1.0\nsupsect = 2"), "supsect"),
        (limit(names='parameters = ["ozone"]'), r"limit\[0\].*ozone"),
        (limit(names=""), "expected parameters or groups"),
        (limit(unit="ppb"), "'ppb', but 'o3' is kept in 'ug/m3'"),
        (limit(test="speck"), "speck"),
        (limit(more="suspect = -1.0"), "suspect"),
        (limit() + limit(), "already limited"),
        (limit(more="suspect = 1.0\nmonths = [13]"), "months"),
        (limit(test="gross_range", more="suspect_min = 3.0\nsuspect_max = 1.0"), "expected fail_min"),
        (limit(test="gross_range", more=""), "at least one"),
        (limit(test="climatology", more=""), "expected low or high"),
        (limit(test="climatology", more="high = [1.0, 2.0]"), "12 entries, or one"),
        (limit(test="climatology", more="low = [3.0]\nhigh = [2.0]"), "low < high in month 1"),
        (limit(test="rollover", more="moduli = [10.0]\nmargin = 5.0"), "moduli"),
        (limit(test="step", more="suspect = 1.0\nwindow_s = 7200.0"), "window_s"),
        (
            '[clock]\ntolerance_s = 0.0\nleast_share = 0.6\nunit = "s"\nsource = "test"\nverified = false\n',
            "tolerance_s",
        ),
        (limit(test="gross_range", more="suspect_max = nan"), "suspect_max: expected a finite number"),
        (limit(test="gross_range", more="suspect_min = -inf"), "suspect_min: expected a finite number"),
        (limit(more="suspect = inf"), "suspect: expected a finite number"),
        (limit(test="flat_line", more="suspect_s = 3600.0\ntolerance = 1.0\nabove = nan"), "above: expected a finite"),
        (limit(test="rollover", more="moduli = [inf]\nmargin = 1.0"), "moduli: expected a finite number"),
        ("[hours]\n", "hours"),
        ("[limit]\n", "array of tables"),
        ("[[limit\n", "not TOML"),
    ],
)
def test_a_wrong_file_is_an_error_with_name_and_place(text: str, words: str) -> None:
    with pytest.raises(ThresholdError, match=words) as caught:
        parse_thresholds(HOUR + text, "limits.toml")
    assert str(caught.value).startswith("limits.toml: ")


def test_a_file_next_to_the_network_file_overrides_one_limit(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.toml"
    path.write_text(limit(more='suspect = 7.0\nstation = "x"'))
    changed, packaged = load_thresholds(path, {"x"}), load_thresholds()
    assert spike(changed, station="x") == 7.0
    assert spike(changed) == spike(packaged)
    assert changed.version != packaged.version


def test_a_limit_for_an_unknown_station_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.toml"
    path.write_text(limit(more='suspect = 7.0\nstation = "y"'))
    with pytest.raises(ThresholdError, match=r"unknown station 'y'"):
        load_thresholds(path, {"x"})


def test_packaged_limits_never_narrow_the_physical_range(thresholds: Thresholds) -> None:
    found = [item for item in thresholds._limits.values() if isinstance(item, GrossRangeLimit)]
    assert found
    assert all(item.fail_min is None and item.fail_max is None for item in found)


def test_every_network_has_native_limits(thresholds: Thresholds) -> None:
    for network, code in (
        ("gas", "o3"),
        ("met", "temperature"),
        ("voc", "benzene"),
        ("pm", "sulfate"),
        ("ghg", "co2"),
        ("eco", "ph"),
        ("rad", "gamma_dose_rate"),
    ):
        assert thresholds.find(GrossRangeLimit, code, network=network, station_id="s", month=1) is not None


def test_only_the_hour_rule_claims_to_be_verified(thresholds: Thresholds) -> None:
    assert thresholds.hour.verified
    assert not any(item.verified for item in thresholds._limits.values())
    assert "GB 3095-2026" in thresholds.hour.source
    assert PACKAGED.name == "thresholds.toml"


def test_longest_window_covers_every_native_test(thresholds: Thresholds) -> None:
    windows = [item.look_back_s for item in thresholds._limits.values()]
    assert {item.suspect_s for item in thresholds._limits.values() if isinstance(item, FlatLineLimit)} <= set(windows)
    assert thresholds.longest_native_window_s() == max(windows)
    others = [item.look_back_s for item in thresholds._limits.values() if not isinstance(item, FluxSpikeLimit)]
    assert max(others) <= 86_400


def test_every_soft_native_test_has_packaged_limits(thresholds: Thresholds) -> None:
    kinds = {type(item) for item in thresholds._limits.values()}
    assert set(KINDS.values()) <= kinds
    assert thresholds.rule(ClockRule) is not None


def test_every_packaged_limit_has_the_figures_of_the_file() -> None:
    text = PACKAGED.read_text("utf-8")
    parsed = parse_limits(text, "file", ALL_KINDS).limits
    stated = tomllib.loads(text)["limit"]
    assert len(parsed) == len(stated)
    for (_, found), item in zip(parsed, stated, strict=True):
        fields = msgspec.to_builtins(found)
        assert json.dumps({name: fields[name] for name in item}) == json.dumps(item)
    assert {item["test"] for item in stated} == set(ALL_KINDS.limits) - {"uncertainty"}


def test_limits_of_other_tests_are_skipped_only_where_kinds_are_partial() -> None:
    kinds = LimitKinds({"spike": SpikeLimit}, {}, is_partial=True)
    assert [type(item) for _, item in parse_limits(limit() + limit(test="speck"), "f", kinds).limits] == [SpikeLimit]


def test_a_file_of_limits_alone_keeps_the_packaged_rule_of_the_hour() -> None:
    assert parse_thresholds("", "file").hour == load_thresholds().hour


def test_an_unreadable_limit_is_named_by_its_test_and_parameters() -> None:
    text = limit(names='parameters = ["o3", "no2"]\nstation = "st-1"').replace('unit = "ug/m3"\n', "")
    with pytest.raises(ThresholdError, match=r"^file: limit of spike st-1 o3, no2: .*`unit` - at `\$\.limit\[0\]`$"):
        parse_thresholds(HOUR + text, "file")
