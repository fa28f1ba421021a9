"""The state database: quarantine, balance, runs, gate results, alerts and documents behind functions.

SQLite (WAL) by default, PostgreSQL by URL. Nothing outside this package sees a row or a connection.
"""

from __future__ import annotations

from store.state.alert import AlertProgress, AlertStatus
from store.state.balance import Balance
from store.state.calibration import OverlapError, StoredCheck, StoredCorrection
from store.state.channel import Channel
from store.state.contender import Contender
from store.state.database import LARGEST_ID
from store.state.delivery import Backlog, ClaimedTransition, Delivery, StoredTransition
from store.state.document import Document
from store.state.finding import Finding, FindingKind
from store.state.flag_change import FlagChange, FlagRule, HourRevision
from store.state.gap import UNSETTLED, Gap, GapState
from store.state.gate import GateDecision, GateOutcome, GateResult, GateRuling, HeldBatch
from store.state.instrument import Clock, ClockState, InstrumentState, Progress
from store.state.process import Process, ProcessState
from store.state.quarantine import QuarantinedItem, QuarantineState
from store.state.reconciliation import Facts, SheetRow
from store.state.reprocess_digest import JudgedMonth
from store.state.review import AuditReport
from store.state.revision import Before, ReopenedHour, ReopenReason, Revision
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
    "Channel",
    "ClaimedTransition",
    "Clock",
    "ClockState",
    "Contender",
    "Delivery",
    "Document",
    "Facts",
    "Finding",
    "FindingKind",
    "FlagChange",
    "FlagRule",
    "Gap",
    "GapState",
    "GateDecision",
    "GateOutcome",
    "GateResult",
    "GateRuling",
    "HeldBatch",
    "HourRevision",
    "InstrumentState",
    "JudgedMonth",
    "OpenRun",
    "OverlapError",
    "Process",
    "ProcessState",
    "Progress",
    "QuarantineState",
    "QuarantinedItem",
    "ReopenReason",
    "ReopenedHour",
    "Revision",
    "Run",
    "RunState",
    "SheetRow",
    "StateStore",
    "StoredCheck",
    "StoredCorrection",
    "StoredTransition",
]
