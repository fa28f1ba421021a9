"""Products of the analysis that a report shows next to its days; what was not made is empty, and the report says why."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from analysis.report.city.document import FigureQuery

if TYPE_CHECKING:
    from analysis.case.case_file import CaseFile
    from analysis.chemistry.period_summary import ChemistrySummary
    from analysis.coanalysis.cocontrol.result import CoControl


class LeadScore(msgspec.Struct, frozen=True, kw_only=True):
    """How good the issued forecasts of the period were.

    Attributes
    ----------
    parameter, model : str
    leads_h : str
        First and last hour ahead.
    n, events : int
        Pairs of forecast and valid hour; those above the concentration of index 100.
    mae, bias : float or None
        In the unit of the parameter.
    coverage : float or None
        Of the 90 % interval [1].
    csi : float or None
        None without an event or warning [1].
    """

    parameter: str
    model: str
    leads_h: str
    n: int
    events: int
    mae: float | None
    bias: float | None
    coverage: float | None
    csi: float | None


class OutlookDay(msgspec.Struct, frozen=True, kw_only=True):
    """Forecast AQI of one civil day: median and 80 % range [1], probability of a primary pollutant and of an AQI above 100 [1]."""

    series: str
    day: date
    aqi: int
    low: int
    high: int
    primary: str
    primary_probability: float | None
    above_100: float | None


class Outlook(msgspec.Struct, frozen=True, kw_only=True):
    """The last daily forecast that was issued up to the end of the period; it is never changed.

    ``is_out_of_range``: the inputs lay outside the range of the training.
    """

    origin: str
    model: str
    days: tuple[OutlookDay, ...]
    is_out_of_range: bool
    query: FigureQuery


class CutReason(StrEnum):
    """Why a report has no list of what to cut."""

    NO_PRECURSORS = "no_precursors"
    NOT_STORED = "not_stored"
    TOO_FEW = "too_few"
    TOO_LONG = "too_long"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportProducts:
    """What sections beyond the six pollutants are made of.

    Attributes
    ----------
    chemistry : tuple of ChemistrySummary
        Of the stations with VOC or components, over the hours of the period.
    cut : CoControl or None
        ``cut_reason`` says why there is none.
    cases : tuple of CaseFile or None
        Of the events of the place that meet the period; None where there is no store of them.
    outlook : Outlook or None
    scores : tuple of LeadScore
    parameters : tuple of str
        Codes of what the chemistry rests on, of stored hours.
    queries : dict of str to FigureQuery
        By section: ``chemistry``, ``cut``, ``cases``, ``scores``.
    """

    chemistry: tuple[ChemistrySummary, ...] = ()
    cut: CoControl | None = None
    cut_reason: CutReason = CutReason.NO_PRECURSORS
    cases: tuple[CaseFile, ...] | None = None
    outlook: Outlook | None = None
    scores: tuple[LeadScore, ...] = ()
    parameters: tuple[str, ...] = ()
    queries: dict[str, FigureQuery] = field(default_factory=dict)
