"""What each piece of evidence of a verdict says, in English and Chinese."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qc.verdict.case import Words

#: By evidence: names, then the sentence where it speaks for an event and where for a fault; empty: it never does.
SENTENCES: Mapping[str, tuple[tuple[str, str], tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {
        "status": (
            ("Instrument status", "仪器状态"),
            ("", ""),
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
        "relation": (
            ("Relations", "参数关系"),
            ("", ""),
            (
                "it contradicts other parameters of the station in {share} % of the hours",
                "{share} % 的小时内与本站其他参数矛盾",
            ),
        ),
        "tests": (
            ("Tests", "质控测试"),
            ("", ""),
            ("quality control flagged it: {what}", "质控标记：{what}"),
        ),
        "flat": (
            ("Flat line", "恒值"),
            ("", ""),
            ("the values do not change in {share} % of the hours", "{share} % 的小时内数值不变"),
        ),
        "spike": (
            ("Single readings", "单个读数"),
            ("", ""),
            ("the change rests on {count} single readings", "变化仅由 {count} 个读数造成"),
        ),
        "onset": (
            ("Onset", "变化过程"),
            ("the level changed over minutes, as air does", "浓度在数分钟内逐渐变化，符合大气特征"),
            (
                "the level jumped from one reading to the next and is as calm as before",
                "读数突跳一级后与此前同样平稳",
            ),
        ),
        "unrest": (
            ("Fluctuation", "波动"),
            ("the readings fluctuate as the air of a source does", "读数起伏较大，符合污染源气团特征"),
            ("the readings are calmer than before at a changed level", "读数变化后比此前更平稳"),
        ),
        "gap": (
            ("Missing data", "缺测"),
            ("", ""),
            (
                "{share} % of the hours are missing while others report",
                "{share} % 的小时缺测，而其他站点或仪器有数据",
            ),
        ),
        "clock": (
            ("Clock", "时钟"),
            ("", ""),
            (
                "{share} % of the readings left the phase that their time stamps had before",
                "{share} % 的读数时间偏离此前的固定相位",
            ),
        ),
        "twin": (
            ("Second instrument", "同参数仪器"),
            (
                "{count} {what} instruments agree ({own}/{other} {unit})",
                "{count} 台 {what} 仪器读数一致（{own}/{other} {unit}）",
            ),
            (
                "a second {what} instrument does not follow ({own}/{other} {unit})",
                "另一台 {what} 仪器未同步变化（{own}/{other} {unit}）",
            ),
        ),
        "companions": (
            ("Companions", "伴随参数"),
            ("{what} changed with it, as a rule holds", "通常与其同变的{what}同步变化"),
            ("{what} did not change with it, against the rule", "通常与其同变的{what}未变化"),
        ),
        "tracers": (
            ("Other instruments", "本站其他仪器"),
            ("{what} rose in the same hours", "{what}在同一时段升高"),
            (
                "none of {count} parameters of the station's other instruments changed with it",
                "本站其他仪器的 {count} 个参数均未同步变化",
            ),
        ),
        "co_pollutants": (
            ("Same instrument", "同一仪器其他参数"),
            ("{what} changed with it on the same instrument", "同一仪器的{what}同时变化"),
            (
                "none of {count} other parameters of the instrument changed with it",
                "同一仪器的 {count} 个其他参数均未变化",
            ),
        ),
        "mixture": (
            ("Mixture", "组分比例"),
            ("", ""),
            (
                "all {count} channels of the instrument changed by one factor ({factor})",
                "仪器 {count} 个通道按同一倍数（{factor}）变化",
            ),
        ),
        "fall": (
            ("Fall", "下降"),
            ("it fell as {what} rose", "随{what}升高而下降"),
            (
                "it fell and no station around did; a source does not lower it",
                "仅本站下降，周边站未降，排放源不会使其下降",
            ),
        ),
        "drift": (
            ("Drift", "漂移"),
            ("", ""),
            (
                "its distance from what it is compared with grew day by day ({change} in {days} days)",
                "与参照的差距逐日增大（{days} 天内 {change}）",
            ),
        ),
        "neighbours": (
            ("Neighbours", "邻站"),
            (
                "{others} of {count} stations within {radius} km changed in the same way",
                "{radius} km 内 {count} 站中 {others} 站同向变化",
            ),
            ("", ""),
        ),
        "region": (
            ("Region", "区域"),
            ("", ""),
            (
                "none of {count} stations within {radius} km changed, though it changes over whole regions",
                "该参数应大范围同步变化，但 {radius} km 内 {count} 站均无变化",
            ),
        ),
        "rain": (
            ("Rain", "降雨"),
            ("it rained before, which washes out radon progeny", "此前有降雨，氡子体被冲刷"),
            ("it had not rained", "此前无降雨"),
        ),
        "sun": (
            ("Sun", "日照"),
            ("the sun shone", "有日照"),
            ("the sun did not shine", "无日照"),
        ),
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


def sentence(name: str, figures: Mapping[str, str | Words], *, is_event: bool) -> tuple[str, str]:
    """English and Chinese sentence of one piece of evidence."""
    english, chinese = SENTENCES[name][1 if is_event else 2]
    pairs = {key: (value, value) if isinstance(value, str) else value for key, value in figures.items()}
    return (
        english.format(**{key: pair[0] for key, pair in pairs.items()}),
        chinese.format(**{key: pair[1] for key, pair in pairs.items()}),
    )
