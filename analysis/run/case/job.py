"""Compute and store case files of a span, of a moment, and of alerts that begin."""

from __future__ import annotations

from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import msgspec
import structlog

from analysis.case.assembly import case_file
from analysis.case.case_file import Basis
from analysis.case.case_input import CaseInputError
from analysis.case.fault_case import fault_case, is_fault_by_verdict, with_rejected
from analysis.report.case_chart import case_chart
from analysis.report.stored_case import StoredCase, case_for, touches
from analysis.run.case.case_data import SETTLED, CaseData, CaseSources, make_input, read_case_data
from analysis.run.case.case_document import find_case, past_cases, save_case, stored_cases
from analysis.run.case.event_window import exceedances, interleaved, unusual_events
from analysis.run.case.fault import fault_at, verdict_on
from analysis.run.case.moment import (
    AROUND,
    LONGEST,
    EventWindow,
    NoEventError,
    window_around,
    window_at,
)
from analysis.run.gate_mask import held_note
from analysis.run.receptor.registry import registry_of
from qc.run.verdict import rule_of
from schemas.interval import Interval
from schemas.parameter import parameter as known
from schemas.reason import encode_reason
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from analysis.case.case_file import CaseFile
    from analysis.case.case_input import CaseInput
    from analysis.case.fault_hours import FaultHours
    from analysis.report.case_chart import CaseChart
    from qc.verdict.verdict import Verdict
    from store.settings import SharedSettings

_log = structlog.get_logger(__name__)


class CaseSummary(msgspec.Struct, frozen=True, kw_only=True):
    """What a run stored.

    Attributes
    ----------
    events : int
        Case files that were computed.
    keys : tuple of str
    by_kind : dict of str to int
        Number by kind of event.
    included : int
        Stretches and events that another event of the run includes: they have no case file of their own.
    left_out : int
        Stretches and events that were not looked at since the run had made as many case files as it may.
    failed : dict of str to str
        Why a case could not be computed, by ``{station}/{parameter}``.
    """

    events: int
    keys: tuple[str, ...]
    by_kind: dict[str, int]
    included: int = 0
    left_out: int = 0
    failed: dict[str, str] = {}
    held_batches: int = 0


@contextmanager
def _open(settings: SharedSettings) -> Iterator[CaseSources]:
    registry = registry_of(settings)
    with closing(InfluxStore(settings)) as influx, StateStore(settings.state_url) as state:
        state.migrate()
        rule = rule_of(settings.network)
        yield CaseSources(influx=influx, state=state, network=settings.stations, registry=registry, rule=rule)


def cases_of_span(
    settings: SharedSettings,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    station_ids: Collection[str] | None = None,
    most: int | None = None,
) -> CaseSummary:
    """Compute the events that meet ``[start, end)``, the strongest first, and renew those that went on.

    Events are stretches above a threshold, and in the last days of the span what deviates much from the usual course, below a threshold
    or of a parameter without one (`analysis.run.case.event_window`).

    Parameters
    ----------
    settings : SharedSettings
    start, end : datetime
        UTC.
    now : datetime
        UTC; data from here on are not read.
    station_ids : collection of str or None
        Only events of these stations; None: all.
    most : int or None
        Case files at most, for a run that must end in time: those that no later data change are then not computed again. None: all.

    Returns
    -------
    CaseSummary
        A case that cannot be computed is in ``failed`` and stops no other.
    """
    end = min(end, now)
    with _open(settings) as sources:
        windows = [
            item
            for item in (
                *_unfinished(sources.state, start, end),
                *interleaved(exceedances(sources, start, end), unusual_events(sources, start, end)),
            )
            if item.station_id in (sources.network.stations if station_ids is None else station_ids)
        ]
        if most is not None:
            windows = [item for item in windows if not _is_settled(sources.state, item)]
        return _compute_all(sources, windows, now, most=most)


def case_at(
    settings: SharedSettings, station_id: str, at: datetime, now: datetime, *, parameter: str | None = None
) -> StoredCase:
    """Compute and store the event of a station at a moment: a rise, or hours that quality control found an instrument at fault in.

    Flagged hours that hold the moment, and that the verdict calls a fault, come before a rise within three hours of it; of a named
    parameter they come before a rise at the moment too: an instrument may fail while the air is bad.

    Parameters
    ----------
    settings : SharedSettings
    station_id : str
        Of the network file.
    at, now : datetime
        UTC.
    parameter : str or None
        None: the one that deviates most.

    Raises
    ------
    analysis.run.case.moment.NoEventError
        Nothing was high, and no instrument at fault, within three hours; it names the nearest rise.
    analysis.case.case_input.CaseInputError
        No case can be made of the data.
    analysis.case.registry.EnterpriseError
        The registry of enterprises cannot be read.
    """
    with _open(settings) as sources:
        station = sources.network.stations[station_id]
        flagged = fault_at(sources, station, at, now, parameter=parameter)
        verdict: Verdict | None = None
        if flagged is not None and not flagged.interval.distance(at):
            verdict = verdict_on(sources, flagged)
        is_fault = flagged is not None and verdict is not None and is_fault_by_verdict(flagged, verdict)
        if parameter is not None and flagged is not None and is_fault:
            return save_case(sources.state, _fault_of(sources, flagged, verdict, now))
        data = read_case_data(sources, station, Interval(at - AROUND, min(at + AROUND, now)), now)
        rise: EventWindow | NoEventError
        try:
            rise = window_at(data, station_id, at, sources.network.timezone, parameter=parameter)
        except NoEventError as error:
            rise = error
        if isinstance(rise, EventWindow) and not (is_fault and rise.interval.distance(at)):
            return _computed(sources, rise, now, past_cases(sources.state))
        if flagged is not None:
            verdict = verdict or verdict_on(sources, flagged)
            return save_case(sources.state, _fault_of(sources, flagged, verdict, now))
        if isinstance(rise, NoEventError):
            raise rise
        return _computed(sources, rise, now, past_cases(sources.state))


def first_cases(sources: CaseSources, windows: Sequence[EventWindow], now: datetime) -> CaseSummary:
    """Compute the first case files of alerts that begin, from what minutes and hours there are."""
    return _compute_all(sources, windows, now)


def _compute_all(
    sources: CaseSources, windows: Sequence[EventWindow], now: datetime, *, most: int | None = None
) -> CaseSummary:
    """Case files of windows in their order; one that an event before it includes is left out."""
    found: list[StoredCase] = []
    failed: dict[str, str] = {}
    included = left_out = 0
    past = past_cases(sources.state) if windows else ()
    for window in windows:
        span = window.interval
        if case_for(found, window.station_id, window.parameter, span.start, span.end) is not None:
            included += 1
            continue
        if most is not None and len(found) + len(failed) >= most:
            left_out += 1
            continue
        try:
            found.append(_computed(sources, window, now, past))
        except CaseInputError as error:
            failed[f"{window.station_id}/{window.parameter}"] = (
                str(error) if error.reason is None else encode_reason(error.reason)
            )
        except Exception as error:  # noqa: BLE001 - one event must not cost the others their case; logged with its trace
            _log.exception("case_failed", station=window.station_id, parameter=window.parameter)
            failed[f"{window.station_id}/{window.parameter}"] = f"{type(error).__name__}: {error}"
    kinds = [item.case.kind.value for item in found]
    return CaseSummary(
        events=len(found),
        keys=tuple(item.case.key for item in found),
        by_kind={name: kinds.count(name) for name in dict.fromkeys(kinds)},
        included=included,
        left_out=left_out,
        failed=failed,
        held_batches=len({item["id"] for case in found for item in case.held}),
    )


def _computed(sources: CaseSources, window: EventWindow, now: datetime, past: Sequence[CaseFile]) -> StoredCase:
    """Read, compute and store one case."""
    station = sources.network.stations[window.station_id]
    data = read_case_data(sources, station, window.interval, now)
    window = window_around(data, window, sources.network.timezone)
    return save_case(sources.state, _case_of(data, window, now, sources, past))


def _fault_of(sources: CaseSources, flagged: FaultHours, verdict: Verdict | None, now: datetime) -> StoredCase:
    """Read and compute the case of hours that quality control flagged."""
    data = read_case_data(sources, sources.network.stations[flagged.station_id], flagged.interval, now)
    given = make_input(data, flagged.parameter, flagged.interval, now=now, sources=sources, past=())
    case = fault_case(given, flagged, verdict)
    chart = _chart_of(with_rejected(given), case, None)
    return StoredCase(case=case, chart=chart, held=tuple(held_note(data.held)), read_at=now)


def _case_of(
    data: CaseData, window: EventWindow, now: datetime, sources: CaseSources, past: Sequence[CaseFile]
) -> StoredCase:
    """The case file of read data with its chart; no input or output."""
    own = (window.station_id, window.parameter)
    earlier = [
        item
        for item in past
        if (item.station_id, item.parameter) != own or not touches(item, window.interval.start, window.interval.end)
    ]
    given = make_input(data, window.parameter, window.interval, now=now, sources=sources, past=earlier)
    case = case_file(given)
    chart = _chart_of(given, case, window.threshold)
    return StoredCase(case=case, chart=chart, held=tuple(held_note(data.held)), read_at=now)


def _chart_of(given: CaseInput, case: CaseFile, threshold: float | None) -> CaseChart:
    return case_chart(
        given.station,
        given.parameter,
        given.stations,
        hourly=given.hourly,
        minute=given.minute,
        window=given.window,
        basis=case.basis,
        unit=known(given.parameter).unit,
        threshold=threshold,
        zone=given.zone,
    )


def _is_settled(state: StateStore, window: EventWindow) -> bool:
    """Whether a stored case of the window was computed from all hours that it depends on."""
    found = find_case(state, window.station_id, window.parameter, window.interval.start, window.interval.end)
    if found is None or found.case.basis is Basis.MINUTE or found.case.event.end is None:
        return False
    return found.case.computed_at - found.case.event.end >= SETTLED and found.case.event.end >= window.interval.end


def _unfinished(state: StateStore, start: datetime, end: datetime) -> list[EventWindow]:
    """Windows of stored cases that rest on minutes, or whose event went on: they are computed again."""
    return [
        EventWindow(
            station_id=item.case.station_id,
            parameter=item.case.parameter,
            interval=Interval(item.case.event.start, item.case.event.end or item.case.computed_at),
            threshold=None if item.chart is None else item.chart.threshold,
        )
        for item in stored_cases(state, created_from=start - LONGEST)
        if (item.case.basis is Basis.MINUTE or item.case.event.end is None) and touches(item.case, start, end)
    ]
