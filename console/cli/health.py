"""``skyground health``: state of every station, since when, why, and the next step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.option import AsJson, OneStation
from console.cli.shell.printable import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alerts.channels.outage import MailState
    from console.query.duty import DutyState
    from console.view.link import StationHealth
    from schemas.words import Words
    from store.state import Process, StateStore


WAITING = timedelta(minutes=15)
"""A notice that waits longer to be sent is reported. Project's choice."""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("health")(health)


def health(
    station: OneStation = None,
    everything: Annotated[bool, typer.Option("--all", help="also those that are well 包括正常站点")] = False,
    as_json: AsJson = False,
    forget: Annotated[
        str | None, typer.Option(help="a process that was retired; stop monitoring it 已停用的程序")
    ] = None,
) -> None:
    """Processes and stations that need attention, worst first, with the next step. 程序与站点健康状况与下一步。

    Exit status 1 where any process is gone or failing, any station is lying, silent or late, or the alert mails do not go out, or there is a
    problem of notification: the people file, a hole of the roster, notices that wait, a watch that is behind.
    """
    import msgspec

    from console.query.queries import Queries
    from console.view.link import TROUBLED
    from schemas.words import words as words_of
    from store.influx.store import InfluxStore

    settings = shell.settings()
    with shell.opened_state("health", settings) as state:
        if forget is not None:
            _forget(state, forget)
            return
        words = words_of(settings.language, "page")
        processes = [] if station else state.processes.list()
        is_unwell = _print_processes(processes, words, everything=everything, as_json=as_json)
        influx = InfluxStore(settings)
        queries = Queries(settings, influx, state)
        data = queries.health()
        duty = None if station else queries.duty()
        influx.close()
    mail_line = None if data.mail is None or station else _mail_line(data.mail, words)
    if mail_line is not None:
        encoded = msgspec.json.encode({"station": None, "part": "mail", "state": "down", "detail": mail_line})
        typer.echo(encoded if as_json else mail_line)
    for line in [] if duty is None else _duty_lines(duty, words):
        is_unwell = True
        typer.echo(msgspec.json.encode({"station": None, "part": "duty", "detail": line}) if as_json else line)
    chosen = [
        row
        for row in data.rows
        if station in (None, row.station.id) and (everything or station or row.state in TROUBLED)
    ]
    for row in chosen:
        typer.echo(_station_line(row, words, as_json=as_json))
    if not chosen and not as_json:
        typer.echo(shell.text("health.well"))
    if is_unwell or mail_line is not None or any(row.state in TROUBLED for row in chosen):
        raise typer.Exit(1)


def _duty_lines(duty: DutyState, words: Words) -> Iterator[str]:
    """What needs attention of notification: a people file that cannot be used, holes of the roster, notices that wait, a watch that is behind."""
    from alerts.wording import duration_text

    zone = duty.people.timezone
    if duty.problem:
        yield f"{words('duty.problem')} {printable(duty.problem)}"
    for hole in duty.holes:
        first, last = (f"{item.astimezone(zone):%m-%d %H:%M}" for item in (hole.interval.start, hole.interval.end))
        yield words("duty.hole", team=duty.people.team[hole.team].name(str(words.language)), start=first, end=last)
    if duty.oldest is not None and datetime.now(UTC) - duty.oldest > WAITING:
        when = words("duty.oldest", when=f"{duty.oldest.astimezone(zone):%m-%d %H:%M}")
        yield f"{words('duty.notices')}: {words('duty.due', n=duty.due)}, {when}"
    if duty.is_behind and duty.behind is not None:
        yield f"{words('duty.watch')}: {words('duty.behind', span=duration_text(duty.behind, words.language))}"


def _station_line(row: StationHealth, words: Words, *, as_json: bool) -> str:
    instruments = ", ".join(item.instrument_id for item in row.concerned)
    next_step = words(f"advice.{row.advice}", instruments=instruments, figure=row.figure)
    if as_json:
        line = {
            "station": row.station.id,
            "state": row.state,
            "since": row.since,
            "last_seen": row.last_seen,
            "instruments": {item.instrument_id: item.state for item in row.instruments},
            "why": row.advice,
            "figure": row.figure,
            "next_step": next_step,
        }
        return shell.to_json(line)
    since = f"{row.since:%Y-%m-%d %H:%M}Z" if row.since else "-"
    return printable(f"{words(f'state.{row.state}'):<14} {row.station.id:<24} {since:<18} {next_step}")


def _forget(state: StateStore, name: str) -> None:
    if not state.processes.end(name):
        typer.echo(f"skyground health: {shell.text('health.unknown', name=name)}", err=True)
        raise typer.Exit(1)
    typer.echo(shell.text("health.forgotten", name=name))


def _print_processes(processes: list[Process], words: Words, *, everything: bool, as_json: bool) -> bool:
    """List processes that are not well, or all; True where any is not."""
    import msgspec

    from schemas.words import sentences
    from store.state import ProcessState

    now = datetime.now(UTC)
    unwell = [item for item in processes if item.state(now) is not ProcessState.WELL]
    for item in processes if everything else unwell:
        state = item.state(now)
        when = f"{item.beat_at:%Y-%m-%d %H:%M}Z"
        next_step = words(f"process.{state}", when=when, complaint=item.complaint)
        if as_json:
            line = {"process": item.name, "station": None, "state": state, "next_step": next_step}
            listed = msgspec.structs.asdict(item) | {"complaint": sentences(item.complaint, words.language)}
            typer.echo(msgspec.json.encode(line | listed))
        else:
            typer.echo(printable(f"{state:<14} {item.name:<24} {when:<18} {next_step}"))
    return bool(unwell)


def _mail_line(mail: MailState, words: Words) -> str | None:
    """What is wrong with the alert mails and what to do; None where nothing is."""
    if not mail.is_troubled:
        return None
    moment = mail.since if mail.ok is False else mail.oldest
    key = "mail_down" if mail.ok is False else "mail_stuck" if mail.is_stuck else "mail_failed"
    when = f"{moment:%Y-%m-%d %H:%M}Z" if moment else "-"
    parts = [words(f"health.{key}", when=when), f"({mail.detail})" if mail.detail else ""]
    if mail.waiting:
        parts.append(words("health.mail_waiting", n=mail.waiting))
    if mail.failed:
        parts.append(words("health.mail_given_up", n=mail.failed))
    return " ".join(part for part in [*parts, words("health.mail_do")] if part)
