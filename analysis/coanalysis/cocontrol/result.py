"""The list of one place and period: what to cut, how sure, on what data."""

from __future__ import annotations

from datetime import date

import msgspec

from analysis.coanalysis.cocontrol.ranking import PrecursorPart

HIGHEST_MISFIT = 6.0
"""Project's choice."""


class DaySet(msgspec.Struct, frozen=True, kw_only=True):
    """Days that a list is of: ``exceeding`` or ``all``; ``o3_days``, ``pm25_days`` of them exceed the limit in force [d]."""

    name: str
    days: int
    o3_days: int
    pm25_days: int


class CutList(msgspec.Struct, frozen=True, kw_only=True):
    """Precursors over one set of days.

    ``is_first_distinct`` is whether the first is the first with a probability of 0.9; ``is_first_near`` whether, with a probability of 0.9, its cut lowers the sum
    by at least 80 % of what the best cut would: then it may be cut although another may be a little better; ``is_nox_sign_known`` whether the 90 % interval of
    NOx's part in O3 leaves out zero.
    """

    days: DaySet
    precursors: tuple[PrecursorPart, ...]
    first: str
    is_first_distinct: bool
    is_first_near: bool = False
    is_nox_sign_known: bool
    indistinct: tuple[str, ...]
    """Precursors that the data cannot tell from the first, itself left out."""


class FittedConstant(msgspec.Struct, frozen=True, kw_only=True):
    """A constant after the observations: factor against the prior's median, part of the prior's spread that is left [1]."""

    name: str
    factor: float
    spread_left: float


class CoControl(msgspec.Struct, frozen=True, kw_only=True):
    """The product.

    Attributes
    ----------
    first_day, last_day : date
        Civil days, both included.
    season : str
        Of the middle of the period: ``winter spring summer autumn``.
    lists : tuple of CutList
        Over the exceeding days, where there are any, and over all days.
    missing : tuple of str
        Keys of what was not measured and what the list lacks for it.
    missing_groups : tuple of str
        Groups of VOC of which no species was measured, of ``alkene aromatic alkane ovoc``.
    part_listed : dict of str to float
        Groups of which only a part of the usual species was measured, and that part of their usual reactivity [1].
    coverage : dict of str to float
        Part of the hours with a valid value, by parameter [1].
    without_koh : tuple of str
        VOC that no sum contains.
    misfit : float
        Mean square of the deviations of the fitted model from the observed means, in units of their error [1].
    """

    first_day: date
    last_day: date
    season: str
    lists: tuple[CutList, ...]
    cut_pct: float
    pm_weight: float
    members: int
    missing: tuple[str, ...]
    missing_groups: tuple[str, ...]
    part_listed: dict[str, float] = {}
    coverage: dict[str, float]
    without_koh: tuple[str, ...]
    misfit: float
    constants: tuple[FittedConstant, ...]

    @property
    def is_refuted(self) -> bool:
        """Whether the model misses the observations by more than its errors."""
        return self.misfit > HIGHEST_MISFIT
