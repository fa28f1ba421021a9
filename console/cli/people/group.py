"""``skyground people``: persons, teams and duty roster of the alerts."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.people.text import moment_text, print_holes, print_recipients, print_roster
from console.cli.shell.moment import OpenFrom, ToNow, moment
from console.cli.shell.option import AsJson, check_one_of

if TYPE_CHECKING:
    from datetime import datetime

    from alerts.people.people import People
    from alerts.settings import AlertSettings
    from schemas.alert_case import AlertCase

CHECKED = timedelta(days=7)
"""A hole of the roster within this time is refused."""
SHOWN_D = 7
MOST_D = 366


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(no_args_is_help=True, help="Persons, teams and duty roster of the alerts. 人员、班组与值班表。")
    group.command("check")(check)
    group.command("who")(who)
    group.command("roster")(roster)
    app.add_typer(group, name="people")


def check(
    path: Annotated[Path | None, typer.Argument(metavar="FILE", help="default: SKYGROUND_PEOPLE 人员文件")] = None,
) -> None:
    """Check a people file: status 2 and the place where it is wrong, 1 where the roster has a hole within 7 days. 检查人员文件。"""
    from alerts.people.duty import holes
    from alerts.people.file import load_people
    from alerts.people.secret import unreadable_channels
    from alerts.people.unmatched import unmatched, with_address_of, without_operator

    settings, words, now = _settings(), shell.words(), shell.now()
    people = _people(settings) if path is None else load_people(path)
    name = path or settings.people or "SKYGROUND_MAIL_TO"
    counts = {key: len(getattr(people, key)) for key in ("persons", "teams", "shifts", "routes")}
    typer.echo(f"{name}: {words('people.counts', zone=people.zone, **counts)}")
    notes = [
        f"{table}: {words('people.unmatched', name=key, pattern=found)}"
        for table, key, found in unmatched(people, settings.stations)
    ]
    notes += [f"{owner}: {why}" for owner, why in unreadable_channels(people)]
    notes += [
        f"person {item.id!r}: mail: {words('people.own_address', address=item.mail)}"
        for item in with_address_of(people, (settings.mail_from, settings.mail_reply_to))
    ]
    if alone := without_operator(people, settings.stations):
        notes.append(words("people.no_operator", count=len(alone), first=alone[0]))
    for note in notes:
        typer.echo(f"{name}: {note}", err=True)
    found = holes(people, now, now + CHECKED)
    print_holes(people, found, words)
    if found:
        raise typer.Exit(1)
    typer.echo(words("people.no_hole", until=moment_text(now + CHECKED, people)))


def who(  # noqa: PLR0917 - typer passes them by name
    at: Annotated[
        str | None, typer.Option(help="date or time, as 2026-11-22T08:00[+08:00]; default: now 时刻，默认当前")
    ] = None,
    area: Annotated[str, typer.Option(help="GB/T 2260 code, as 210100 城市代码")] = "",
    severity: Annotated[str, typer.Option(help="info warning critical 级别")] = "warning",
    kind: Annotated[
        str, typer.Option(help="pollution radiation fault line system forecast warning 类别")
    ] = "pollution",
    station: Annotated[
        str, typer.Option(help="station of a fault or cut line: its operator 站点（故障通知运维）")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Show who is notified of a case that opens at a moment, and who is next until one takes it. 某时刻通知谁、其后是谁。"""
    from alerts.people.route import escalation, route

    settings = _settings()
    people = _people(settings)
    opened = moment(at, people.timezone, "--at") or shell.now()
    case = _case(settings, opened, area=area, severity=severity, kind=kind, station=station)
    first, later = route(people, case, opened), escalation(people, case, opened)
    print_recipients(people, case, (*first, *later), as_json=as_json)


def roster(
    start: OpenFrom = None,
    end: ToNow = None,
    as_json: AsJson = False,
) -> None:
    """Show shifts by day, holes in red; default: the next 7 days. 按日列出班次，空档标红；默认未来 7 天。"""
    people = _people(_settings())
    zone = people.timezone
    today = shell.now().astimezone(zone).date()
    first = today if start is None else (moment(start, zone, "--from") or shell.now()).astimezone(zone).date()
    after = moment(end, zone, "--to", is_end=True)
    last = (
        first + timedelta(days=SHOWN_D - 1)
        if after is None
        else (after - timedelta(microseconds=1)).astimezone(zone).date()
    )
    if not first <= last <= first + timedelta(days=MOST_D):
        msg = f"{last}, expected a day from {first} on, at most {MOST_D} days later"
        raise typer.BadParameter(msg, param_hint="--to")
    print_roster(people, first, last, as_json=as_json)


def _case(settings: AlertSettings, at: datetime, *, area: str, severity: str, kind: str, station: str) -> AlertCase:
    """A case of nothing but what routes look at."""
    from schemas.alert import Severity
    from schemas.alert_case import AlertCase, Audience, CaseKind, CaseState

    check_one_of(severity, tuple(Severity), "--severity")
    check_one_of(kind, tuple(CaseKind), "--kind")
    if station:
        check_one_of(station, tuple(settings.stations.stations), "--station")
    if area and not re.fullmatch(r"[0-9]{6}", area):
        msg = f"{area!r}, expected a GB/T 2260 code of six digits, as 210100"
        raise typer.BadParameter(msg, param_hint="--area")
    city = area or (settings.stations.stations[station].city if station else "")
    is_fault = kind in {CaseKind.FAULT, CaseKind.LINE}
    networks = {item.network for item in settings.stations.stations[station].instruments} if station else set()
    return AlertCase(
        id="",
        kind=CaseKind(kind),
        audience=Audience.OPERATOR if is_fault else Audience.DUTY,
        state=CaseState.OPEN,
        severity=Severity(severity),
        since=at,
        opened_at=at,
        version=1,
        cities=(city,) if city else (),
        stations=(station,) if station else (),
        networks=tuple(sorted(networks)),
    )


def _people(settings: AlertSettings) -> People:
    from alerts.people.file import people_of

    return people_of(settings)


def _settings() -> AlertSettings:
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    return load_settings(AlertSettings)
