"""Environments of the libraries that our tests are compared with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.peer import PeerUnavailableError, peer_python

if TYPE_CHECKING:
    from pathlib import Path


def python_or_skip(name: str, *packages: str) -> Path:
    """Interpreter with the packages; skips the test where their wheels cannot be had."""
    try:
        return peer_python(name, *packages)
    except PeerUnavailableError as error:
        pytest.skip(f"{name} cannot be had here: {error}")
