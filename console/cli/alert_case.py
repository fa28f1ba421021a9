"""``skyground alerts``: cases, what a person does about them, and mutes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NoReturn

import typer

from console.cli.shell.page import DEFAULT, Limit, note_limit, page

if TYPE_CHECKING:
    from alerts.case.action import ActionRequest
    from alerts.settings import AlertSettings
    from schemas.alert_case import AlertCase
    from store.state import MuteMatcher, StateStore

JSON = typer.Option(False, "--json", help="One JSON object a line.")
CASE = typer.Argument(metavar="ID", help="Id of a case.")
BY = typer.Option(..., "--by", help="Id of the person, as in the people file.")
_MOST_DIGITS = 6
TEXT = typer.Option("", "--text", help="A remark.")


def add_commands(alerts: typer.Typer) -> None:
    """Add the sub-commands."""
    alerts.command("cases", help="Cases, open ones first.")(list_cases)
    alerts.command("case", help="One case with its steps and notices.")(show_case)
    alerts.command("take", help="Take a case.")(take)
    alerts.command("release", help="Give a case back: it is escalated again.")(release)
    alerts.command("assign", help="Assign a case to a person.")(assign)
    alerts.command("hand-over", help="Hand a case over to another person.")(hand_over)
    alerts.command("comment", help="Comment on a case.")(comment)
    alerts.command("resolve", help="Resolve a case with a cause, also after its end.")(resolve)
    alerts.command("mute", help="Report nothing of these stations, cities ... for a time; it ends by itself.")(mute)
    alerts.command("unmute", help="End a mute before its time.")(unmute)
    alerts.command("mutes", help="Mutes and maintenance windows in force and to come.")(list_mutes)


def list_cases(
    state: str = typer.Option("", "--state", help="Only open, ended, withdrawn, resolved or merged."),
    limit: Limit = DEFAULT,
    as_json: bool = JSON,
) -> None:
    """Print cases, open ones first, then the youngest first."""
    import msgspec

    from alerts.run.case import present_cases
    from schemas.alert_case import CaseState
    from store.state import StateStore

    settings = _settings()
    if state and state not in tuple(CaseState):
        msg = f"{state!r}, expected one of {', '.join(CaseState)}"
        raise typer.BadParameter(msg, param_hint="--state")
    with StateStore(settings.state_url) as store:
        store.migrate()
        stored = store.cases.list(state=CaseState(state) if state else None, limit=limit + 1)
        stored.sort(key=lambda item: not item.is_open)
        found, is_cut = page(stored, limit)
        shown = present_cases(store, found)
        lines = [msgspec.json.encode(item).decode() for item in shown] if as_json else _lines(settings, store, shown)
    for line in lines:
        typer.echo(line)
    if is_cut:
        note_limit("alerts cases", limit, as_json=as_json, filters="--state")


def show_case(case_id: str = CASE, as_json: bool = JSON) -> None:
    """Print one case."""
    import msgspec

    from store.state import StateStore

    with StateStore(_settings().state_url) as store:
        store.migrate()
        case = store.cases.get(case_id)
        if case is None:
            _fail(f"there is no case {case_id}")
        body = {"case": case, "notices": store.notices.of_cases([case_id])}
    encoded = msgspec.json.encode(body)
    typer.echo(encoded.decode() if as_json else msgspec.json.format(encoded, indent=2).decode())


def take(case_id: str = CASE, by: str = BY, text: str = TEXT, as_json: bool = JSON) -> None:
    """Take a case."""
    _do(case_id, "take", by, text=text, as_json=as_json)


def release(case_id: str = CASE, by: str = BY, text: str = TEXT, as_json: bool = JSON) -> None:
    """Release a case."""
    _do(case_id, "release", by, text=text, as_json=as_json)


def assign(
    case_id: str = CASE, by: str = BY, to: str = typer.Option(..., "--to"), text: str = TEXT, as_json: bool = JSON
) -> None:
    """Assign a case."""
    _do(case_id, "assign", by, to=to, text=text, as_json=as_json)


def hand_over(
    case_id: str = CASE, by: str = BY, to: str = typer.Option(..., "--to"), text: str = TEXT, as_json: bool = JSON
) -> None:
    """Hand a case over."""
    _do(case_id, "hand_over", by, to=to, text=text, as_json=as_json)


def comment(
    case_id: str = CASE, text: str = typer.Argument(metavar="TEXT"), by: str = BY, as_json: bool = JSON
) -> None:
    """Comment on a case."""
    _do(case_id, "comment", by, text=text, as_json=as_json)


def resolve(
    case_id: str = CASE,
    by: str = BY,
    cause: str = typer.Option(..., "--cause", help="event, local_work, natural, instrument, ... (docs/alerts.md)."),
    text: str = TEXT,
    as_json: bool = JSON,
) -> None:
    """Resolve a case."""
    from alerts.case.cause import ResolveCause

    if cause not in tuple(ResolveCause):
        msg = f"{cause!r}, expected one of {', '.join(ResolveCause)}"
        raise typer.BadParameter(msg, param_hint="--cause")
    _do(case_id, "resolve", by, cause=ResolveCause(cause), text=text, as_json=as_json)


def mute(  # noqa: PLR0917 - options, all by name
    by: str = BY,
    reason: str = typer.Option(..., "--reason", help="Why; it is in the mail at the end."),
    lasts: str = typer.Option("1h", "--for", help="For how long: 30m, 2h, 3d; at most 30d."),
    station: list[str] = typer.Option([], "--station", help="Shell patterns, as ln-sy-*."),
    city: list[str] = typer.Option([], "--city", help="GB/T 2260 codes."),
    network: list[str] = typer.Option([], "--network"),
    parameter: list[str] = typer.Option([], "--parameter"),
    rule: list[str] = typer.Option([], "--rule"),
    case: list[str] = typer.Option([], "--case", help="Ids of cases."),
    maintenance: bool = typer.Option(False, "--maintenance", help="Work at the stations."),
    as_json: bool = JSON,
) -> None:
    """Mute."""
    import msgspec

    from schemas.plain_text import plain_text
    from store.state import Mute, MuteKind, MuteMatcher, StateStore

    matcher = MuteMatcher(
        stations=tuple(station),
        cities=tuple(city),
        networks=tuple(network),
        parameters=tuple(parameter),
        rules=tuple(rule),
        cases=tuple(case),
    )
    if matcher == MuteMatcher():
        msg = "name at least one station, city, network, parameter, rule or case; --station '*' is all"
        raise typer.BadParameter(msg)
    now, settings = datetime.now(UTC), _settings()
    _check_person(settings, by)
    _check_matcher(settings, matcher)
    why = " ".join(plain_text(reason).split())
    if not why:
        msg = "empty, expected why nothing is to be reported"
        raise typer.BadParameter(msg, param_hint="--reason")
    item = Mute(
        kind=MuteKind.MAINTENANCE if maintenance else MuteKind.MUTE,
        matcher=matcher,
        start=now,
        end=now + _duration(lasts),
        by=by,
        reason=why,
        recorded_at=now,
    )
    with StateStore(settings.state_url) as store:
        store.migrate()
        kept = store.mutes.add(item)
    shown = f"mute {kept.id} until {kept.end:%Y-%m-%d %H:%M}Z"
    typer.echo(msgspec.json.encode(kept).decode() if as_json else shown)


def unmute(mute_id: int = typer.Argument(metavar="ID")) -> None:
    """End a mute."""
    from store.state import StateStore

    with StateStore(_settings().state_url) as store:
        store.migrate()
        if not store.mutes.end(mute_id, now=datetime.now(UTC)):
            _fail(f"there is no mute {mute_id} in force or to come")
    typer.echo(f"mute {mute_id} ended")


def list_mutes(as_json: bool = JSON) -> None:
    """Print mutes."""
    import msgspec

    from store.state import StateStore

    with StateStore(_settings().state_url) as store:
        store.migrate()
        found = store.mutes.list(ended_from=datetime.now(UTC))
    for item in found:
        if as_json:
            typer.echo(msgspec.json.encode(item).decode())
            continue
        parts = {name: list(value) for name, value in msgspec.structs.asdict(item.matcher).items() if value}
        typer.echo(f"{item.id:<5} {item.kind:<12} {item.start:%m-%d %H:%M}Z to {item.end:%m-%d %H:%M}Z  {item.by}")
        typer.echo(
            "      " + "  ".join(f"{name} {','.join(value)}" for name, value in parts.items()) + f"  {item.reason}"
        )


def take_case_of(alert_key: str, by: str, note: str) -> None:
    """Take the open case of an alert, so that it is not escalated; nothing where it has none."""
    from alerts.case.action import ActionRequest, CaseAction
    from store.state import StateStore

    settings = _settings()
    _check_person(settings, by)
    with StateStore(settings.state_url) as store:
        store.migrate()
        found = store.cases.of_alert(alert_key)
    if found is not None and found.is_open and found.taken_by != by:
        _act(found.id, ActionRequest(action=CaseAction.TAKE, by=by, text=note, via="command"))


def _do(case_id: str, action: str, by: str, *, as_json: bool, **fields: object) -> None:
    import msgspec

    from alerts.case.action import ActionRequest, CaseAction

    request = ActionRequest(action=CaseAction(action), by=by, via="command", **fields)  # type: ignore[arg-type]  # by the commands
    case = _act(case_id, request)
    if as_json:
        typer.echo(msgspec.json.encode(msgspec.structs.replace(case, steps=())).decode())
        return
    typer.echo(f"{case.id}: {case.state}, {f'taken by {case.taken_by}' if case.taken_by else 'not taken'}")


def _act(case_id: str, request: ActionRequest) -> AlertCase:
    from alerts.case.life import CaseStepError
    from alerts.run.case_action import act
    from store.state import StateStore

    settings = _settings()
    for name in (request.by, request.to):
        if name is not None:
            _check_person(settings, name)
    with StateStore(settings.state_url) as store:
        store.migrate()
        try:
            case = act(store, case_id, request, datetime.now(UTC))
        except CaseStepError as error:
            _fail(error.text(settings.language))
        if case is None:
            _fail(f"there is no case {case_id}")
    return case


def _check_person(settings: AlertSettings, name: str) -> None:
    """Refuse a person that the people file does not have."""
    from alerts.people.file import people_of

    known = people_of(settings).person
    if name not in known:
        _fail(f"{name!r} is no person of the people file: {', '.join(sorted(known))}")


def _check_matcher(settings: AlertSettings, matcher: MuteMatcher) -> None:
    """Refuse a mute with a part that covers nothing: who means a station and mistypes it gets its mails all night."""
    from alerts.delivery.mute import idle_patterns
    from alerts.rules.rules import load_rules
    from store.state import StateStore

    for key, pattern in idle_patterns(
        matcher, settings.stations, (item.name for item in load_rules(settings.rules).items)
    ):
        msg = f"{pattern!r} matches none of the {key}"
        raise typer.BadParameter(msg)
    with StateStore(settings.state_url) as store:
        store.migrate()
        for pattern in matcher.cases:
            if not any(sign in pattern for sign in "*?[") and store.cases.get(pattern) is None:
                _fail(f"there is no case {pattern}")


def _duration(text: str) -> timedelta:
    from alerts.case.action import LONGEST_MUTE

    unit = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}.get(text[-1:])
    number = text[:-1]
    is_number = number.isascii() and number.isdigit() and len(number) <= _MOST_DIGITS
    if unit is None or not is_number or not timedelta() < int(number) * unit <= LONGEST_MUTE:
        msg = f"{text!r}, expected a time as 30m, 2h or 3d, at most {LONGEST_MUTE.days}d"
        raise typer.BadParameter(msg, param_hint="--for")
    return int(number) * unit


def _lines(settings: AlertSettings, store: StateStore, cases: list[AlertCase]) -> list[str]:
    """Each case on a line, as the list of alerts on the page has it: id, what became of it, title, who has it."""
    from alerts.people.file import people_of
    from console.query.alert_case import titles_of
    from console.view.case_mail import CaseRecord
    from console.view.case_row import case_row
    from schemas.words import words

    say, people, now = words(settings.language, "page"), people_of(settings), datetime.now(UTC)
    records = (CaseRecord(case=item, titles=titles_of(store, [item])) for item in cases)
    rows = [case_row(item, settings.stations, people, say, now) for item in records]
    return [f"{row.id}  [{row.label}] {row.title}  {row.who or say('cases.untaken')}" for row in rows]


def _settings() -> AlertSettings:
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    return load_settings(AlertSettings)


def _fail(text: str) -> NoReturn:
    typer.echo(f"skyground: {text}", err=True)
    raise typer.Exit(1)
