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
from schemas.frames import TAKEN_BACK

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


def _band(name: str, names: tuple[str, str], what: tuple[str, str]) -> TestDescription:
    """A relation between parameters (`qc.hourly.relation.band`): what it is in words, and the band it must lie within."""
    return _describe(
        name,
        names,
        {Flag.SUSPECT},
        band=(what[0] + ": {value}, expected {low} to {high}", what[1] + "：{value}，应在 {low} 至 {high}"),
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
    # ---- native tests of shape, level, digits and times
    _describe(
        "climatology",
        ("Climatological range", "气候范围"),
        {Flag.SUSPECT},
        span=(
            "{value} {unit} is outside {low} to {high}, usual in month {month} at {hour} h",
            "{value} {unit} 超出 {month} 月 {hour} 时的常见范围 {low} 至 {high}",
        ),
    ),
    _describe(
        "detection_limit",
        ("Detection limit", "检出限"),
        {Flag.SUSPECT},
        below=(
            "{value} {unit} is below minus the detection limit of {limit}",
            "{value} {unit} 低于负检出限（检出限 {limit}）",
        ),
        persistent=(
            "{value} {unit} ends {hours} h of negative values nearly without exception: check the zero",
            "{value} {unit}，此前 {hours} 小时几乎全为负值：请检查零点",
        ),
    ),
    _describe(
        "spike_burst",
        ("Spike of several points", "多点尖峰"),
        {Flag.SUSPECT},
        burst=(
            "{value} {unit} stands out from a median of {level} around it for at most {points} values, limit {limit}",
            "{value} {unit} 与周围中位数 {level} 相差过大，持续不超过 {points} 个值，限值 {limit}",
        ),
    ),
    _describe(
        "attenuated_signal",
        ("Attenuated signal", "信号衰减"),
        {Flag.SUSPECT},
        std=(
            "the standard deviation of {hours} h is below {limit} {unit}, now {value}",
            "{hours} 小时标准偏差低于 {limit} {unit}，当前值 {value}",
        ),
    ),
    _describe(
        "step",
        ("Step of the level", "电平阶跃"),
        {Flag.SUSPECT},
        step=(
            "the level moved at once from {before} to {value} {unit} and stayed for {minutes} min, limit {limit}",
            "电平由 {before} 突变为 {value} {unit} 并持续 {minutes} 分钟，限值 {limit}",
        ),
    ),
    _describe(
        "variance_change",
        ("Change of noise", "噪声突变"),
        {Flag.SUSPECT},
        noise=(
            "the noise of the last {hours} h differs from that of the {reference} h before by more than {ratio} times",
            "最近 {hours} 小时的噪声与此前 {reference} 小时相差超过 {ratio} 倍",
        ),
    ),
    _describe(
        "regime",
        ("New regime", "状态突变"),
        {Flag.SUSPECT},
        outside=(
            "the last {hours} h lie more than {limit} {unit} outside everything in the {reference} h before, now {value}",
            "最近 {hours} 小时超出此前 {reference} 小时的全部范围 {limit} {unit} 以上，当前值 {value}",
        ),
    ),
    _describe(
        "resolution",
        ("Stuck digit", "末位数字不变"),
        {Flag.SUSPECT},
        coarse=(
            "all values of the last {hours} h are multiples of {quantum} {unit}: a digit may be stuck",
            "最近 {hours} 小时的值均为 {quantum} {unit} 的整数倍：末位数字可能卡滞",
        ),
    ),
    _describe(
        "rollover",
        ("Counter rollover", "计数回绕"),
        {Flag.SUSPECT},
        wrap=(
            "changed from {before} to {value} {unit}, by the range {modulus} of a counter",
            "由 {before} 变为 {value} {unit}，变化量为计数器量程 {modulus}",
        ),
    ),
    _describe(
        "isolated",
        ("Isolated value", "孤立值"),
        {Flag.SUSPECT},
        alone=(
            "stands alone: more than {minutes} min without a value before and after",
            "孤立值：前后均超过 {minutes} 分钟无数据",
        ),
    ),
    _describe(
        "clock",
        ("Instrument clock", "仪器时钟"),
        {Flag.SUSPECT},
        off=(
            "the reading is off the usual moment of one every {cadence} s: the clock has moved",
            "读数偏离每 {cadence} 秒一次的惯常时刻：时钟已偏移",
        ),
    ),
    _describe(
        "flux_spike",
        ("Spike of a flux", "通量尖峰"),
        {Flag.SUSPECT},
        double=(
            "{value} {unit} differs from both neighbours by more than {factor} robust deviations",
            "{value} {unit} 与前后值之差超过 {factor} 倍稳健偏差",
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
    _band("ion_balance", ("Ion balance", "离子平衡"), ("cations over anions in equivalents", "阳离子与阴离子当量比")),
    _band(
        "ammonium_balance",
        ("Ammonium balance", "铵根中和"),
        ("ammonium over sulfate and nitrate in equivalents", "铵根与硫酸根、硝酸根当量比"),
    ),
    _band("mass_closure", ("Mass closure", "质量闭合"), ("reconstructed mass over PM2.5", "重构质量与 PM2.5 之比")),
    _band("oc_ec_ratio", ("OC over EC", "OC/EC 比值"), ("OC over EC", "OC/EC")),
    _band(
        "potassium_ratio",
        ("Soluble over total potassium", "水溶性钾与总钾"),
        ("water-soluble over total potassium", "水溶性钾与总钾之比"),
    ),
    _band(
        "sulfur_ratio",
        ("Sulfur against sulfate", "元素硫与硫酸根"),
        ("sulfur as sulfate over sulfate", "元素硫折算硫酸根与硫酸根之比"),
    ),
    _band(
        "bc_ec_ratio",
        ("Black over elemental carbon", "黑碳与元素碳"),
        ("black over elemental carbon", "黑碳与元素碳之比"),
    ),
    _band(
        "nox_sum",
        ("Sum of nitrogen oxides", "氮氧化物加和"),
        ("NO2 and NO as NO2, over NOx", "NO2 与 NO 折算之和与 NOx 之比"),
    ),
    _band("ozone_with_no", ("NO beside ozone", "一氧化氮与臭氧并存"), ("NO beside much ozone", "臭氧较高时的 NO")),
    _band(
        "ox_balance",
        ("Ozone and NO2 together", "臭氧与二氧化氮之和"),
        ("ozone and NO2 as ozone", "臭氧与 NO2 折算臭氧之和"),
    ),
    _band(
        "pm_inversion_rate",
        ("Rate of PM2.5 above PM10", "PM2.5 高于 PM10 的频率"),
        ("part of the last 24 h with PM2.5 above PM10", "近 24 小时 PM2.5 高于 PM10 的比例"),
    ),
    _band(
        "hour_noise", ("Noise within the hour", "小时内波动"), ("standard deviation within the hour", "小时内标准差")
    ),
    _band(
        "local_contamination",
        ("Local contamination", "局地污染"),
        ("rise of CO2 together with CO", "CO2 与 CO 同升幅度"),
    ),
    _band(
        "co2_ch4_covariation",
        ("CO2 and CH4 together", "CO2 与 CH4 协变"),
        ("correlation of CO2 and CH4 over 48 h", "CO2 与 CH4 的 48 小时相关系数"),
    ),
    _band("xylene_ratio", ("Xylene isomers", "二甲苯异构体"), ("m/p- over o-xylene", "间/对二甲苯与邻二甲苯之比")),
    _band("pentane_ratio", ("Pentane isomers", "戊烷异构体"), ("i- over n-pentane", "异戊烷与正戊烷之比")),
    _band("benzene_ratio", ("Toluene over benzene", "甲苯与苯"), ("toluene over benzene", "甲苯与苯之比")),
    _band(
        "ethylbenzene_ratio",
        ("Ethylbenzene over xylene", "乙苯与二甲苯"),
        ("ethylbenzene over m/p-xylene", "乙苯与间/对二甲苯之比"),
    ),
    _band(
        "voc_sum",
        ("Species against TNMHC", "物种加和与非甲烷总烃"),
        ("carbon of the species over TNMHC", "物种碳之和与非甲烷总烃之比"),
    ),
    _band("frozen_soil", ("Frozen soil", "冻土"), ("soil temperature beside the moisture", "同深度土壤温度")),
    _band(
        "radiation_balance", ("Radiation balance", "辐射平衡"), ("net radiation minus its parts", "净辐射与分量之差")
    ),
    _band(
        "short_wave_ratio", ("Reflected radiation", "反射辐射"), ("reflected over global radiation", "反射与总辐射之比")
    ),
    _band(
        "energy_balance",
        ("Energy balance", "能量闭合"),
        ("turbulent fluxes over available energy", "湍流通量与可利用能量之比"),
    ),
    _band("weak_turbulence", ("Weak turbulence", "湍流不足"), ("friction velocity", "摩擦速度")),
    _band("par_at_night", ("PAR at night", "夜间光合有效辐射"), ("PAR while the sun is down", "日落后的光合有效辐射")),
    _band("ndvi_jump", ("Jump of NDVI", "NDVI 突变"), ("change of NDVI", "NDVI 变化")),
    _describe(
        "drift",
        ("Drift against neighbours", "相对邻站漂移"),
        {Flag.SUSPECT},
        drift=(
            "the distance from the median of {stations} other stations has changed by {level} within {days} days",
            "与其他 {stations} 个站中位数的差距在 {days} 天内变化 {level}",
        ),
    ),
    _describe(
        "voc_pattern",
        ("Calibration or blank run", "校准或空白运行"),
        {Flag.SUSPECT},
        calibration=(
            "at least {share} % of the species are far above their medians at once, as in a calibration run",
            "至少 {share} % 的物种同时远高于各自中位数，似为校准运行",
        ),
        blank=(
            "at least {share} % of the species are near nothing at once, as in a blank run",
            "至少 {share} % 的物种同时接近零，似为空白运行",
        ),
    ),
    _describe(
        "dose_rise",
        ("Rise of the dose rate", "剂量率升高"),
        {Flag.SUSPECT, Flag.PASS},
        wash_out=(
            "wash-out of radon progeny: {value} {unit}, {rise} above the dry baseline {level}, {hours} h after rain",
            "降雨冲刷氡子体：{value} {unit}，高于干燥基线 {level} 达 {rise}，雨后 {hours} 小时",
        ),
        unexplained=(
            "{value} {unit} is {rise} above the dry baseline {level}, and rain ({hours} h ago) does not explain it",
            "{value} {unit} 高于干燥基线 {level} 达 {rise}，降雨（{hours} 小时前）不能解释",
        ),
        dry=(
            "{value} {unit} is {rise} above the dry baseline {level} without rain",
            "{value} {unit} 高于干燥基线 {level} 达 {rise}，且无降雨",
        ),
        unmeasured=(
            "{value} {unit} is {rise} above the dry baseline {level}, and rain of the last 3 h is not known",
            "{value} {unit} 高于干燥基线 {level} 达 {rise}，近 3 小时降雨情况不明",
        ),
        neighbours=(
            "wash-out by rain not seen here: {value} {unit}, {rise} above the dry baseline {level}; all neighbours have wash-out",
            "本站未测到的降雨冲刷：{value} {unit}，高于干燥基线 {level} 达 {rise}；邻近各站均为冲刷",
        ),
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
_TAKEN_BACK = (TAKEN_BACK, "后续运行已撤销")


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
