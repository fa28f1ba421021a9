"""Silence of stations, from the newest reading of each network at each. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alerts.rules.rule import is_changed
from alerts.rules.silence import silence_change, silence_of, silence_subjects
from schemas.alert import AlertState

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from alerts.rules.silence import SilenceRule
    from schemas.alert import AlertTransition
    from schemas.network import Network


def silence_transitions(
    rules: Iterable[SilenceRule],
    network: Network,
    heard: Mapping[tuple[str, str], datetime],
    last: Mapping[str, AlertTransition],
    now: datetime,
) -> list[AlertTransition]:
    """Silences that begin or end at ``now``.

    Parameters
    ----------
    heard : mapping of (station id, network) to datetime
        Start of the newest reading.
    last : mapping of str to AlertTransition
        The newest transition by alert key.
    """
    found = []
    for rule in rules:
        silences = [
            silence
            for (station_id, code), start in heard.items()
            if (not rule.networks or code in rule.networks)
            and (station := network.stations.get(station_id)) is not None
            and (silence := silence_of(station, code, start, rule, now)) is not None
        ]
        for subject, silence, silent in silence_subjects(silences, rule, network):
            before = last.get(subject.alert_key)
            if before is not None and before.to_state is not AlertState.OK and is_changed(before, rule):
                continue
            change = silence_change(before, silence, rule, subject, silent=silent)
            if change is not None:
                found.append(change)
    return found
