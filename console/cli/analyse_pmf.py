"""``skyground analyse pmf``: sources of a mixture from files of concentrations and uncertainties."""

from __future__ import annotations

import json
import sys
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.shell.option import AsJson

if TYPE_CHECKING:
    from analysis.receptor.pmf import PmfResult


def pmf(  # noqa: PLR0917 - arguments of a command
    conc: Annotated[
        Path, typer.Argument(help="concentrations, CSV or tab, first column time; blank and -999 missing 浓度文件")
    ],
    unc: Annotated[Path, typer.Argument(help="uncertainties, same form, times and species 不确定度文件")],
    factors: Annotated[int, typer.Option(min=1, help="number of factors 因子数")],
    starts: Annotated[int, typer.Option(min=1, max=1000, help="random starts 随机初值数")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="of the starts 随机种子")] = 42,
    robust: Annotated[bool, typer.Option(help="lower the weight of outliers as EPA PMF 5.0 稳健模式")] = True,
    as_json: AsJson = False,
) -> None:
    """Factorise samples into sources (positive matrix factorisation). 正定矩阵因子分解（PMF）源解析。"""
    from analysis.receptor.pmf import fit
    from analysis.run.pmf import read_samples, result_json

    result = shell.or_exit(
        lambda: fit(
            read_samples(conc), read_samples(unc), factors, starts=starts, seed=seed, robust=robust, progress=_progress
        )
    )
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    if as_json:
        typer.echo(json.dumps(result_json(result), ensure_ascii=False, allow_nan=False))
    else:
        _table(result)


def _progress(done: int, total: int, lowest: float) -> None:
    """One line on standard error; rewritten on a terminal."""
    head, tail = ("\r", "") if sys.stderr.isatty() else ("", "\n")
    sys.stderr.write(f"{head}{done}/{total}  Q {lowest:.1f}{tail}")
    sys.stderr.flush()


def _table(result: PmfResult) -> None:
    """Figures, then the per cent of each species that each factor contributes."""
    converged = int(result.starts.converged.sum())
    typer.echo(
        f"q_true={result.q_true:.1f}  q_robust={result.q_robust:.1f}  q_expected={result.q_expected:.0f}  "
        f"samples={result.sample_count}  values={result.value_count}  starts={len(result.starts)}  converged={converged}"
    )
    shares = result.percent_of_species.T
    width = max(len("%"), *(len(str(name)) for name in shares.index))
    typer.echo("  ".join(["%".ljust(width), *(f"{name:>6}" for name in shares.columns)]))
    for name, row in zip(shares.index, shares.to_numpy(), strict=True):
        typer.echo(
            "  ".join([str(name).ljust(width), *("     -" if isnan(value) else f"{value:6.1f}" for value in row)])
        )
