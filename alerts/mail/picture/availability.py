"""Stations without data: one row a station, a bar where it reported, empty since its last reading."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from unicodedata import east_asian_width

from alerts.mail.picture.frame import WIDTH_IN, Ground, drawing, dress_time, encoded, number
from alerts.mail.view.station import StationState
from alerts.wording import without_addition

if TYPE_CHECKING:
    from alerts.mail.line.draft import MailDraft

BEFORE = timedelta(hours=3)
MOST_ROWS = 12
ROW_IN, REST_IN = 0.27, 0.62
_WIDE_IN, _NARROW_IN = 0.125, 0.075
"""Width of a Chinese and of a Latin letter in 9 points [inch]."""
_MOST_LEFT = 0.5
"""Share of the width that names may take [1]."""


def availability_picture(draft: MailDraft, ground: Ground) -> bytes | None:
    """Draw the stations of a silence, with those of the same city that report; None without stations.

    Returns
    -------
    bytes or None
        PNG, 1,100 px wide.
    """
    view = draft.view
    stations = [*view.stations, *(item for item in view.near if item.distance_km is None)][:MOST_ROWS]
    if not stations:
        return None
    first, now = min(view.since, view.now - BEFORE) - BEFORE, view.now
    with drawing(REST_IN + ROW_IN * len(stations), ground) as figure:
        height = ROW_IN * len(stations) / (REST_IN + ROW_IN * len(stations))
        names = [_short(item.name.of(draft.language)) for item in stations]
        left = min(_MOST_LEFT, 0.03 + max(map(_width_in, names)) / WIDTH_IN)
        axes = figure.add_axes((left, 0.34 * (1 - height) + 0.02, 0.97 - left, height))
        dress_time(axes, view.zone, ground)
        for row, item in enumerate(stations):
            is_silent = item.state is StationState.SILENT
            last = item.since if item.since is not None else now
            axes.barh(row, number(last) - number(first), left=number(first), height=0.5, color=ground.good, zorder=3)
            if is_silent:
                axes.barh(
                    row, number(now) - number(last), left=number(last), height=0.5, facecolor="none",
                    edgecolor=ground.silent, linewidth=1.0, linestyle=(0, (3, 2)), zorder=3,
                )  # fmt: skip
        axes.set_yticks(range(len(stations)), names)
        axes.set_ylim(len(stations) - 0.4, -0.6)
        axes.set_xlim(number(first), number(now))
        axes.axvline(number(view.since), color=ground.soft, linewidth=0.9, zorder=4)
        for label in axes.get_yticklabels():
            label.set_color(ground.ink)
        figure.text(
            0.015, 1 - 0.2 / (REST_IN + ROW_IN * len(stations)), draft.t("evidence.silent_chart"), color=ground.ink,
            fontsize=10, fontweight="bold",
        )  # fmt: skip
        return encoded(figure)


def _short(name: str, most: int = 16) -> str:
    name = name if len(name) <= most else without_addition(name)
    return name if len(name) <= most else name[: most - 1] + "…"


def _width_in(text: str) -> float:
    return sum(_WIDE_IN if east_asian_width(letter) in "WF" else _NARROW_IN for letter in text)
