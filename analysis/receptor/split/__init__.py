"""New hours split onto the current factors of a station: effective-variance non-negative least squares with 90 % intervals."""

from analysis.receptor.split.samples import SplitInputError, errors_of_interval
from analysis.receptor.split.split import HourlySplit, split

__all__ = ["HourlySplit", "SplitInputError", "errors_of_interval", "split"]
