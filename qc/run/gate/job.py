"""The gate over stored data: reads batches, evaluates them, writes results, pages and findings.

Errors: `qc.gate.gate.GateError`, `store.error.StoreError`, `ValueError` for an invalid request.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from qc.gate.batch import expected_parameters, make_batches, reporting_stations
from qc.gate.batch_product import PRODUCTS, ended, make_product_batch
from qc.gate.gate import evaluate_all, worth_a_page
from qc.gate.outcome import Failure
from qc.run.gate.data_docs import publish
from qc.run.gate.product_table import read_product_tables
from qc.run.gate.suite_file import read_suite
from qc.run.limits import thresholds_of
from schemas.interval import floor_hour
from schemas.message import NetworkCode
from store.influx.store import InfluxStore
from store.state import (
    Finding,
    FindingKind,
    GateDecision,
    GateOutcome,
    GateResult,
    HeldBatch,
    StateStore,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from qc.gate.gate import EvaluatedBatch
    from qc.gate.outcome import GateReport
    from store.settings import SharedSettings

HOUR = timedelta(hours=1)
PRODUCT_PREFIX = "product/"
"""Before the name of a product where gate results name a network."""
_MAILED_FAILURES = 5
"""Failures that a mail lists."""


class GateSummary(msgspec.Struct, frozen=True, kw_only=True):
    """The gate's result for one batch; see `qc.gate.outcome.GateReport`.

    Attributes
    ----------
    id : int
        Of the stored result, by which a held batch is released or rejected.
    network : str
        Or ``product/<name>``.
    """

    id: int
    network: str
    start: datetime
    end: datetime
    run_id: str
    outcome: GateOutcome
    failures: tuple[Failure, ...]
    evaluated: int
    skipped: tuple[str, ...]
    suite_version: str
    page: str


def gate(settings: SharedSettings, network: str, start: datetime, end: datetime, now: datetime) -> GateSummary:
    """Evaluate the stored hours of a network as one batch, and store the result.

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
    qc.gate.gate.GateError, store.error.StoreError
    ValueError
        If the network does not exist, or no hour is over.
    """
    first, last = _span(start, end, now)
    (summary,) = _gate_network(settings, NetworkCode(network), [(first, last)], now)
    return summary


def gate_hours(
    settings: SharedSettings, network: str, start: datetime, end: datetime, now: datetime
) -> list[GateSummary]:
    """Evaluate every stored hour of a network as a batch of its own; parameters and errors as `gate`."""
    first, last = _span(start, end, now)
    hours = [(first + number * HOUR, first + (number + 1) * HOUR) for number in range((last - first) // HOUR)]
    return _gate_network(settings, NetworkCode(network), hours, now)


def gate_product(settings: SharedSettings, product: str, start: datetime, end: datetime, now: datetime) -> GateSummary:
    """Evaluate a stored product (`qc.gate.batch_product.PRODUCTS`); parameters and errors as `gate`."""
    if product not in PRODUCTS:
        msg = f"there is no suite for product {product!r}; there: {', '.join(PRODUCTS)}"
        raise ValueError(msg)
    first, last = _span(start, end, end)
    with StateStore(settings.state_url) as state:
        with closing(InfluxStore(settings)) as store:
            table = ended(read_product_tables(store, state, product, first, last), PRODUCTS[product], last)
        batch = make_product_batch(table, settings.stations, read_suite(product), (first, last), now)
        return _run(settings, state, PRODUCT_PREFIX + product, [(first, last)], [batch], expected=None, now=now)[0]


def decide(settings: SharedSettings, decision: GateDecision) -> HeldBatch:
    """Release or reject a held batch, and end its alert; raises `store.error.StateError`."""
    with StateStore(settings.state_url) as state:
        held = state.gate.decide(decision)
        state.findings.drop(finding_key(held.network, held.start))
        return held


def finding_key(network: str, start: datetime) -> str:
    """Key of the finding of a held batch."""
    return f"{FindingKind.GATE.value}/{network}/{start:%Y-%m-%dT%H:%MZ}"


def _span(start: datetime, end: datetime, now: datetime) -> tuple[datetime, datetime]:
    first, last = floor_hour(start), floor_hour(min(end, now))
    if first >= last:
        msg = f"no full hour between {start.isoformat()} and {min(end, now).isoformat()}"
        raise ValueError(msg)
    return first, last


def _gate_network(
    settings: SharedSettings, code: NetworkCode, spans: Sequence[tuple[datetime, datetime]], now: datetime
) -> list[GateSummary]:
    with closing(InfluxStore(settings)) as store:
        hourly = store.read_hourly_all(code, spans[0][0], spans[-1][1])
    stations = reporting_stations(settings.stations.stations_of(code), hourly)
    batches = make_batches(hourly, stations, code, spans)
    with StateStore(settings.state_url) as state:
        expected = expected_parameters(stations, code)
        return _run(settings, state, code.value, spans, batches, expected=expected, now=now)


def _run(  # noqa: PLR0913 - a run of the gate
    settings: SharedSettings,
    state: StateStore,
    name: str,
    spans: Sequence[tuple[datetime, datetime]],
    batches: Sequence[pd.DataFrame],
    *,
    expected: list[str] | None,
    now: datetime,
) -> list[GateSummary]:
    """Evaluate batches, and store pages, results and findings."""
    version, suite = thresholds_of(settings).version, read_suite(name.removeprefix(PRODUCT_PREFIX))
    with state.runs.open("gate", name, spans[0][0], spans[-1][1], version) as current:
        evaluated = evaluate_all(batches, suite, expected)
        pages = _publish(settings, evaluated, suite.name, now)
        found = [
            _store(state, name, span, one.report, run_id=current.id, page=page)
            for span, one, page in zip(spans, evaluated, pages, strict=True)
        ]
        _update_findings(state, found, now)
        current.counts = _counts(found)
    return found


def _publish(settings: SharedSettings, evaluated: list[EvaluatedBatch], name: str, now: datetime) -> list[str]:
    """Page of each batch, empty where it gets none."""
    chosen = worth_a_page(evaluated)
    written = dict(zip(map(id, chosen), publish(chosen, name, run_dir=settings.run_dir, now=now), strict=True))
    return [written.get(id(item), "") for item in evaluated]


def _store(
    state: StateStore, name: str, span: tuple[datetime, datetime], report: GateReport, *, run_id: str, page: str
) -> GateSummary:
    detail = msgspec.to_builtins(msgspec.structs.replace(report, page=page))
    result = GateResult(network=name, start=span[0], end=span[1], outcome=report.result, detail=detail, run_id=run_id)
    figures = msgspec.structs.asdict(report) | {"page": page}
    number, outcome = state.gate.add_result(result), figures.pop("result")
    return GateSummary(id=number, network=name, start=span[0], end=span[1], run_id=run_id, outcome=outcome, **figures)


def _update_findings(state: StateStore, found: Sequence[GateSummary], now: datetime) -> None:
    """Report the batches that are held, and end the findings of those that no longer are."""
    held = [item for item in found if item.outcome is GateOutcome.HOLD]
    state.findings.report([_finding(item, now) for item in held])
    if len(held) == len(found):
        return
    kept = {
        finding_key(item.network, item.start) for item in state.gate.list_held(found[0].network, only_blocking=True)
    }
    prefix = f"{FindingKind.GATE.value}/{found[0].network}/"
    for item in state.findings.list(kind=FindingKind.GATE):
        if item.key.startswith(prefix) and item.key not in kept:
            state.findings.drop(item.key)


def _finding(summary: GateSummary, now: datetime) -> Finding:
    return Finding(
        key=finding_key(summary.network, summary.start),
        kind=FindingKind.GATE,
        facts={
            "id": summary.id,
            "network": summary.network,
            "start": summary.start.isoformat(),
            "end": summary.end.isoformat(),
            "failures": [item.reason for item in summary.failures[:_MAILED_FAILURES]],
        },
        first_at=now,
        last_at=now,
    )


def _counts(found: Sequence[GateSummary]) -> dict[str, int]:
    return {name.value: sum(item.outcome is name for item in found) for name in GateOutcome}
