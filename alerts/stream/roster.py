"""Holes of the duty roster become operation alerts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from alerts.people.duty import holes, leader_of
from alerts.run.operation import raise_operation, resolve_reports
from alerts.wording import span_text, word
from schemas.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alerts.people.duty import RosterHole
    from alerts.people.people import People
    from alerts.rules.table import AlertRules
    from alerts.settings import AlertSettings

AHEAD = timedelta(hours=24)
"""A hole is reported so long before it begins. Project's choice."""
REPORT_EVERY = timedelta(minutes=10)
KEYS = "roster/"
"""Beginning of the keys of these alerts; the team follows."""


class RosterReport:
    """Reports holes at intervals, and at once when the people have changed."""

    def __init__(self) -> None:
        self._due_at: datetime | None = None
        self._people: People | None = None

    def report(self, settings: AlertSettings, rules: AlertRules, people: People, now: datetime) -> None:
        """Begin, renew and end the alerts, where due.

        Parameters
        ----------
        settings : AlertSettings
        rules : AlertRules
        people : People
        now : datetime
            Aware.

        Raises
        ------
        store.error.StoreError
        """
        if people is self._people and self._due_at is not None and now < self._due_at:
            return
        found = holes(people, now, now + AHEAD)
        for team in dict.fromkeys(hole.team for hole in found):
            of_team = [hole for hole in found if hole.team == team]
            raise_operation(
                settings,
                key=KEYS + team,
                titles=(_title(people, team, "zh"), _title(people, team, "en")),
                detail="\n".join(_detail(people, of_team, language) for language in ("zh", "en")),
                severity=Severity.WARNING,
                now=now,
                rules=rules,
            )
        resolve_reports(settings, prefix=KEYS, before=now, now=now)
        self._people, self._due_at = people, now + REPORT_EVERY


def _title(people: People, team: str, language: str) -> str:
    return word("roster_hole", language, team=people.team[team].name(language))


def _detail(people: People, found: Sequence[RosterHole], language: str) -> str:
    return "\n".join(
        word(
            "roster_detail",
            language,
            team=people.team[hole.team].name(language),
            span=span_text(hole.interval.start, hole.interval.end, people.timezone, language),
            leader=people.person[leader_of(people, hole.team, hole.interval.start).person].name(language),
        )
        for hole in found
    )
