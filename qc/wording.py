"""What the tests are called and how a verdict is put into words, in English and Chinese.

A stored reason is the English sentence with its figures; `in_chinese` finds the figures again and puts them into the
Chinese sentence, so one stored text serves both languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from schemas.flag import Flag

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class TestDescription:
    """One test for people: names, sentences, and the flags it may give.

    Attributes
    ----------
    sentences : mapping of str to (str, str)
        By kind of verdict: English and Chinese template with the same fields.
    """

    __test__ = False  # pytest would take the name for a test class

    name: str
    name_en: str
    name_zh: str
    flags: frozenset[Flag]
    sentences: Mapping[str, tuple[str, str]]


def _describe(name: str, names: tuple[str, str], flags: set[Flag], **sentences: tuple[str, str]) -> TestDescription:
    return TestDescription(
        name=name, name_en=names[0], name_zh=names[1], flags=frozenset(flags), sentences=MappingProxyType(sentences)
    )


_DESCRIPTIONS = (
    _describe(
        "status",
        ("Instrument status", "仪器状态"),
        {Flag.FAIL, Flag.SUSPECT},
        letter=("the instrument reported {letter}: {word}", "仪器自报标识 {letter}：{word}"),
    ),
    _describe(
        "gross_range",
        ("Range", "量程与合理范围"),
        {Flag.FAIL, Flag.SUSPECT},
        physical=(
            "{value} {unit} is outside the physical range {low} to {high}",
            "{value} {unit} 超出物理范围 {low} 至 {high}",
        ),
        plausible=(
            "{value} {unit} is outside the plausible range {low} to {high}",
            "{value} {unit} 超出合理范围 {low} 至 {high}",
        ),
    ),
    _describe(
        "spike",
        ("Spike", "尖峰"),
        {Flag.SUSPECT},
        step=(
            "{value} {unit} stands out from {before} before and {after} after, limit {limit}",
            "{value} {unit} 与前值 {before}、后值 {after} 相差过大，限值 {limit}",
        ),
    ),
    _describe(
        "rate_of_change",
        ("Rate of change", "变化速率"),
        {Flag.SUSPECT},
        step=(
            "from {before} to {value} {unit} within {seconds} s, limit {limit} per minute",
            "{seconds} 秒内由 {before} 变为 {value} {unit}，限值每分钟 {limit}",
        ),
    ),
    _describe(
        "flat_line",
        ("Flat line", "恒值"),
        {Flag.SUSPECT},
        flat=(
            "moved by less than {tolerance} {unit} for {hours} h, now {value}",
            "{hours} 小时内变化小于 {tolerance} {unit}，当前值 {value}",
        ),
    ),
    _describe(
        "gap",
        ("Gap", "缺测"),
        {Flag.MISSING},
        gap=(
            "{count} intervals of {cadence} s are missing until {until}",
            "缺 {count} 个 {cadence} 秒间隔，至 {until}",
        ),
    ),
    _describe(
        "completeness",
        ("Completeness", "小时完整率"),
        {Flag.FAIL, Flag.MISSING},
        low=(
            "{count} valid values cover {share} % of the hour, at least {least} % are needed",
            "{count} 个有效值覆盖该小时的 {share} %，至少需要 {least} %",
        ),
        none=("no valid value, {expected} were expected", "无有效值，应有 {expected} 个"),
    ),
    _describe(
        "suspect_share",
        ("Share of suspect values", "存疑值比例"),
        {Flag.SUSPECT},
        share=(
            "values beyond doubt cover only {share} % of the hour, at least {least} % are needed",
            "无疑问的值仅覆盖该小时的 {share} %，至少需要 {least} %",
        ),
    ),
    _describe(
        "hourly_spike",
        ("Hourly spike", "小时尖峰"),
        {Flag.SUSPECT},
        spike=(
            "{value} {unit} against a mean of {level} in the hours before and after",
            "{value} {unit}，而前后两小时均值为 {level}",
        ),
    ),
    _describe(
        "hourly_flat",
        ("Flat hours", "小时恒值"),
        {Flag.SUSPECT},
        flat=("{hours} hours in a row at {value} {unit}", "连续 {hours} 小时为 {value} {unit}"),
    ),
    _describe(
        "pm_inversion",
        ("PM2.5 above PM10", "PM2.5 高于 PM10"),
        {Flag.SUSPECT},
        inversion=("PM2.5 {pm25} is above PM10 {pm10} {unit}", "PM2.5 {pm25} 高于 PM10 {pm10} {unit}"),
    ),
    _describe(
        "calibration",
        ("Calibration check", "校准检查"),
        {Flag.FAIL},
        failed=(
            "the {check} check of {at} failed, drift {drift} {unit}, limit {limit}; the last good one was at {good_at}, drift {good}",
            "{at} 的{check}检查不合格，漂移 {drift} {unit}，限值 {limit}；上次合格为 {good_at}，漂移 {good}",
        ),
        first=(
            "the {check} check of {at} failed, drift {drift} {unit}, limit {limit}; no good one is on record, {hours} h before it are meant",
            "{at} 的{check}检查不合格，漂移 {drift} {unit}，限值 {limit}；此前无合格记录，追溯 {hours} 小时",
        ),
    ),
    _describe(
        "target_gas",
        ("Target gas", "目标气检查"),
        {Flag.SUSPECT},
        failed=(
            "the {check} gas of {at} was off by {drift} {unit}, goal {limit}; the last good one was at {good_at}, off by {good}",
            "{at} 的{check}气偏差 {drift} {unit}，目标 {limit}；上次合格为 {good_at}，偏差 {good}",
        ),
        first=(
            "the {check} gas of {at} was off by {drift} {unit}, goal {limit}; no good one is on record, {hours} h before it are meant",
            "{at} 的{check}气偏差 {drift} {unit}，目标 {limit}；此前无合格记录，追溯 {hours} 小时",
        ),
    ),
    _describe(
        "buddy",
        ("Buddy check", "邻站比对"),
        {Flag.SUSPECT},
        apart=(
            "{value} {unit} is {deviations} robust standard deviations from the median {level} of {count} stations within {radius} km, limit {limit}",
            "{value} {unit} 与 {radius} km 内 {count} 站的中位数 {level} 相差 {deviations} 倍稳健标准差，限值 {limit}",
        ),
    ),
    _describe(
        "spatial_consistency",
        ("Spatial consistency", "空间一致性"),
        {Flag.SUSPECT},
        apart=(
            "{value} {unit} where the other {count} stations let expect {level}, {deviations} robust standard deviations, limit {limit}",
            "{value} {unit}，而由其余 {count} 站推估为 {level}，相差 {deviations} 倍稳健标准差，限值 {limit}",
        ),
    ),
)
#: Every test of the project by name.
TESTS: Mapping[str, TestDescription] = MappingProxyType({item.name: item for item in _DESCRIPTIONS})
#: Words inside figures.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "stopped": "停运",
        "maintenance": "维护",
        "set by hand": "手工输入",
        "fault": "故障",
        "calibration": "校准",
        "over range": "超量程",
        "communication error": "通信异常",
        "unknown letter": "未知标识",
        "zero": "零点",
        "span": "跨度",
        "flow": "流量",
        "target": "目标",
    }
)
_LETTERS = {
    "F": "stopped",
    "M": "maintenance",
    "S": "set by hand",
    "D": "fault",
    "C": "calibration",
    "T": "over range",
    "B": "communication error",
}
FLAG_NAMES_ZH: Mapping[Flag, str] = MappingProxyType(
    {Flag.PASS: "通过", Flag.UNKNOWN: "未评价", Flag.SUSPECT: "存疑", Flag.FAIL: "无效", Flag.MISSING: "缺测"}
)
_TAKEN_BACK = ("taken back by a later run", "后续运行已撤销")


def letter_word(letter: str) -> str:
    """What a status letter means, in English."""
    return _LETTERS.get(letter, "unknown letter")


def figure(value: float) -> str:
    """A number as people read it: six significant digits, no trailing zeros."""
    return f"{value:.6g}"


def reason(test: str, kind: str, **figures: str | float) -> str:
    """English sentence of a verdict.

    Parameters
    ----------
    test, kind : str
        Keys of `TESTS` and of its sentences.
    figures : str or float
        The template's fields; numbers are rounded for reading.
    """
    words = {name: figure(value) if isinstance(value, float | int) else value for name, value in figures.items()}
    return TESTS[test].sentences[kind][0].format(**words)


def taken_back() -> str:
    """Reason of a PASS that replaces a verdict which no longer holds."""
    return _TAKEN_BACK[0]


def in_chinese(test: str, text: str) -> str:
    """Chinese sentence for a stored reason; the text itself where it is not one of ours."""
    if text == _TAKEN_BACK[0]:
        return _TAKEN_BACK[1]
    for kind in TESTS[test].sentences if test in TESTS else ():
        match = _pattern(test, kind).fullmatch(text)
        if match:
            figures = {name: WORDS.get(value, value) for name, value in match.groupdict().items()}
            return TESTS[test].sentences[kind][1].format(**figures)
    return text


@cache
def _pattern(test: str, kind: str) -> re.Pattern[str]:
    template = re.escape(TESTS[test].sentences[kind][0])
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", template))
