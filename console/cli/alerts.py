"""``skyground alerts``: list, acknowledge, rehearse, check the rules, test and send mails."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from console.cli.alert_case import add_commands, take_case_of
from console.cli.alert_rehearse import rehearse, scoreboard
from console.cli.alert_warning import warning
from console.cli.shell.moment import From, To, span
from console.cli.shell.page import DEFAULT, Limit, note_limit, page

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alerts.rules.table import AlertRules
    from alerts.run.queries import ListedAlert
    from alerts.settings import AlertSettings
    from schemas.alert import AlertTransition

JSON = typer.Option(False, "--json", help="One JSON object a line.")


def register(app: typer.Typer) -> None:
    """Add the sub-commands."""
    alerts = typer.Typer(
        help="Alerts: list, show, take, rehearse, test the mail. 告警：查询、认领、演练、测试邮件。",
        no_args_is_help=True,
    )
    rules = typer.Typer(help="The rules file. 规则文件。", no_args_is_help=True)
    alerts.command("list", help="Alerts, firing ones first.")(list_alerts)
    alerts.command("show", help="One transition with its evidence and deliveries.")(show)
    alerts.command("ack", help="Acknowledge an alert, by id or key.")(acknowledge)
    alerts.command("test-mail", help="Send a sample mail.")(send_test_mail)
    alerts.command("evaluate", help="Evaluate the rules over a past period; --dry-run rehearses.")(evaluate_period)
    alerts.command("deliver", help="Send waiting mails.")(deliver_now)
    alerts.command("rehearse", help="What a rule would have done over stored hours.")(rehearse)
    alerts.command("scoreboard", help="What each rule has done.")(scoreboard)
    alerts.command("warning", help="Official warning levels that are due, with drafts.")(warning)
    alerts.command("sink", help="A local mail server that keeps every mail in a Maildir.")(sink)
    rules.command("check", help="Check a rules file.")(check_rules)
    add_commands(alerts)
    alerts.add_typer(rules, name="rules")
    app.add_typer(alerts, name="alerts")


def list_alerts(
    state: str = typer.Option("", "--state", help="Only ok, pending or firing."),
    limit: Limit = DEFAULT,
    as_json: bool = JSON,
) -> None:
    """Print alerts: firing, pending, ended ones, the newest first of each."""
    from alerts.run.queries import list_states
    from schemas.alert import AlertState

    if state and state not in tuple(AlertState):
        msg = f"{state!r}, expected one of {', '.join(AlertState)}"
        raise typer.BadParameter(msg, param_hint="--state")
    stored = list_states(_settings(), AlertState(state) if state else None, limit=limit + 1)
    found, is_cut = page(stored, limit)
    _print_listed(found, as_json=as_json)
    if is_cut:
        note_limit("alerts list", limit, as_json=as_json, filters="--state")


def show(alert_id: int = typer.Argument(metavar="ID"), as_json: bool = JSON) -> None:
    """Print one transition."""
    import msgspec

    from alerts.run.queries import show_transition

    found = show_transition(_settings(), alert_id)
    if found is None:
        _fail(f"there is no alert transition {alert_id}")
    encoded = msgspec.json.encode(found)
    typer.echo(encoded.decode() if as_json else msgspec.json.format(encoded, indent=2).decode())


def acknowledge(
    alert: str = typer.Argument(metavar="ID", help="Id of a transition, or alert key."),
    by: str = typer.Option(..., "--by", help="Id of the person, as in the people file."),
    note: str = typer.Option("", "--note"),
) -> None:
    """Acknowledge an alert, and take its case."""
    from alerts.run.queries import alert_key_of, take

    settings = _settings()
    take_case_of(alert_key_of(settings, alert), by, note)
    key = take(settings, alert, who=by, note=note)
    typer.echo(f"{key}: taken by {by}")


def send_test_mail(
    kind: str = typer.Option("opened", "--kind", help="Kind of mail, or all."),
    to: list[str] = typer.Option([], "--to", help="Instead of the configured recipients."),
    language: str = typer.Option("", "--language", help="zh or en, instead of the configured one."),
) -> None:
    """Send a sample mail of a kind, or one of each."""
    from alerts.channels.email import DeliveryError
    from alerts.mail.samples import DIGEST, KINDS
    from alerts.people.person import is_mail_address
    from alerts.run.queries import send_sample
    from schemas.words import LANGUAGES

    known = (*KINDS, DIGEST)
    if kind not in {*known, "all"}:
        msg = f"{kind!r}, expected all or one of {', '.join(known)}"
        raise typer.BadParameter(msg, param_hint="--kind")
    if language not in {"", *LANGUAGES}:
        msg = f"{language!r}, expected one of {', '.join(LANGUAGES)}"
        raise typer.BadParameter(msg, param_hint="--language")
    settings = _settings()
    for address in to:
        if not is_mail_address(address):
            msg = f"{address!r}, expected an address like li.na@example.org"
            raise typer.BadParameter(msg, param_hint="--to")
    for item in known if kind == "all" else (kind,):
        try:
            recipients = send_sample(settings, item, tuple(to), language=language)
        except DeliveryError as error:
            _fail(f"mail server: {error}")
        typer.echo(f"{item}: sent to {', '.join(recipients)}")


def evaluate_period(
    start: From,
    end: To,
    dry_run: bool = typer.Option(False, "--dry-run", help="From a fresh state; store and mail nothing."),
    as_json: bool = JSON,
) -> None:
    """Evaluate the rules over a period."""
    from alerts.run.evaluation import evaluate, rehearse

    settings, now = _settings(), datetime.now(UTC)
    first, last = span(start, end, settings.stations.timezone, now)
    if first >= now:
        msg = f"expected a moment of the past, got {first:%Y-%m-%d %H:%M}Z"
        raise typer.BadParameter(msg, param_hint="--from")
    if dry_run:
        found = rehearse(settings, first, last, now)
        _print_rehearsal(found, weeks=(last - first).total_seconds() / 604_800, as_json=as_json)
        return
    typer.echo(f"transitions={evaluate(settings, first, last, now)}")


def deliver_now() -> None:
    """One delivery round."""
    from alerts.run.round import hand_out

    typer.echo(f"mails={hand_out(_settings(), datetime.now(UTC))}")


def sink(
    host: str = typer.Option("127.0.0.1", "--host"),
    port: int = typer.Option(1025, "--port", min=1, max=65_535),
    maildir: Path = typer.Option(Path(".run/mail"), "--maildir"),
) -> None:
    """Run the sink until SIGTERM."""
    from alerts.channels.sink import run

    typer.echo(f"mail sink on {host}:{port}, {maildir}")
    try:
        run(host, port, maildir)
    except OSError as error:
        _fail(f"{host}:{port}, {maildir}: {error}")


def check_rules(
    path: Path = typer.Argument(metavar="FILE"),
    record: bool = typer.Option(False, "--record", help="Read from stored hours where gamma rules are evaluated."),
) -> None:
    """Check a rules file: status 2 and the place where it is wrong, status 1 where a rule's patterns match no station."""
    from alerts.rules.idle import idle_rules, odd_parts
    from alerts.rules.rule import covered_stations
    from alerts.rules.rules import load_rules

    rules, network = load_rules(path), _settings().stations
    for rule in rules.items:
        source = f"{rule.source}{'' if rule.verified else ' (not verified)'}"
        count = "-" if rule.KIND == "operation" else str(len(covered_stations(rule, network)))
        typer.echo(f"{rule.name:24} {rule.KIND:11} {rule.severity:9} {count:>5}  {source}")
    typer.echo(
        f"{path}: {len(rules.items)} rules, {len(rules.disabled)} disabled; stations as in {_settings().network}"
    )
    for name, why in idle_rules(rules, network):
        typer.echo(f"{path}: rule {name!r} can never fire: {why}", err=True)
    for name, what in odd_parts(rules, network):
        typer.echo(f"{path}: rule {name!r}: {what}", err=True)
    if record:
        _print_record(rules)
    if any(idle_rules(rules, network, only_patterns=True)):
        raise typer.Exit(1)


def _print_record(rules: AlertRules) -> None:
    """Where gamma rules are evaluated, and how many days of hours the other stations have."""
    from alerts.run.baselines import load_gamma, too_short

    for name, trained in load_gamma(_settings(), rules, datetime.now(UTC)).items():
        short, rule = too_short(trained), rules.named(name)
        typer.echo(f"{name}: evaluated at {len(trained) - len(short)} of {len(trained)} stations")
        for station_id, days in short.items():
            typer.echo(f"  {station_id}: not evaluated: {days:.0f} of {getattr(rule, 'min_days', 0)} days")


def _settings() -> AlertSettings:
    from alerts.settings import AlertSettings
    from store.settings import load_settings

    return load_settings(AlertSettings)


def _fail(text: str) -> None:
    typer.echo(f"skyground: {text}", err=True)
    raise typer.Exit(1)


def _print_rehearsal(found: list[AlertTransition], *, weeks: float, as_json: bool) -> None:
    import msgspec

    from schemas.alert import AlertState

    raised = [item for item in found if item.to_state is AlertState.FIRING]
    mails = [item for item in found if AlertState.FIRING in {item.from_state, item.to_state}]
    for item in mails:
        line = f"{item.at:%Y-%m-%d %H:%M} {item.from_state}->{item.to_state} {item.alert_key} {item.value} (limit {item.threshold}) {item.unit}"
        typer.echo(msgspec.json.encode(item).decode() if as_json else line)
    summary = {"raised": len(raised), "mails_at_most": len(mails), "mails_a_week": round(len(mails) / weeks, 2)}
    typer.echo(
        msgspec.json.encode(summary).decode()
        if as_json
        else " ".join(f"{name}={value}" for name, value in summary.items())
    )


def _print_listed(rows: Sequence[ListedAlert], *, as_json: bool) -> None:
    """Two lines an alert: nothing is cut at 80 columns."""
    import msgspec

    for row in rows:
        if as_json:
            typer.echo(msgspec.json.encode(row).decode())
            continue
        typer.echo(f"{row.id:<6} {row.state:<7} {row.severity:<8} {row.alert_key}")
        typer.echo("       " + "  ".join(_figures(row)))


def _figures(row: ListedAlert) -> Iterator[str]:
    yield f"since {_moment(row.since)}"
    if row.value is not None:
        yield f"extreme {row.value:.4g} {row.unit or ''}".rstrip()
    if row.latest is not None and row.latest_at is not None:
        yield f"now {row.latest:.4g} as of {_moment(row.latest_at)}"
    if row.end_reason is not None:
        yield row.end_reason
    if row.taken_by is not None:
        yield f"taken by {row.taken_by}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}Z"
