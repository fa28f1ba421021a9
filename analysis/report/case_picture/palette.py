"""Colours of the picture on a light and on a dark ground; series colours of Okabe and Ito (https://jfly.uni-koeln.de/color/)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours by what they are for."""

    ground: str
    ink: str
    soft: str
    grid: str
    line: str
    usual: str
    other: str
    event: str
    limit: str
    place: str
    sector: str
    enterprise: str
    background: str
    unnamed: str
    scale: str


LIGHT = Palette(
    ground="#ffffff",
    ink="#12212a",
    soft="#52646e",
    grid="#dfe6ea",
    line="#0072b2",
    usual="#9fb3bd",
    other="#a9b8c0",
    event="#d55e00",
    limit="#b3261e",
    place="#7a3e9d",
    sector="#d55e00",
    enterprise="#12212a",
    background="#a9b8c0",
    unnamed="#8a7500",
    scale="YlOrRd",
)
DARK = Palette(
    ground="#1a252c",
    ink="#e4ecef",
    soft="#9db0ba",
    grid="#2d3c45",
    line="#56b4e9",
    usual="#5d717c",
    other="#566a75",
    event="#ff8f45",
    limit="#ff8a80",
    place="#c79be0",
    sector="#ff8f45",
    enterprise="#e4ecef",
    background="#6d828d",
    unnamed="#d9c534",
    scale="YlOrRd",
)


def palette(*, dark: bool) -> Palette:
    """Colours for the ground.

    Examples
    --------
    >>> palette(dark=False).ground
    '#ffffff'
    """
    return DARK if dark else LIGHT
