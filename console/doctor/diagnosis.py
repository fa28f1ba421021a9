"""The result of one check of the doctor."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """State of one component.

    Attributes
    ----------
    repair : str
        The next step; empty when it is ok.
    figures : dict
        Numbers behind ``detail``, with their unit in the name.
    """

    component: str
    ok: bool
    detail: str
    repair: str = ""
    figures: dict[str, float | str | None] = field(default_factory=dict)


def bare_url(url: str) -> str:
    """URL without user and password."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}"


class PartName(StrEnum):
    """Parts whose needs can be tried by themselves."""

    COLLECTOR = "collector"
    GATEWAY = "gateway"
    WATCH = "watch"
    AIRFLOW = "airflow"
    CONSOLE = "console"
