"""The group of commands: one line a command."""

from __future__ import annotations

import typer

from console.cli.analyse import forecast_model
from console.cli.analyse.aqi import aqi
from console.cli.analyse.backtest import backtest
from console.cli.analyse.case import attribution, case
from console.cli.analyse.chemistry import chemistry
from console.cli.analyse.coanalysis import coanalysis
from console.cli.analyse.cocontrol import cocontrol
from console.cli.analyse.forecast import forecast
from console.cli.analyse.joint import joint
from console.cli.analyse.model import split
from console.cli.analyse.plume import plume
from console.cli.analyse.pmf import pmf
from console.cli.analyse.receptor import receptor, trajectory
from console.cli.analyse.relation import relation
from console.cli.analyse.report import report
from console.cli.analyse.score import score
from console.cli.analyse.statistics import statistics, trend, variation
from console.cli.analyse.weather import weather

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
