"""What each piece of evidence of a verdict says, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: By evidence: names, then the sentence where it speaks for an event and where for a fault; empty: it never does.
SENTENCES: Mapping[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {
        "status": (
            ("Instrument status", "仪器状态"),
            ("the instrument reported nothing unusual", "仪器未报异常"),
            (
                "the instrument reported an unusual status in {share} % of the hours",
                "仪器在 {share} % 的小时内自报异常状态",
            ),
        ),
        "calibration": (
            ("Calibration", "校准"),
            ("", ""),
            ("a calibration check failed for this time", "该时段的校准检查不合格"),
        ),
        "flat": (
            ("Flat line", "恒值"),
            ("the values move as they should", "数值正常波动"),
            ("the values do not move in {share} % of the hours", "{share} % 的小时内数值不变"),
        ),
        "spike": (
            ("Single readings", "单个读数"),
            ("it does not hang on single readings", "并非由个别读数造成"),
            ("{count} single readings stand out, not the time around them", "仅 {count} 个读数突出，前后正常"),
        ),
        "gap": (
            ("Missing data", "缺测"),
            ("", ""),
            (
                "{share} % of the hours are missing while {others} of {count} other stations report",
                "{share} % 的小时缺测，而 {count} 个其他站中 {others} 个有数据",
            ),
        ),
        "clock": (
            ("Clock", "时钟"),
            ("", ""),
            ("{share} % of the readings are stamped off their usual step", "{share} % 的读数时间偏离其固定步长"),
        ),
        "drift": (
            ("Drift", "漂移"),
            ("", ""),
            (
                "it departs steadily from its neighbours, rank correlation {correlation} with time",
                "与邻站的差异持续单向变化，与时间的秩相关为 {correlation}",
            ),
        ),
        "neighbours": (
            ("Neighbours", "邻站"),
            (
                "{others} of {count} stations within {radius} km depart in the same way",
                "{radius} km 内 {count} 站中 {others} 站同向变化",
            ),
            (
                "none of {count} stations within {radius} km departs in the same way",
                "{radius} km 内 {count} 站均无同向变化",
            ),
        ),
        "downwind": (
            ("Along the wind", "沿风向"),
            (
                "a station {distance} km along the wind has the same course {lag} h apart",
                "沿风向 {distance} km 处的站有相同过程，相差 {lag} 小时",
            ),
            ("", ""),
        ),
        "co_pollutants": (
            ("Other parameters", "其他参数"),
            (
                "{others} of {count} related parameters depart with it",
                "{count} 个相关参数中 {others} 个同时变化",
            ),
            ("none of {count} related parameters departs with it", "{count} 个相关参数均未变化"),
        ),
        "weather": (
            ("Weather", "气象"),
            ("the weather fits: {detail}", "气象条件吻合：{detail}"),
            ("the weather does not fit: {detail}", "气象条件不符：{detail}"),
        ),
    }
)
#: Words inside the sentences.
DETAILS: Mapping[str, str] = MappingProxyType(
    {
        "rain": "有降雨",
        "no rain": "无降雨",
        "sun": "有日照",
        "no sun": "无日照",
        "weak wind or moist air": "风弱或湿度大",
        "strong wind and dry air": "风大且干燥",
    }
)
EVIDENCE = tuple(SENTENCES)
SUMMARY = MappingProxyType(
    {
        "en": "fault or event: {share} {word}, because {reasons}",
        "zh": "故障还是事件：{word}，概率 {share}，因为{reasons}",
    }
)
WORDS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {"event": ("event", "真实事件"), "fault": ("fault", "仪器故障"), "undecided": ("undecided", "无法判定")}
)
NO_EVIDENCE = ("nothing is known either way", "没有可用的依据")


def sentence(name: str, figures: Mapping[str, str], *, is_event: bool) -> tuple[str, str]:
    """English and Chinese sentence of one piece of evidence."""
    english, chinese = SENTENCES[name][1 if is_event else 2]
    translated = {key: DETAILS.get(value, value) for key, value in figures.items()}
    return english.format(**figures), chinese.format(**translated)
