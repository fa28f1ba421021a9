"""Stored products of attribution, read for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from analysis.receptor.station_model import StationSolution
from analysis.report.product_table import source_table
from analysis.report.stored_case import CASE, read_case
from analysis.run.receptor.receptor_model import KIND, product_of
from analysis.run.to_json import to_json
from schemas.statement import statement_text
from schemas.words import LANGUAGES

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    import pandas as pd

    from analysis.report.stored_case import StoredCase
    from store.influx.store import InfluxStore
    from store.state import StateStore


def read_source_table(
    store: InfluxStore,
    state: StateStore,
    network: str,
    station_ids: Collection[str],
    span: tuple[datetime, datetime],
) -> pd.DataFrame:
    """`analysis.report.product_table.source_table` of a half-open span, UTC; raises `store.error.StoreError`.

    Parameters
    ----------
    store : InfluxStore
    state : StateStore
    network : str
        ``pm`` or ``voc``.
    station_ids : collection of str
    span : tuple of datetime
    """
    hours = store.read_product(product_of(network), *span)
    hours = hours[hours["station_id"].isin(list(station_ids))]
    if hours.empty:
        return source_table(hours.assign(solution=None), network, {})
    keys = [str(key) for key in hours["solution"].dropna().unique()]
    found = {key: state.documents.get(KIND, key) for key in keys}
    solutions = {
        key: msgspec.convert(document.body, StationSolution) for key, document in found.items() if document is not None
    }
    return source_table(hours, network, solutions)


def read_cases(state: StateStore, station_ids: Collection[str], start: datetime, end: datetime) -> list[StoredCase]:
    """Case files whose event begins in ``[start, end)``, UTC, by its start; raises `store.error.StoreError`."""
    found = [read_case(document.body) for document in state.documents.each(CASE)]
    cases = [
        item
        for item in found
        if item is not None and item.case.station_id in station_ids and start <= item.case.event.start < end
    ]
    return sorted(cases, key=lambda item: (item.case.event.start, item.case.key))


def case_body(item: StoredCase) -> dict[str, Any]:
    """Plain JSON of a case file, with the sentences of its statements in both languages and the batches that the gate held."""
    body = to_json(item.case)
    said = [one | {name: statement_text(one, name) for name in LANGUAGES} for one in body["statements"]]
    return body | {"statements": said, "held": list(item.held)}
