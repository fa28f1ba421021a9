"""Names of parameters and tests within a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.parameter import load_parameters
from schemas.parameter.type import VOC_GROUPS, ParameterGroup
from schemas.words.catalogue import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

_MOST = 3
"""Names in a sentence; of more, the number of the others is stated."""
_GASES = frozenset({ParameterGroup.GAS, ParameterGroup.GHG})
_BY_FORMULA = {"zh": _GASES, "en": _GASES | {ParameterGroup.ELEMENT}}
"""Groups whose parameters are named by their formula."""
_LARGE_RATIO = 100
"""Above it a ratio is only called larger: it says more of the small denominator than of the event."""
_PROPER = frozenset({"ph", "obukhov_length"})


def short_name(code: str, language: str) -> str:
    """Name of a parameter for a sentence: PM2.5, SO2, V, benzene; the code itself where the registry does not have it."""
    known = load_parameters().get(code)
    if known is None:
        return code
    if known.group is ParameterGroup.PM_MASS:
        return known.name_en
    if known.formula and known.group in _BY_FORMULA[language]:
        return known.formula
    if language == "zh":
        return known.name_zh
    first = known.name_en.partition(", ")[0].partition(" (")[0]
    return first if code in _PROPER else _lowered(first, known.group)


def _lowered(name: str, group: ParameterGroup) -> str:
    return name.lower() if group in VOC_GROUPS else name[0].lower() + name[1:]


def listed(names: Sequence[str], language: str) -> str:
    """Names as a list of the language; of more than three, the first three and how many others there are."""
    from babel.lists import format_list

    if len(names) <= _MOST:
        return format_list(list(names), locale=language)
    text = messages(language)
    return text["word.list.more"].format(names=text["page.list.comma"].join(names[:_MOST]), rest=len(names) - _MOST)


def parameters_text(codes: str, language: str) -> str:
    """Parameters by their codes, which commas separate."""
    return listed([short_name(code.strip(), language) for code in codes.split(",")], language)


def times_text(ratio: float, language: str) -> str:
    """A ratio for a sentence: two significant digits, of a large one that it is large.

    Examples
    --------
    >>> [times_text(ratio, "en") for ratio in (0.0432, 1.0, 2.52, 9.96, 43.7, 475.3)]
    ['0.043', '1.0', '2.5', '10', '44', 'more than 100']
    """
    if ratio > _LARGE_RATIO:
        return messages(language)["word.ratio.large"].format(limit=_LARGE_RATIO)
    rounded = float(f"{ratio:.2g}")
    if abs(rounded) >= 10:  # noqa: PLR2004 - two digits before the point
        return f"{rounded:.0f}"
    return f"{rounded:.1f}" if abs(rounded) >= 1 else f"{rounded:g}"


def ratios_text(ratios: str, language: str) -> str:
    """Ratios of parameters: ``toluene=3.1,benzene=2`` as toluene 3.1 times, benzene 2.0 times."""
    text = messages(language)
    pairs = (item.split("=") for item in ratios.split(","))
    written = (
        text["word.ratio.times"].format(name=short_name(code, language), ratio=times_text(float(x), language))
        for code, x in pairs
    )
    return text["page.list.comma"].join(written)


def tests_text(tests: str, language: str) -> str:
    """QC tests by their identifiers, which commas separate."""
    names = [messages(language).get(f"qc.{test.strip()}.name", test.strip()) for test in tests.split(",")]
    return listed([name.lower() for name in names] if language == "en" else names, language)
