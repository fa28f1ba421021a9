"""Alerts of particles that are the station's own, and how they are kept apart from a haze."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alerts.case.alert import begun
from alerts.case.group import CaseAir
from alerts.case.local import reach_of
from alerts.case.verdict import revised, verdict_by
from schemas.alert import RuleKind
from schemas.alert_case import CaseKind
from tests.alerts.case.build import NETWORK, PLACES, at, begin, end, one, round_of


def hazy(own: float, *, factor: float = 1.0) -> dict[str, pd.DataFrame]:
    """PM2.5 of all stations: 40 for a day, then 120 in the hour of the alert; ``own`` at sy-1, which is usually ``factor`` of the others."""
    index = pd.date_range(at(-24), at(1), freq="h", inclusive="left", unit="us")
    frame = pd.DataFrame({name: np.where(index < at(0), 40.0, 120.0) for name in PLACES}, index=index)
    frame["sy-1"] = np.where(index < at(0), 40.0 * factor, own)
    return {"pm25": frame}


def is_local(hours: dict[str, pd.DataFrame]) -> bool:
    alert = begun(begin(1), NETWORK)
    return bool(reach_of([alert], hours, NETWORK.stations, at(1)).local)


def test_what_the_station_has_beyond_its_neighbours_is_its_own() -> None:
    assert is_local(hazy(240.0))
    assert not is_local(hazy(160.0))


def test_a_station_that_is_always_above_its_neighbours_is_not() -> None:
    assert not is_local(hazy(240.0, factor=2.0))


def test_without_neighbours_or_hours_before_nothing_is_local() -> None:
    hours = hazy(240.0)
    assert not is_local({"pm25": hours["pm25"][["sy-1", "sy-2", "sy-3"]]})
    assert not is_local({"pm25": hours["pm25"].iloc[-3:]})
    assert not is_local({})


def test_what_the_air_around_explains_is_of_the_region_before_the_others_exceed() -> None:
    alert = begun(begin(1), NETWORK)

    def regional(own: float, around: float) -> bool:
        hours = hazy(own)["pm25"]
        hours.loc[hours.index >= at(0), hours.columns != "sy-1"] = around
        return bool(reach_of([alert], {"pm25": hours}, NETWORK.stations, at(1)).regional)

    assert regional(160.0, 120.0)
    assert not regional(240.0, 120.0)  # a plume
    assert not regional(65.0, 60.0)  # clean air around


def test_the_first_alerts_of_a_region_are_one_case_before_half_of_its_stations_rise() -> None:
    fresh = [begin(1, "sy-1", hours=0), begin(2, "as-1", hours=0.5), begin(3, "sy-1", "so2", rule="so2-hour", hours=0)]
    refs = {("pm25-heavy/sy-1/pm25", 1), ("pm25-heavy/as-1/pm25", 2)}
    found = round_of([], *fresh, hours=2, air=CaseAir(regional=refs))
    assert sorted(case.parameters for case in found) == [("pm25",), ("so2",)]
    assert len(round_of([], *fresh[:2], hours=2)) == 2
    ended = [begin(1, "sy-1"), end(4, begin(1, "sy-1"), 1), begin(2, "as-1", hours=1)]
    assert len(round_of([], *ended, hours=2, air=CaseAir(regional=refs))) == 2


def test_an_alert_that_the_air_around_explains_is_no_fault() -> None:
    ref = ("pm25-heavy/sy-1/pm25", 1)
    kinds = [
        one(round_of([], begin(1), verdicts={ref: verdict_by(0.1)}, air=air)).kind
        for air in (CaseAir(), CaseAir(regional={ref}))
    ]
    assert kinds == [CaseKind.FAULT, CaseKind.POLLUTION]


def test_ozone_of_one_station_alone_is_undecided_and_that_of_a_region_is_an_event() -> None:
    fresh, ref = begin(1, parameter="o3", rule="o3-hour"), ("o3-hour/sy-1/o3", 1)
    for air, is_fault in ((CaseAir(local={ref}), None), (CaseAir(regional={ref}), False)):
        case = one(round_of([], fresh, verdicts={ref: verdict_by(0.9)}, air=air))
        assert case.verdict.is_fault is is_fault


def test_a_plume_inside_a_haze_is_a_case_of_its_own_and_takes_its_gas_along() -> None:
    haze = [begin(number, name) for number, name in enumerate(("sy-2", "sy-3", "as-1", "as-2", "dl-1"), 1)]
    plume = begin(8, "sy-1", hours=1, value=320)
    air = CaseAir(local={("pm25-heavy/sy-1/pm25", 8)})
    first = round_of([], *haze, hours=4)
    found = round_of(first, plume, begin(9, "sy-1", "so2", rule="so2-hour", hours=1), hours=4, air=air)
    assert [case.stations for case in found if case.stations == ("sy-1",)] == [("sy-1",)]
    assert {len(case.alerts) for case in found} == {5, 2}
    # known to be local too late: it stays where it is
    late = round_of(round_of([], *haze, plume, hours=4), hours=5, air=air)
    assert len(one(late).alerts) == 6


def test_a_gas_is_no_fault_while_a_plume_of_its_station_is_an_event() -> None:
    fresh = [begin(1), begin(2, parameter="so2", rule="so2-hour")]
    refs = [("pm25-heavy/sy-1/pm25", 1), ("so2-hour/sy-1/so2", 2)]
    verdicts = {refs[0]: verdict_by(0.99), refs[1]: verdict_by(0.02)}
    apart = round_of([], *fresh, verdicts=verdicts)
    assert {case.kind for case in apart} == {CaseKind.POLLUTION, CaseKind.FAULT}
    together = one(round_of([], *fresh, verdicts=verdicts, air=CaseAir(local={refs[0]})))
    assert (together.kind, len(together.alerts)) == (CaseKind.POLLUTION, 2)


def test_readings_that_vary_as_air_does_are_no_fault_in_this_hour_and_the_next() -> None:
    ambient = verdict_by(0.1, [("unrest", 3.7), ("onset", -3.0), ("tests", -2.9)])
    assert ambient.is_fault is None
    first = verdict_by(0.5, [("unrest", 3.7), ("tests", -2.9)])
    assert revised(first, verdict_by(0.02, [("tests", -2.9)])) == first
    assert revised(verdict_by(0.5), verdict_by(0.02)).is_fault is True


def test_a_decision_is_kept_until_the_other_one_is_certain() -> None:
    event, fault = verdict_by(0.9), verdict_by(0.05)
    assert revised(event, verdict_by(0.5)) is event
    assert revised(fault, verdict_by(0.5)) is fault
    assert revised(fault, event) is event


def test_several_stations_at_once_are_no_fault() -> None:
    fresh = begin(1, kind=RuleKind.SEVERAL)
    found = one(round_of([], fresh, verdicts={("pm25-heavy/sy-1/pm25", 1): verdict_by(0.6)}))
    assert found.verdict.is_fault is False


def test_an_instrument_that_would_show_the_air_is_called_faulty_sooner() -> None:
    assert verdict_by(0.3, is_fast=True).is_fault is True
    assert verdict_by(0.3, [("unrest", 3.7)], is_fast=True).is_fault is None
    assert verdict_by(0.3).is_fault is None
