"""Where is the plume? Place and rate of a release from the excess of several stations, with intervals, or why it cannot be located.

Data path: hourly frames -> `evidence_of` (`excess_over_background`, `mass_concentration`, wind) -> `locate` -> `plume_statement`.
"""

from analysis.receptor.plume.dispersion import Stability, Terrain, stability
from analysis.receptor.plume.evidence import PlumeEvidence
from analysis.receptor.plume.excess import Excess, PlumeInputError, excess_over_background, mass_concentration
from analysis.receptor.plume.forward import AssumedRelease, HourlyWind
from analysis.receptor.plume.likelihood import PlumeModel, PlumeModelError
from analysis.receptor.plume.locate import Obstacle, PlumeResult, PlumeRule, locate
from analysis.receptor.plume.statement import plume_statement
from analysis.receptor.plume.station_hours import evidence_of

__all__ = [
    "AssumedRelease",
    "Excess",
    "HourlyWind",
    "Obstacle",
    "PlumeEvidence",
    "PlumeInputError",
    "PlumeModel",
    "PlumeModelError",
    "PlumeResult",
    "PlumeRule",
    "Stability",
    "Terrain",
    "evidence_of",
    "excess_over_background",
    "locate",
    "mass_concentration",
    "plume_statement",
    "stability",
]
