"""What the health page shows of notification: who is on duty, holes of the roster, notices that wait, how far the watch is behind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from alerts.people.duty import holes, on_duty, shift_runs
from store.error import StoreError
from store.rawlog import BEGINNING, RawLog

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from alerts.people.duty import RosterHole
    from alerts.people.people import People
    from alerts.people.team import Team
    from console.query.people import PeopleReader
    from store.state import StateStore

AHEAD = timedelta(days=7)
"""For so long holes of the roster are shown. Project's choice, as of ``skyground people check``."""
BEHIND = timedelta(minutes=2)
"""The watch moves its cursor every half minute; a longer delay is shown. Project's choice."""
WATCH = "watch"
"""Name of its cursor."""


class DutyTeam(NamedTuple):
    """Persons of a team on duty now, until when, and who is next.

    Attributes
    ----------
    now, following : tuple of str
        Person's ids; ``now`` empty in a hole of the roster.
    until, next_at : datetime or None
        UTC; None without shifts.
    """

    team: Team
    now: tuple[str, ...]
    until: datetime | None = None
    following: tuple[str, ...] = ()
    next_at: datetime | None = None


class DutyState(NamedTuple):
    """State of notification.

    Attributes
    ----------
    people : People
    problem : str
        Why the people file as it is now cannot be used; empty where it can.
    due, later, held : int
        Notices that wait to be sent now, at a later time, and until they are released [1].
    oldest : datetime or None
        Since when the oldest of the due ones waits, UTC.
    behind : timedelta or None
        Age of the oldest message that the watch has not passed; None where the collector's log is not on this machine.
    """

    people: People
    problem: str
    teams: tuple[DutyTeam, ...]
    holes: tuple[RosterHole, ...]
    due: int
    later: int
    held: int
    oldest: datetime | None
    behind: timedelta | None

    @property
    def is_behind(self) -> bool:
        """Whether the watch is later than it should be."""
        return self.behind is not None and self.behind > BEHIND


def read_duty(state: StateStore, reader: PeopleReader, rawlog: Path, now: datetime) -> DutyState:
    """State of notification at a moment (aware); raises `store.error.StoreError`."""
    people = reader.read()
    waiting = state.notices.waiting()
    due = [item for item in waiting if item.state != "held" and item.due_at <= now]
    return DutyState(
        people=people,
        problem=reader.problem,
        teams=tuple(_team(people, team, now) for team in people.teams),
        holes=holes(people, now, now + AHEAD),
        due=len(due),
        later=sum(item.state != "held" and item.due_at > now for item in waiting),
        held=sum(item.state == "held" for item in waiting),
        oldest=min((item.due_at for item in due), default=None),
        behind=watch_delay(rawlog, now),
    )


def _team(people: People, team: Team, now: datetime) -> DutyTeam:
    found = [item for item in on_duty(people, team.id, now) if item.place == 0]
    names = tuple(item.person for item in found)
    if not people.shifts_of(team.id):
        return DutyTeam(team, names)
    today = now.astimezone(people.timezone).date()
    runs = [run for run in shift_runs(people, team.id, today, today + AHEAD) if run.interval.start > now and run.order]
    start = min((run.interval.start for run in runs), default=None)
    following = tuple(dict.fromkeys(run.order[0] for run in runs if run.interval.start == start))
    ends = [item.interval.end for item in found if item.interval is not None]
    return DutyTeam(team, names, min(ends, default=None), following, start)


def watch_delay(directory: Path, now: datetime) -> timedelta | None:
    """Age of the oldest message of a raw log that the watch has not passed, zero where it has passed all; None where that is not known.

    Parameters
    ----------
    directory : Path
        Of the raw log; one that is not there is another machine's.
    now : datetime
        Aware.
    """
    if not directory.is_dir():
        return None
    try:
        log = RawLog(directory)
    except StoreError:
        return None
    try:
        cursor = log.cursor(WATCH)
        if cursor == BEGINNING:
            return None
        found = log.read(cursor, 1)
    except StoreError:
        return None
    finally:
        log.close()
    return max(now - found[0].message.received_at, timedelta()) if found else timedelta()
