"""Spellings of units: ``µg/m³``, ``ug m-3``, ``UG/M3`` and ``µg·m⁻³`` are one unit, by one form of writing it.

Pure text; `schemas.units` has the units. A spelling is never taken for a unit of another size: ``Mg`` is not
``mg``, and ``ug/Nm3`` (of another state of the gas) is unknown.
"""

from __future__ import annotations

import re
import unicodedata

LENGTH_MAX = 40
"""Longer texts are no units [characters]."""

_SIGNS = str.maketrans(
    {"μ": "u", "−": "-", "–": "-", "·": " ", "⋅": " ", "∙": " ", "•": " ", "×": " ", "*": " ", ".": " "}
)
_GROUP = re.compile(r"/\s*\(([^()]*)\)")
_FACTOR = re.compile(r"\s*(?P<below>/?)\s*(?P<name>[A-Za-z%#°]+|1)(?P<power>[+-]?[1-9])?\s*")
_MEGA = re.compile(r"M[a-z]")
# Other names of the same unit; a mixing ratio by volume is the mole fraction of an ideal gas.
_NAMES = {
    "ppbv": "ppb", "ppmv": "ppm", "pptv": "ppt", "mbar": "hPa", "mb": "hPa", "°c": "degC", "degc": "degC", "c": "degC", "celsius": "degC",
    "degree": "deg", "degrees": "deg", "°": "deg", "%rh": "%", "rh%": "%", "cpm": "1/min", "cps": "1/s", "#/cm3": "1/cm3",
}  # fmt: skip


def unit_form(text: str) -> str | None:
    """The one form of a unit's spellings, small letters; None where a text is no product of powers.

    Parameters
    ----------
    text : str
        Such as ``W·m⁻²``, ``umol/(m2 s)``, ``PPB``.

    Examples
    --------
    >>> unit_form("µg·m⁻³"), unit_form("UG/M3")
    ('ug/m3', 'ug/m3')
    >>> unit_form("Mg/m3")  # megagram: another size
    """
    if len(text) > LENGTH_MAX:
        return None
    plain = unicodedata.normalize("NFKC", text).strip().replace("**", "").replace("^", "").translate(_SIGNS)
    plain = _NAMES.get("".join(plain.split()).casefold(), plain)
    return None if _MEGA.search(plain) else _product(plain)


def _product(text: str) -> str | None:
    spread = _GROUP.sub(lambda group: "/" + "/".join(group[1].split()), text)
    above: list[str] = []
    below: list[str] = []
    place, has_solidus = 0, False
    while place < len(spread):
        factor = _FACTOR.match(spread, place)
        if factor is None:
            return None
        place = factor.end()
        power, is_below = int(factor["power"] or 1), bool(factor["below"])
        # neither 1/(1/x) nor a/b c, which may be meant either way
        if power < 0 if is_below else power > 0 and has_solidus:
            return None
        has_solidus |= is_below
        name = factor["name"] if abs(power) == 1 else f"{factor['name']}{abs(power)}"
        (below if is_below or power < 0 else above).append(name)
    if not above and not below:
        return None
    return "/".join(["*".join(sorted(above)) or "1", *sorted(below)]).casefold()
