"""Positive matrix factorisation: sources of a mixture from samples of many species and their uncertainties."""

from analysis.receptor.pmf.bootstrap import Bootstrap, bootstrap
from analysis.receptor.pmf.detection import with_detection_limits
from analysis.receptor.pmf.diagnostics import compare_factor_counts, reproduced, scaled_residuals
from analysis.receptor.pmf.fit import fit
from analysis.receptor.pmf.result import PmfResult
from analysis.receptor.pmf.samples import PmfInputError

__all__ = [
    "Bootstrap",
    "PmfInputError",
    "PmfResult",
    "bootstrap",
    "compare_factor_counts",
    "fit",
    "reproduced",
    "scaled_residuals",
    "with_detection_limits",
]
