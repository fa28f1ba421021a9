"""The gamma rule in the stream: levels of a record, samples of hours, memory over a restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pandas as pd
import pytest

from alerts.rules.baseline import Baselines
from alerts.rules.gamma.rule import GammaRule, places_of
from alerts.rules.gamma.training import GammaTraining, train
from alerts.rules.rules import RulesFileError
from alerts.stream.core import Core, CoreMemory
from schemas.interval import Interval
from schemas.network import Instrument, Network, Station
from schemas.reading import Reading
from tests.alerts.stream.feed import rules_of

GAMMA = 'kind = "gamma"\ndays = 30\nmin_days = 14\n'
RULES = rules_of(GAMMA)
HOUR = timedelta(hours=1)
T0 = datetime(2026, 11, 20, tzinfo=UTC)
HOURS = 24 * 24
NAMES = ("s-1", "s-2", "s-3")
NETWORK = Network(
    zone="Asia/Shanghai",
    station_list=tuple(
        Station(
            id=name,
            instruments=(
                Instrument(id="gamma1", network="rad", cadence_s=3600, parameters=("gamma_dose_rate", "rain")),  # type: ignore[arg-type]
            ),
            city="210100",
            lon=123.0,
            lat=41.0 + number * 0.09,
            late_window_h=168,
        )
        for number, name in enumerate(NAMES)
    ),
)


def rule_of() -> GammaRule:
    (rule,) = RULES.items
    assert isinstance(rule, GammaRule)
    return rule


def dose(name: str, hour: int) -> float:
    """Dry dose rate [nGy/h]: 60, with a spread of about 1."""
    return 60.0 + float(np.random.default_rng((NAMES.index(name), hour + HOURS)).normal(0, 1))


@pytest.fixture(scope="module")
def trained() -> dict[str, GammaTraining]:
    index = pd.DatetimeIndex([T0 - (HOURS - number) * HOUR for number in range(HOURS)], name="start")
    doses = {}
    for name in NAMES:
        count = HOURS if name != "s-3" else 24 * 12
        values = [dose(name, number - HOURS) for number in range(HOURS)][:count]
        doses[name] = pd.Series(values, index=index[:count])
    return train(places_of(rule_of(), NETWORK), doses, {}, rule_of().figures, min_days=rule_of().min_days)


def usual(trained: dict[str, GammaTraining]) -> Baselines:
    found = Baselines()
    found.replace_trained({"r0": trained})
    return found


def hour(number: int, name: str, value: float | None = None, rain: float = 0.0) -> Reading:
    start = T0 + number * HOUR
    values = {"gamma_dose_rate": dose(name, number) if value is None else value, "rain": rain}
    return Reading("rad", name, "gamma1", Interval(start, start + HOUR), values, {})


def play(core: Core, readings: list[Reading]) -> list[tuple[str, str, int]]:
    changes = [change for item in readings for change in core.observe([item], item.interval.end)]
    return [(item.station_id, item.to_state.value, round((item.at - T0) / HOUR)) for item in changes]


def released(numbers: range, *names: str, rain: float = 0.0) -> list[Reading]:
    """All stations by hours; those named 40 nGy/h higher from hour 5 to 8."""
    return [
        hour(
            number, name, dose(name, number) + 40.0 * (name in names and 5 <= number < 8), rain if number >= 5 else 0.0
        )
        for number in numbers
        for name in NAMES
    ]


def test_a_station_with_too_few_days_has_no_level(trained: dict[str, GammaTraining]) -> None:
    assert trained["s-1"].level is not None
    assert (trained["s-3"].level, 6 < trained["s-3"].days < 7.1) == (None, True)


def test_a_release_at_one_station_fires_and_ends(trained: dict[str, GammaTraining]) -> None:
    core = Core(RULES, NETWORK, {}, baselines=usual(trained))
    assert play(core, released(range(14), "s-1")) == [("s-1", "firing", 6), ("s-1", "ok", 10)]


def test_the_evidence_says_what_rain_explains(trained: dict[str, GammaTraining]) -> None:
    core = Core(RULES, NETWORK, {}, baselines=usual(trained))
    found = [change for item in released(range(7), "s-1") for change in core.observe([item], item.interval.end)]
    evidence = found[0].evidence
    assert evidence["baseline_ngy_h"] == pytest.approx(60.0, abs=1.0)
    assert evidence["residual_ngy_h"] == pytest.approx(40.0, abs=4.0)
    assert (evidence["is_wet"], evidence["rained_at"], evidence["looks_at"]) == (False, None, {"network": "rad"})
    assert found[0].threshold is not None
    assert 60.0 < found[0].threshold < (found[0].value or 0.0)


def test_a_rise_of_all_neighbours_in_rain_is_none(trained: dict[str, GammaTraining]) -> None:
    core = Core(RULES, NETWORK, {}, baselines=usual(trained))
    assert play(core, released(range(14), *NAMES, rain=2.0)) == []


def test_a_station_without_level_or_before_the_record_is_read_is_not_evaluated(
    trained: dict[str, GammaTraining],
) -> None:
    assert play(Core(RULES, NETWORK, {}, baselines=usual(trained)), released(range(14), "s-3")) == []
    assert play(Core(RULES, NETWORK, {}), released(range(14), "s-1")) == []


def test_a_record_that_is_read_late_is_taken_up(trained: dict[str, GammaTraining]) -> None:
    late = Baselines()
    core = Core(RULES, NETWORK, {}, baselines=late)
    play(core, released(range(3)))
    late.replace_trained({"r0": trained})
    assert play(core, released(range(3, 8), "s-1")) == [("s-1", "firing", 6)]


def test_a_restart_continues_with_what_was_remembered(trained: dict[str, GammaTraining]) -> None:
    core = Core(RULES, NETWORK, {}, baselines=usual(trained))
    play(core, released(range(4)))
    kept = msgspec.msgpack.decode(msgspec.msgpack.encode(core.memory()), type=CoreMemory)
    again = Core(RULES, NETWORK, {}, memory=kept)
    assert play(again, released(range(4, 14), "s-1")) == [("s-1", "firing", 6), ("s-1", "ok", 10)]


def test_a_neighbour_that_fell_silent_holds_an_hour_up_by_one_hour_at_most(trained: dict[str, GammaTraining]) -> None:
    core = Core(RULES, NETWORK, {}, baselines=usual(trained))
    readings = [
        item for item in released(range(14), "s-1") if item.station_id != "s-2" or item.interval.start < T0 + 5 * HOUR
    ]
    assert play(core, readings) == [("s-1", "firing", 6), ("s-1", "ok", 10)]
    late = [item for item in readings if item.interval.start < T0 + 6 * HOUR]
    assert play(Core(RULES, NETWORK, {}, baselines=usual(trained)), late) == []


def test_another_parameter_is_refused_with_its_key() -> None:
    with pytest.raises(RulesFileError, match=r"key parameter: 'radon', expected 'gamma_dose_rate'"):
        rules_of(GAMMA + 'parameter = "radon"\n')
    with pytest.raises(RulesFileError, match=r"key min_days: 31, expected at most days = 30"):
        rules_of(GAMMA.replace("14", "31"))
    with pytest.raises(RulesFileError, match="nonsense"):
        rules_of(GAMMA + "[rule.figures]\nnonsense = 1\n")
