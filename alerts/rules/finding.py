"""Findings of the ingest become alerts: what was noticed, in words, and the end when its cause is gone."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from alerts.rules.operation import DOCUMENT, PREFIX, open_operations, operation_end, operation_transition
from alerts.rules.watched import subject_of, why_subject_gone, why_unwatched
from schemas.alert import AlertState, AlertTransition, EndReason, Severity
from store.state import FindingKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from alerts.rules.evaluation import EvaluationResult
    from alerts.rules.table import AlertRules
    from schemas.network import Network
    from store.state import AlertStatus, Finding, StateStore

RECENT = timedelta(hours=24)
"""A finding last noticed before this is history and no alert any more."""
_STANDING = frozenset({FindingKind.GATE, FindingKind.PROCESS})
"""Kinds that are reported once and hold until their finding is dropped."""
_TITLES = {
    FindingKind.BALANCE_REST: ("数据收支不平：{station}", "Readings are missing from the balance: {station}"),
    FindingKind.FOREIGN_PAYLOAD: ("报文冒用其他站点名：{station}", "A payload names another station: {station}"),
    FindingKind.CLOCK: ("站点时钟错误：{station}", "A station's clock is wrong: {station}"),
    FindingKind.QUARANTINE_FULL: ("隔离区将满", "The quarantine is nearly full"),
    FindingKind.DISK: ("采集磁盘将满", "The collector's disk is nearly full"),
    FindingKind.GAP: ("缺测无法补回：{station}", "Missing readings could not be brought back: {station}"),
    FindingKind.PROCESS: ("程序异常：{process}", "A process is not well: {process}"),
    FindingKind.INTERNAL_ERROR: ("程序内部错误：{process}", "Errors in the program: {process}"),
    FindingKind.GATE: ("数据批次被质控门禁扣留", "A batch was held at the gate"),
}
_SEVERITIES = {
    FindingKind.BALANCE_REST: Severity.CRITICAL,
    FindingKind.FOREIGN_PAYLOAD: Severity.CRITICAL,
    FindingKind.DISK: Severity.CRITICAL,
    FindingKind.PROCESS: Severity.CRITICAL,
}
_CLOCKS = {
    "wrong_zone": ("时区错误（相差整个时区）", "off by the whole zone"),
    "ahead": ("超前", "ahead"),
    "behind": ("滞后", "behind"),
}


def finding_transitions(
    state: StateStore,
    rules: AlertRules,
    network: Network,
    statuses: Mapping[str, AlertStatus],
    now: datetime,
    *,
    found: EvaluationResult,
) -> None:
    """Add to ``found`` beginnings and ends of the alerts that findings make; a finding already told is not told again.

    Findings whose station or instrument is gone are forgotten: nothing else would ever end them.

    Parameters
    ----------
    statuses : mapping of str to AlertStatus
        Stored alerts by key.
    now : datetime
        Aware.
    """
    present = {}
    for item in state.findings.list():
        if why_subject_gone(*subject_of(item.key), network, now) is not None:
            state.findings.drop(item.key)
        else:
            present[item.key] = item
    recent = [item for item in present.values() if item.kind in _STANDING or item.last_at >= now - RECENT]
    for item in recent:
        found.extend(item.key, partial(_begin, item, state, rules, statuses.get(PREFIX + item.key)))
    watched = [
        status for status in open_operations(statuses) if why_unwatched(status.transition, rules, network, now) is None
    ]
    found.transitions += _ends(present, watched, now)


def standing_keys(state: StateStore) -> set[str]:
    """Keys of findings that hold until they are dropped, however long ago they were noticed."""
    return {PREFIX + item.key for kind in _STANDING for item in state.findings.list(kind=kind)}


def _begin(
    finding: Finding, state: StateStore, rules: AlertRules, status: AlertStatus | None
) -> Iterator[AlertTransition]:
    told = state.documents.get(DOCUMENT, PREFIX + finding.key)
    is_told = told is not None and datetime.fromisoformat(told.body["last_at"]) >= finding.last_at
    is_open = status is not None and status.state is AlertState.FIRING
    if is_told and (is_open or finding.kind not in _STANDING):
        return
    names = {"station": finding.station_id or "", "process": finding.facts.get("process", "")}
    zh, en = _TITLES[finding.kind]
    begun = operation_transition(
        state,
        rules.operation(finding.key),
        key=finding.key,
        titles=(zh.format(**names), en.format(**names)),
        detail=detail_of(finding),
        severity=_SEVERITIES.get(finding.kind, Severity.WARNING),
        status=status,
        now=finding.last_at,
    )
    if begun is not None:
        yield begun


def _ends(present: Mapping[str, Finding], opened: Iterable[AlertStatus], now: datetime) -> list[AlertTransition]:
    """Ends of open alerts whose finding is gone."""
    prefixes = tuple(PREFIX + kind.value for kind in FindingKind)
    return [
        operation_end(status, now, EndReason.CAUSE_GONE)
        for status in opened
        if status.alert_key.startswith(prefixes) and status.alert_key.removeprefix(PREFIX) not in present
    ]


def detail_of(finding: Finding) -> str:
    """What was noticed with its figures, one sentence in Chinese and one in English, and what to do."""
    return _DETAILS[finding.kind](finding)


def _clock_detail(finding: Finding) -> str:
    facts = finding.facts
    zh, en = _CLOCKS.get(str(facts.get("clock")), ("错误", "wrong"))
    skew = facts.get("skew_s")
    by_zh = "" if skew is None else f"，偏差 {skew / 3600:+.2f} 小时"
    by_en = "" if skew is None else f", by {skew / 3600:+.2f} h"
    held = facts.get("held", 0)
    return (
        f"时钟{zh}{by_zh}；已扣留 {held} 条读数（clock_suspect）。请校正站点时钟，然后 skyground quarantine repair --move-hours。\n"
        f"The clock is {en}{by_en}; {held} readings are held (clock_suspect). Set the station's clock, then use "
        "skyground quarantine repair --move-hours."
    )


def _foreign_detail(finding: Finding) -> str:
    facts = finding.facts
    return (
        f"主题 {facts.get('topic')} 的报文自称 {facts.get('named')}；已拒收 {finding.count} 次。请核对站点配置与凭据。\n"
        f"Payloads on {facts.get('topic')} name {facts.get('named')}; refused {finding.count} times. Check the station's "
        "configuration and credentials."
    )


def _rest_detail(finding: Finding) -> str:
    facts = finding.facts
    span = f"{facts.get('first')} .. {facts.get('last')}"
    return (
        f"{facts.get('rest')} 条已接收的读数在数据库中找不到（{span}）。运行 skyground balance --station {finding.station_id}，"
        "按运行手册从原始日志恢复。\n"
        f"{facts.get('rest')} readings that were accepted are not in the database ({span}). Run skyground balance --station "
        f"{finding.station_id}; the runbook says how to restore them from the raw log."
    )


def _gap_detail(finding: Finding) -> str:
    facts = finding.facts
    span = f"{facts.get('start')} .. {facts.get('end')}"
    return (
        f"{finding.instrument_id} 缺 {facts.get('missing')} 条（{span}），已请求 {facts.get('attempts')} 次未补回。"
        "查看站点存储后 skyground gaps ask。\n"
        f"{finding.instrument_id} lacks {facts.get('missing')} readings ({span}); asked {facts.get('attempts')} times in vain. "
        "EvaluationInput at the station's memory, then use skyground gaps ask."
    )


def _disk_detail(finding: Finding) -> str:
    facts = finding.facts
    left, reserve = (f"{float(facts.get(name, 0)) / 1e9:.1f} GB" for name in ("free_bytes", "reserve_bytes"))
    return (
        f"{facts.get('directory')} 仅剩 {left}；低于 {reserve} 时采集器停止确认，消息留在消息代理中。请腾出空间，无需重启。\n"
        f"{facts.get('directory')} has {left} left; below {reserve} the collector stops acknowledging and the broker keeps the "
        "messages. Make room; nothing needs a restart."
    )


def _quarantine_detail(finding: Finding) -> str:
    facts = finding.facts
    share = round(100 * float(facts.get("share", 0)))
    return (
        f"隔离区已用 {share} %（{facts.get('items')} 条）；满后最旧的将被删除。运行 skyground quarantine status。\n"
        f"The quarantine is {share} % full ({facts.get('items')} entries); beyond 100 % the oldest go. Run skyground "
        "quarantine status."
    )


def _process_detail(finding: Finding) -> str:
    facts = finding.facts
    name, host, restarts = facts.get("process"), facts.get("host"), facts.get("restarts")
    if facts.get("complaint"):
        zh, en = f"报告：{facts['complaint']}", f"says: {facts['complaint']}"
    else:
        zh, en = f"自 {facts.get('beat_at')} 起没有心跳", f"has given no sign of life since {facts.get('beat_at')}"
    return (
        f"{host} 上的 {name} {zh}；此前意外重启 {restarts} 次。查看其日志（运行手册“程序未运行”）；"
        f"已停用时运行 skyground health --forget {name}。\n"
        f'{name} on {host} {en}; restarted unasked {restarts} times before. Read its log (runbook, "A process is not well"); '
        f"where it was retired: skyground health --forget {name}."
    )


def _error_detail(finding: Finding) -> str:
    facts = finding.facts
    return (
        f"{facts.get('process')} 捕获程序错误，其余数据不受影响；最近一次：{facts.get('detail')}。"
        "运行 skyground quarantine list --reason internal_error，升级后 replay。\n"
        f"{facts.get('process')} caught errors of the program; everything else went on. The last one: {facts.get('detail')}. "
        "See skyground quarantine list --reason internal_error, and replay after the update."
    )


def _gate_detail(finding: Finding) -> str:
    facts = finding.facts
    batch = f"{facts.get('network')} {facts.get('start')} .. {facts.get('end')}"
    zh, en = "；".join(facts.get("zh", ())), "; ".join(facts.get("en", ()))
    decide = f"skyground qc held release|reject {facts.get('id')}"
    return (
        f"批次 {batch} 被扣留，其小时值不进入产品：{zh}。查看 skyground qc held show {facts.get('id')}，然后 {decide}。\n"
        f"Batch {batch} is held, its hours do not enter products: {en}. See skyground qc held show {facts.get('id')}, then "
        f"{decide}."
    )


_DETAILS: dict[FindingKind, Callable[[Finding], str]] = {
    FindingKind.BALANCE_REST: _rest_detail,
    FindingKind.FOREIGN_PAYLOAD: _foreign_detail,
    FindingKind.CLOCK: _clock_detail,
    FindingKind.QUARANTINE_FULL: _quarantine_detail,
    FindingKind.DISK: _disk_detail,
    FindingKind.GAP: _gap_detail,
    FindingKind.GATE: _gate_detail,
    FindingKind.PROCESS: _process_detail,
    FindingKind.INTERNAL_ERROR: _error_detail,
}
