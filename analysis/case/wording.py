"""Statements of the evidence of an episode, Chinese and English, with grades by stated rules.

Grades
------
wind
    A sector is leading if rotations by whole days (at most 5 % of them) do not give as large an excess, and its lower bound
    is above the rate of all hours (`analysis.receptor.cpf`). high: its lower bound is at least twice that rate, at least 20 hours
    with wind from it, high values on 3 or more days, and at least half of the episode's hours within one sector of it.
    medium: 10 hours, 2 days, half of the episode's hours. low: leading, but less than that. none: no leading
    sector, or no wind.
tracers
    high: at least 4 enriched tracers of one kind of source, half of those measured, and a mean relative enrichment of 1.5
    and more. medium: at least 2 and half of those measured. low: fewer. none: nothing enriched or nothing measured.
neighbours
    medium: at least 3 neighbours, and 75 % and more above the threshold (regional) or 25 % and fewer (local). low: at
    least one neighbour. none: no neighbour with values.
A background shorter than 20 days lowers wind and tracers by one grade. Overall: the second best of the three grades, so
that one sort of evidence alone never gives more than one grade below its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from analysis.receptor.cpf import LOOKS, SectorRate, SectorTable
from analysis.receptor.neighbours import MINIMUM_NEIGHBOURS, Neighbour, WindPosition
from analysis.receptor.wind import CALM, SECTORS, UNKNOWN, sector_name
from analysis.statement import CONFIDENCE_ZH, Confidence, Statement
from schemas.parameter import load_parameters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    import pandas as pd

    from analysis.receptor.tracers import Enrichment, KindEvidence
    from analysis.statistics.episode import Episode

_ORDER = (Confidence.NONE, Confidence.LOW, Confidence.MEDIUM, Confidence.HIGH)
_REGIONAL_SHARE, _LOCAL_SHARE = 0.75, 0.25
_NAMED = 4


def grade(grades: Sequence[Confidence]) -> Confidence:
    """Overall grade: the second best, or one below the best where the second is none."""
    ranks = sorted((_ORDER.index(item) for item in grades), reverse=True)
    return _ORDER[max(ranks[1], ranks[0] - 1, 0)] if ranks[0] else Confidence.NONE


def what_words(episode: Episode, median: float | None, hours: int, *, zone: ZoneInfo) -> Statement:
    """The episode against the threshold and the station's median."""
    item, unit = load_parameters()[episode.parameter], episode.threshold.unit
    local, peak_at = (moment.astimezone(zone) for moment in (episode.start, episode.peak_at))
    usual_zh = f"，为此前{hours}小时中位数{median:.0f}的{episode.mean / median:.1f}倍" if median else ""
    usual_en = f", {episode.mean / median:.1f} times the median {median:.0f} of the {hours} h before" if median else ""
    return Statement(
        topic="what",
        zh=f"{item.name_zh}自{local:%m-%d %H:%M}起有{episode.hours}小时高于{episode.threshold.value:g} {unit}"
        f"（{episode.threshold.name_zh}），{peak_at:%m-%d %H:%M}最高{episode.peak:.0f}，平均{episode.mean:.0f}{usual_zh}。",
        en=f"{item.name_en} was above {episode.threshold.value:g} {unit} ({episode.threshold.name_en}) for {episode.hours} h from "
        f"{local:%Y-%m-%d %H:%M}; peak {episode.peak:.0f} at {peak_at:%m-%d %H:%M}, mean {episode.mean:.0f}{usual_en}.",
        confidence=Confidence.HIGH,
        figures={"hours": episode.hours, "peak": episode.peak, "mean": episode.mean, "background_median": median},
    )


def overall_words(overall: Confidence, parts: Sequence[Statement]) -> Statement:
    """Statement of the overall grade and its sources."""
    zh = "，".join(
        f"{name}{CONFIDENCE_ZH[part.confidence]}"
        for name, part in zip(("风向", "示踪物", "周边站"), parts, strict=True)
    )
    en = ", ".join(f"{part.topic} {part.confidence}" for part in parts)
    return Statement(
        topic="overall",
        zh=f"溯源可信度：{CONFIDENCE_ZH[overall]}（{zh}）。",
        en=f"Confidence of the attribution: {overall} ({en}).",
        confidence=overall,
    )


# Over 60 lines: the same sentence in two languages, with and without a dominant sector.
def wind_words(
    table: SectorTable | None,
    episode_sectors: pd.Series,
    wind: tuple[float, float] | None,
    episode: Episode,
    *,
    short: bool,
) -> Statement:
    """From which sector high values come, and how far the episode's wind agrees.

    Parameters
    ----------
    table : SectorTable or None
        Of the 30 days up to the end of the episode.
    episode_sectors : pd.Series of int
        Sector of each hour of the episode.
    wind : (float, float) or None
        Mean direction [deg] and vector speed [m s⁻¹] of the episode.
    episode : Episode
    short : bool
        Whether the background is short, which lowers the grade.
    """
    if table is None or table.overall is None:
        return _nothing(
            "wind", "没有可用的风数据，无法按风向判断。", "No wind data: nothing can be said about the direction."
        )
    known = episode_sectors[episode_sectors != UNKNOWN]
    lead = table.leading()
    unit = episode.threshold.unit
    now_zh = (
        f"本次{len(known)}小时平均风来自{wind[0]:.0f}°，合成风速{wind[1]:.1f} m/s。" if wind else "本次没有风数据。"
    )
    now_en = (
        f"The wind of these {len(known)} h came from {wind[0]:.0f} deg, vector speed {wind[1]:.1f} m/s."
        if wind
        else "No wind in these hours."
    )
    if lead is None:
        return _nothing(
            "wind",
            f"此前30天{table.hours}个有风小时（{table.rotations + 1}天）中，各风向高值（>{table.threshold:.0f} {unit}）比例与总体（{table.overall:.0%}）的差别"
            f"{'均可由偶然解释' if table.can_tell else '因天数太少无法检验'}，不指明方向。{now_zh}",
            f"In {table.hours} h with wind on {table.rotations + 1} days before the episode, "
            f"{'chance explains every excess of a sector' if table.can_tell else 'too few days to test any sector'} over all hours "
            f"({table.overall:.0%} above {table.threshold:.0f} {unit}): no direction is named. {now_en}",
        )
    near = int(known.map(lambda sector: _is_near(sector, lead.sector)).sum())
    low, high, rate = lead.low or 0.0, lead.high or 0.0, lead.rate or 0.0
    zh_name, en_name = sector_name(lead.sector, "zh"), sector_name(lead.sector, "en")
    from_zh = "静风时" if lead.sector == CALM else f"{zh_name}风时"
    from_en = "In calm air" if lead.sector == CALM else f"With wind from {en_name}"
    return Statement(
        topic="wind",
        zh=f"此前30天{from_zh}高值（>{table.threshold:.0f} {unit}）比例{rate:.0%}（{LOOKS}个扇区同时成立的95%区间{low:.0%}–{high:.0%}，{lead.above}/{lead.hours}小时，"
        f"分布于{lead.days}天），全部{table.hours}小时为{table.overall:.0%}；偶然出现的可能性{table.chance or 0.0:.0%}（按日轮换检验{table.rotations}次）；本次{len(known)}小时中{near}小时属该风向及相邻扇区。{now_zh}",
        en=f"{from_en}, values of the 30 days before are above {table.threshold:.0f} {unit} in {rate:.0%} of hours (95 % interval, valid for all {LOOKS} sectors "
        f"together, {low:.0%} to {high:.0%}, {lead.above} of {lead.hours} h on {lead.days} days), against {table.overall:.0%} of all {table.hours} h; chance "
        f"{table.chance or 0.0:.0%} in {table.rotations} rotations by whole days; {near} of {len(known)} h of this episode had wind within one sector of it. {now_en}",
        confidence=_lowered(_wind_grade(lead, table.overall, near, len(known)), by=int(short)),
        figures={
            "sector": en_name, "rate": rate, "low": low, "high": high, "hours": lead.hours, "above": lead.above,
            "days": lead.days, "overall": table.overall, "episode_hours": len(known), "episode_hours_near": near,
            "effective_hours": round(lead.effective_hours, 1), "chance": table.chance, "rotations": table.rotations,
        },
    )  # fmt: skip


def tracer_words(found: tuple[Enrichment, ...], kinds: tuple[KindEvidence, ...], *, short: bool) -> Statement:
    """Say which tracers are enriched, and to which kinds of source they point."""
    if not found:
        return _nothing(
            "tracers", "没有可比较的示踪物（组分或VOC）。", "No tracer (component or VOC) could be compared."
        )
    enriched = [item for item in found if item.enriched]
    if not enriched:
        return _nothing(
            "tracers",
            f"{len(found)}种示踪物均未明显高于自身背景（最高为{_zh(found[0])}）。",
            f"None of {len(found)} tracers is clearly above its own background (highest: {_en(found[0])}).",
        )
    best = kinds[0]
    by_name = {item.parameter: item for item in found}
    shown = sorted((by_name[name] for name in best.enriched), key=lambda item: -item.ratio)[:_NAMED]
    others = kinds[1:3]
    also_zh = "；其次：" + "、".join(item.name_zh for item in others) if others else ""
    also_en = "; next: " + ", ".join(item.name_en for item in others) if others else ""
    return Statement(
        topic="tracers",
        zh=f"{len(found)}种示踪物中{len(enriched)}种高于自身背景，最指向“{best.name_zh}”类源：已测{best.measured}种示踪物中{len(best.enriched)}种升高，"
        f"{'、'.join(map(_zh, shown))}（相对全部示踪物平均{2**best.strength:.1f}倍）{also_zh}。示踪对应关系未经标准核实。",
        en=f"{len(enriched)} of {len(found)} tracers are above their own background and point most to {best.name_en}: {len(best.enriched)} of its "
        f"{best.measured} measured tracers, {', '.join(map(_en, shown))} (on average {2**best.strength:.1f} times the usual tracer){also_en}. "
        "The assignment of tracers is customary, not taken from a standard.",
        confidence=_lowered(_tracer_grade(best), by=int(short)),
        figures={
            "kind": best.kind, "enriched": len(best.enriched), "measured": best.measured, "strength_log2": best.strength,
            "tracers": len(found), "tracers_enriched": len(enriched),
        },
    )  # fmt: skip


def neighbour_words(neighbours: tuple[Neighbour, ...], episode: Episode) -> Statement:
    """Whether the neighbours had it too, and in which order."""
    known = [item for item in neighbours if item.exceeds is not None]
    if not known:
        return _nothing(
            "neighbours", "100 km内没有同期有数据的站点。", "No station within 100 km has values in these hours."
        )
    above = sum(bool(item.exceeds) for item in known)
    share = above / len(known)
    verdict = "local" if share <= _LOCAL_SHARE else "regional" if share >= _REGIONAL_SHARE else "partial"
    verdict_zh = {"local": "更像局地", "regional": "更像区域性", "partial": "部分站点同时出现"}[verdict]
    verdict_en = {"local": "rather local", "regional": "rather regional", "partial": "shared by some stations"}[verdict]
    parts = [_side(known, position) for position in (WindPosition.UPWIND, WindPosition.DOWNWIND)]
    enough = len(known) >= MINIMUM_NEIGHBOURS
    clear = enough and verdict != "partial"
    few_zh, few_en = ("", "") if enough else ("（站点太少，仅供参考）", " (too few stations to be sure)")
    return Statement(
        topic="neighbours",
        zh=f"100 km内{len(known)}个站中{above}个同期高于{episode.threshold.value:g} {episode.threshold.unit}，{verdict_zh}{few_zh}。{''.join(zh for zh, _ in parts)}",
        en=f"{above} of {len(known)} stations within 100 km were above {episode.threshold.value:g} {episode.threshold.unit} in the same hours: {verdict_en}{few_en}."
        + "".join(f" {en}" for _, en in parts if en),
        confidence=Confidence.MEDIUM if clear else Confidence.LOW,
        figures={"stations": len(known), "above": above, "verdict": verdict},
    )


def missing_words(missing: Sequence[str], background_hours: int, borrowed: dict[str, str]) -> Statement:
    """What was not there, and what came from another station."""
    zh_names = {
        "background": f"背景仅{background_hours}小时（约{background_hours / 24:.0f}天，应为30天）",
        "wind": "缺风数据",
        "tracers": "缺示踪物",
        "neighbours": "缺周边站",
    }
    en_names = {
        "background": f"the background holds only {background_hours} h (about {background_hours / 24:.0f} days of 30)",
        "wind": "no wind", "tracers": "no tracers", "neighbours": "no neighbours",
    }  # fmt: skip
    zh = "；".join(zh_names[name] for name in missing) or "所需数据齐全"
    en = "; ".join(en_names[name] for name in missing) or "Nothing that is needed is missing"
    zh_from = "".join(f"；{network}数据取自{place}" for network, place in borrowed.items())
    en_from = "".join(f"; {network} data from {place}" for network, place in borrowed.items())
    return Statement(
        topic="missing",
        zh=f"{zh}{zh_from}。",
        en=f"{en[0].upper()}{en[1:]}{en_from}.",
        confidence=Confidence.HIGH,
        figures={"background_hours": background_hours, "missing": ",".join(missing)},
    )


def _nothing(topic: str, zh: str, en: str) -> Statement:
    return Statement(topic=topic, zh=zh, en=en, confidence=Confidence.NONE)


def _is_near(sector: int, other: int) -> bool:
    if CALM in {sector, other}:
        return sector == other
    return abs((sector - other + SECTORS // 2) % SECTORS - SECTORS // 2) <= 1


def _wind_grade(lead: SectorRate, overall: float, near: int, hours: int) -> Confidence:
    agrees = hours > 0 and near >= hours / 2
    if agrees and (lead.low or 0.0) >= 2 * overall and lead.hours >= 20 and lead.days >= 3:  # noqa: PLR2004 - rules of the module's docstring
        return Confidence.HIGH
    if agrees and lead.hours >= 10 and lead.days >= 2:  # noqa: PLR2004 - as above
        return Confidence.MEDIUM
    return Confidence.LOW


def _tracer_grade(best: KindEvidence) -> Confidence:
    half = 2 * len(best.enriched) >= best.measured
    if half and len(best.enriched) >= 4 and 2**best.strength >= 1.5:  # noqa: PLR2004 - rules of the module's docstring
        return Confidence.HIGH
    return Confidence.MEDIUM if half and len(best.enriched) >= 2 else Confidence.LOW  # noqa: PLR2004 - as above


def _lowered(confidence: Confidence, *, by: int) -> Confidence:
    """Lower a grade, but not to none: the claim stays a claim."""
    return confidence if confidence is Confidence.NONE else _ORDER[max(1, _ORDER.index(confidence) - by)]


def _zh(item: Enrichment) -> str:
    return f"{load_parameters()[item.parameter].name_zh}{item.ratio:.1f}倍（{item.episode_n}小时对{item.background_n}小时）"


def _en(item: Enrichment) -> str:
    return f"{load_parameters()[item.parameter].name_en} {item.ratio:.1f} times ({item.episode_n} h against {item.background_n} h)"


def _side(known: Sequence[Neighbour], position: WindPosition) -> tuple[str, str]:
    """Nearest neighbour with a ratio on one side of the wind."""
    item = next((entry for entry in known if entry.position is position and entry.ratio is not None), None)
    if item is None or item.ratio is None:
        return "", ""
    side_zh, side_en = ("上风向", "Upwind") if position is WindPosition.UPWIND else ("下风向", "Downwind")
    lead_zh = lead_en = ""
    if item.lead_h is not None and item.correlation is not None:
        order_zh = "同时变化" if item.lead_h == 0 else f"{'早' if item.lead_h > 0 else '晚'}{abs(item.lead_h)}小时"
        order_en = (
            "at the same time"
            if item.lead_h == 0
            else f"{abs(item.lead_h)} h {'earlier' if item.lead_h > 0 else 'later'}"
        )
        lead_zh, lead_en = (
            f"，{order_zh}（r={item.correlation:.2f}）",
            f", its course {order_en} (r = {item.correlation:.2f})",
        )
    return (
        f"{side_zh}最近的{item.name_zh}（{item.distance_km:.0f} km）：本站浓度为其{item.ratio:.1f}倍（{item.n}小时）{lead_zh}。",
        f"{side_en}, the nearest is {item.name_en} ({item.distance_km:.0f} km): this station has {item.ratio:.1f} times its mean ({item.n} h){lead_en}.",
    )
