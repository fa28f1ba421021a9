"""The pictures of a mail: that they are made, what they draw, and what a failure costs."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib import rcParams
from matplotlib.figure import Figure
from msgspec.structs import replace

from alerts.mail.frame.case_message import render_case
from alerts.mail.line.draft import MailDraft
from alerts.mail.picture import availability_picture, map_picture, place_map, series
from alerts.mail.picture.frame import DARK, LIGHT, Ground, drawing
from alerts.mail.view.mail_value import LeadValue, SeriesPoint
from analysis.report.font import font_families
from schemas.flag import Flag
from tests.alerts.mail.scene import NOW, PNG, draft, view

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox

MINUTE = timedelta(minutes=1)


def lead(
    values: list[float | None], parameter: str = "o3", *, flag: Flag | None = None, limit: float | None = None
) -> LeadValue:
    points = tuple(SeriesPoint(NOW + step * MINUTE, value, flag) for step, value in enumerate(values))
    return LeadValue(parameter=parameter, unit="ug/m3", decimals=1, points=points, cadence=MINUTE, threshold=limit)


def drawn(given: LeadValue) -> list[np.ndarray]:
    """Values of every line that is drawn, NaN where it is broken."""
    axes = Figure().add_subplot()
    series._draw_series(axes, given, series.with_gaps(given.points, given.cadence), LIGHT)
    return [np.asarray(line.get_ydata(), dtype=float) for line in axes.get_lines()]


@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        ("opened", series.series_picture),
        ("gamma", series.series_picture),
        ("withdrawn", map_picture),
        ("line", availability_picture),
    ],
)
def test_a_picture_is_made_for_both_grounds(kind: str, draw: Callable[[MailDraft, Ground], bytes | None]) -> None:
    light, dark = (draw(draft(kind, "zh"), ground) for ground in (LIGHT, DARK))
    assert light is not None
    assert dark is not None
    assert light.startswith(PNG)
    assert light != dark
    assert len(light) < 60_000


def test_a_picture_keeps_its_fonts_while_another_thread_draws() -> None:
    inside, done = threading.Event(), list[str]()

    def other() -> None:
        with drawing(1.0, LIGHT):
            inside.set()
            done.append("other")

    with drawing(1.0, LIGHT):
        thread = threading.Thread(target=other)
        thread.start()
        assert not inside.wait(0.2)
        done.append("first")
        assert rcParams["font.family"] == font_families()
    thread.join(10)
    assert done == ["first", "other"]


def test_a_case_without_values_and_places_has_no_pictures() -> None:
    assert series.series_picture(draft("system"), LIGHT) is None
    assert map_picture(draft("system"), LIGHT) is None
    assert availability_picture(draft("system"), LIGHT) is None


def test_no_line_is_drawn_across_a_hole() -> None:
    whole = lead([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    holed = replace(whole, points=(*whole.points[:2], *whole.points[4:]))
    np.testing.assert_array_equal(drawn(holed)[0], [1.0, 2.0, np.nan, 5.0, 6.0])
    assert np.isfinite(drawn(lead([1.0] * 3_000))[0]).all()


def test_a_value_that_failed_is_hollow_and_neither_joined_nor_beyond() -> None:
    lines = drawn(lead([200.0, 300.0], flag=Flag.FAIL, limit=100.0))
    assert np.isnan(lines[0]).all()
    assert [len(item) for item in lines[1:]].count(2) == 1


def test_wind_directions_are_points() -> None:
    axes = Figure().add_subplot()
    given = lead([359.0, 1.0, 358.0], "wind_direction")
    series._draw_series(axes, given, given.points, LIGHT)
    assert axes.get_lines()[0].get_linestyle() == "None"


def test_a_picture_that_cannot_be_drawn_costs_no_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_given: object) -> bytes:
        raise ValueError

    for name in ("series_picture", "map_picture"):
        monkeypatch.setattr(f"alerts.mail.picture.{name}", fails)
    given = render_case(view("opened"), "en", "<x@y>")
    assert given.pictures == ()
    assert "cid:" not in given.html


@pytest.mark.parametrize("name", ["$x^{$", "$x$"])
def test_a_name_of_any_letters_is_drawn_as_it_is_written(name: str) -> None:
    given = view("opened")
    named = replace(given.stations[0], name=replace(given.stations[0].name, en=name))
    assert series.series_picture(MailDraft(replace(given, stations=(named,)), "en"), LIGHT) is not None


def test_names_of_cities_leave_room_for_names_and_marks_of_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    covered: list[bool] = []

    def checked(axes: Axes, given: MailDraft, plane: object, ground: Ground, written: list[Bbox]) -> None:
        before = len(axes.texts)
        draw(axes, given, plane, ground, written)  # type: ignore[arg-type]
        boxes = [item.get_window_extent() for item in axes.texts[before:]]
        covered.extend(box.overlaps(other) for box in boxes for other in written)

    draw = place_map._draw_cities
    monkeypatch.setattr(place_map, "_draw_cities", checked)
    assert map_picture(draft("regional"), LIGHT) is not None
    assert covered
    assert not any(covered)
