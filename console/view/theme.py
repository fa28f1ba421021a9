"""Colours and frame of the console; the rest of its looks is ``assets/console.css``.

Series colours follow Okabe and Ito's palette for colour vision deficiency (https://jfly.uni-koeln.de/color/), darkened or
lightened a little for contrast on each ground.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ChartTheme:
    """Colours of a chart on one ground."""

    ink: str
    muted: str
    line: str
    surface: str
    suspect: str
    fail: str
    limit: str
    series: tuple[str, ...]


LIGHT = ChartTheme(
    ink="#12212a",
    muted="#52646e",
    line="#dfe6ea",
    surface="#ffffff",
    suspect="#a85a00",
    fail="#b3261e",
    limit="#7a3e9d",
    series=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#8a7500", "#3d4f58", "#e69f00"),
)
DARK = ChartTheme(
    ink="#e4ecef",
    muted="#9db0ba",
    line="#27343c",
    surface="#1a252c",
    suspect="#f0ac4e",
    fail="#ff8a80",
    limit="#c79be0",
    series=("#56b4e9", "#ff8f45", "#2fc79c", "#e39cc3", "#9ad3f5", "#d9c534", "#b9c7ce", "#f0b840"),
)


def chart_theme(*, dark: bool) -> ChartTheme:
    """Chart colours for the ground of the page."""
    return DARK if dark else LIGHT
