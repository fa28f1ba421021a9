"""PM2.5 against the wind and the humidity of its day, O3 against the temperature."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.report.case_picture.palette import LIGHT
from analysis.report.city.chart.svg import O3, PM25, svg_picture
from schemas.parameter import parameter
from schemas.words import words as words_of
from schemas.words.message import unit_text
from schemas.words.naming import short_name

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

_PAIRS = (
    ("pm25", "wind_speed", PM25, "o"),
    ("pm25", "relative_humidity", PM25, "o"),
    ("o3_mda8", "temperature", O3, "s"),
)


def weather_chart(days: pd.DataFrame, weather: pd.DataFrame, language: str) -> str:
    """A point a day in each of at most three fields; empty where no pair was measured.

    Parameters
    ----------
    days : DataFrame
        Daily statistics of the place [µg m⁻³].
    weather : DataFrame
        Daily means, canonical units, the same index.
    language : str
        ``zh`` or ``en``.
    """
    words = words_of(language, "report.city.axis")
    shown = [pair for pair in _PAIRS if pair[1] in weather and (days[pair[0]].notna() & weather[pair[1]].notna()).any()]
    if not shown:
        return ""

    def draw(found: list[Axes]) -> None:
        for axes, (column, name, colour, marker) in zip(found, shown, strict=True):
            axes.scatter(
                weather[name],
                days[column],
                s=14,
                color=colour,
                marker=marker,
                alpha=0.75,
                edgecolors=LIGHT.ground,
                linewidths=0.3,
            )
            axes.set_ylim(bottom=0)
            axes.set_xlabel(f"{short_name(name, language)} ({unit_text(parameter(name).unit)})")
            axes.set_ylabel(f"{words('pm25_day' if column == 'pm25' else 'o3_day')} (µg/m³)")

    return svg_picture(draw, "weather", height_in=2.2, columns=len(shown))
