"""Why a value has its flag, or what was found elsewhere: a key of the catalogues with its figures.

A reason is stored as one line of text: ``{"k":"qc.spike.step","f":{"after":2.1,"value":9.5}}``. It is JSON because every client
of the databases has a parser for it. Figures are in alphabetical order and numbers have six significant digits (whole ones all), so
equal reasons have equal texts. `schemas.words` renders the sentence where it is read, in the language of the reader.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

Figure = int | float | str
"""An argument of a message: a number, or text such as a unit, a moment or a word of the catalogues."""
Explanation = tuple[str, Mapping[str, Figure]]
"""Kind of a message of a known test, and its figures."""
_PREFIX = '{"k":"'
EXACT = 1e15
"""Below it every whole float is an exact integer."""


class Reason(msgspec.Struct, frozen=True, gc=False):
    """A message and its figures.

    Attributes
    ----------
    test : str
        Name of the QC test, as in ``docs/qc-tests.md``; in another scope, the part that gives the message.
    kind : str
        One of the messages of the test.
    figures : mapping of str to number or str
        Arguments of the message. NaN: not known.
    scope : str
        First part of the key.
    """

    test: str
    kind: str
    figures: Mapping[str, Figure] = {}
    scope: str = "qc"

    @property
    def key(self) -> str:
        """Key in the catalogues: ``<scope>.<test>.<kind>``."""
        return f"{self.scope}.{self.test}.{self.kind}"


class _Stored(msgspec.Struct, frozen=True):
    k: str
    f: Mapping[str, Any] = {}


_ENCODER = msgspec.json.Encoder(order="deterministic")
_DECODER = msgspec.json.Decoder(_Stored)


class ReasonData(msgspec.Struct, frozen=True):
    """A stored reason for JSON.

    Attributes
    ----------
    key : str or None
        None for the note of a person.
    figures : mapping of str to number, str or None
        None: not known.
    """

    key: str | None
    figures: Mapping[str, Figure | None]


def encode_reason(reason: Reason) -> str:
    """Stored text of a reason.

    Returns
    -------
    str
        One line, the same for equal reasons. Whole numbers, such as counts, have all digits and no fraction, others six significant
        digits; NaN and infinities are null.

    Examples
    --------
    >>> encode_reason(Reason("hourly_flat", "flat", {"hours": 6, "value": 0.1 + 0.2}))
    '{"k":"qc.hourly_flat.flat","f":{"hours":6,"value":0.3}}'
    """
    figures = {name: _rounded(value) for name, value in reason.figures.items()}
    return _ENCODER.encode(_Stored(reason.key, figures)).decode()


def reason_text(test: str, kind: str, /, **figures: Figure) -> str:
    """Stored text of a reason of quality control; see `encode_reason`."""
    return encode_reason(Reason(test, kind, figures))


def parse_reason(text: str) -> Reason | None:
    """Reason of a stored text; None where the text is no reason, such as the note of a reviewer.

    Examples
    --------
    >>> parse_reason('{"k":"qc.hourly_flat.flat","f":{"hours":6,"value":0.3}}').kind
    'flat'
    >>> parse_reason("instrument moved") is None
    True
    """
    if not text.startswith(_PREFIX):
        return None
    try:
        stored = _DECODER.decode(text)
    except msgspec.MsgspecError:
        return None
    return reason_of(stored.k, stored.f)


def reason_of(key: str, figures: Mapping[str, Figure | None]) -> Reason:
    """Reason of a key of the catalogues and its figures; None: not known."""
    scope, _, rest = key.partition(".")
    test, _, kind = rest.rpartition(".")
    return Reason(test, kind, {name: _figure(value) for name, value in figures.items()}, scope)


def reason_data(stored: str) -> ReasonData:
    """Key and figures of a stored text, for JSON."""
    reason = parse_reason(stored)
    if reason is None:
        return ReasonData(None, {})
    figures = {name: value if value == value else None for name, value in reason.figures.items()}  # noqa: PLR0124 - NaN
    return ReasonData(reason.key, figures)


def _figure(value: Any) -> Figure:  # noqa: ANN401 - JSON, also of another version
    if value is None:
        return float("nan")
    return value if isinstance(value, str | int | float) else _ENCODER.encode(value).decode()


def _rounded(value: Any) -> Figure:  # noqa: ANN401 - numpy's numbers too
    if isinstance(value, str | int):
        return value
    number = float(value)
    if not number.is_integer():
        number = float(f"{number:.6g}")
    return int(number) if number.is_integer() and abs(number) < EXACT else number
