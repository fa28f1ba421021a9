"""Words, numbers and times of the mails in Chinese and English. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta
    from zoneinfo import ZoneInfo

_UNITS = {
    "ug/m3": "µg/m³",
    "mg/m3": "mg/m³",
    "ng/m3": "ng/m³",
    "degC": "°C",
    "deg": "°",
    "m3/m3": "m³/m³",
    "W/m2": "W/m²",
    "umol/m2/s": "µmol/(m²·s)",
    "uGy/h": "µGy/h",
    "uS/cm": "µS/cm",
    "1/cm3": "cm⁻³",
}

WORDS: dict[str, dict[str, str]] = {
    "zh": {
        "severity_info": "提示",
        "severity_warning": "警告",
        "severity_critical": "严重",
        "resolved": "已解除",
        "resolved_late": "已结束·补报",
        "closed": "已关闭",
        "closed_late": "已关闭·补报",
        "test": "测试邮件",
        "now": "当前值",
        "maximum": "最大值",
        "minimum": "最小值",
        "as_of": "截至 {when}",
        "at_end": "结束时",
        "late_note": "本告警在邮件发出之前已经结束，现一并告知开始与结束。",
        "mail_down": "skyground：邮件服务器自 {since} 起无法使用（{detail}），{count} 封告警邮件待发。请查看 {console} 。",
        "mail_up": "skyground：邮件服务器已恢复（自 {since} 起中断），待发的告警邮件正在补发。",
        "watch_failing": "skyground：告警值守自 {since} 起无法{step}：{detail}",
        "step_evaluate": "判定告警",
        "step_deliver": "发送告警",
        "step_configuration": "读取新的规则或网络配置（仍按旧配置运行）",
        "why_ended": "结束原因",
        "end_value_back": "数值已回到阈值以内",
        "end_reading": "已恢复上报数据",
        "end_allowed": "中断时长未超过现行允许时长",
        "end_cause_gone": "故障已消除",
        "end_not_reported": "此后未再报告；未确认是否已消除",
        "end_not_evaluated": "长时间没有有效数据，不再判定",
        "end_invalidated": "触发告警的数据已判为无效或已更正",
        "end_rule_removed": "规则已删除或改名",
        "end_rule_disabled": "规则已停用",
        "end_rule_ended": "规则有效期已过",
        "end_rule_changed": "规则的监视对象已更改",
        "end_not_covered": "规则不再适用于该站点",
        "end_station_removed": "站点已从网络配置中移除",
        "end_out_of_service": "站点或仪器已停用",
        "end_parameter_removed": "站点不再监测该项目",
        "end_schedule_removed": "定时任务已移除",
        "threshold": "阈值",
        "where": "地点",
        "since": "开始时间",
        "found": "判定时间",
        "ended": "结束时间",
        "duration": "持续时间",
        "peak": "期间极值",
        "sure": "把握程度",
        "cause": "可能原因",
        "no_cause": "尚无归因结果；归因任务完成后可在控制台查看。",
        "todo": "处置建议",
        "owner": "处理人",
        "nobody": "尚无人认领",
        "open": "查看告警与认领",
        "look": "查看告警",
        "series": "查看数据曲线",
        "rule": "规则",
        "unverified": "项目默认值，未经标准核实",
        "id": "告警编号",
        "series_title": "小时均值",
        "native_title": "原始数据",
        "forecast": "预报中位数",
        "band": "预报区间",
        "suspect": "可疑数据",
        "exceedance": "超过阈值",
        "stations": "涉及站点",
        "station": "站点",
        "value": "数值",
        "more": "另有 {count} 站，见控制台",
        "confidence": "可信度",
        "synthetic": "模拟站点，仅用于演示",
        "footer": "本邮件由 skyground 自动发出，请勿直接回复。",
        "detail": "详情",
        "last": "最后一条数据",
        "silent_for": "已中断",
        "allowed": "允许间隔",
        "peak_at": "最大值时间",
        "province": "全部站点",
        "system": "系统",
        "below": "低于",
        "above": "高于",
    },
    "en": {
        "severity_info": "Notice",
        "severity_warning": "Warning",
        "severity_critical": "Critical",
        "resolved": "Resolved",
        "resolved_late": "Ended, reported late",
        "closed": "Closed",
        "closed_late": "Closed, reported late",
        "test": "Test mail",
        "now": "Now",
        "maximum": "Maximum",
        "minimum": "Minimum",
        "as_of": "as of {when}",
        "at_end": "at the end",
        "late_note": "The alert began and ended before a mail could be sent; this mail reports both.",
        "mail_down": "skyground: the mail server has not worked since {since} ({detail}); {count} alert mails wait. See {console} .",
        "mail_up": "skyground: the mail server works again (down since {since}); the alert mails that waited are being sent.",
        "watch_failing": "skyground: since {since} the watch cannot {step}: {detail}",
        "step_evaluate": "evaluate alerts",
        "step_deliver": "deliver alerts",
        "step_configuration": "read the new rules or network file (it goes on with the old one)",
        "why_ended": "Why it ended",
        "end_value_back": "values are back within the threshold",
        "end_reading": "readings arrive again",
        "end_allowed": "the silence is within the time allowed now",
        "end_cause_gone": "the cause is gone",
        "end_not_reported": "not reported again; whether it is over was not confirmed",
        "end_not_evaluated": "no valid value for too long; not evaluated any more",
        "end_invalidated": "the values that raised it were invalidated or corrected",
        "end_rule_removed": "rule removed or renamed",
        "end_rule_disabled": "rule disabled",
        "end_rule_ended": "rule no longer in force",
        "end_rule_changed": "the rule now watches something else",
        "end_not_covered": "the rule no longer covers the station",
        "end_station_removed": "station removed from the network file",
        "end_out_of_service": "station or instrument out of service",
        "end_parameter_removed": "the station no longer measures the parameter",
        "end_schedule_removed": "the scheduled job was removed",
        "threshold": "Threshold",
        "where": "Where",
        "since": "Since",
        "found": "Confirmed",
        "ended": "Ended",
        "duration": "Duration",
        "peak": "Extreme",
        "sure": "How sure",
        "cause": "Possible cause",
        "no_cause": "No attribution yet; the console shows it when the task is done.",
        "todo": "What to do",
        "owner": "Taken by",
        "nobody": "nobody yet",
        "open": "Open alert and take it",
        "look": "Open alert",
        "series": "See the data",
        "rule": "Rule",
        "unverified": "project default, not verified against a standard",
        "id": "Alert",
        "series_title": "hourly means",
        "native_title": "readings",
        "forecast": "forecast median",
        "band": "forecast range",
        "suspect": "suspect",
        "exceedance": "beyond threshold",
        "stations": "Stations",
        "station": "Station",
        "value": "Value",
        "more": "and {count} more, see the console",
        "confidence": "confidence",
        "synthetic": "simulated station, for demonstration only",
        "footer": "Sent automatically by skyground; please do not reply.",
        "detail": "Detail",
        "last": "Last reading",
        "silent_for": "Silent for",
        "allowed": "Allowed",
        "peak_at": "Maximum at",
        "province": "All stations",
        "system": "System",
        "below": "below",
        "above": "above",
    },
}


def word(key: str, language: str) -> str:
    """A fixed word; an unknown key is a programming error."""
    return WORDS[language][key]


def other(language: str) -> str:
    """The other language."""
    return "en" if language == "zh" else "zh"


def unit_text(unit: str | None) -> str:
    """A unit as people write it (µg/m³)."""
    return _UNITS.get(unit or "", unit or "")


def number_text(value: float | None, decimals: int) -> str:
    """A number for people: thousands apart, no needless zeros on whole figures; a dash where missing."""
    if value is None:
        return "–"
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def quantity(value: float | None, unit: str | None, decimals: int) -> str:
    """Number and unit."""
    shown = unit_text(unit)
    text = number_text(value, decimals)
    return f"{text} {shown}" if shown and value is not None else text


def minutes_text(minutes: float | None, language: str) -> str:
    """Length of a time given in minutes."""
    if minutes is None:
        return "–"
    whole = max(0, round(minutes))
    days, hours, rest = whole // 1440, whole % 1440 // 60, whole % 60
    units = ("天", "小时", "分钟") if language == "zh" else ("d", "h", "min")
    parts = [f"{count} {unit}" for count, unit in zip((days, hours, rest), units, strict=True) if count]
    return " ".join(parts[:2]) or f"0 {units[2]}"


def duration_text(duration: timedelta, language: str) -> str:
    """Length of a time span."""
    return minutes_text(duration.total_seconds() / 60.0, language)


def time_text(moment: datetime | None, zone: ZoneInfo, language: str) -> str:
    """Civil time with date, weekday not needed: ``11月22日 16:00`` or ``22 Nov 16:00``; the year stands in the footer."""
    if moment is None:
        return "–"
    local = moment.astimezone(zone)
    if language == "zh":
        return f"{local.month}月{local.day}日 {local:%H:%M}"
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{local.day} {months[local.month - 1]} {local:%H:%M}"


def span_text(first: datetime, last: datetime, zone: ZoneInfo, language: str) -> str:
    """From one time to another, the date once where both are of one day."""
    is_one_day = first.astimezone(zone).date() == last.astimezone(zone).date()
    end = f"{last.astimezone(zone):%H:%M}" if is_one_day else time_text(last, zone, language)
    return f"{time_text(first, zone, language)}–{end}"


def zone_text(moment: datetime, zone: ZoneInfo) -> str:
    """Year, zone and offset, once for the whole mail."""
    local = moment.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local.year}, {zone.key} (UTC{offset[:3]}:{offset[3:]})"
