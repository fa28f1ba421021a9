"""The kinds of rules that only the stream evaluates."""

from __future__ import annotations

import math
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from alerts.rules.baseline import Baselines, HourOfDay, hour_of_day
from alerts.rules.rules import RulesFileError
from alerts.stream.core import Core
from schemas.alert import AlertState
from tests.alerts.stream.feed import COMMON, T0, core_of, moves, network_of, play, reading, rules_of

RATE = 'kind = "rate"\nnetwork = "gas"\nparameter = "so2"\nunit = "ug/m3"\nrise = 100\nper_min = 10\nfloor = 150\nclear_for_h = 0.05\n'
STUCK = 'kind = "persistence"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nfor_h = 0.5\nmax_gap_h = 0.2\nclear_for_h = 0\nignore_up_to = 3\n'
SEVERAL = 'kind = "several"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\naveraging = "native"\nabove = 100\nat_least = 3\nwithin_min = 5\nclear_for_h = 0\n'
UNUSUAL = 'kind = "hour_of_day"\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nz_above = 5\nfloor = 60\n'
PAIR = 'kind = "copollutant"\nnetwork = "gas"\nparameter = "pm10"\nunit = "ug/m3"\naveraging = "native"\nabove = 150\nwithin_min = 1\nclear_for_h = 0\n'
DUST = PAIR + '[rule.other]\nnetwork = "gas"\nparameter = "pm25"\nunit = "ug/m3"\nratio_above = 3\n'


def test_a_rise_within_the_window_fires_and_a_slow_one_does_not() -> None:
    fast = [reading(n, {"so2": 60.0 if n < 5 else 200.0}) for n in range(30)]
    found = play(core_of(RATE), fast)
    assert moves(found) == [("r0", "firing", 6), ("r0", "ok", 18)]
    assert (found[0].threshold, found[0].evidence["from"]) == (160.0, 60.0)
    assert play(core_of(RATE), [reading(n, {"so2": 60.0 + 5 * n}) for n in range(60)]) == []


def test_a_rise_below_the_floor_is_none() -> None:
    assert play(core_of(RATE), [reading(n, {"so2": 10.0 if n < 5 else 149.0}) for n in range(9)]) == []


def test_a_fall_is_the_mirror_of_a_rise() -> None:
    fall = RATE.replace("rise", "fall").replace("floor = 150", "floor = 80")
    found = play(core_of(fall), [reading(n, {"so2": 200.0 if n < 5 else 70.0}) for n in range(7)])
    assert moves(found) == [("r0", "firing", 6)]
    assert found[0].threshold == 80.0


def test_a_value_that_does_not_change_is_found_and_ends_with_the_first_other_one() -> None:
    found = play(core_of(STUCK), [reading(n, {"pm25": 42.0 if n < 40 else 43.0}) for n in range(42)])
    assert moves(found) == [("r0", "firing", 30), ("r0", "ok", 41)]
    assert (found[0].threshold, found[0].evidence["unchanged_count"]) == (None, 30)


def test_values_at_the_detection_limit_may_stay_and_a_gap_begins_a_new_run() -> None:
    assert play(core_of(STUCK), [reading(n, {"pm25": 3.0}) for n in range(60)]) == []
    late = [reading(n if n < 20 else n + 20, {"pm25": 42.0}) for n in range(49)]
    assert play(core_of(STUCK), late) == []


def test_three_stations_of_a_city_fire_together_and_two_do_not() -> None:
    network = network_of(4)
    two = [reading(n, {"pm25": 120.0}, station=f"s-{place}") for n in range(5) for place in (1, 2)]
    assert play(core_of(SEVERAL, network=network), two) == []
    three = [reading(n, {"pm25": 120.0}, station=f"s-{place}") for n in range(2) for place in (1, 2, 3)]
    found = play(core_of(SEVERAL, network=network), three)
    assert [item.station_id for item in found] == ["s-3", "s-1", "s-2"]
    assert found[0].evidence["stations"] == ["s-3", "s-1", "s-2"]
    assert found[0].threshold == 100.0


def test_neighbours_within_a_distance_count() -> None:
    near = SEVERAL + "within_km = 15\n"
    three = [reading(n, {"pm25": 120.0}, station=f"s-{place}") for n in range(2) for place in (1, 2, 3)]
    assert {item.station_id for item in play(core_of(near, network=network_of(4)), three)} == {"s-2"}


def test_an_hour_far_from_the_usual_of_this_hour_fires() -> None:
    usual = Baselines()
    core = core_of(UNUSUAL, baselines=usual)
    assert play(core, [reading(n, {"pm25": 90.0}) for n in range(60)]) == []  # nothing is known yet
    usual.replace({("gas", "s-1", "pm25", 28): HourOfDay(median=(40.0,) * 24, spread=(5.0,) * 24)})
    (found,) = play(core, [reading(60 + n, {"pm25": 90.0}) for n in range(60)])
    assert (found.threshold, found.evidence["z"]) == (65.0, 10.0)


def test_the_usual_of_an_hour_needs_enough_days() -> None:
    index = pd.date_range(T0, periods=24 * 5, freq="h", tz="UTC")
    hours = pd.DataFrame({"pm25": [float(n // 24) for n in range(24 * 5)]}, index=index)
    usual = hour_of_day(hours, "pm25", ZoneInfo("Asia/Shanghai"), min_days=5)
    assert usual.median[8] == 2.0
    assert usual.spread[8] == pytest.approx(1.4826)
    assert math.isnan(hour_of_day(hours, "pm25", ZoneInfo("Asia/Shanghai"), min_days=6).median[8])


def test_two_parameters_beyond_their_limits_fire_whichever_comes_first() -> None:
    pair = PAIR + '[rule.other]\nnetwork = "met"\nparameter = "temperature"\nunit = "K"\nabove = 293.15\n'
    hot, cold = ({"temperature": value} for value in (21.0, 19.0))
    for second, state in ((hot, [AlertState.FIRING]), (cold, [])):
        for turn in (1, -1):
            both = [reading(0, {"pm10": 200.0}), reading(0, second, instrument="met1")][::turn]
            assert [item.to_state for item in play(core_of(pair), both)] == state


def test_a_ratio_counts_in_the_units_of_the_rule() -> None:
    assert play(core_of(DUST), [reading(0, {"pm10": 200.0, "pm25": 70.0})]) == []
    (found,) = play(core_of(DUST), [reading(0, {"pm10": 240.0, "pm25": 70.0})])
    assert found.threshold == 210.0
    milli = DUST.replace('unit = "ug/m3"\nratio_above = 3', 'unit = "mg/m3"\nratio_above = 3000')
    (same,) = play(core_of(milli), [reading(0, {"pm10": 240.0, "pm25": 70.0})])
    assert same.threshold == pytest.approx(210.0)


@pytest.mark.parametrize("body", [RATE, STUCK, SEVERAL, DUST])
def test_what_a_rule_remembers_survives_in_a_snapshot(body: str) -> None:
    network = network_of(3)
    values = [
        reading(n, {"so2": 60.0 if n < 5 else 300.0, "pm25": 120.0, "pm10": 500.0}, station=f"s-{place}")
        for n in range(40)
        for place in (1, 2, 3)
    ]
    whole = moves(play(core_of(body, network=network), values))
    assert whole
    first = core_of(body, network=network)
    found = play(first, values[:14])
    second = Core(rules_of(body), network, {}, memory=first.memory())
    assert moves(found + play(second, values[14:])) == whole


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (RATE.replace("rise", "rise = 5\nfall"), "key rise: expected exactly one"),
        (RATE.replace("100", "-1"), "key rise: expected a difference above zero"),
        (RATE.replace("so2", "soo2"), "key parameter:"),
        (RATE.replace("ug/m3", "furlong"), "key unit:"),
        (RATE + "colour = 1\n", "key colour: unknown"),
        (STUCK.replace("max_gap_h = 0.2", "max_gap_h = 2"), "key max_gap_h:"),
        (SEVERAL.replace("at_least = 3", "at_least = 1"), "key at_least:"),
        (SEVERAL.replace("above = 100", ""), "key above: expected exactly one"),
        (UNUSUAL + "min_days = 40\n", "key min_days:"),
        (DUST.replace("ratio_above = 3", "ratio_above = 3\nabove = 4"), "key other.above: expected exactly one"),
        (DUST.replace('parameter = "pm25"', 'parameter = "pm10"'), "key other.parameter: expected another"),
    ],
)
def test_a_contradiction_is_refused_with_its_place(body: str, words: str) -> None:
    with pytest.raises(RulesFileError) as refused:
        rules_of(body)
    assert words in str(refused.value)
    assert "(line " in str(refused.value)


def test_a_refusal_names_the_line_of_the_key() -> None:
    with pytest.raises(RulesFileError, match=r"rule 'r1': key unit: .* \(line 33\)$") as refused:
        rules_of(STUCK, RATE.replace("ug/m3", "furlong"))
    text = "".join(COMMON.format(name=f"r{n}") + body + "\n" for n, body in enumerate([STUCK, RATE]))
    line = int(str(refused.value).rpartition("line ")[2].rstrip(")"))
    assert text.split("\n")[line - 1].startswith("unit")
