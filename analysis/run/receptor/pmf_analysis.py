"""What one factorisation of files is asked for, and all that it gives."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from analysis.receptor.pmf import (
    PmfInputError,
    bootstrap,
    constrain,
    displace,
    displace_resamples,
    fit,
    refit,
    scaled_residuals,
)
from analysis.receptor.pmf.diagnostics import LARGE_RESIDUAL, NegativeOutliers, is_q_too_low, negative_outliers
from analysis.receptor.pmf.interval import growth_of, join_errors
from analysis.run.receptor.pmf import with_moments
from analysis.run.receptor.pmf_json import bootstrap_json, displacement_json, intervals_json, refit_json, result_json

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from analysis.receptor.pmf import (
        Bootstrap,
        BootstrapDisplacement,
        Constrained,
        Displacement,
        Intervals,
        PmfResult,
        Pull,
        Refit,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PmfOptions:
    """What is asked for.

    Attributes
    ----------
    factors, starts, seed, robust
        See `fit`.
    last : PmfResult or None
        Start from it instead of from random starts.
    runs : int
        Resamples of the bootstrap that intervals are from; 0: no intervals.
    block : str
        ``D``, ``W`` or a number of samples.
    is_displaced, are_resamples_displaced : bool
    species : tuple of str or None
        To be displaced; None: all.
    pulls : tuple of Pull
        Constraints; empty: none.
    most_growth : float
        Most the objective may grow by the constraints [1].
    """

    factors: int
    starts: int = 20
    seed: int = 42
    robust: bool = True
    last: PmfResult | None = None
    runs: int = 0
    block: str = "D"
    is_displaced: bool = False
    are_resamples_displaced: bool = False
    species: tuple[str, ...] | None = None
    pulls: tuple[Pull, ...] = ()
    most_growth: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PmfAnalysis:
    """A factorisation with what else was asked for; None: not asked for.

    Attributes
    ----------
    result : PmfResult
    large_share : float
        Share of the values with a residual beyond 3 uncertainties [1].
    negative : tuple of NegativeOutliers
    refit, constrained, bootstrap, intervals, displacement, resamples
        See `analysis.receptor.pmf`.
    """

    result: PmfResult
    large_share: float
    negative: tuple[NegativeOutliers, ...] = ()
    refit: Refit | None = None
    constrained: Constrained | None = None
    bootstrap: Bootstrap | None = None
    intervals: Intervals | None = None
    displacement: Displacement | None = None
    resamples: BootstrapDisplacement | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON values: the attributes of the result, and those of each further part under its name."""
        body = result_json(self.result) | {"large_share": self.large_share}
        body["q_too_low"] = is_q_too_low(self.result)
        body["negative_outliers"] = [asdict(item) for item in self.negative]
        if self.refit is not None:
            body["refit"] = refit_json(self.refit)
        if self.constrained is not None:
            body["constraint"] = {"share": self.constrained.share, "growth": self.constrained.growth}
        if self.bootstrap is not None:
            body["bootstrap"] = bootstrap_json(self.bootstrap)
        if self.intervals is not None:
            body["intervals"] = intervals_json(self.intervals)
        for name, found in (("displacement", self.displacement), ("bootstrap_displacement", self.resamples)):
            if found is not None:
                body[name] = displacement_json(found)
        return body


def factorise(
    conc: pd.DataFrame,
    unc: pd.DataFrame,
    options: PmfOptions,
    progress: Callable[[int, int, float], None] | None = None,
) -> PmfAnalysis:
    """Factorise samples, and make the error estimates that are asked for.

    Parameters
    ----------
    conc, unc : DataFrame, (sample, species)
        From `analysis.run.receptor.pmf.read_samples`.
    options : PmfOptions
    progress : callable or None
        See `fit`.

    Returns
    -------
    PmfAnalysis

    Raises
    ------
    PmfInputError
        If samples and options do not allow it; the message says what is needed.
    """
    _check(options)
    result, again = _solved(conc, unc, options, progress)
    pulled = None
    if options.pulls:
        pulled = constrain(result, conc, unc, options.pulls, most_growth=options.most_growth)
        result = pulled.result
    residuals = scaled_residuals(result, conc, unc).abs()
    large = float((residuals > LARGE_RESIDUAL).to_numpy().sum() / result.value_count)
    found = PmfAnalysis(
        result=result, large_share=large, negative=negative_outliers(conc, unc), refit=again, constrained=pulled
    )
    if options.is_displaced:
        found = replace(found, displacement=displace(result, conc, unc, species=options.species))
    return _resampled(found, conc, unc, options) if options.runs else found


def _solved(
    conc: pd.DataFrame, unc: pd.DataFrame, options: PmfOptions, progress: Callable[[int, int, float], None] | None
) -> tuple[PmfResult, Refit | None]:
    """The solution, and how far it is from the last one where there is one."""
    if options.last is not None:
        again = refit(options.last, conc, unc)
        return again.result, again
    found = fit(
        conc, unc, options.factors, starts=options.starts, seed=options.seed, robust=options.robust, progress=progress
    )
    return found, None


def _check(options: PmfOptions) -> None:
    if options.pulls and (options.runs or options.is_displaced):
        msg = "constraints: intervals and displacements of a constrained solution are not available"
        raise PmfInputError(msg)
    if options.are_resamples_displaced and not options.runs:
        msg = "resamples to displace: a number of resamples is needed (--bootstrap)"
        raise PmfInputError(msg)
    if options.runs:
        _block(options.block)
    if options.last is not None and options.last.factors != options.factors:
        msg = f"{options.factors} factors: the last solution has {options.last.factors}"
        raise PmfInputError(msg)


def _resampled(found: PmfAnalysis, conc: pd.DataFrame, unc: pd.DataFrame, options: PmfOptions) -> PmfAnalysis:
    result, block = found.result, _block(options.block)
    if isinstance(block, str):
        conc, unc = with_moments(conc), with_moments(unc)
        result = replace(result, contributions=result.contributions.set_axis(conc.index))
    resampled = bootstrap(result, conc, unc, block=block, runs=options.runs, seed=options.seed)
    displaced = displace(result, conc, unc, levels=(growth_of(result),))
    found = replace(found, bootstrap=resampled, intervals=join_errors(result, resampled, displaced))
    if not options.are_resamples_displaced:
        return found
    return replace(
        found,
        resamples=displace_resamples(
            result, conc, unc, species=options.species, block=block, runs=options.runs, seed=options.seed
        ),
    )


def _block(text: str) -> str | int:
    if text in {"D", "W"}:
        return text
    if text.isdecimal() and text.isascii():
        return int(text)
    msg = f"block {text!r}: D (day), W (week) or a number of samples"
    raise PmfInputError(msg)
