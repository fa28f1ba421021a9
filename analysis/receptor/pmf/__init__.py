"""Positive matrix factorisation: sources of a mixture from samples of many species and their uncertainties."""

from analysis.receptor.pmf.bootstrap import Bootstrap, bootstrap
from analysis.receptor.pmf.bootstrap_displacement import BootstrapDisplacement, displace_resamples
from analysis.receptor.pmf.constraint import Constrained, Pull, constrain
from analysis.receptor.pmf.detection import with_detection_limits
from analysis.receptor.pmf.diagnostics import compare_factor_counts, compare_fits, reproduced, scaled_residuals
from analysis.receptor.pmf.displacement import Displacement, displace
from analysis.receptor.pmf.fit import fit
from analysis.receptor.pmf.interval import Intervals, intervals
from analysis.receptor.pmf.result import PmfResult
from analysis.receptor.pmf.rolling import Refit, refit
from analysis.receptor.pmf.samples import PmfInputError

__all__ = [
    "Bootstrap",
    "BootstrapDisplacement",
    "Constrained",
    "Displacement",
    "Intervals",
    "PmfInputError",
    "PmfResult",
    "Pull",
    "Refit",
    "bootstrap",
    "compare_factor_counts",
    "compare_fits",
    "constrain",
    "displace",
    "displace_resamples",
    "fit",
    "intervals",
    "refit",
    "reproduced",
    "scaled_residuals",
    "with_detection_limits",
]
