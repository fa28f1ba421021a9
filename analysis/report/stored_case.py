"""A case file as it is stored, with what its picture draws, and how it is found for an alert. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from analysis.case.case_file import CaseFile
from analysis.report.case_chart import CaseChart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CASE = "case"
"""Kind of the documents."""
_NEAR = timedelta(hours=1)


class StoredCase(msgspec.Struct, frozen=True, kw_only=True):
    """A case file and its chart; ``held`` are notes of batches that the gate held while it was computed."""

    case: CaseFile
    chart: CaseChart | None = None
    held: tuple[dict[str, Any], ...] = ()


def read_case(body: Mapping[str, Any]) -> StoredCase | None:
    """A case of its document; None where another version wrote it in a form that this one does not read. So is its chart.

    Examples
    --------
    >>> read_case({"key": "ln-sy-01/pm25/2026-05-01T00:00Z"}) is None
    True
    """
    try:
        case = msgspec.convert(body, CaseFile)
        held = msgspec.convert(body.get("held", ()), tuple[dict[str, Any], ...])
    except msgspec.ValidationError:
        return None
    return StoredCase(case=case, chart=_chart(body.get("chart")), held=held) if case.statements else None


def _chart(stored: object) -> CaseChart | None:
    """The chart; None where this version cannot draw it: the case is worth more than its picture."""
    try:
        return msgspec.convert(stored, CaseChart | None)
    except msgspec.ValidationError:
        return None


def case_for(
    cases: Iterable[StoredCase], station_id: str, parameter: str, start: datetime, end: datetime
) -> StoredCase | None:
    """The case of a station and parameter in a time; else that of an event that includes both; else None.

    Parameters
    ----------
    cases : iterable of StoredCase
        The one computed last is taken of those that fit equally.
    station_id, parameter : str
    start, end : datetime
        Aware; an hour of tolerance on both sides.
    """
    fitting = [item for item in cases if touches(item.case, start, end)]
    own = [item for item in fitting if (item.case.station_id, item.case.parameter) == (station_id, parameter)]
    around = [
        item for item in fitting if station_id in item.case.event.stations and parameter in item.case.event.parameters
    ]
    return max(own or around, key=lambda item: item.case.computed_at, default=None)


def touches(case: CaseFile, start: datetime, end: datetime, *, within: timedelta = _NEAR) -> bool:
    """Whether an event meets a time; of one that went on, what is known of it ends with the newest data."""
    last = case.event.end or case.computed_at
    return case.event.start <= end + within and last >= start - within
