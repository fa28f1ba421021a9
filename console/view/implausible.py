"""Stations whose reports are implausible."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.view.link import Advice, Implausible
from store.state import Clock, FindingKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from store.state import Balance, Finding, InstrumentState

WRONG = frozenset({Clock.AHEAD, Clock.BEHIND, Clock.WRONG_ZONE})
REFUSED_SHARE = 0.5
"""Share of a station's messages that is refused, from which on it is implausible [1]. Project's choice."""
REFUSED_LEAST = 10
"""Fewest refusals to be considered [1]. Project's choice."""


def implausible_stations(
    states: Sequence[InstrumentState], findings: Sequence[Finding], balance: Sequence[Balance]
) -> dict[str, Implausible]:
    """Implausible stations with the first that applies: wrong clock, name of another station, refusals.

    Parameters
    ----------
    states : sequence of InstrumentState
    findings : sequence of Finding
        Recent ones.
    balance : sequence of Balance
        Recent hours.
    """
    return {**_refused(balance), **_posing(findings), **_clocks(states)}


def _clocks(states: Sequence[InstrumentState]) -> dict[str, Implausible]:
    wrong: dict[str, list[InstrumentState]] = {}
    for state in states:
        if state.clock in WRONG and state.held and state.clock_since is not None:
            wrong.setdefault(state.station_id, []).append(state)
    return {
        station_id: Implausible(
            advice=Advice.CLOCK,
            since=min(_since(item) for item in own),
            figure="?" if own[0].skew_s is None else f"{own[0].skew_s / 3600:+.2f} h",
            instruments=frozenset(item.instrument_id for item in own),
        )
        for station_id, own in wrong.items()
    }


def _since(state: InstrumentState) -> datetime:
    assert state.clock_since is not None, "chosen for it"
    return state.clock_since


def _posing(findings: Sequence[Finding]) -> dict[str, Implausible]:
    return {
        item.station_id: Implausible(advice=Advice.POSING, since=item.first_at, figure=str(item.facts.get("named", "")))
        for item in findings
        if item.kind is FindingKind.FOREIGN_PAYLOAD and item.station_id is not None
    }


def _refused(balance: Sequence[Balance]) -> dict[str, Implausible]:
    messages: dict[str, int] = {}
    refused: dict[str, int] = {}
    since: dict[str, datetime] = {}
    for row in balance:
        count = sum(row.rejected.values())
        messages[row.station_id] = messages.get(row.station_id, 0) + row.messages
        refused[row.station_id] = refused.get(row.station_id, 0) + count
        if count:
            since[row.station_id] = min(row.hour, since.get(row.station_id, row.hour))
    return {
        station_id: Implausible(
            advice=Advice.REFUSED,
            since=since[station_id],
            # refusals may be counted without a message, or several of one
            figure=f"{count / max(count, messages[station_id]):.0%}",
        )
        for station_id, count in refused.items()
        if station_id and count >= REFUSED_LEAST and count > REFUSED_SHARE * messages[station_id]
    }
