"""Size, colours and encoding that the pictures of a mail share."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, date2num, num2date
from matplotlib.figure import Figure
from PIL import Image

from analysis.report.font import font_families

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from matplotlib.axes import Axes

DPI = 250
WIDTH_IN = 4.4
"""[inch], 1,100 px: shown at up to 550 px; letters stay readable at the 348 px of a phone."""
COLOURS = 96
"""Of the palette of the PNG: a third of the size of true colour."""


@dataclass(frozen=True, slots=True)
class Ground:
    """Colours of a picture: the same tokens as the mail around it."""

    surface: str
    ink: str
    soft: str
    line: str
    series: str
    other: str
    limit: str
    doubt: str
    ahead: str
    silent: str
    good: str


LIGHT = Ground(
    surface="#ffffff",
    ink="#12212a",
    soft="#52646e",
    line="#dfe6ea",
    series="#0b6478",
    other="#a9b8c0",
    limit="#b3261e",
    doubt="#a85a00",
    ahead="#6b4fa0",
    silent="#b3261e",
    good="#0b6478",
)
DARK = Ground(
    surface="#151e24",
    ink="#e4ecef",
    soft="#9db0ba",
    line="#27343c",
    series="#6cc4d8",
    other="#566a75",
    limit="#ff8a80",
    doubt="#f0ac4e",
    ahead="#c3a6f0",
    silent="#ff8a80",
    good="#6cc4d8",
)


_one_at_a_time = threading.RLock()
"""The fonts are settings of the whole process: a second thread that ends first would take them from the first."""


@contextmanager
def drawing(height_in: float, ground: Ground) -> Iterator[Figure]:
    """An empty figure with the fonts of the mails; names are text, a ``$`` begins no formula."""
    fonts = {"font.family": font_families(), "font.size": 9, "axes.unicode_minus": False, "text.parse_math": False}
    with _one_at_a_time, rc_context(fonts):  # type: ignore[arg-type]  # a dict of settings
        figure = Figure(figsize=(WIDTH_IN, height_in), dpi=DPI, facecolor=ground.surface)
        FigureCanvasAgg(figure)
        yield figure


def encoded(figure: Figure) -> bytes:
    """The figure as a PNG with a palette."""
    canvas = figure.canvas
    assert isinstance(canvas, FigureCanvasAgg), "as `drawing` made it"
    canvas.draw()  # type: ignore[no-untyped-call]  # matplotlib has no type for it
    pixels = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]  # as above
    # nearer to the drawn colours than the default method, in half its time; the best compression saves a kilobyte in six times the time
    image = Image.fromarray(pixels).convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE)
    out = BytesIO()
    image.save(out, format="PNG", compress_level=6)
    return out.getvalue()


def number(moments: object) -> Any:  # noqa: ANN401 - a float for a time, an array for several
    """Times as matplotlib's numbers."""
    return date2num(moments)  # type: ignore[no-untyped-call]  # matplotlib has no type for it


def dress_time(axes: Axes, zone: ZoneInfo, ground: Ground) -> None:
    """Time axis: hours, at midnight the date; nothing but a baseline around it."""
    axes.set_facecolor(ground.surface)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(ground.line)
    axes.tick_params(length=0, colors=ground.soft, pad=5)
    locator = AutoDateLocator(tz=zone, minticks=3, maxticks=7, interval_multiples=True)  # type: ignore[no-untyped-call]  # as above
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(lambda at, _: _tick_text(at, zone))


def _tick_text(at: float, zone: ZoneInfo) -> str:
    moment: datetime = num2date(at, tz=zone)  # type: ignore[no-untyped-call]  # as above
    return f"{moment:%m-%d}" if (moment.hour, moment.minute) == (0, 0) else f"{moment:%H:%M}"
