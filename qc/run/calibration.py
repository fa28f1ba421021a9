"""Calibration checks and corrections: read from the state database, judged, and applied to data."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pandas as pd

from qc.calibration.applied import Calibrations
from qc.calibration.check import FlaggedPeriod, evaluate_checks, flagged_periods
from qc.calibration.correction import CalibrationError, check_correction, corrected, derive_correction
from qc.limits.thresholds import OVERRIDES_NAME
from qc.run.limits import load_thresholds
from schemas.calibration import CheckOutcome, CheckResult, Correction
from schemas.frames import STATUS
from schemas.interval import floor_hour, hours_between
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

    from qc.limits.thresholds import Thresholds
    from store.settings import SharedSettings
    from store.state import StoredCheck

LOOKBACK = timedelta(days=62)
"""Checks before the window that are followed one by one; of older ones only the last of each kind counts."""
_Channel = tuple[str, str, str]


class CorrectionProposal(msgspec.Struct, frozen=True, kw_only=True):
    """A correction and what it changes in hourly means (values with a status letter left out).

    Attributes
    ----------
    number : int or None
        None: not recorded.
    hours : int
        Hours with values in the correction's time.
    mean_before, mean_after, largest_change : float or None
        Canonical unit; None without values.
    """

    number: int | None
    correction: Correction
    hours: int
    mean_before: float | None
    mean_after: float | None
    largest_change: float | None


def load(state: StateStore, network: str, thresholds: Thresholds, zone: ZoneInfo, start: datetime) -> Calibrations:
    """Doubts and corrections that hold for data from ``start`` on."""
    stored = _followed(state, network, start)
    by_channel: dict[_Channel, list[FlaggedPeriod]] = defaultdict(list)
    for item in flagged_periods(evaluate_checks([one.result for one in stored], thresholds, zone)):
        by_channel[item.station_id, item.instrument_id, item.parameter].append(item)
    decisions: dict[_Channel, list[Correction]] = defaultdict(list)
    for found in state.calibration.list_corrections(network=network, only_active=True):
        held = found.correction
        decisions[held.station_id, held.instrument_id, held.parameter].append(held)
    return Calibrations(by_channel, decisions)


def evaluate_new_checks(state: StateStore, network: str, thresholds: Thresholds, zone: ZoneInfo, now: datetime) -> int:
    """Judge the checks that were not judged yet, and re-open the hours whose validity they change.

    Returns
    -------
    int
        Results judged [1].
    """
    new = state.calibration.list_new_checks(network)
    if not new:
        return 0
    stored = _followed(state, network, new[0].result.at)
    channels = {_channel(item.result) for item in new}
    known = [item for item in stored if _channel(item.result) in channels]
    after = evaluate_checks([item.result for item in known], thresholds, zone)
    before = evaluate_checks([item.result for item in known if item.outcome is not None], thresholds, zone)
    hours = changed_hours(flagged_periods(before), flagged_periods(after), now)
    outcomes = {item.result: (item.outcome, item.drift) for item in after}
    # a result that another of the same moment has replaced says nothing any more
    replaced = (CheckOutcome.UNKNOWN, None)
    state.calibration.note_outcomes({item.id: outcomes.get(item.result, replaced) for item in new}, hours, now)
    return len(new)


def _followed(state: StateStore, network: str, start: datetime) -> list[StoredCheck]:
    """Checks that matter to data from ``start`` on."""
    first = start - LOOKBACK
    return [
        *state.calibration.list_last_checks(network, first),
        *state.calibration.list_checks(network=network, start=first),
    ]


def evaluate_all_checks(settings: SharedSettings, state: StateStore, now: datetime) -> int:
    """`evaluate_new_checks` for every network of the network file."""
    networks = dict.fromkeys(item.network.value for item in settings.stations.instruments.values())
    thresholds, zone = _thresholds(settings), settings.stations.timezone
    return sum(evaluate_new_checks(state, code, thresholds, zone, now) for code in networks)


def changed_hours(
    before: Iterable[FlaggedPeriod], after: Iterable[FlaggedPeriod], now: datetime
) -> set[tuple[str, str, datetime]]:
    """Full hours (network, station, start) before ``now`` that are in doubt before or after, but not in the same way."""
    old, new = set(before), set(after)
    same = old & new
    inside = [_hours_of(part - same, now) for part in (old, new)]
    edges = {
        (item.network, item.station_id, floor_hour(moment))
        for item in old ^ new
        for moment in (item.start, item.end)
        if moment is not None
    }
    return {item for item in (inside[0] ^ inside[1]) | edges if item[2] < floor_hour(now)}


def propose(settings: SharedSettings, check_id: int, who: str, why: str, *, is_dry_run: bool) -> CorrectionProposal:
    """Derive the correction of the drift that a check found, and record it unless ``is_dry_run``.

    Raises
    ------
    qc.calibration.correction.CalibrationError
        It cannot be derived, or has no name or reason.
    LookupError
        There is no such check.
    store.error.StoreError
    """
    _check_named(who, why)
    with StateStore(settings.state_url) as state:
        found = state.calibration.get_check(check_id)
        if found is None:
            msg = f"no calibration check {check_id}"
            raise LookupError(msg)
        item = found.result
        own = state.calibration.list_checks(
            network=item.network, station_id=item.station_id, instrument_id=item.instrument_id, parameter=item.parameter
        )
        judged = evaluate_checks([one.result for one in own], _thresholds(settings), settings.stations.timezone)
        decision = derive_correction(judged, item, who, why)
        check_correction(decision)
        proposal = _proposal(settings, decision)
        if is_dry_run:
            return proposal
        number = state.calibration.add_correction(decision, _correction_hours(decision))
    return msgspec.structs.replace(proposal, number=number)


def revert(settings: SharedSettings, number: int, who: str, why: str, *, is_dry_run: bool) -> CorrectionProposal:
    """Take a correction back, which stays on record; raises `LookupError` where it does not hold, and as `propose` without a name or reason."""
    _check_named(who, why)
    with StateStore(settings.state_url) as state:
        held = [item for item in state.calibration.list_corrections(only_active=True) if item.id == number]
        if not held:
            msg = f"no correction {number} that holds"
            raise LookupError(msg)
        decision = held[0].correction
        if not is_dry_run:
            state.calibration.revert_correction(number, who, why, _correction_hours(decision))
    return msgspec.structs.replace(_proposal(settings, decision), number=number)


def _check_named(who: str, why: str) -> None:
    if not who.strip() or not why.strip():
        msg = "a decision on values needs the name of who takes it, and the reason"
        raise CalibrationError(msg)


def _proposal(settings: SharedSettings, decision: Correction) -> CorrectionProposal:
    store = InfluxStore(settings)
    try:
        native = store.read_native(
            decision.network,
            decision.station_id,
            decision.instrument_id,
            decision.start,
            decision.end,
            [decision.parameter],
        )
    finally:
        store.close()
    values = native[decision.parameter].astype(float)
    if decision.parameter + STATUS in native:
        letters = native[decision.parameter + STATUS]
        values = values[letters.isna() | (letters == "N")]
    times = pd.DatetimeIndex(values.index).tz_localize(None).to_numpy()
    after = pd.Series(corrected(np.asarray(values, dtype=np.float64), times, [decision]), index=values.index)
    means = pd.DataFrame({"before": values, "after": after}).resample("h").mean().dropna()
    if means.empty:
        return CorrectionProposal(
            number=None, correction=decision, hours=0, mean_before=None, mean_after=None, largest_change=None
        )
    change = means["after"] - means["before"]
    return CorrectionProposal(
        number=None,
        correction=decision,
        hours=len(means),
        mean_before=float(means["before"].mean()),
        mean_after=float(means["after"].mean()),
        largest_change=float(change.iloc[int(np.abs(change.to_numpy()).argmax())]),
    )


def _correction_hours(decision: Correction) -> set[tuple[str, str, datetime]]:
    return {(decision.network, decision.station_id, hour) for hour in hours_between(decision.start, decision.end)}


def _hours_of(periods: Iterable[FlaggedPeriod], now: datetime) -> set[tuple[str, str, datetime]]:
    return {
        (item.network, item.station_id, hour)
        for item in periods
        for hour in hours_between(item.start, now if item.end is None else min(item.end, now))
    }


def _channel(item: CheckResult) -> _Channel:
    return item.station_id, item.instrument_id, item.parameter


def _thresholds(settings: SharedSettings) -> Thresholds:
    return load_thresholds(settings.network.with_name(OVERRIDES_NAME), settings.stations.stations)
