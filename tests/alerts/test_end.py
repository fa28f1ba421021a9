"""Alerts end when their cause or their grounds go, each with its reason; what is dead silences nothing."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pandas as pd
import pytest

from alerts.run.evaluation import evaluate
from alerts.run.operation import raise_operation, resolve_reports
from alerts.run.round import hand_out as deliver
from qc.review.basis import basis_of
from schemas.alert import AlertState, EndReason, Severity
from schemas.interval import Interval, floor_hour
from schemas.reading import Reading
from schemas.review import ReviewAction, ReviewDraft, ReviewReason, ReviewTarget, ReviewVerdict
from store.influx.store import Bucket
from store.state import Finding, FindingKind
from tests.alerts.conftest import EXAMPLE, NETWORK
from tests.alerts.rules.test_rules import RULE
from tests.alerts.run.test_job import DAY, changed, mails

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition
    from store.influx.store import InfluxStore
    from store.state import StateStore

pytestmark = pytest.mark.integration
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NATIVE = RULE.replace('"o3"', '"so2"').replace("above = 200", 'averaging = "native"\nabove = 500\nfor_h = 0.05')


def put_hours(
    influx: InfluxStore, station_id: str, start: datetime, values: list[float], *, flag: int = 1, code: str = "pm25"
) -> pd.DataFrame:
    index = pd.DatetimeIndex([start + n * HOUR for n in range(len(values))], name="start").as_unit("us")
    flags = pd.Series([flag] * len(values), dtype="int8").to_numpy()
    frame = pd.DataFrame({code: values, f"{code}__n": 60.0, f"{code}__flag": flags}, index=index)
    influx.write_hourly("gas", station_id, frame)
    return frame


def put_readings(influx: InfluxStore, instrument_id: str, start: datetime, values: list[float]) -> None:
    influx.write_readings(
        [
            Reading(
                "gas", "t-01", instrument_id, Interval(start + n * MINUTE, start + (n + 1) * MINUTE), {"so2": value}
            )
            for n, value in enumerate(values)
        ]
    )


def look(own: AlertSettings, now: datetime) -> int:
    return evaluate(own, now - 2 * DAY, now, now)


def newest(state: StateStore, alert_key: str) -> AlertTransition:
    return state.alerts.get_states()[alert_key].transition


def with_rules(own: AlertSettings, text: str) -> AlertSettings:
    path = own.run_dir / "rules.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return changed(own, rules=path)


def with_network(own: AlertSettings, text: str) -> AlertSettings:
    own.network.write_text(text, encoding="utf-8")
    return changed(own)


def without_rule(name: str) -> str:
    parts = EXAMPLE.read_text(encoding="utf-8").split("[[rule]]")
    return "[[rule]]".join(part for part in parts if f'name = "{name}"' not in part)


def test_an_alert_of_a_removed_rule_is_closed(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, maildir: Path
) -> None:
    hour = floor_hour(now)
    put_hours(influx, "t-02", hour - 5 * HOUR, [200.0] * 5)
    look(own, now)
    deliver(own, now)
    own = with_rules(own, without_rule("pm25-heavy"))
    put_hours(influx, "t-02", hour, [10.0] * 30 + [140.0] * 6)
    for later in (25, 31, 36):
        look(own, now + later * HOUR)
        deliver(own, now + later * HOUR)
    end = newest(state, "pm25-heavy/t-02/pm25")
    assert (end.to_state, end.reason) == (AlertState.OK, EndReason.RULE_REMOVED)


def test_an_alert_ends_with_its_edition_and_late_hours_of_that_day_are_still_evaluated(
    own: AlertSettings, influx: InfluxStore, state: StateStore
) -> None:
    noon = datetime(2026, 2, 28, 4, tzinfo=UTC)  # in Shanghai; the edition ends at 16:00
    put_hours(influx, "t-01", noon, [90.0] * 15 + [20.0] * 30)
    for hours in (10, 14, 40):
        look(own, noon + hours * HOUR + 5 * MINUTE)
    end = newest(state, "pm25-light-2012/t-01/pm25")
    assert (end.to_state, end.reason) == (AlertState.OK, EndReason.RULE_ENDED)
    assert end.at == datetime(2026, 2, 28, 16, tzinfo=UTC)
    assert newest(state, "pm25-light/t-01/pm25").reason is EndReason.VALUE_BACK  # the next edition took over


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("cadence_s = 60", "cadence_s = 60\nuntil = 2026-01-01T00:00:00Z"), EndReason.OUT_OF_SERVICE),
        (('id = "t-01"', 'id = "t-91"'), EndReason.STATION_REMOVED),
    ],
)
def test_the_silence_of_what_was_taken_out_of_service_ends_and_is_mailed(  # noqa: PLR0917 - fixtures
    change: tuple[str, str],
    reason: EndReason,
    own: AlertSettings,
    influx: InfluxStore,
    state: StateStore,
    now: datetime,
    maildir: Path,
) -> None:
    for number in range(1, 5):
        at = now - (300 if number == 1 else 2) * MINUTE
        influx.write_readings([Reading("gas", f"t-0{number}", "gas1", Interval(at, at + MINUTE), {"pm25": 20.0})])
    look(own, now)
    deliver(own, now)
    assert newest(state, "station-silent/t-01/gas").to_state is AlertState.FIRING
    own = with_network(own, NETWORK.replace(*change, 1))
    look(own, now)
    deliver(own, now)
    assert newest(state, "station-silent/t-01/gas").reason is reason
    assert mails(maildir)[-1]["Subject"].startswith("[已结束")


def say_last(influx: InfluxStore, now: datetime, ages_min: dict[int, int]) -> None:
    """One reading of each of these stations, so many minutes ago."""
    for number, age in ages_min.items():
        at = now - age * MINUTE
        influx.write_readings([Reading("gas", f"t-0{number}", "gas1", Interval(at, at + MINUTE), {"pm25": 20.0})])


def in_service(key: str, moment: datetime) -> str:
    """The network file with ``since`` or ``until`` of the instrument of t-01."""
    return NETWORK.replace("cadence_s = 60", f"cadence_s = 60\n{key} = {moment:%Y-%m-%dT%H:%M:%SZ}", 1)


def test_the_silence_of_a_retired_instrument_that_returns_begins_with_the_return_and_is_mailed(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, maildir: Path
) -> None:
    key, back = "station-silent/t-01/gas", (now + 100 * HOUR).replace(microsecond=0)
    say_last(influx, now, {1: 300, 2: 2, 3: 2})
    look(own, now)
    deliver(own, now)
    look(with_network(own, in_service("until", now - HOUR)), now)
    assert newest(state, key).reason is EndReason.OUT_OF_SERVICE
    own = with_network(own, in_service("since", back))
    for minutes in (-1, 1, 14):
        say_last(influx, back + minutes * MINUTE, {2: 2, 3: 2})
        look(own, back + minutes * MINUTE)
        assert newest(state, key).to_state is AlertState.OK
    say_last(influx, back + 16 * MINUTE, {2: 2, 3: 2})
    look(own, back + 16 * MINUTE)
    begun = newest(state, key)
    assert (begun.to_state, begun.at, begun.since) == (AlertState.FIRING, back + 15 * MINUTE, back)
    assert begun.value == 15.0
    deliver(own, back + 22 * MINUTE)
    assert "测试1号" in mails(maildir)[-1]["Subject"]


def test_a_silence_of_all_stations_is_not_ended_by_an_instrument_that_returned_and_sent_nothing(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    say_last(influx, now, {1: 600, 2: 300, 3: 300, 4: 300})
    own = with_network(own, in_service("until", now - 9 * HOUR))
    look(own, now)
    assert newest(state, "station-silent/all").to_state is AlertState.FIRING
    look(with_network(own, in_service("since", now)), now + 2 * MINUTE)
    assert newest(state, "station-silent/all").to_state is AlertState.FIRING
    say_last(influx, now + 4 * MINUTE, {1: 2})
    look(own, now + 4 * MINUTE)
    assert newest(state, "station-silent/all").to_state is AlertState.FIRING  # of one that is out of service
    look(with_network(own, in_service("since", now)), now + 4 * MINUTE)
    assert newest(state, "station-silent/all").reason is EndReason.READING


def test_an_alert_ends_when_the_hours_that_raised_it_are_failed(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    start = floor_hour(now) - 4 * HOUR
    put_hours(influx, "t-01", start, [20.0, 190.0, 190.0, 190.0])
    put_hours(influx, "t-02", start, [20.0, 190.0, 190.0, 190.0])
    look(own, now)
    put_hours(influx, "t-01", start, [20.0, 190.0, 190.0, 190.0], flag=4)
    look(own, now)
    assert newest(state, "pm25-heavy/t-01/pm25").reason is EndReason.INVALIDATED
    assert newest(state, "pm25-heavy/t-02/pm25").to_state is AlertState.FIRING
    assert look(own, now) == 0  # and does not begin again


def test_an_alert_ends_when_a_later_test_or_a_person_invalidates_its_hours(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    start = floor_hour(now) - 3 * HOUR
    frames = {name: put_hours(influx, name, start, [20.0, 190.0, 190.0]) for name in ("t-01", "t-02")}
    look(own, now)
    records = pd.DataFrame(
        [(start + n * HOUR, "t-01", None, "pm25", "instrument_drift", 4, "drifted") for n in (1, 2)],
        columns=["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"],
    )
    influx.write_flags(Bucket.HOURLY, "gas", records.astype({"flag": "int8"}))
    target = ReviewTarget(network="gas", station_id="t-02", parameter="pm25", start=start + HOUR, end=floor_hour(now))
    basis = basis_of(frames["t-02"], "pm25", target.start, target.end)
    draft = ReviewDraft(target=target, verdict=ReviewVerdict.INVALID, reason=ReviewReason.INSTRUMENT_FAULT, basis=basis)
    ids = state.reviews.add([draft], who="li", note="pump failed", at=now)
    look(own, now)
    assert newest(state, "pm25-heavy/t-01/pm25").reason is EndReason.INVALIDATED
    assert newest(state, "pm25-heavy/t-02/pm25").to_state is AlertState.FIRING  # proposed only
    state.reviews.act(ids, ReviewAction.CONFIRM, who="wang", note="seen", at=now)
    look(own, now)
    assert newest(state, "pm25-heavy/t-02/pm25").reason is EndReason.INVALIDATED


def test_an_alert_without_a_valid_value_for_three_days_is_not_evaluated_any_more(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    put_hours(influx, "t-01", floor_hour(now) - 2 * HOUR, [20.0, 190.0])
    look(own, now)
    look(own, now + 70 * HOUR)
    assert newest(state, "pm25-heavy/t-01/pm25").to_state is AlertState.FIRING
    look(own, now + 73 * HOUR)
    end = newest(state, "pm25-heavy/t-01/pm25")
    assert (end.reason, end.at) == (EndReason.NOT_EVALUATED, floor_hour(now))
    put_hours(influx, "t-01", floor_hour(now), [190.0] * 30)  # the logger's own copy comes late: still evaluated
    look(own, now + 74 * HOUR)
    assert newest(state, "pm25-heavy/t-01/pm25").to_state is AlertState.FIRING


def test_a_forecast_of_the_simple_model_raises_no_alert(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    index = pd.DatetimeIndex([floor_hour(now) + n * HOUR for n in range(24)], name="start")
    frame = pd.DataFrame({"value": 170.0, "q10": 140.0, "q90": 210.0, "model": "fallback-yesterday-climatology"}, index)
    influx.write_product("forecast_hourly", "t-05", frame, {"parameter": "pm25"})
    look(own, now)
    assert "pm25-forecast-heavy/t-05/pm25" not in state.alerts.get_states()


def test_a_forecast_alert_ends_when_no_forecast_comes_any_more(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    index = pd.DatetimeIndex([floor_hour(now) + n * HOUR for n in range(24)], name="start")
    frame = pd.DataFrame({"value": 170.0, "q10": 140.0, "q90": 210.0}, index=index)
    influx.write_product("forecast_hourly", "t-05", frame, {"parameter": "pm25"})
    key = "pm25-forecast-heavy/t-05/pm25"
    look(own, now)
    look(own, now + 20 * HOUR)
    look(own, now + 40 * HOUR)
    assert newest(state, key).to_state is AlertState.FIRING
    look(own, now + 46 * HOUR)
    assert newest(state, key).reason is EndReason.NOT_EVALUATED


TWO = (
    NETWORK.partition('[[station]]\nid = "t-02"')[0]
    + """
[[station.instrument]]
id = "gas2"
network = "gas"
cadence_s = 60
parameters = ["so2"]
"""
)


@pytest.mark.parametrize("high", ["gas1", "gas2"])
def test_each_of_two_instruments_of_a_parameter_counts(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, high: str
) -> None:
    own = with_rules(with_network(own, TWO), NATIVE)
    start = now.replace(second=0, microsecond=0) - 12 * MINUTE
    for instrument_id in ("gas1", "gas2"):
        put_readings(influx, instrument_id, start, [900.0 if instrument_id == high else 10.0] * 10)
    look(own, now)
    assert newest(state, "r/t-01/so2").to_state is AlertState.FIRING


@pytest.mark.parametrize(("past", "fires"), [("until", False), ("since", True)])
def test_readings_count_only_while_their_instrument_is_in_service(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime, past: str, *, fires: bool
) -> None:
    changed_network = TWO.replace('id = "gas1"\n', f'id = "gas1"\n{past} = {now - DAY:%Y-%m-%dT%H:%M:%SZ}\n', 1)
    own = with_rules(with_network(own, changed_network), NATIVE)
    start = now.replace(second=0, microsecond=0) - 12 * MINUTE
    put_readings(influx, "gas1", start, [900.0] * 10)
    put_readings(influx, "gas2", start, [10.0] * 10)
    look(own, now)
    assert ("r/t-01/so2" in state.alerts.get_states()) is fires


def test_an_alert_on_readings_ends_when_quality_control_fails_them(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    own = with_rules(own, NATIVE)
    start = now.replace(second=0, microsecond=0) - 8 * MINUTE
    put_readings(influx, "gas1", start, [900.0] * 6)
    look(own, now)
    assert newest(state, "r/t-01/so2").to_state is AlertState.FIRING
    records = pd.DataFrame(
        [(start + n * MINUTE, "t-01", "gas1", "so2", "gross_range", 4, "beyond the range") for n in range(6)],
        columns=["start", "station_id", "instrument_id", "parameter", "test", "flag", "reason"],
    )
    influx.write_flags(Bucket.NATIVE, "gas", records.astype({"flag": "int8"}))
    look(own, now)
    assert newest(state, "r/t-01/so2").reason is EndReason.INVALIDATED
    assert look(own, now) == 0


REPORT = {"titles": ("甲", "A"), "detail": "", "severity": Severity.INFO}


def test_a_disabled_rule_closes_its_operation_alert_and_raises_no_other(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    raise_operation(own, key="dag/qc_hourly/check", now=now, **REPORT)  # type: ignore[arg-type]  # by name
    text = EXAMPLE.read_text(encoding="utf-8").replace('prefix = "dag/"', 'prefix = "dag/"\nenabled = false')
    own = with_rules(own, text)
    look(own, now)
    assert newest(state, "operation/dag/qc_hourly/check").reason is EndReason.RULE_DISABLED
    assert not raise_operation(own, key="dag/qc_hourly/check", now=now + HOUR, **REPORT)  # type: ignore[arg-type]  # by name


def finding(kind: FindingKind, key: str, at: datetime, **facts: object) -> Finding:
    return Finding(key=key, kind=kind, facts=facts, first_at=at, last_at=at)


def test_the_alert_of_a_held_batch_lasts_until_it_is_decided(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    key = "gate_hold/gas/2026-11-27T00:00Z"
    state.findings.report([finding(FindingKind.GATE, key, now, id=1, network="gas", start="a", end="b")])
    look(own, now)
    look(own, now + 3 * DAY)
    assert newest(state, f"operation/{key}").to_state is AlertState.FIRING
    state.findings.drop(key)
    look(own, now + 3 * DAY)
    assert newest(state, f"operation/{key}").reason is EndReason.CAUSE_GONE


def test_the_clock_of_a_station_that_is_gone_is_forgotten(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    found = finding(FindingKind.CLOCK, "clock/t-01", now, clock="ahead", skew_s=3600.0, held=2)
    state.findings.report([found])
    look(own, now)
    own = with_network(own, NETWORK.replace('id = "t-01"', 'id = "t-91"'))
    look(own, now)
    assert newest(state, "operation/clock/t-01").reason is EndReason.STATION_REMOVED
    assert state.findings.list() == []
    state.findings.report([found])  # a straggler raises nothing
    assert look(own, now + MINUTE) == 0


def test_an_unrenewed_report_is_closed_as_not_confirmed(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    raise_operation(own, key="dag/qc_hourly/check", now=now, **REPORT)  # type: ignore[arg-type]  # by name
    look(own, now + 25 * HOUR)
    assert newest(state, "operation/dag/qc_hourly/check").reason is EndReason.NOT_REPORTED


def test_workers_that_close_at_once_make_one_end(
    own: AlertSettings, write_hours: Callable[..., None], state: StateStore, now: datetime, maildir: Path
) -> None:
    write_hours("t-02", [30, 160])
    look(own, now)
    deliver(own, now)
    own = with_rules(own, without_rule("pm25-heavy"))
    start = threading.Barrier(4)

    def work(seconds: int) -> None:
        start.wait()
        moment = now + 2 * HOUR + timedelta(seconds=seconds)  # each looks at its own moment
        look(own, moment)
        deliver(own, moment)

    workers = [threading.Thread(target=work, args=(seconds,)) for seconds in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    ends = [item for item in state.alerts.list(alert_key="pm25-heavy/t-02/pm25") if item.transition.reason]
    assert len(ends) == 1
    assert len(mails(maildir)) == 1


def test_a_failed_task_ends_with_the_next_run_that_succeeds(
    own: AlertSettings, state: StateStore, now: datetime
) -> None:
    for task in ("forecast", "warn"):
        raise_operation(own, key=f"dag/early_warning_hourly/{task}", now=now, **REPORT)  # type: ignore[arg-type]  # by name
    raise_operation(own, key="dag/qc_hourly/check", now=now, **REPORT)  # type: ignore[arg-type]  # by name
    began = now + HOUR
    raise_operation(own, key="dag/early_warning_hourly/forecast", now=began + MINUTE, **REPORT)  # type: ignore[arg-type]  # by name
    assert resolve_reports(own, prefix="dag/early_warning_hourly/", before=began, now=began + 2 * MINUTE) == 1
    assert newest(state, "operation/dag/early_warning_hourly/warn").reason is EndReason.CAUSE_GONE
    still = {"operation/dag/early_warning_hourly/forecast", "operation/dag/qc_hourly/check"}
    assert {key for key, item in state.alerts.get_states().items() if item.state is AlertState.FIRING} == still


def test_a_failed_task_ends_when_its_schedule_is_removed(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    raise_operation(own, key="dag/retired/check", now=now, **REPORT)  # type: ignore[arg-type]  # by name
    look(own, now + MINUTE)
    assert newest(state, "operation/dag/retired/check").reason is EndReason.SCHEDULE_REMOVED


def test_the_end_of_a_disabled_rules_alert_is_not_before_the_last_value_seen(
    own: AlertSettings, influx: InfluxStore, state: StateStore, now: datetime
) -> None:
    hour = floor_hour(now) - HOUR
    own = with_rules(own, NATIVE)
    put_readings(influx, "gas1", hour + 5 * MINUTE, [900.0] * 20 + [950.0] * 20)
    evaluate(own, hour - HOUR, hour + 46 * MINUTE, hour + 46 * MINUTE)
    own = with_rules(own, NATIVE.replace("[[rule]]", "[[rule]]\nenabled = false", 1))
    evaluate(own, hour - HOUR, hour + 50 * MINUTE, hour + 50 * MINUTE)
    end = newest(state, "r/t-01/so2")
    assert end.reason is EndReason.RULE_DISABLED
    assert end.at == hour + 45 * MINUTE
