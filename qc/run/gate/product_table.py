"""Stored rows of products for the gate. Reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from qc.gate.batch_product import ATTRIBUTION, STATEMENTS, UNTRANSLATED
from schemas.statement import is_translated

if TYPE_CHECKING:
    from datetime import datetime

    from store.influx.store import InfluxStore
    from store.state import StateStore

_CASE = "case"
"""Kind of the documents of the product ``attribution``: the case files of events."""


def read_product_tables(
    store: InfluxStore, state: StateStore, product: str, start: datetime, end: datetime
) -> pd.DataFrame:
    """Stored rows of a product that start in ``[start, end)``; documents as rows."""
    if product != ATTRIBUTION:
        return store.read_product(product, start, end).reset_index()
    rows = []
    for item in state.documents.each(_CASE):
        begin = pd.Timestamp(item.body["event"]["start"])
        if start <= begin < end:
            said = item.body["statements"]
            untranslated = sum(not is_translated(one) for one in said)
            place = {"station_id": item.key.split("/")[0], "start": begin}
            rows.append(
                {
                    **place,
                    "parameter": item.body["parameter"],
                    STATEMENTS: len(said),
                    UNTRANSLATED: untranslated,
                }
            )
    return pd.DataFrame(rows)
