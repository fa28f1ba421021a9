"""Which InfluxDB answers: version, number, interfaces."""

from __future__ import annotations

import json
import re

import msgspec

#: First 1.x release with ``/api/v2/write`` (release notes of InfluxDB 1.8.0).
V2_WRITE_SINCE = (1, 8)
#: 1.x states its version always; what names its build only is a 2.x.
_UNNUMBERED = (2, 0)


class Server(msgspec.Struct, frozen=True):
    """What answers at the other end.

    Attributes
    ----------
    version : str
        As the server states it; empty when it does not.
    number : tuple of int
        Major and minor.
    writes_v2 : bool
        Whether lines go to ``/api/v2/write`` (else to ``/write``).
    """

    version: str
    number: tuple[int, int]
    writes_v2: bool


def version_in(body: bytes) -> str:
    """Version in the body of ``/health``; empty where it has none."""
    try:
        content = json.loads(body)
    except ValueError:
        return ""
    return str(content.get("version") or "") if isinstance(content, dict) else ""


def number_of(version: str) -> tuple[int, int]:
    """Major and minor number of a version; zeros where it has none."""
    match = re.search(r"(\d+)\.(\d+)", version)
    return (int(match[1]), int(match[2])) if match else (0, 0)
