from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from alerts.engine import Condition, Machine, Sample, StateChange, advance
from alerts.rules.history import Subject, machine_after, transition_of
from alerts.rules.threshold.rule import ThresholdRule
from schemas.alert import AlertState, Severity
from schemas.message import NetworkCode

T0 = datetime(2026, 1, 1, tzinfo=UTC)
RULE = ThresholdRule(
    name="sample",
    title_zh="title",
    title_en="title",
    advice_zh="advice",
    advice_en="advice",
    severity=Severity.CRITICAL,
    source="made up",
    verified=True,
    network=NetworkCode.GAS,
    parameter="pm25",
    unit="ug/m3",
    above=150.0,
)
HOUR = timedelta(hours=1)
OK, PENDING, FIRING = AlertState.OK, AlertState.PENDING, AlertState.FIRING


def hours(*values: float | None) -> list[Sample]:
    return [
        Sample(T0 + HOUR * index, T0 + HOUR * (index + 1), value, 100.0, 90.0)
        for index, value in enumerate(values)
        if value is not None
    ]


def run(samples: list[Sample], **condition: float) -> list[StateChange]:
    return advance(Machine(), samples, Condition(**condition))[1]


def states(changes: list[StateChange]) -> list[AlertState]:
    return [change.to_state for change in changes]


def test_one_sample_beyond_fires_at_once_where_no_duration_is_asked() -> None:
    (change,) = run(hours(50, 120))
    assert (change.from_state, change.to_state, change.since, change.at) == (OK, FIRING, T0 + HOUR, T0 + 2 * HOUR)


def test_the_limit_itself_is_no_exceedance() -> None:
    assert run(hours(100, 100)) == []


def test_a_condition_shorter_than_its_duration_is_pending_and_goes_back() -> None:
    assert states(run(hours(120, 120, 50), for_s=3 * 3600)) == [PENDING, OK]


def test_a_condition_held_for_its_duration_fires_with_its_own_start() -> None:
    changes = run(hours(50, 120, 130, 125), for_s=3 * 3600)
    assert states(changes) == [PENDING, FIRING]
    assert changes[-1].since == T0 + HOUR
    assert changes[-1].at == T0 + 4 * HOUR
    assert changes[-1].extreme == 130


def test_values_between_clear_and_limit_keep_an_alert_firing() -> None:
    assert states(run(hours(120, 95, 95, 95))) == [FIRING]


def test_clearing_must_last_and_ends_where_it_began() -> None:
    changes = run(hours(120, 80, 95, 80, 80), clear_for_s=2 * 3600)
    assert states(changes) == [FIRING, OK]
    assert changes[-1].until == T0 + 3 * HOUR
    assert changes[-1].at == T0 + 5 * HOUR


def test_missing_hours_neither_confirm_nor_clear() -> None:
    assert states(run(hours(120, None, None, 120), for_s=3 * 3600)) == [PENDING]
    assert states(run(hours(120, None, None, 80), clear_for_s=2 * 3600)) == [FIRING]


def test_a_long_gap_forgets_a_pending_alert_but_not_a_firing_one() -> None:
    pending = run(hours(120, *[None] * 8, 120), for_s=2 * 3600, max_gap_s=6 * 3600)
    assert states(pending) == [PENDING, OK, PENDING]
    assert states(run(hours(120, *[None] * 8, 120), max_gap_s=6 * 3600)) == [FIRING]


def test_a_long_gap_restarts_the_clearing() -> None:
    assert states(run(hours(120, 80, *[None] * 8, 80), clear_for_s=2 * 3600)) == [FIRING]


def test_below_is_the_mirror_of_above() -> None:
    mirrored = [
        item._replace(value=-item.value, limit=-item.limit, clear_limit=-item.clear_limit)
        for item in hours(50, 120, 80)
    ]
    changes = advance(Machine(), mirrored, Condition(above=False))[1]
    assert states(changes) == states(run(hours(50, 120, 80)))


def test_a_jittering_clock_does_not_lose_samples() -> None:
    samples = hours(120, 120)
    shifted = samples[1]._replace(
        start=samples[1].start - timedelta(seconds=3), end=samples[1].end - timedelta(seconds=3)
    )
    assert states(run([samples[0], shifted], for_s=1.9 * 3600)) == [PENDING, FIRING]


VALUES = st.lists(st.one_of(st.none(), st.floats(0, 200)), max_size=60)
CONDITIONS = st.builds(
    Condition,
    for_s=st.sampled_from([0.0, 3600.0, 3 * 3600.0]),
    clear_for_s=st.sampled_from([0.0, 3600.0, 2 * 3600.0]),
    max_gap_s=st.sampled_from([3600.0, 6 * 3600.0]),
)
ALLOWED = {(OK, PENDING), (OK, FIRING), (PENDING, FIRING), (PENDING, OK), (FIRING, OK)}


@given(VALUES, CONDITIONS)
def test_changes_form_a_chain_of_allowed_steps_in_time_order(values: list[float | None], condition: Condition) -> None:
    machine, changes = advance(Machine(), hours(*values), condition)
    assert all((item.from_state, item.to_state) in ALLOWED for item in changes)
    assert [item.from_state for item in changes] == [OK, *states(changes)][:-1] if changes else True
    assert [item.at for item in changes] == sorted(item.at for item in changes)
    assert machine.state is (changes[-1].to_state if changes else OK)
    assert all(item.since <= item.at for item in changes)


@given(VALUES, CONDITIONS, st.lists(st.integers(0, 60), max_size=4))
def test_splitting_the_stream_changes_nothing(
    values: list[float | None], condition: Condition, cuts: list[int]
) -> None:
    samples = hours(*values)
    machine, changes = Machine(), []
    edges = [0, *sorted(cuts), len(samples)]
    for first, last in pairwise(edges):
        machine, found = advance(machine, samples[first:last], condition)
        changes += found
    assert (machine, changes) == advance(Machine(), samples, condition)


@given(VALUES, CONDITIONS)
def test_the_same_history_again_finds_nothing(values: list[float | None], condition: Condition) -> None:
    machine, _ = advance(Machine(), hours(*values), condition)
    assert advance(machine, hours(*values), condition) == (machine, [])


@given(VALUES, CONDITIONS, st.integers(0, 60))
def test_a_machine_rebuilt_from_its_last_transition_goes_on_as_if_never_lost(
    values: list[float | None], condition: Condition, cut: int
) -> None:
    samples = hours(*values)
    _, before = advance(Machine(), samples[:cut], condition)
    stored = transition_of(before[-1], RULE, Subject(rule="r", station_id="s")) if before else None
    _, after = advance(machine_after(stored), samples, condition)
    assert [(c.to_state, c.at, c.since) for c in before + after] == [
        (c.to_state, c.at, c.since) for c in advance(Machine(), samples, condition)[1]
    ]
