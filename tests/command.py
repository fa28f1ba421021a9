"""Commands in the process of the tests."""

from __future__ import annotations

from typing import NamedTuple


class Done(NamedTuple):
    """How a command ended and what it wrote."""

    returncode: int
    stdout: str
    stderr: str
