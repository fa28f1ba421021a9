"""Sources of a station from its own hours: the stored solution, and each new hour split onto it.

`solve_station(hourly, window, ...) -> StationSolution`
    Species, number of factors, factorisation, intervals, names, drift; or what is needed for one.
`split_station(hourly, solution) -> DataFrame`
    Mass from each factor in each hour, with intervals.
"""

from analysis.receptor.station_model.contribution import HIGH, LOW, factor_column, split_station
from analysis.receptor.station_model.errors import ERRORS_PATH, ErrorRules, FactorNetwork, parse_error_rules
from analysis.receptor.station_model.solution import ModelFactor, StationSolution
from analysis.receptor.station_model.solve import solve_station

__all__ = [
    "ERRORS_PATH",
    "HIGH",
    "LOW",
    "ErrorRules",
    "FactorNetwork",
    "ModelFactor",
    "StationSolution",
    "factor_column",
    "parse_error_rules",
    "solve_station",
    "split_station",
]
