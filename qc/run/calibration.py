"""Calibration checks and corrections: read from the state database, evaluated by `qc.calibration`, recorded."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec

from qc.calibration.applied import calibrations_of
from qc.calibration.change import correction_hours, evaluate_new
from qc.calibration.channel import stream_key
from qc.calibration.check import evaluate_checks
from qc.calibration.correction import CalibrationError, check_correction, derive_correction
from qc.calibration.proposal import propose_correction
from qc.run.limits import thresholds_of
from schemas.calibration import CheckOutcome
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    import pandas as pd

    from qc.calibration.applied import Calibrations
    from qc.calibration.proposal import CorrectionProposal
    from qc.limits.thresholds import Thresholds
    from schemas.calibration import Correction
    from store.settings import SharedSettings
    from store.state import StoredCheck

LOOKBACK = timedelta(days=62)
"""Checks before the window that are followed one by one; of older ones only the last of each kind counts."""


def load(state: StateStore, network: str, thresholds: Thresholds, zone: ZoneInfo, start: datetime) -> Calibrations:
    """Flagged periods and corrections that hold for data from ``start`` on."""
    results = [one.result for one in _read_checks(state, network, start)]
    corrections = state.calibration.list_corrections(network=network, only_active=True)
    return calibrations_of(results, [one.correction for one in corrections], thresholds, zone)


def evaluate_new_checks(state: StateStore, network: str, thresholds: Thresholds, zone: ZoneInfo, now: datetime) -> int:
    """Evaluate the checks that have no outcome yet, and re-open the hours whose validity they change.

    Returns
    -------
    int
        Results evaluated [1].
    """
    new = state.calibration.list_new_checks(network)
    if not new:
        return 0
    channels = {stream_key(item.result) for item in new}
    known = [item for item in _read_checks(state, network, new[0].result.at) if stream_key(item.result) in channels]
    before = [item.result for item in known if item.outcome is not None]
    outcomes, hours = evaluate_new([item.result for item in known], before, thresholds, zone, now)
    # A result that another of the same moment has replaced has no outcome.
    replaced = (CheckOutcome.UNKNOWN, None)
    state.calibration.note_outcomes({item.id: outcomes.get(item.result, replaced) for item in new}, hours, now)
    return len(new)


def _read_checks(state: StateStore, network: str, start: datetime) -> list[StoredCheck]:
    """Checks that matter to data from ``start`` on."""
    first = start - LOOKBACK
    return [
        *state.calibration.list_last_checks(network, first),
        *state.calibration.list_checks(network=network, start=first),
    ]


def evaluate_all_checks(settings: SharedSettings, state: StateStore, now: datetime) -> int:
    """`evaluate_new_checks` for every network of the network file."""
    networks = dict.fromkeys(item.network.value for item in settings.stations.instruments.values())
    thresholds, zone = thresholds_of(settings), settings.stations.timezone
    return sum(evaluate_new_checks(state, code, thresholds, zone, now) for code in networks)


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
        evaluated = evaluate_checks([one.result for one in own], thresholds_of(settings), settings.stations.timezone)
        decision = derive_correction(evaluated, item, who, why)
        check_correction(decision)
        proposal = propose_correction(decision, _read_native(settings, decision))
        if is_dry_run:
            return proposal
        number = state.calibration.add_correction(decision, correction_hours(decision))
    return msgspec.structs.replace(proposal, number=number)


def revert(settings: SharedSettings, number: int, who: str, why: str, *, is_dry_run: bool) -> CorrectionProposal:
    """Revert a correction, which stays on record; raises `LookupError` where it does not hold, and as `propose` without a name or reason."""
    _check_named(who, why)
    with StateStore(settings.state_url) as state:
        held = [item for item in state.calibration.list_corrections(only_active=True) if item.id == number]
        if not held:
            msg = f"no correction {number} that holds"
            raise LookupError(msg)
        decision = held[0].correction
        if not is_dry_run:
            state.calibration.revert_correction(number, who, why, correction_hours(decision))
    proposal = propose_correction(decision, _read_native(settings, decision))
    return msgspec.structs.replace(proposal, number=number)


def _check_named(who: str, why: str) -> None:
    if not who.strip() or not why.strip():
        msg = "a decision on values needs the name of who takes it, and the reason"
        raise CalibrationError(msg)


def _read_native(settings: SharedSettings, decision: Correction) -> pd.DataFrame:
    of, span = (decision.network, decision.station_id, decision.instrument_id), (decision.start, decision.end)
    with closing(InfluxStore(settings)) as store:
        return store.read_native(*of, *span, [decision.parameter])
