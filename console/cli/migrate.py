"""``skyground migrate``: databases, buckets, mappings and tables are created or brought to the newest version."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell

if TYPE_CHECKING:
    from store.influx.bucket.step import Step
    from store.influx.http import Bucket, InfluxHttp
    from store.settings import SharedSettings

Keep = Annotated[
    list[str] | None,
    typer.Option(
        "--keep",
        metavar="BUCKET=SPAN",
        help="retention, as native=730d, ops=90d, native=forever; repeat it; a bucket not named keeps its own 保留期",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("migrate")(migrate)


def migrate(
    keep: Keep = None,
    remap: Annotated[
        bool, typer.Option("--remap", help="replace mappings that point to other buckets 替换错误映射")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="show the steps, change nothing 只显示不执行")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="shorten a retention without asking 缩短保留期时不再询问")] = False,
) -> None:
    """Create or update databases, buckets, mappings and tables; harmless when done. 创建或升级数据库、存储桶与数据表。"""
    from store.settings import SharedSettings, load_settings

    settings = load_settings(SharedSettings)
    wanted = dict(map(_retention, keep or ()))
    is_done = [_state(settings, dry_run=dry_run), _influxdb(settings, wanted, remap=remap, dry_run=dry_run, yes=yes)]
    raise typer.Exit(0 if all(is_done) else 1)


def _retention(text: str) -> tuple[Bucket, int]:
    from store.influx.bucket.step import parse_span
    from store.influx.http import Bucket

    name, _, span = text.partition("=")
    if name not in set(Bucket):
        msg = f"--keep {text}: expected BUCKET=SPAN with one of {', '.join(Bucket)}"
        raise typer.BadParameter(msg)
    try:
        return Bucket(name), parse_span(span)
    except ValueError as error:
        msg = f"--keep {text}: {error}"
        raise typer.BadParameter(msg) from error


def _state(settings: SharedSettings, *, dry_run: bool) -> bool:
    from store.error import StoreError
    from store.state import StateStore

    with StateStore(settings.state_url) as state:
        try:
            pending = state.database.pending_migrations()
            if not dry_run:
                state.migrate()
        except StoreError as error:
            typer.echo(f"state: {error}", err=True)
            return False
    typer.echo(f"state: {len(pending)} migrations {'to apply' if dry_run else 'applied, schema is current'}")
    return True


def _influxdb(settings: SharedSettings, keep_s: dict[Bucket, int], *, remap: bool, dry_run: bool, yes: bool) -> bool:
    from store.error import StoreAccessError, StoreError
    from store.influx.bucket.plan import apply, plan
    from store.influx.http import InfluxHttp

    http = InfluxHttp(settings)
    try:
        steps = plan(http, keep_s, remap=remap)
        for step in steps:
            typer.echo(f"influxdb: {'would ' if dry_run else ''}{step}")
        if not dry_run:
            _confirm(steps, yes=yes)
            apply(http, steps)
            _report(http)
    except StoreAccessError as error:
        return _without_rights(http, error)
    except StoreError as error:
        typer.echo(f"influxdb: {error}", err=True)
        return False
    finally:
        http.close()
    return True


def _confirm(steps: list[Step], *, yes: bool) -> None:
    """Ask for confirmation before data are deleted; refuse without a terminal."""
    if yes or not any(step.deletes for step in steps):
        return
    if not sys.stdin.isatty():
        typer.echo("influxdb: a shorter retention deletes readings; nothing was changed, confirm with --yes", err=True)
        raise typer.Exit(2)
    typer.confirm(shell.text("migrate.confirm"), abort=True)


def _report(http: InfluxHttp) -> None:
    from store.influx.bucket.plan import read_states
    from store.influx.bucket.step import span_text

    version = http.server.version
    if http.server.number[0] >= 3:  # noqa: PLR2004 - major version
        typer.echo(f"influxdb: InfluxDB {version} at {http.url}: databases are made with the first write")
        return
    kept = ", ".join(f"{state.name} {span_text(state.keep_s)}" for state in read_states(http))
    typer.echo(f"influxdb: InfluxDB {version} at {http.url}: kept: {kept}")


def _without_rights(http: InfluxHttp, error: Exception) -> bool:
    """With credentials that may not administer: whether everything is there and may be used nevertheless."""
    from store.error import StoreError
    from store.influx.bucket.access import try_access

    try:
        found = try_access(http)
    except StoreError as other:
        typer.echo(f"influxdb: {other}", err=True)
        return False
    if not any(item.cannot_read or item.cannot_write for item in found):
        typer.echo(
            "influxdb: all buckets can be written and read; these credentials may not change or list them, nothing was"
        )
        return True
    typer.echo(f"influxdb: {error}; run `skyground migrate` once with credentials that may administer", err=True)
    for item in found:
        rights = [verb for verb, words in (("read", item.cannot_read), ("write", item.cannot_write)) if not words]
        typer.echo(f"influxdb:   {item.bucket}: these credentials may {' and '.join(rights) or 'do nothing'}", err=True)
    return False
