"""``skyground analyse backtest``: scores of the daily forecast on files, and of what was issued on stored hours."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.hour_option import name_left_out
from console.cli.shell.moment import Moment, past
from console.cli.shell.moment import day as read_day
from console.cli.shell.option import AsJson, check_one_of, refuse_given
from console.cli.shell.row import plain, show

if TYPE_CHECKING:
    from collections.abc import Sequence

    from analysis.forecast.daily.backtest import DailyBacktest, LeadSkill
    from analysis.forecast.hourly.daily_score import IssuedLead

_TARGETS = ("pm25", "mda8")
_WEATHER = ("perfect", "none")
_OF_FILES = {"files", "dataset", "weather", "train_until"}
_OF_STORED = {"days", "history", "now"}


def backtest(  # noqa: PLR0917 - arguments of a command
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(metavar="FILE...", help="files of the data set, or folders 数据文件")
    ] = None,
    dataset: Annotated[str, typer.Option(help="layout of the files: beijing 数据集格式")] = "beijing",
    target: Annotated[
        str, typer.Option(help="pm25 (daily mean) or mda8 (largest 8-h mean of ozone) 预报对象")
    ] = "pm25",
    weather: Annotated[
        str, typer.Option(help="perfect: observed weather of the days ahead; none 是否用未来实测气象")
    ] = "none",
    train_until: Annotated[
        str | None, typer.Option(help="last civil day of training, as 2016-02-29 训练截止日")
    ] = None,
    stored: Annotated[
        bool, typer.Option("--stored", help="score what was issued at local midnight 对已发布预报评分")
    ] = False,
    days: Annotated[int, typer.Option(min=1, max=365, help="with --stored: last civil days scored 评分天数")] = 7,
    history: Annotated[
        int,
        typer.Option(min=3, max=1500, help="with --stored: days before them, for persistence 此前天数，用于持续性预报"),
    ] = 60,
    now: Moment = None,
    as_json: AsJson = False,
) -> None:
    """Score the forecast against persistence. 以持续性预报为基准回测预报。"""
    check_one_of(target, _TARGETS, "--target")
    check_one_of(weather, _WEATHER, "--weather")
    if stored:
        refuse_given(context, _OF_FILES, "it has no meaning with --stored")
        _of_stored(target, days=days, history=history, now=now, as_json=as_json)
        return
    refuse_given(context, _OF_STORED, "it has no meaning without --stored")
    if not files or train_until is None:
        shell.stop("FILE... and --train-until are needed, or --stored")
    found = _of_files(files, dataset, target, weather=weather, train_until=train_until)
    name_left_out(found.out_of_range)
    if as_json:
        typer.echo(shell.to_json(found))
    else:
        _show_daily(found)


def _of_files(files: list[Path], dataset: str, target: str, *, weather: str, train_until: str) -> DailyBacktest:
    from analysis.forecast.daily.sample import WeatherInput
    from analysis.forecast.daily.site_hours import DailyTarget
    from analysis.run.forecast.daily_backtest import backtest_files
    from analysis.run.hour_source import LAYOUTS

    check_one_of(dataset, tuple(LAYOUTS), "--dataset")
    last = read_day(train_until, "--train-until")
    if last is None:
        shell.stop("--train-until is needed")
    return shell.or_exit(
        lambda: backtest_files(files, dataset, DailyTarget(target), weather=WeatherInput(weather), train_until=last)
    )


def _show_daily(found: DailyBacktest) -> None:
    """What was scored, then a row a lead and predictor."""
    typer.echo(
        shell.text(
            "backtest.daily", target=found.target, threshold=found.threshold, weather=found.weather,
            stations=", ".join(found.stations), train_from=found.train_from, train_until=found.train_until,
            first=found.first, last=found.last,
        )
    )  # fmt: skip
    _show_leads(found.lead_days)


def _show_leads(leads: Sequence[LeadSkill | IssuedLead]) -> None:
    rows = []
    for item in leads:
        scores = plain(item)
        persistence = scores.pop("persistence")
        lead, counted = {"lead_day": scores["lead_day"]}, {name: scores[name] for name in ("site_days", "events")}
        rows.append(lead | {"predictor": "model"} | counted | {name: scores[name] for name in persistence})
        rows.append(lead | {"predictor": "persistence"} | counted | persistence)
    show(rows, as_json=False)


def _of_stored(target: str, *, days: int, history: int, now: str | None, as_json: bool) -> None:
    from analysis.forecast.daily.site_hours import DailyTarget
    from analysis.run.forecast import backtest_stored

    settings = shell.settings()
    moment = past(now, settings.stations.timezone)
    found = shell.or_exit(
        lambda: backtest_stored(settings, DailyTarget(target), moment, days=days, history_days=history)
    )
    if found is None:
        typer.echo(shell.text("backtest.none", target=target, days=days, at=f"{moment:%Y-%m-%dT%H:%MZ}"), err=True)
        raise typer.Exit(1)
    if as_json:
        typer.echo(shell.to_json(found))
        return
    typer.echo(
        shell.text(
            "backtest.issued", target=found.target, threshold=found.threshold, stations=", ".join(found.stations),
            models=", ".join(found.models), first=found.first, last=found.last,
        )
    )  # fmt: skip
    _show_leads(found.lead_days)
