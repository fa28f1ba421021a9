"""The state database: quarantine, balance, runs, gate results, alerts and documents behind functions.

SQLite (WAL) by default, PostgreSQL by URL. Nothing outside this package sees a row or a connection.
"""

from __future__ import annotations

from store.state.alert import AlertProgress, AlertStatus, AlertStore
from store.state.balance import Balance, BalanceStore
from store.state.calibration import CalibrationStore, OverlapError, StoredCheck, StoredCorrection
from store.state.channel import Channel, ChannelStore
from store.state.contender import Contender, ContenderStore
from store.state.database import LARGEST_ID
from store.state.delivery import Backlog, ClaimedTransition, Delivery, DeliveryStore, StoredTransition
from store.state.document import Document, DocumentStore
from store.state.finding import Finding, FindingKind, FindingStore
from store.state.flag_change import FlagChange, FlagChangeStore, FlagRule, HourRevision
from store.state.gap import UNSETTLED, Gap, GapState, GapStore
from store.state.gate import GateDecision, GateRuling, GateStore, HeldBatch
from store.state.instrument import Clock, ClockState, InstrumentState, InstrumentStore, Progress
from store.state.judged import JudgedMonth, JudgedStore
from store.state.process import Process, ProcessState, ProcessStore
from store.state.quarantine import QuarantinedItem, QuarantineState, QuarantineStore
from store.state.review import AuditReport, ReviewStore
from store.state.revision import Before, ReopenedHour, ReopenReason, Revision, RevisionStore
from store.state.run import GateOutcome, GateResult, OpenRun, Run, RunState, RunStore
from store.state.screened import ScreenedStore
from store.state.sheet import Facts, SheetRow, SheetStore

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


class StateStore(
    ProcessStore,
    QuarantineStore,
    BalanceStore,
    SheetStore,
    RunStore,
    AlertStore,
    DeliveryStore,
    ChannelStore,
    DocumentStore,
    FindingStore,
    InstrumentStore,
    GapStore,
    RevisionStore,
    ContenderStore,
    GateStore,
    ReviewStore,
    FlagChangeStore,
    JudgedStore,
    CalibrationStore,
    ScreenedStore,
):
    """All of the state database; one part a subject, each in its own module.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; ``sqlite:///path`` or ``postgresql+psycopg://...``.
    """
