"""Classifies the fields of a content: a DataTime, a factor's value or status, or unknown.

A field has two parts, a factor's code and a suffix. Devices spell both in small and capital letters and join them by ``-``, ``_`` or
nothing at all; a status under another spelling must not get lost, since its value would then count as good. So nothing here is dropped
for its spelling: a field in no table of the standard is passed on by its name.
"""

from __future__ import annotations

import re

import msgspec

from sensors.hj212.content import JOINED, Content, field_name

STATUS = "flag"
SUFFIXES = {name.casefold(): name for name in (
    "Rtd", "Avg", "Min", "Max", "Cou", "ZsRtd", "ZsMin", "ZsAvg", "ZsMax", "ZsCou", "Flag", "EFlag", "SampleTime", "Data",
    "DayData", "NightData", "RS", "RT", "Info", "SN",
)}  # fmt: skip
"""Of HJ 212-2017, as the standard writes them, by small letters; ZsCou as devices have it."""
_GENERAL = frozenset(name.casefold() for name in (
    "PolId", "BeginTime", "EndTime", "DataTime", "RtdInterval", "MinInterval", "OverTime", "ReCount", "RestartTime", "SystemTime",
    "QN", "QnRtn", "ExeRtn", "RF", "PNO", "PNUM", "ST", "MN", "NewPW",
))  # fmt: skip
_TIME = "datatime"
_JOINS = "-_./ –"
_FIGURES = re.compile(r"[+-]?[0-9.]*[0-9][0-9.]*(?:[eE][+-]?[0-9]*)?")
_BARE = re.compile(rf"(?P<code>.+?)[{re.escape(_JOINS)}]*(?P<suffix>rtd|avg|flag)", re.IGNORECASE)


class Group(msgspec.Struct):
    """The fields behind one DataTime.

    Attributes
    ----------
    factors : dict of str to Fields
        By code in small letters.
    status : list of str
        Of all factors that have none of their own: a flag without a code.
    named : dict of str to str
        Fields that are neither a factor's nor of the standard.
    """

    factors: dict[str, Fields]
    status: list[str]
    named: dict[str, str]


class Fields(msgspec.Struct):
    """Fields of one factor.

    Attributes
    ----------
    code : str
        As the device first wrote it.
    values : dict of str to str
        By suffix in small letters.
    twice : set of str
        Suffixes that have two values.
    """

    code: str
    values: dict[str, str]
    twice: set[str] = msgspec.field(default_factory=set)


def group(content: Content) -> tuple[dict[str, Group], list[str]]:
    """Groups by DataTime (empty where none precedes), and fields without ``=``."""
    whole, broken = _whole(content)
    groups: dict[str, Group] = {}
    moment = ""
    for name, value in whole:
        small = name.casefold()
        if small == _TIME:
            moment = value
            continue
        here = groups.get(moment)
        if here is None:
            here = groups[moment] = Group({}, [], {})
        code, suffix = _parts(small)
        if code:
            _add(here, code, suffix, name[: len(code)], value)
        elif suffix == STATUS:
            here.status.append(value)
        elif small not in _GENERAL:
            here.named[name] = value
    return groups, broken


def _parts(small: str) -> tuple[str, str]:
    """Code of a factor and suffix; without a code where the field is of no factor."""
    code, dash, suffix = small.rpartition("-")
    if not dash and small != STATUS and (bare := _BARE.fullmatch(small)):
        code, dash, suffix = bare["code"], "-", bare["suffix"]
    if not dash:
        return "", suffix
    return (_owner(code) if suffix == STATUS else code), suffix


def _owner(code: str) -> str:
    """Code of the factor that a status belongs to: a status of one of its figures (``a21026-Avg-Flag``) is the factor's."""
    bare = code.rstrip(_JOINS)
    inner, dash, suffix = bare.rpartition("-")
    return inner.rstrip(_JOINS) if dash and suffix in SUFFIXES else bare


def _add(here: Group, code: str, suffix: str, written: str, value: str) -> None:
    fields = here.factors.get(code)
    if fields is None:
        fields = here.factors[code] = Fields(written, {})
    if fields.values.get(suffix, value) != value:
        fields.twice.add(suffix)
    fields.values[suffix] = value


def _whole(content: Content) -> tuple[list[tuple[str, str]], list[str]]:
    """Names and values. A piece without ``=`` that may be the rest of a number makes the value before it none: behind a comma any, else figures."""
    whole: list[tuple[str, str]] = []
    broken: list[str] = []
    for field in content:
        name, value = field_name(field).strip(), field[2].strip()
        if field[1] and name:
            whole.append((name, value))
        elif name and whole and (field[0].startswith(JOINED) or _FIGURES.fullmatch(name)):
            before, text = whole[-1]
            whole[-1] = (before, f"{text}{',' if field[0].startswith(JOINED) else ';'}{name}")
        elif name or value:
            broken.append(name + field[1] + value)
    return whole, broken
