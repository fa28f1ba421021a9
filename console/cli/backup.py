"""``skyground backup`` and ``skyground restore``: state, raw log and settings, while the parts run."""

from __future__ import annotations

import json
import os
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from store.backup.manifest import Section

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from store.backup.manifest import BackupFile, Manifest
    from store.backup.restore_target import RestoreTarget
    from store.backup.settings_copy import SettingsFile
    from store.backup.take import BackupSource

_FOLDERS = ("run_dir", "maildir")
Directory = Annotated[Path, typer.Argument(metavar="DIR", help="directory of the backup 备份目录")]
Only = Annotated[
    list[Section] | None, typer.Option("--only", help="a section; repeat it; default: all 仅备份或恢复该部分")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="show files and sizes, change nothing 只显示不执行")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object")]
Secrets = Annotated[
    bool, typer.Option("--secrets", help="copy passwords, tokens and keys, too 一并备份口令、令牌与密钥")
]
Force = Annotated[bool, typer.Option("--force", help="move aside what is there; nothing is deleted 移开现有数据后恢复")]


def register(app: typer.Typer) -> None:
    """Add both commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    directory: Directory,
    only: Only = None,
    *,
    secrets: Secrets = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Copy state, raw log and settings into a new directory while the parts run. 在线备份状态库、原始日志与配置。"""
    with _reported(as_json=as_json):
        _backup(directory, only, has_secrets=secrets, dry_run=dry_run, as_json=as_json)


def restore(
    directory: Directory, only: Only = None, *, force: Force = False, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Verify a backup and put it in the place of the run directory and state that the settings name. 校验并恢复备份。"""
    with _reported(as_json=as_json):
        _restore(directory, only, force=force, dry_run=dry_run, as_json=as_json)


def _backup(directory: Path, only: list[Section] | None, *, has_secrets: bool, dry_run: bool, as_json: bool) -> None:
    from store.backup.place import check_target, free_bytes, mib
    from store.backup.take import plan, take

    source = _source(only, has_secrets=has_secrets)
    check_target(directory, source.rawlog.parent, source.rawlog)
    items = plan(source)
    total = sum(item.size_bytes for item in items)
    if dry_run:
        _show(
            [(item.path, item.size_bytes, item.source) for item in items],
            {"size_bytes": total, "free_bytes": free_bytes(directory)},
            as_json=as_json,
        )
        return
    with _progress(total, is_shown=not as_json) as report:
        manifest = take(source, directory, items, report)
    if as_json:
        typer.echo(json.dumps(_figures(manifest) | {"directory": str(directory), "not_included": ["influxdb"]}))
        return
    typer.echo(f"{directory}: {len(manifest.files)} files, {mib(manifest.size_bytes)}")
    text = shell.words()
    for path in manifest.pruned:
        typer.echo(text("backup.pruned", path=path))
    if not has_secrets and Section.SETTINGS in source.sections:
        typer.echo(text("backup.no_secrets"))
    typer.echo(text("backup.not_included"))


def _restore(directory: Path, only: list[Section] | None, *, force: bool, dry_run: bool, as_json: bool) -> None:
    from store.backup import restore as room
    from store.backup.manifest import read_manifest
    from store.backup.restore_target import RestoreTarget, occupied
    from store.settings import SharedSettings, load_settings

    settings = load_settings(SharedSettings)
    target = RestoreTarget(
        run_dir=settings.run_dir, state_url=settings.state_url, sections=frozenset(only or Section), force=force
    )
    manifest = read_manifest(directory)
    files = room.chosen_files(manifest, target)
    total = sum(item.size_bytes for item in files)
    present = occupied(target, files)
    if dry_run:
        rows = [(item.path, item.size_bytes, item.source) for item in files]
        running = room.users_of(target)
        _show(rows, {"size_bytes": total, "moved_aside": present, "still_running": running}, as_json=as_json)
        return
    with _progress(total, is_shown=not as_json) as report:
        moved = room.restore(directory, manifest, target, report)
    if as_json:
        typer.echo(json.dumps(_figures(manifest) | {"restored": len(files), "moved_aside": moved}))
        return
    _report(manifest, files, target, moved)


def _report(manifest: Manifest, files: Sequence[BackupFile], target: RestoreTarget, moved: Sequence[str]) -> None:
    """Print what was restored, what was moved aside, and the next steps."""
    from store.backup.place import mib
    from store.state.database import newest_revision

    total, words = sum(item.size_bytes for item in files), shell.words()
    typer.echo(f"restored {len(files)} files, {mib(total)}, as of {manifest.started_at:%Y-%m-%dT%H:%M:%SZ}")
    for place in moved:
        typer.echo(words("backup.moved", place=place))
    if any(item.section is Section.SETTINGS for item in files):
        typer.echo(words("backup.settings", place=str(target.settings)))
    if manifest.schema_revision not in ("", newest_revision()) and Section.STATE in target.sections:
        typer.echo(words("backup.migrate"))
    typer.echo(words("backup.not_included"))


def _source(only: list[Section] | None, *, has_secrets: bool) -> BackupSource:
    from importlib.metadata import version

    from ingest.process.settings import CollectorSettings
    from store.backup.take import BackupSource
    from store.settings import load_settings

    settings = load_settings(CollectorSettings)
    return BackupSource(
        state_url=settings.state_url,
        rawlog=settings.rawlog_dir,
        settings=_named_files() if not only or Section.SETTINGS in only else (),
        environment=_environment(settings.run_dir),
        reserve_bytes=settings.disk_reserve_bytes,
        software=version("skyground"),
        sections=frozenset(only or Section),
        has_secrets=has_secrets,
    )


def _named_files() -> list[SettingsFile]:
    """Files that the settings of all parts name; one that is not there is reported on stderr."""
    from alerts.settings import AlertSettings
    from console.local.settings import LocalSettings
    from ingest.gateway.settings import GatewaySettings
    from ingest.process.settings import CollectorSettings
    from qc.run.review.settings import ReviewSettings
    from store.backup.settings_copy import SettingsFile
    from store.settings import load_settings

    found: dict[str, Path] = {}
    for kind in (CollectorSettings, GatewaySettings, AlertSettings, ReviewSettings, LocalSettings):
        loaded = load_settings(kind)
        values = {name: getattr(loaded, name) for name in kind.model_fields if name not in _FOLDERS}
        found |= {name: value for name, value in values.items() if isinstance(value, Path)}
    text = shell.words()
    for name in [name for name, path in found.items() if not path.is_file()]:
        setting, path = f"SKYGROUND_{name.upper()}", str(found.pop(name))
        typer.echo(text("backup.no_file", setting=setting, path=path), err=True)
    return [
        SettingsFile(name=name, path=path, is_secret=name.endswith("_file") or name == "mqtt_key")
        for name, path in sorted(found.items())
    ]


def _environment(run_dir: Path) -> dict[str, str]:
    """Settings in force: the environment, then ``settings.env`` of the run directory."""
    from store.settings import PREFIX

    stated: dict[str, str] = {}
    with suppress(FileNotFoundError):
        lines = (run_dir / "settings.env").read_text(encoding="utf-8").splitlines()
        stated = {name: value for name, is_set, value in (line.partition("=") for line in lines) if is_set}
    stated = {name: value for name, value in stated.items() if name.startswith(PREFIX)}
    return stated | {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}


@contextmanager
def _reported(*, as_json: bool) -> Iterator[None]:
    """Print an error on stderr, with ``--json`` also as an object; exit statuses are those of every command."""
    from console.cli.shell.printable import printable
    from schemas.network.file import NetworkFileError
    from store.error import StoreError
    from store.settings import SettingsError

    try:
        yield
    except (StoreError, SettingsError, NetworkFileError, OSError) as error:
        said = f"{error.filename or 'standard output'}: {error.strerror}" if isinstance(error, OSError) else str(error)
        text = "\n".join(printable(line) for line in said.splitlines())  # it may quote a manifest from anywhere
        if as_json:
            typer.echo(json.dumps({"error": text}))
        typer.echo(f"skyground: {text}", err=True)
        raise typer.Exit(1 if isinstance(error, (StoreError, OSError)) else 2) from error


def _figures(manifest: Manifest) -> dict[str, object]:
    return {
        "files": len(manifest.files),
        "size_bytes": manifest.size_bytes,
        "schema_revision": manifest.schema_revision,
        "software": manifest.software,
        "started_at": manifest.started_at.isoformat(),
        "finished_at": manifest.finished_at.isoformat(),
        "has_secrets": manifest.has_secrets,
        "pruned": list(manifest.pruned),
    }


def _show(rows: list[tuple[str, int, str]], figures: Mapping[str, int | list[str]], *, as_json: bool) -> None:
    from console.cli.shell.printable import printable
    from store.backup.place import mib

    if as_json:
        items = [{"path": path, "size_bytes": size, "source": source} for path, size, source in rows]
        typer.echo(json.dumps({"dry_run": True, "items": items, **figures}, ensure_ascii=False))
        return
    for path, size, source in rows:
        typer.echo(f"{mib(size):>16}  {path}  ({printable(source)})")
    for name, value in figures.items():
        typer.echo(f"{name}: {mib(value) if isinstance(value, int) else ', '.join(value) or '-'}")


@contextmanager
def _progress(total: int, *, is_shown: bool) -> Iterator[Callable[[str, int], object]]:
    """A bar on a terminal; elsewhere one line a file on stderr."""
    if not is_shown:
        yield lambda _path, _count: None
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("", total=total)
            yield lambda path, count: bar.update(task, description=path, advance=count)
    else:
        seen = set[str]()

        def line(path: str, _count: int) -> None:
            if path not in seen:
                seen.add(path)
                typer.echo(path, err=True)

        yield line
