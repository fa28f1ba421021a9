from __future__ import annotations

import pytest

from alerts.mail.line.quantity import decimals_of, figure, with_unit
from alerts.mail.view.mail_value import MailValue
from schemas.words.message import MISSING


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (161.44, 1, "161"),
        (25.34, 1, "25.3"),
        (25.34, 0, "25"),
        (0.0432, 3, "0.043"),
        (0.0, 1, "0"),
        (-3.21, 1, "-3.2"),
        (1234.5, 1, "1,234"),
    ],
)
def test_a_value_has_no_more_digits_than_the_instrument_and_three_that_count(
    value: float, decimals: int, text: str
) -> None:
    assert figure(MailValue(value=value), decimals, "en") == text


def test_rounding_does_not_hide_an_exceedance() -> None:
    assert figure(MailValue(value=150.4), 1, "en", limit=150.0) == "150.4"
    assert figure(MailValue(value=150.4), 0, "en", limit=150.0) == "150"
    assert decimals_of(150.0, 1, 150.0) == 0


def test_a_value_that_is_not_known_is_a_dash_without_unit() -> None:
    assert with_unit(figure(None, 1, "zh"), "ug/m3") == MISSING
    assert figure(MailValue(value=float("nan")), 1, "zh") == MISSING
