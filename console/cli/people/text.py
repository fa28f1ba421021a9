"""Lines of ``skyground people``."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from alerts.people.clock import DAY, moment_of
from alerts.people.duty import holes, shift_runs
from alerts.people.roster import days_between
from alerts.wording import word
from console.cli import shell
from schemas.city import city_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from alerts.people.duty import RosterHole, ShiftRun
    from alerts.people.people import People
    from alerts.people.route import Recipient
    from schemas.alert_case import AlertCase
    from schemas.words import Words


def moment_text(moment: datetime, people: People) -> str:
    """A moment on the clock of the people."""
    return f"{moment.astimezone(people.timezone):%Y-%m-%d %H:%M}"


def print_holes(people: People, found: Sequence[RosterHole], words: Words) -> None:
    """One line a hole, in red."""
    for hole in found:
        line = words(
            "people.hole",
            team=people.team[hole.team].name(words.language),
            start=moment_text(hole.interval.start, people),
            end=moment_text(hole.interval.end, people),
        )
        typer.secho(line, fg="red", bold=True)


def print_recipients(people: People, case: AlertCase, found: Sequence[Recipient], *, as_json: bool) -> None:
    """Who is notified, one line a way to a person."""
    if as_json:
        for item in found:
            typer.echo(shell.to_json(item))
        return
    words = shell.words()
    city = ", ".join(f"{code} {city_name(code, words.language)}" for code in case.cities) or "-"
    opened = moment_text(case.opened_at, people)
    kind, severity = words(f"people.kind_{case.kind}"), word(f"severity_{case.severity}", words.language)
    typer.echo(words("people.case", at=opened, zone=people.zone, kind=kind, severity=severity, area=city))
    for item in found:
        when = words("people.at_once") if not item.after_min else words("people.after", minutes=item.after_min)
        team = people.team[item.team].name(words.language)
        person = people.person.get(item.person_id)
        name = team if person is None else person.name(words.language)
        held = "" if item.not_before is None else words("people.not_before", at=moment_text(item.not_before, people))
        parts = [f"{when:10}", name, f"({item.role}, {team})", item.channel, item.address, held]
        typer.echo("  ".join(part for part in parts if part))


def print_roster(people: People, first: date, last: date, *, as_json: bool) -> None:
    """Shifts by day, then the holes of the day; of each team that has shifts."""
    from babel.dates import format_date

    words = shell.words()
    teams = [team.id for team in people.teams if people.shifts_of(team.id)]
    if not teams and not as_json:
        typer.echo(words("people.no_shifts"))
    for day in days_between(first, last):
        start, end = (moment_of(each, "00:00", people.timezone) for each in (day, day + DAY))
        gaps = holes(people, start, end)
        runs = [run for team in teams for run in shift_runs(people, team, day, day)]
        if as_json:
            _print_json(runs, gaps)
            continue
        if teams:
            weekday = format_date(day, "EEE", locale=words.language)
            typer.secho(f"{day:%Y-%m-%d} {weekday}{_holiday(people, day, words)}", bold=True)
        for run in runs:
            typer.echo(_line(people, run, words))
        print_holes(people, gaps, words)


def _line(people: People, run: ShiftRun, words: Words) -> str:
    names = [people.person[person].name(words.language) for person in run.order]
    deputies = f" ({', '.join(names[1:])})" if names[1:] else ""
    shown = names[0] + deputies if names else "-"
    team = people.team[run.shift.team].name(words.language)
    return f"  {run.shift.start}-{run.shift.until}  {team:12} {run.shift.id:16} {run.shift.role:12} {shown}"


def _holiday(people: People, day: date, words: Words) -> str:
    found = next((item for item in people.holidays if day in item.days), None)
    return "" if found is None else f"  {words.pick(found.name_zh, found.name_en)}"


def _print_json(runs: Sequence[ShiftRun], gaps: Sequence[RosterHole]) -> None:
    for run in runs:
        shift = {"team": run.shift.team, "shift": run.shift.id, "role": run.shift.role, "day": run.day}
        times = {"start": run.interval.start, "end": run.interval.end}
        typer.echo(shell.to_json(shift | times | {"order": run.order, "is_hole": False}))
    for gap in gaps:
        hole = {"team": gap.team, "start": gap.interval.start, "end": gap.interval.end, "is_hole": True}
        typer.echo(shell.to_json(hole))
