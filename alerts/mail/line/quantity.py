"""Values as a mail writes them: digits of the instrument, at most three that count, "≥" where it was over range. Pure.

Rounding never hides an exceedance: 150.4 against a limit of 150 keeps its digit.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from msgspec.structs import replace

from alerts.wording import number_text, word
from schemas.words.message import MISSING, unit_text

if TYPE_CHECKING:
    from alerts.mail.view.mail_value import LeadValue, MailValue

COUNTING_DIGITS = 3
AT_LEAST = "≥"


def decimals_of(value: float, decimals: int, limit: float | None = None) -> int:
    """Digits after the point for a value.

    Parameters
    ----------
    value : float
    decimals : int
        Digits after the point that the instrument has; never more.
    limit : float or None
        Written next to the value: where both differ, so do their texts as far as ``decimals`` allow.

    Examples
    --------
    >>> [decimals_of(value, 1) for value in (161.4, 25.34, 5.26)]
    [0, 1, 1]
    >>> decimals_of(150.4, 1, 150.0)
    1
    """
    size = math.floor(math.log10(abs(value))) if value else 0
    shown = min(decimals, max(0, COUNTING_DIGITS - 1 - size))
    while limit is not None and shown < decimals and value != limit and round(value, shown) == round(limit, shown):
        shown += 1
    return shown


def figure(value: MailValue | None, decimals: int, language: str, limit: float | None = None) -> str:
    """A value without its unit; a dash where there is none."""
    if value is None or not math.isfinite(value.value):
        return MISSING
    text = number_text(value.value, decimals_of(value.value, decimals, limit), language)
    return AT_LEAST + text if value.is_at_least else text


def with_unit(text: str, unit: str) -> str:
    """A number's text with its unit."""
    shown = unit_text(unit)
    return f"{text} {shown}" if shown and text != MISSING else text


def limit_text(value: float | None, language: str) -> str:
    """A threshold as it is, with at most three digits after the point."""
    return MISSING if value is None else number_text(value, COUNTING_DIGITS, language)


def lead_figure(lead: LeadValue, value: MailValue | None, language: str) -> str:
    """A value of the worst parameter, without its unit."""
    return figure(value, lead.decimals, language, lead.threshold)


def lead_quantity(lead: LeadValue, value: MailValue | None, language: str) -> str:
    """A value of the worst parameter, with its unit: ``at least 1,000 µg/m³`` where the instrument was over range."""
    if value is None or not value.is_at_least:
        return with_unit(lead_figure(lead, value, language), lead.unit)
    text = lead_figure(lead, replace(value, is_at_least=False), language)
    return word("at_least", language, value=with_unit(text, lead.unit))
