"""``skyground analyse model``: train, list, show and promote models of the hourly forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.moment import Moment, past
from console.cli.shell.option import AsJson
from console.cli.shell.page import DEFAULT, Limit, note_limit, page
from console.cli.shell.row import plain, show

if TYPE_CHECKING:
    from analysis.run.forecast.model_store import StoredModel
    from analysis.run.forecast.train import TrainingSummary

Version = Annotated[str, typer.Argument(help="version, as list shows it 模型版本")]


def register(group: typer.Typer) -> None:
    """Add the sub-commands."""
    models = typer.Typer(no_args_is_help=True, help="Models of the hourly forecast. 小时预报模型。")
    models.command("train")(train)
    models.command("list")(list_versions)
    models.command("show")(show_version)
    models.command("promote")(promote)
    group.add_typer(models, name="model")


def train(
    days: Annotated[int, typer.Option(min=30, max=1500, help="days of history 训练历史天数")] = 730,
    now: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Train on stored hours, score on the last days, promote if better. 训练、评分，优于现用模型时启用。"""
    from analysis.run.forecast import train_model

    settings = shell.settings()
    moment = past(now, settings.stations.timezone)
    report = (lambda _: None) if as_json else (lambda target: typer.echo(shell.text("model.training", target=target)))
    found = shell.or_exit(lambda: train_model(settings, moment, days=days, progress=report), OSError)
    show([plain(found) | _sentences(found)], as_json=as_json)
    if not found.version:
        raise typer.Exit(1)


def list_versions(limit: Limit = DEFAULT, as_json: AsJson = False) -> None:
    """List the versions, the latest trained first. 列出模型版本。"""
    from analysis.run.forecast.model_store import list_models, versions_in_force
    from store.state import StateStore

    with StateStore(shell.settings().state_url) as state:
        state.migrate()
        in_force = versions_in_force(state)[:1]
        rows = [_row(item, is_in_force=item.version in in_force) for item in list_models(state)]
    found, is_cut = page(rows, limit)
    show(found, as_json=as_json)
    if is_cut:
        note_limit("analyse model list", limit, as_json=as_json, filters="")


def show_version(version: Version, as_json: AsJson = False) -> None:
    """Show data, settings and scores of a version. 显示模型的数据、设置与评分。"""
    from analysis.run.forecast.model_store import describe
    from store.state import StateStore

    with StateStore(shell.settings().state_url) as state:
        state.migrate()
        found = describe(state, version)
    if found is None:
        shell.stop(f"{version}: no such model")
    body = plain(found) | _sentences(found)
    if as_json:
        show([body], as_json=True)
        return
    score = body.pop("score")
    show([body], as_json=False)
    for name in ("model", "in_force", "persistence") if score else ():
        show([{"of": name, "target": target} | row for target, row in (score[name] or {}).items()], as_json=False)


def promote(
    version: Version,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="only say what would change 仅预演")] = False,
    as_json: AsJson = False,
) -> None:
    """Put a version in force by hand. 手动启用模型版本。"""
    from analysis.run.forecast.train import promote as run

    settings = shell.settings()
    before = shell.or_exit(lambda: run(settings, version, is_dry_run=dry_run))
    show(
        [{"in_force": before if dry_run else version, "before": before, "version": version, "dry_run": dry_run}],
        as_json=as_json,
    )


def _row(item: StoredModel, *, is_in_force: bool) -> dict[str, object]:
    return {
        "version": item.version,
        "in_force": is_in_force,
        "created": f"{item.created:%Y-%m-%dT%H:%MZ}",
        "first": f"{item.first:%Y-%m-%dT%H:%MZ}",
        "last": f"{item.last:%Y-%m-%dT%H:%MZ}",
        "series": item.series,
        "targets": ",".join(item.targets),
        "promoted": item.promoted,
        "reason": _sentence(item.reason),
    }


def _sentences(found: StoredModel | TrainingSummary) -> dict[str, object]:
    decisions = {target: _sentence(text) for target, text in found.decisions.items()}
    return {"reason": _sentence(found.reason), "decisions": decisions}


def _sentence(text: str) -> str:
    return shell.sentence(text)
