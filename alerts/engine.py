"""The alert state machine: (state, samples, condition) -> transitions. Pure, incremental, the same over history.

::

    ok --beyond--> pending --beyond for `for_s`--> firing --cleared for `clear_for_s`--> ok
                   pending --not beyond----------> ok          (both arrows at once where for_s is covered by one sample)

Time without samples neither confirms nor clears: only observed time counts. After a gap longer than ``max_gap_s`` a
pending alert is dropped and a begun clearing starts again; a firing alert stays firing. A sample that ends at or before
the cursor was seen already and is skipped, so a re-run over the same history finds nothing new.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from schemas.alert import AlertState

if TYPE_CHECKING:
    from collections.abc import Iterable


class Condition(msgspec.Struct, frozen=True, kw_only=True):
    """How long a side must be held; the levels come with each sample, since a baseline moves.

    Attributes
    ----------
    above : bool
        True: beyond means greater than the limit; False: less.
    for_s, clear_for_s, max_gap_s : float
        [s]
    """

    above: bool = True
    for_s: float = 0.0
    clear_for_s: float = 0.0
    max_gap_s: float = 6 * 3600.0


class Sample(NamedTuple):
    """One value with the limits it is compared with; an instant has ``start == end``. No NaN: a missing value is no sample.

    ``is_at_least`` is of an instrument that reports over its range: the true value is this or higher.
    """

    start: datetime
    end: datetime
    value: float
    limit: float
    clear_limit: float
    is_at_least: bool = False


class Machine(msgspec.Struct, frozen=True, kw_only=True):
    """State of one alert key.

    Attributes
    ----------
    state : AlertState
    cursor : datetime or None
        End of the last sample seen, UTC.
    since : datetime or None
        Start of the first sample of the condition; None when ok.
    held_s, cleared_s : float
        Observed time beyond the limit since ``since``, and beyond the clear limit since clearing began [s].
    clearing_since : datetime or None
    extreme : float or None
        Most extreme value since ``since``.
    extreme_at : datetime or None
    latest : float or None
        Value of the last sample seen.
    is_at_least : bool
        Whether a sample beyond the limit since ``since`` was of an instrument over its range.
    """

    state: AlertState = AlertState.OK
    cursor: datetime | None = None
    since: datetime | None = None
    held_s: float = 0.0
    cleared_s: float = 0.0
    clearing_since: datetime | None = None
    extreme: float | None = None
    extreme_at: datetime | None = None
    latest: float | None = None
    is_at_least: bool = False


class StateChange(msgspec.Struct, frozen=True, kw_only=True):
    """A change of state as the engine sees it: nothing about rule, station or parameter.

    Attributes
    ----------
    at : datetime
        End of the sample that decided.
    since : datetime
        Start of the condition.
    until : datetime or None
        When firing ended: start of the clearing.
    """

    from_state: AlertState
    to_state: AlertState
    at: datetime
    since: datetime
    value: float
    limit: float
    extreme: float
    extreme_at: datetime
    held_s: float
    until: datetime | None = None
    is_at_least: bool = False


def advance(machine: Machine, samples: Iterable[Sample], condition: Condition) -> tuple[Machine, list[StateChange]]:
    """Run the machine over samples.

    Parameters
    ----------
    machine : Machine
        As the last call left it.
    samples : iterable of Sample
        Ascending by time; what lies before the cursor is skipped, an overlap with it cut off.
    condition : Condition

    Returns
    -------
    Machine
        To be kept for the next call.
    list of StateChange
        Ascending; each begins in the state in which the one before ended.
    """
    changes: list[StateChange] = []
    latest = machine.latest
    for sample in samples:
        if machine.cursor is not None:
            if sample.end <= machine.cursor:
                continue
            if sample.start < machine.cursor:
                # An instrument's clock jitters against its cadence: count the overlap once.
                sample = sample._replace(start=machine.cursor)  # noqa: PLW2901 - the clipped sample is the sample
            machine = _forget_after_gap(machine, sample, machine.cursor, condition, changes)
        machine = _step(machine, sample, condition, changes)
        latest = sample.value
    return msgspec.structs.replace(machine, latest=latest), changes


def _forget_after_gap(
    machine: Machine, sample: Sample, cursor: datetime, condition: Condition, changes: list[StateChange]
) -> Machine:
    if (sample.start - cursor).total_seconds() <= condition.max_gap_s:
        return machine
    if machine.state is AlertState.PENDING:
        changes.append(_change(machine, AlertState.OK, sample))
        return Machine(cursor=machine.cursor)
    return msgspec.structs.replace(machine, cleared_s=0.0, clearing_since=None)


def _step(machine: Machine, sample: Sample, condition: Condition, changes: list[StateChange]) -> Machine:
    if machine.state is AlertState.FIRING:
        return _step_firing(machine, sample, condition, changes)
    if not is_beyond(sample.value, sample.limit, above=condition.above):
        if machine.state is AlertState.PENDING:
            changes.append(_change(machine, AlertState.OK, sample))
        return Machine(cursor=sample.end)
    held = _held(machine, sample, condition)
    reached = AlertState.FIRING if held.held_s >= condition.for_s else AlertState.PENDING
    if reached is not machine.state:
        changes.append(_change(held, reached, sample))
    return msgspec.structs.replace(held, state=reached)


def _step_firing(machine: Machine, sample: Sample, condition: Condition, changes: list[StateChange]) -> Machine:
    if is_beyond(sample.value, sample.limit, above=condition.above):
        return msgspec.structs.replace(_held(machine, sample, condition), cleared_s=0.0, clearing_since=None)
    if not _is_cleared(sample, above=condition.above):
        return msgspec.structs.replace(machine, cursor=sample.end, cleared_s=0.0, clearing_since=None)
    clearing = msgspec.structs.replace(
        machine,
        cursor=sample.end,
        cleared_s=machine.cleared_s + _seconds(sample),
        clearing_since=machine.clearing_since or sample.start,
    )
    if clearing.cleared_s < condition.clear_for_s:
        return clearing
    changes.append(_change(clearing, AlertState.OK, sample))
    return Machine(cursor=sample.end)


def _held(machine: Machine, sample: Sample, condition: Condition) -> Machine:
    """Take a sample beyond the limit into account."""
    sign = 1 if condition.above else -1
    worse = machine.extreme is None or sign * sample.value > sign * machine.extreme
    return msgspec.structs.replace(
        machine,
        cursor=sample.end,
        since=machine.since or sample.start,
        held_s=machine.held_s + _seconds(sample),
        extreme=sample.value if worse else machine.extreme,
        extreme_at=sample.start if worse else machine.extreme_at,
        is_at_least=machine.is_at_least or sample.is_at_least,
    )


def _change(machine: Machine, to_state: AlertState, sample: Sample) -> StateChange:
    change = change_of(machine, machine.state, to_state, sample)
    return msgspec.structs.replace(change, until=machine.clearing_since)


def change_of(machine: Machine, from_state: AlertState, to_state: AlertState, sample: Sample) -> StateChange:
    """The change of an alert to what its machine has come to."""
    return StateChange(
        from_state=from_state,
        to_state=to_state,
        at=sample.end,
        since=machine.since or sample.start,
        value=sample.value,
        limit=sample.limit,
        extreme=sample.value if machine.extreme is None else machine.extreme,
        extreme_at=machine.extreme_at or sample.start,
        held_s=machine.held_s,
        is_at_least=machine.is_at_least,
    )


def with_extreme_of(machine: Machine, samples: Iterable[Sample], condition: Condition) -> Machine:
    """The machine with the extreme of the samples it has seen since the condition began, as they are now.

    Values are corrected and invalidated after the machine saw them; where none of them is left, it stays as it was.
    """
    since, cursor = machine.since, machine.cursor
    if since is None or cursor is None:
        return machine
    seen = [item for item in samples if since <= item.start and item.end <= cursor]
    beyond = [item for item in seen if is_beyond(item.value, item.limit, above=condition.above)]
    if not beyond:
        return machine
    worst = max(beyond, key=lambda item: item.value if condition.above else -item.value)
    return msgspec.structs.replace(machine, extreme=worst.value, extreme_at=worst.start)


def is_beyond(value: float, limit: float, *, above: bool) -> bool:
    """Whether a value is on the wrong side of a limit; the limit itself is not."""
    return value > limit if above else value < limit


def _is_cleared(sample: Sample, *, above: bool) -> bool:
    return sample.value <= sample.clear_limit if above else sample.value >= sample.clear_limit


def _seconds(sample: Sample) -> float:
    return (sample.end - sample.start) / timedelta(seconds=1)
