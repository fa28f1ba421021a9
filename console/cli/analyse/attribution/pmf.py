"""``skyground analyse pmf``: sources of a mixture from files of concentrations and uncertainties."""

from __future__ import annotations

import json
import sys
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli import shell
from console.cli.analyse.attribution.model import refit_stored
from console.cli.analyse.attribution.pmf_note import interval_notes, warnings
from console.cli.analyse.picture import write_picture
from console.cli.shell.option import AsJson, refuse_given

if TYPE_CHECKING:
    import pandas as pd

    from analysis.receptor.pmf import BootstrapDisplacement, Displacement
    from analysis.run.receptor.pmf_analysis import PmfAnalysis, PmfOptions
    from schemas.words import Words

_OF_STORED = {"stored", "network", "is_new", "as_json"}
Random = Annotated[int, typer.Option(min=1, max=1000, help="random starts 随机初值数")]


def pmf(  # noqa: PLR0917 - arguments of a command
    context: typer.Context,
    conc: Annotated[
        Path | None,
        typer.Argument(help="concentrations, CSV or tab, first column time; blank and -999 missing 浓度文件"),
    ] = None,
    unc: Annotated[Path | None, typer.Argument(help="uncertainties, same form, times and species 不确定度文件")] = None,
    factors: Annotated[int | None, typer.Option(min=1, help="number of factors, of files 因子数（用于文件）")] = None,
    starts: Random = 20,
    seed: Annotated[int, typer.Option(min=0, help="of the starts and resamples 随机种子")] = 42,
    robust: Annotated[bool, typer.Option(help="lower the weight of outliers as EPA PMF 5.0 稳健模式")] = True,
    last: Annotated[
        Path | None, typer.Option(help="JSON of the last solution: start from it, report drift 上一次解")
    ] = None,
    bootstrap: Annotated[
        int,
        typer.Option(
            min=0,
            max=10_000,
            help="90 % intervals from resamples, 20 or more, and displacements 区间所用的自助重采样次数",
        ),
    ] = 0,
    block: Annotated[str, typer.Option(help="of a resample: D day, W week, or a number of samples 重采样区块")] = "D",
    displace: Annotated[bool, typer.Option("--displace", help="displace the profiles (DISP) 位移法")] = False,
    bs_displace: Annotated[
        bool, typer.Option("--bs-displace", help="displace those of the resamples too (BS-DISP) 自助位移法")
    ] = False,
    species: Annotated[
        list[str] | None, typer.Option(help="to be displaced, may be repeated; none: all 位移的物种")
    ] = None,
    constrain: Annotated[
        Path | None, typer.Option(help="TOML of pulls to values or bounds, and their limit 约束文件")
    ] = None,
    png: Annotated[Path | None, typer.Option(help="write a picture 绘图文件")] = None,
    stored: Annotated[
        str | None, typer.Option(help="station whose stored hours are factorised, and the solution stored 站点")
    ] = None,
    network: Annotated[str, typer.Option(help="voc or pm, with --stored 网络")] = "pm",
    is_new: Annotated[
        bool, typer.Option("--new", help="do not continue the last stored solution 不沿用上一次解")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Factorise samples into sources (positive matrix factorisation). 正定矩阵因子分解（PMF）源解析。"""
    from analysis.run.receptor.pmf_analysis import PmfOptions

    if stored is not None:
        if conc is not None:
            shell.stop("--stored takes no files")
        refuse_given(context, set(context.params) - _OF_STORED, "it has no meaning with --stored")
        refit_stored(stored, network, is_continued=not is_new, as_json=as_json)
        return
    refuse_given(context, {"network", "is_new"}, "it has no meaning without --stored")
    if conc is None or unc is None or factors is None:
        shell.stop("files CONC UNC and --factors are needed, or --stored STATION")
    options = PmfOptions(
        factors=factors, starts=starts, seed=seed, robust=robust, runs=bootstrap, block=block, is_displaced=displace,
        are_resamples_displaced=bs_displace, species=tuple(species) if species else None,
    )  # fmt: skip
    found = shell.or_exit(lambda: _factorised((conc, unc), options, last, constrain))
    for said in warnings(found, shell.words()):
        typer.echo(f"skyground: {said}", err=True)
    if png is not None:
        _draw(found, png)
    if as_json:
        typer.echo(json.dumps(found.to_json(), ensure_ascii=False, allow_nan=False))
    else:
        _show(found, shell.words())


def _factorised(
    files: tuple[Path, Path], options: PmfOptions, last: Path | None, constraints: Path | None
) -> PmfAnalysis:
    from dataclasses import replace

    from analysis.run.receptor.pmf import read_samples
    from analysis.run.receptor.pmf_analysis import factorise
    from analysis.run.receptor.pmf_constraint import read_constraints
    from analysis.run.receptor.pmf_json import read_result

    if last is not None:
        options = replace(options, last=read_result(last))
    if constraints is not None:
        pulls, most_growth = read_constraints(constraints)
        options = replace(options, pulls=pulls, most_growth=most_growth)
    found = factorise(read_samples(files[0]), read_samples(files[1]), options, _progress)
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    return found


def _progress(done: int, total: int, lowest: float) -> None:
    """One line on standard error; rewritten on a terminal."""
    head, tail = ("\r", "") if sys.stderr.isatty() else ("", "\n")
    sys.stderr.write(f"{head}{done}/{total}  Q {lowest:.1f}{tail}")
    sys.stderr.flush()


def _draw(found: PmfAnalysis, path: Path) -> None:
    from console.cli.analyse.attribution.pmf_plot import plot_factorisation

    write_picture(path, plot_factorisation(found, str(shell.settings().language)))


def _show(found: PmfAnalysis, words: Words) -> None:
    """Figures, the per cent of each species that each factor contributes, and what else was asked for."""
    result = found.result
    converged = int(result.starts.converged.sum())
    typer.echo(
        f"q_true={result.q_true:.1f}  q_robust={result.q_robust:.1f}  q_expected={result.q_expected:.0f}  "
        f"samples={result.sample_count}  values={result.value_count}  starts={len(result.starts)}  converged={converged}"
    )
    if found.constrained is not None:
        typer.echo(words("pmf.constrained", share=found.constrained.share, growth=found.constrained.growth))
    ends = found.intervals
    _table("%", result.percent_of_species, None if ends is None else (ends.percent_low, ends.percent_high))
    for line in interval_notes(found, words):
        typer.echo(line)
    if found.displacement is not None:
        _displaced("DISP", found.displacement, words)
    if found.resamples is not None:
        _displaced("BS-DISP", found.resamples, words)
        most = int(found.resamples.accepted.iloc[0])
        typer.echo(words("pmf.accepted", accepted=most, runs=found.resamples.runs))
    _drift(found, words)


def _drift(found: PmfAnalysis, words: Words) -> None:
    from schemas.words import render

    if found.refit is None:
        return
    typer.echo(
        words("pmf.cosine", values=", ".join(f"{number} {value:.3f}" for number, value in found.refit.cosine.items()))
    )
    for reason in found.refit.reasons:
        typer.echo(render(reason, words.language))


def _displaced(name: str, found: Displacement | BootstrapDisplacement, words: Words) -> None:
    """Ranges at the lowest level, unit of the concentrations, and swaps at each."""
    level = found.swaps.index[0]
    typer.echo(words("pmf.displaced", name=name, level=float(level)))
    low, high = found.low.loc[level], found.high.loc[level]
    _table(name, (low + high) / 2, (low, high), middle=False)
    swaps = ", ".join(f"{level:g}: {int(row.sum())}" for level, row in found.swaps.iterrows())
    typer.echo(words("pmf.swaps", swaps=swaps))


def _table(
    head: str, values: pd.DataFrame, ends: tuple[pd.DataFrame, pd.DataFrame] | None, *, middle: bool = True
) -> None:
    """A row a species, a column a factor; with ends, the interval behind the value."""
    width = max(len(head), *(len(str(name)) for name in values.columns))
    cells = 6 if ends is None else 20
    typer.echo("  ".join([head.ljust(width), *(f"{name:>{cells}}" for name in values.index)]))
    for species in values.columns:
        row = [
            _cell(
                values.loc[factor, species],
                None if ends is None else tuple(end.loc[factor, species] for end in ends),
                middle,
            )
            for factor in values.index
        ]
        typer.echo("  ".join([str(species).ljust(width), *(cell.rjust(cells) for cell in row)]))


def _cell(value: float, ends: tuple[float, ...] | None, middle: bool) -> str:
    shown = "-" if isnan(value) else f"{value:.1f}"
    if ends is None:
        return shown
    if isnan(ends[0]):
        return f"{shown} [-]" if middle else "-"
    return f"{shown} [{ends[0]:.1f}, {ends[1]:.1f}]" if middle else f"{ends[0]:.4g} .. {ends[1]:.4g}"
