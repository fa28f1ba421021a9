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
    """A case file and its chart.

    Attributes
    ----------
    held : tuple of dict
        Notes of batches that the gate held while it was computed.
    read_at : datetime or None
        UTC; when its data were read. None where an earlier version stored it.
    """

    case: CaseFile
    chart: CaseChart | None = None
    held: tuple[dict[str, Any], ...] = ()
    read_at: datetime | None = None

    @property
    def rank(self) -> datetime:
        """Of two answers on one event that of the later moment holds.

        The newest data are the moment only where no other is known: an event that review made shorter rests on earlier data.
        """
        return self.read_at or self.case.computed_at


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
        read_at = msgspec.convert(body.get("read_at"), datetime | None)
    except msgspec.ValidationError:
        return None
    if not case.statements:
        return None
    return StoredCase(case=case, chart=_chart(body.get("chart")), held=held, read_at=read_at)


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
        The one read last is taken of those that fit equally.
    station_id, parameter : str
    start, end : datetime
        Aware; an hour of tolerance on both sides.
    """
    fitting = [item for item in cases if touches(item.case, start, end)]
    own = [item for item in fitting if (item.case.station_id, item.case.parameter) == (station_id, parameter)]
    around = [
        item for item in fitting if station_id in item.case.event.stations and parameter in item.case.event.parameters
    ]
    return max(own or around, key=lambda item: (item.rank, item.case.computed_at), default=None)


def touches(case: CaseFile, start: datetime, end: datetime, *, within: timedelta = _NEAR) -> bool:
    """Whether an event meets a time; of one that went on, what is known of it ends with the newest data."""
    last = case.event.end or case.computed_at
    return case.event.start <= end + within and last >= start - within
