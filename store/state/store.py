"""The state database as one object with an attribute a subject."""

from __future__ import annotations

from typing import Self

from store.state.alerts.alert import AlertStore
from store.state.alerts.case import CaseStore
from store.state.alerts.channel import ChannelStore
from store.state.alerts.delivery import DeliveryStore
from store.state.alerts.mute import MuteStore
from store.state.alerts.notice import NoticeStore
from store.state.database import StateDatabase
from store.state.document import DocumentStore
from store.state.finding import FindingStore
from store.state.ingest.balance import BalanceStore
from store.state.ingest.contender import ContenderStore
from store.state.ingest.gap import GapStore
from store.state.ingest.instrument import InstrumentStore
from store.state.ingest.reconciliation import ReconciliationStore
from store.state.process import ProcessStore
from store.state.qc.calibration import CalibrationStore
from store.state.qc.flag_change import FlagHistoryStore
from store.state.qc.gate import GateStore
from store.state.qc.reprocess_digest import ReprocessDigestStore
from store.state.qc.revision import RevisionStore
from store.state.qc.screened import ScreenedStore
from store.state.quarantine.store import QuarantineStore
from store.state.review.store import ReviewStore
from store.state.run import RunStore


class StateStore:
    """All tables of the state database, by subject.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; ``sqlite:///path`` or ``postgresql+psycopg://...``.

    Raises
    ------
    StateError
        If the URL cannot be parsed.
    """

    def __init__(self, url: str) -> None:
        database = StateDatabase(url)
        self.database = database
        self.alerts = AlertStore(database)
        self.balance = BalanceStore(database)
        self.calibration = CalibrationStore(database)
        self.cases = CaseStore(database)
        self.channels = ChannelStore(database)
        self.contenders = ContenderStore(database)
        self.deliveries = DeliveryStore(database)
        self.documents = DocumentStore(database)
        self.findings = FindingStore(database)
        self.flag_history = FlagHistoryStore(database)
        self.gaps = GapStore(database)
        self.gate = GateStore(database)
        self.instruments = InstrumentStore(database)
        self.mutes = MuteStore(database)
        self.notices = NoticeStore(database)
        self.processes = ProcessStore(database)
        self.quarantine = QuarantineStore(database)
        self.reconciliation = ReconciliationStore(database)
        self.reprocess_digests = ReprocessDigestStore(database)
        self.reviews = ReviewStore(database)
        self.revisions = RevisionStore(database)
        self.runs = RunStore(database)
        self.screened = ScreenedStore(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        self.database.close()

    def migrate(self) -> None:
        """Bring the tables to the newest schema version, as `StateDatabase.migrate` does."""
        self.database.migrate()
