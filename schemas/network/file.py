"""Reads a network file strictly: TOML to `schemas.network` types, checked as a whole."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import msgspec

from schemas.network import Network
from schemas.network.check import faults
from schemas.text_file import parse_toml, read_text

if TYPE_CHECKING:
    from pathlib import Path


class NetworkFileError(ValueError):
    """The network file cannot be used; the message names file, place and expectation."""


def parse_network(text: str, name: str) -> Network:
    """Parse the TOML of a network file; raises `NetworkFileError` with ``name``, the file's."""
    try:
        network = msgspec.convert(parse_toml(text), Network)
    except tomllib.TOMLDecodeError as error:
        msg = f"{name}: not TOML: {error}"
        raise NetworkFileError(msg) from error
    except msgspec.ValidationError as error:
        msg = f"{name}: {error}"
        raise NetworkFileError(msg) from error
    fault = next(faults(network), None)
    if fault is not None:
        msg = f"{name}: {fault}"
        raise NetworkFileError(msg)
    return network


def load_network(path: Path) -> Network:
    """Read and parse a network file; raises `NetworkFileError`, also where it cannot be read."""
    return parse_network(read_text(path, NetworkFileError), str(path))
