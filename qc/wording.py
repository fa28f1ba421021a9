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
        "learnt_anomaly",
        ("Learnt detector", "学习型异常检测"),
        {Flag.SUSPECT, Flag.UNKNOWN},
        range=(
            "{value} {unit} is outside the prior range {low} to {high}",
            "{value} {unit} 超出先验范围 {low} 至 {high}",
        ),
        offset=(
            "about {size} {unit} off from one visit to another, score {score}",
            "两次维护之间整体偏离约 {size} {unit}，得分 {score}",
        ),
        event=("looks like what technicians mark: {why}, score {score}", "与技术员标注的异常相似：{why}，得分 {score}"),
        state=(
            "part of a stretch that technicians mark: {why}, score {score}",
            "属于技术员会标注的时段：{why}，得分 {score}",
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
        "stands out from the hours around it": "与前后数小时差异明显",
        "stands out from the days around it": "与前后数日差异明显",
        "far from the usual level": "远离常见水平",
        "unlike the same hour of the days around it": "与相邻各日同一时刻不同",
        "noise or bursts unlike the usual": "噪声或突跳异常",
        "repeats itself": "数值重复不变",
        "beside a service visit": "临近现场维护",
        "impossible values nearby": "附近有不可能的数值",
        "other parameters are odd too": "其他参数同时异常",
        "water near freezing": "水温接近冰点",
        "oxygen out of line with its saturation": "溶解氧与饱和度不符",
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
