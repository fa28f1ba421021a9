"""The gate over stored hours: loads a batch, has it judged, keeps the verdict."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from qc import gate as qc_gate
from qc.batch import make_batch
from qc.job_rules import thresholds_of
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from store.influx import InfluxStore
from store.state import GateOutcome, GateResult, RunState, StateStore

if TYPE_CHECKING:
    from store.settings import SharedSettings


class GateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's verdict on one batch of a network; see `qc.gate.Verdict`."""

    network: str
    start: datetime
    end: datetime
    run_id: str
    outcome: GateOutcome
    failures: tuple[qc_gate.Failure, ...]
    evaluated: int
    skipped: tuple[str, ...]
    page: str


def gate(settings: SharedSettings, network: str, start: datetime, end: datetime, now: datetime) -> GateSummary:
    """Judge a batch of stored hours of a network against its suite, and keep the verdict.

    Parameters
    ----------
    settings : SharedSettings
    network : str
    start, end : datetime
        Aware, half-open; full hours that are over at ``now``.
    now : datetime
        Aware.

    Raises
    ------
    qc.gate.GateError, store.error.StoreError
    ValueError
        If the network does not exist, or no hour is over.
    """
    code = NetworkCode(network)
    first, last = floor_hour(start), floor_hour(min(end, now))
    if first >= last:
        msg = f"no full hour between {start.isoformat()} and {min(end, now).isoformat()}"
        raise ValueError(msg)
    store, state = InfluxStore(settings), StateStore(settings.state_url)
    stations = list(settings.stations.stations_of(code))
    run_id = state.start_run("gate", code, first, last, thresholds_of(settings).version)
    try:
        batch = make_batch(store.read_hourly_all(code, first, last), stations, code, first, last)
        expected = list(
            dict.fromkeys(name for one in stations for item in one.instruments_of(code) for name in item.parameters)
        )
        verdict = qc_gate.judge(batch, code, expected, run_dir=settings.run_dir, now=now)
    except BaseException as error:
        state.finish_run(run_id, RunState.FAILED, {"error": f"{type(error).__name__}: {error}"})
        raise
    finally:
        store.close()
    detail = msgspec.to_builtins(verdict)
    result = GateResult(network=code, start=first, end=last, outcome=verdict.result, detail=detail, run_id=run_id)
    state.add_gate_result(result)
    state.finish_run(run_id, RunState.DONE, {"outcome": verdict.result.value, "failures": len(verdict.failures)})
    return GateSummary(
        network=code,
        start=first,
        end=last,
        run_id=run_id,
        outcome=verdict.result,
        failures=verdict.failures,
        evaluated=verdict.evaluated,
        skipped=verdict.skipped,
        page=verdict.page,
    )
