"""Registry of parameters: what the project may observe, in which unit, with which constants and where those come from.

The registry is ``schemas/parameters.csv``, read once and strictly. An empty cell means *not known*: it becomes None,
never zero. Each figure has its source; ``*_verified`` states whether the source itself was read.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from schemas.message import NetworkCode
from schemas.parameter.file import read_registry
from schemas.parameter.type import (
    COLUMNS,
    FULL_TURN_DEG,
    AveragingMethod,
    Parameter,
    ParameterError,
    ParameterGroup,
    RegistryError,
    UnknownNetworkError,
    UnknownParameterError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "COLUMNS",
    "FULL_TURN_DEG",
    "NETWORK_CODES",
    "REGISTRY_PATH",
    "AveragingMethod",
    "Parameter",
    "ParameterError",
    "ParameterGroup",
    "RegistryError",
    "UnknownNetworkError",
    "UnknownParameterError",
    "load_parameters",
    "parameter",
    "parameters_of",
    "read_registry",
]

NETWORK_CODES = frozenset(code.value for code in NetworkCode)
REGISTRY_PATH = Path(__file__).parents[1] / "parameters.csv"


@cache
def load_parameters() -> Mapping[str, Parameter]:
    """The registry, read once; as in `schemas.parameter.file.read_registry`."""
    return read_registry(REGISTRY_PATH)


def parameter(code: str) -> Parameter:
    """Look a parameter up by its code.

    Raises
    ------
    UnknownParameterError
        If the registry does not have it.
    """
    try:
        return load_parameters()[code]
    except KeyError:
        msg = f"unknown parameter {code!r}"
        raise UnknownParameterError(msg) from None


@cache
def parameters_of(network: str) -> tuple[Parameter, ...]:
    """Parameters that may be reported in a network, in the order of the registry.

    Raises
    ------
    UnknownNetworkError
        If there is no such network.
    """
    if network not in NETWORK_CODES:
        msg = f"unknown network {network!r}, expected one of {', '.join(NetworkCode)}"
        raise UnknownNetworkError(msg)
    return tuple(item for item in load_parameters().values() if network in item.networks)
