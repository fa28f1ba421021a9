"""The picture of a mail: what is drawn, read from the axes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.figure import Figure
from msgspec.structs import replace

from alerts.mail import plot
from alerts.mail.mail_value import Name, SeriesPoint
from alerts.mail.sample import sample_views

if TYPE_CHECKING:
    from alerts.mail.view import AlertView

MINUTE = timedelta(minutes=1)
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


def view(values: list[float], parameter: str = "o3", *, cadence: timedelta = MINUTE) -> AlertView:
    sample = sample_views(NOW, "https://console.example.org")["raised"][0]
    points = tuple(SeriesPoint(NOW + step * cadence, value) for step, value in enumerate(values))
    shown = replace(sample.transition, parameter=parameter, threshold=None)
    return replace(sample, transition=shown, points=points, cadence=cadence, forecast=())


def drawn(shown: AlertView) -> list[np.ndarray]:
    """Values of every line that is drawn, NaN where it is broken."""
    axes = Figure().add_subplot()
    plot._draw_series(axes, plot.with_gaps(shown))
    return [np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()]


def test_a_complete_minute_series_is_one_line() -> None:
    assert np.isfinite(drawn(view([1.0] * 3_000))[0]).all()


def test_no_line_is_drawn_across_a_hole_of_minutes_without_a_row() -> None:
    whole = view([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    shown = replace(whole, points=(*whole.points[:2], *whole.points[4:]))
    np.testing.assert_array_equal(drawn(shown)[0], [1.0, 2.0, np.nan, 5.0, 6.0])


@pytest.mark.parametrize("cadence", [timedelta(seconds=30), MINUTE, timedelta(hours=3)])
def test_the_cadence_decides_what_a_hole_is(cadence: timedelta) -> None:
    assert np.isfinite(drawn(view([1.0, 2.0, 3.0], cadence=cadence))[0]).all()


def test_wind_directions_are_points() -> None:
    axes = Figure().add_subplot()
    plot._draw_series(axes, view([359.0, 1.0, 358.0], "wind_direction"))
    assert axes.get_lines()[0].get_linestyle() == "None"


@pytest.mark.parametrize("name", ["$x^{$", "$x$"])
def test_a_name_with_dollar_signs_is_drawn_as_it_is_written(name: str) -> None:
    pictures = [plot.plot_series(replace(view([1.0]), station=Name(text, text)), "en") for text in (name, "x")]
    assert pictures[0] is not None
    assert pictures[0] != pictures[1]


def test_a_picture_with_a_hole_is_made() -> None:
    whole = view([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    picture = plot.plot_series(replace(whole, points=(*whole.points[:2], *whole.points[4:])), "zh")
    assert picture is not None
    assert picture.startswith(b"\x89PNG")
