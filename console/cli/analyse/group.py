"""The group of commands: one line a command."""

from __future__ import annotations

import typer

from console.cli.analyse.attribution.case import attribution, case
from console.cli.analyse.attribution.model import split
from console.cli.analyse.attribution.plume import plume
from console.cli.analyse.attribution.pmf import pmf
from console.cli.analyse.attribution.receptor import receptor, trajectory
from console.cli.analyse.coanalysis.aqi import aqi
from console.cli.analyse.coanalysis.chemistry import chemistry
from console.cli.analyse.coanalysis.cocontrol import cocontrol
from console.cli.analyse.coanalysis.daily import coanalysis
from console.cli.analyse.coanalysis.joint import joint
from console.cli.analyse.coanalysis.relation import relation
from console.cli.analyse.coanalysis.statistics import statistics, trend, variation
from console.cli.analyse.forecast import model as forecast_model
from console.cli.analyse.forecast.backtest import backtest
from console.cli.analyse.forecast.deweather import deweather
from console.cli.analyse.forecast.issue import forecast
from console.cli.analyse.forecast.score import score
from console.cli.analyse.forecast.weather import weather
from console.cli.analyse.report import report

_COMMANDS = (
    aqi,
    coanalysis,
    statistics,
    trend,
    variation,
    cocontrol,
    chemistry,
    joint,
    relation,
    case,
    attribution,
    receptor,
    trajectory,
    report,
    forecast,
    deweather,
    backtest,
    score,
    weather,
    pmf,
    plume,
    split,
)


def register(app: typer.Typer) -> None:
    """Add the command group."""
    group = typer.Typer(
        no_args_is_help=True, help="Indices, co-analysis, attribution, forecast. 指数、协同分析、溯源与预报。"
    )
    for function in _COMMANDS:
        group.command(function.__name__)(function)
    forecast_model.register(group)
    app.add_typer(group, name="analyse")
