"""Where is the plume? Place and rate of a release from the excess of several stations, with intervals, or why it cannot be located.

Data path: hourly frames -> `evidence_of` (`excess_over_background`, `mass_concentration`, wind) -> `locate` -> `plume_statement`.
"""

from analysis.receptor.plume.dispersion import Stability, Terrain, stability
from analysis.receptor.plume.evidence import Evidence
from analysis.receptor.plume.excess import Excess, PlumeInputError, excess_over_background, mass_concentration
from analysis.receptor.plume.forward import HourlyWind, Release
from analysis.receptor.plume.likelihood import Model, ModelError
from analysis.receptor.plume.locate import Obstacle, PlumeResult, Rule, locate
from analysis.receptor.plume.statement import plume_statement
from analysis.receptor.plume.station_hours import evidence_of

__all__ = [
    "Evidence",
    "Excess",
    "HourlyWind",
    "Model",
    "ModelError",
    "Obstacle",
    "PlumeInputError",
    "PlumeResult",
    "Release",
    "Rule",
    "Stability",
    "Terrain",
    "evidence_of",
    "excess_over_background",
    "locate",
    "mass_concentration",
    "plume_statement",
    "stability",
]
