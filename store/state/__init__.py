"""The state database: quarantine, balance, runs, gate results, alerts and documents behind functions.

SQLite (WAL) by default, PostgreSQL by URL. Nothing outside this package sees a row or a connection.
"""

from __future__ import annotations

from schemas.gate import GateOutcome
from store.state.alerts.alert import AlertProgress, AlertStatus
from store.state.alerts.case import CaseChange, CaseQuery
from store.state.alerts.channel import ChannelState
from store.state.alerts.delivery import Backlog, ClaimedTransition, Delivery, SentTransition, StoredTransition
from store.state.alerts.mute import Mute, MuteKind, MuteMatcher
from store.state.alerts.notice import Notice, NoticeBacklog, NoticeRequest, SentAlert, SentMessage
from store.state.database import LARGEST_ID
from store.state.document import Document, DocumentHead
from store.state.finding import Finding, FindingKind
from store.state.ingest.balance import Balance
from store.state.ingest.contender import Contender
from store.state.ingest.gap import UNSETTLED, Gap, GapState
from store.state.ingest.instrument import Clock, ClockState, InstrumentState, Progress
from store.state.ingest.reconciliation import ReconciliationFigures, ReconciliationRow
from store.state.process import Process, ProcessState
from store.state.qc.calibration import OverlapError, StoredCheck, StoredCorrection
from store.state.qc.flag_change import FlagChange, HourRevision, LimitSnapshot
from store.state.qc.gate import GateDecision, GateResult, GateRuling, HeldBatch
from store.state.qc.reprocess_digest import ReprocessDigest
from store.state.qc.revision import Before, ReopenedHour, ReopenReason, Revision
from store.state.quarantine.item import QuarantinedItem, QuarantineState
from store.state.review.store import AuditReport
from store.state.run import OpenRun, Run, RunState
from store.state.store import StateStore

__all__ = [
    "LARGEST_ID",
    "UNSETTLED",
    "AlertProgress",
    "AlertStatus",
    "AuditReport",
    "Backlog",
    "Balance",
    "Before",
    "CaseChange",
    "CaseQuery",
    "ChannelState",
    "ClaimedTransition",
    "Clock",
    "ClockState",
    "Contender",
    "Delivery",
    "Document",
    "DocumentHead",
    "Finding",
    "FindingKind",
    "FlagChange",
    "Gap",
    "GapState",
    "GateDecision",
    "GateOutcome",
    "GateResult",
    "GateRuling",
    "HeldBatch",
    "HourRevision",
    "InstrumentState",
    "LimitSnapshot",
    "Mute",
    "MuteKind",
    "MuteMatcher",
    "Notice",
    "NoticeBacklog",
    "NoticeRequest",
    "OpenRun",
    "OverlapError",
    "Process",
    "ProcessState",
    "Progress",
    "QuarantineState",
    "QuarantinedItem",
    "ReconciliationFigures",
    "ReconciliationRow",
    "ReopenReason",
    "ReopenedHour",
    "ReprocessDigest",
    "Revision",
    "Run",
    "RunState",
    "SentAlert",
    "SentMessage",
    "SentTransition",
    "StateStore",
    "StoredCheck",
    "StoredCorrection",
    "StoredTransition",
]
