"""Tables of the state database. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from store.state.column import ID, columns

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import Dialect


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """Aware datetime, stored in UTC and returned in UTC by every database."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert to UTC; a naive datetime is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value!r}: expected an aware one"
            raise ValueError(msg)
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return aware UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

quarantine_message = sa.Table(
    "quarantine_message",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(UtcDateTime, "received_at"),
    *columns(sa.Text, "topic"),
    *columns(sa.Text, "network", "format", nullable=True),
    *columns(sa.LargeBinary, "payload"),
    *columns(sa.BigInteger, "payload_bytes"),
    *columns(sa.Text, "digest", unique=True),
    sqlite_autoincrement=True,
)
quarantine = sa.Table(
    "quarantine",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    sa.Column("message_id", sa.ForeignKey("quarantine_message.id"), nullable=False),
    *columns(sa.Text, "digest"),
    *columns(sa.Text, "station_id", nullable=True, index=True),
    *columns(sa.Text, "instrument_id", "parameter", nullable=True),
    *columns(sa.Text, "reason", index=True),
    *columns(sa.Text, "detail"),
    *columns(UtcDateTime, "interval_start", nullable=True),
    *columns(sa.Text, "state"),
    *columns(UtcDateTime, "state_at"),
    sa.UniqueConstraint("message_id", "digest"),
    sqlite_autoincrement=True,
)
quarantine_expired = sa.Table(
    "quarantine_expired",
    metadata,
    *columns(sa.Text, "reason", primary_key=True),
    *columns(sa.BigInteger, "count"),
    *columns(UtcDateTime, "last_at"),
)
balance = sa.Table(
    "balance",
    metadata,
    *columns(UtcDateTime, "hour", primary_key=True),
    *columns(sa.Text, "station_id", "instrument_id", "item", primary_key=True),
    *columns(sa.BigInteger, "count"),
)
balance_sheet = sa.Table(
    "balance_sheet",
    metadata,
    *columns(UtcDateTime, "hour", primary_key=True),
    *columns(sa.Text, "station_id", "instrument_id", primary_key=True),
    *columns(sa.JSON, "figures"),
    *columns(sa.BigInteger, "rest"),
    *columns(UtcDateTime, "settled_at"),
)
instrument_state = sa.Table(
    "instrument_state",
    metadata,
    *columns(sa.Text, "station_id", "instrument_id", primary_key=True),
    *columns(sa.Text, "network"),
    *columns(sa.BigInteger, "last_seq", nullable=True),
    *columns(UtcDateTime, "last_start", "last_end", "last_received_at", nullable=True),
    *columns(sa.Float, "skew_s", nullable=True),
    *columns(sa.Text, "clock"),
    *columns(UtcDateTime, "clock_since", nullable=True),
    *columns(sa.BigInteger, "held"),
)
gap = sa.Table(
    "gap",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "network", "station_id", "instrument_id"),
    *columns(UtcDateTime, "start", "end"),
    *columns(sa.Integer, "missing"),
    *columns(sa.Text, "found_by"),
    *columns(UtcDateTime, "found_at"),
    *columns(sa.Text, "state", index=True),
    *columns(UtcDateTime, "state_at"),
    *columns(sa.Integer, "attempts"),
    *columns(UtcDateTime, "due_at"),
    *columns(sa.Text, "detail"),
    sa.UniqueConstraint("station_id", "instrument_id", "start", "end"),
)
revision = sa.Table(
    "revision",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "network", "station_id", "instrument_id"),
    *columns(UtcDateTime, "first", "last", "received_at", "recorded_at"),
    *columns(sa.Text, "origin"),
    *columns(sa.Integer, "readings"),
    *columns(sa.JSON, "before"),
    sa.UniqueConstraint("station_id", "instrument_id", "first", "last", "received_at"),
    sa.Index(None, "station_id", "instrument_id", "last"),
)
contender = sa.Table(
    "contender",
    metadata,
    *columns(sa.Text, "station_id", "instrument_id", primary_key=True),
    *columns(UtcDateTime, "start", primary_key=True),
    *columns(sa.Text, "digest", primary_key=True),
    *columns(sa.Text, "network"),
    *columns(UtcDateTime, "received_at"),
    *columns(sa.Boolean, "is_exact"),
    *columns(sa.BigInteger, "seq", nullable=True),
    *columns(sa.Integer, "part"),
    *columns(sa.Boolean, "is_answer"),
    *columns(sa.JSON, "content"),
    *columns(UtcDateTime, "changed_at", index=True),
    sa.Index(None, "start"),
)
reopened_hour = sa.Table(
    "reopened_hour",
    metadata,
    *columns(sa.Text, "network", "station_id", primary_key=True),
    *columns(UtcDateTime, "hour", primary_key=True),
    *columns(sa.Text, "reason"),
    *columns(UtcDateTime, "at"),
)
finding = sa.Table(
    "finding",
    metadata,
    *columns(sa.Text, "key", primary_key=True),
    *columns(sa.Text, "kind", index=True),
    *columns(sa.Text, "station_id", "instrument_id", nullable=True),
    *columns(sa.JSON, "facts"),
    *columns(sa.BigInteger, "count"),
    *columns(UtcDateTime, "first_at", "last_at"),
)
run = sa.Table(
    "run",
    metadata,
    *columns(sa.Text, "id", primary_key=True),
    *columns(sa.Text, "kind"),
    *columns(sa.Text, "network", nullable=True),
    *columns(UtcDateTime, "start", "end", nullable=True),
    *columns(sa.Text, "version", "state"),
    *columns(sa.JSON, "counts"),
    *columns(UtcDateTime, "started_at", index=True),
    *columns(UtcDateTime, "finished_at", nullable=True),
    *columns(sa.Text, "process", nullable=True),
)
gate_result = sa.Table(
    "gate_result",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "network"),
    *columns(UtcDateTime, "start", "end"),
    *columns(sa.Text, "outcome"),
    *columns(sa.JSON, "detail"),
    *columns(sa.Text, "run_id", nullable=True),
    *columns(UtcDateTime, "created_at"),
    sa.Index(None, "network", "start"),
)
# Append-only: triggers of the migration refuse to change or delete a row.
gate_decision = sa.Table(
    "gate_decision",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    sa.Column("result_id", sa.ForeignKey("gate_result.id"), nullable=False, index=True),
    *columns(sa.Text, "ruling", "who", "note"),
    *columns(UtcDateTime, "at"),
)
# Append-only likewise; each row holds the digest of the one before.
review_record = sa.Table(
    "review_record",
    metadata,
    *columns(ID, "position", primary_key=True, autoincrement=False),
    *columns(sa.Text, "review_id", index=True),
    *columns(sa.Text, "bulk_id", "action", "who"),
    *columns(UtcDateTime, "at"),
    *columns(sa.Text, "note"),
    *columns(sa.Text, "network", "station_id", "instrument_id", "parameter", nullable=True),
    *columns(UtcDateTime, "start", "end", nullable=True),
    *columns(sa.Text, "verdict", "reason", "basis", nullable=True),
    *columns(sa.Text, "previous"),
    *columns(sa.Text, "digest", unique=True),
    sa.Index(None, "network", "station_id", "parameter", "start"),
)
transition = sa.Table(
    "transition",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "alert_key", "rule", "kind", "severity"),
    *columns(sa.Text, "station_id", index=True),
    *columns(sa.Text, "parameter", nullable=True),
    *columns(sa.Text, "from_state", "to_state"),
    *columns(UtcDateTime, "at", index=True),
    *columns(UtcDateTime, "since"),
    *columns(sa.Float, "value", "threshold", nullable=True),
    *columns(sa.Text, "unit", nullable=True),
    *columns(sa.JSON, "evidence"),
    *columns(UtcDateTime, "recorded_at"),
    *columns(sa.Text, "reason", nullable=True),
    sa.UniqueConstraint("alert_key", "at", "from_state", "to_state"),
)
alert = sa.Table(
    "alert",
    metadata,
    *columns(sa.Text, "alert_key", primary_key=True),
    *columns(sa.Text, "state"),
    sa.Column("transition_id", sa.ForeignKey("transition.id"), nullable=False),
    *columns(UtcDateTime, "at"),
    *columns(sa.Text, "acknowledged_by", nullable=True),
    *columns(UtcDateTime, "acknowledged_at", nullable=True),
    *columns(sa.Text, "note", nullable=True),
    *columns(sa.Float, "extreme", nullable=True),
    *columns(UtcDateTime, "extreme_at", nullable=True),
    *columns(sa.Float, "latest", nullable=True),
    *columns(UtcDateTime, "latest_at", nullable=True),
)
acknowledgement = sa.Table(
    "acknowledgement",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "alert_key", index=True),
    sa.Column("transition_id", sa.ForeignKey("transition.id"), nullable=False),
    *columns(sa.Text, "who", "note"),
    *columns(UtcDateTime, "at"),
)
delivery = sa.Table(
    "delivery",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    sa.Column("transition_id", sa.ForeignKey("transition.id"), nullable=False),
    *columns(sa.Text, "channel", "state"),
    *columns(sa.Text, "worker", nullable=True),
    *columns(sa.Integer, "attempts"),
    *columns(UtcDateTime, "due_at"),
    *columns(UtcDateTime, "finished_at", nullable=True),
    *columns(sa.Text, "detail"),
    sa.UniqueConstraint("transition_id", "channel"),
    sa.Index(None, "channel", "state", "due_at"),
)
alert_case = sa.Table(
    "alert_case",
    metadata,
    *columns(sa.Text, "id", primary_key=True),
    *columns(sa.Text, "state", index=True),
    *columns(sa.Text, "kind", "audience", "severity"),
    *columns(UtcDateTime, "since", index=True),
    *columns(UtcDateTime, "ended_at", nullable=True),
    *columns(sa.Integer, "version"),
    *columns(sa.JSON, "body"),
)
case_step = sa.Table(
    "case_step",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.ForeignKey("alert_case.id"), nullable=False),
    *columns(sa.Integer, "number"),
    *columns(sa.Text, "kind", "by"),
    *columns(UtcDateTime, "at", "recorded_at"),
    *columns(sa.JSON, "body"),
    sa.UniqueConstraint("case_id", "number"),
    sqlite_autoincrement=True,
)
case_alert = sa.Table(
    "case_alert",
    metadata,
    *columns(sa.Text, "alert_key", primary_key=True),
    *columns(sa.BigInteger, "begin_id", primary_key=True),
    sa.Column("case_id", sa.ForeignKey("alert_case.id"), nullable=False, index=True),
)
# Written with a transition, deleted with the steps that it leads to.
unassigned = sa.Table(
    "unassigned",
    metadata,
    sa.Column("transition_id", sa.ForeignKey("transition.id"), primary_key=True),
)
notice = sa.Table(
    "notice",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    sa.Column("case_id", sa.ForeignKey("alert_case.id"), nullable=False),
    *columns(sa.Text, "recipient", "channel"),
    *columns(sa.Integer, "wanted"),
    *columns(sa.Integer, "claimed", nullable=True),
    *columns(sa.Integer, "known"),
    *columns(sa.Text, "state"),
    *columns(UtcDateTime, "due_at"),
    *columns(sa.Text, "worker", nullable=True),
    *columns(sa.Integer, "attempts"),
    *columns(sa.Text, "first_message_id", "last_message_id", nullable=True),
    *columns(UtcDateTime, "sent_at", nullable=True),
    *columns(sa.Text, "detail"),
    sa.UniqueConstraint("case_id", "recipient", "channel"),
    sa.Index(None, "channel", "state", "due_at"),
)
# Which message stated which version; without `sent_at` one that is being sent.
sent_message = sa.Table(
    "sent_message",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    sa.Column("notice_id", sa.ForeignKey("notice.id"), nullable=False, index=True),
    *columns(sa.Integer, "version"),
    *columns(sa.Text, "message_id"),
    *columns(UtcDateTime, "sent_at", nullable=True),
    sa.UniqueConstraint("message_id", "notice_id"),
)
mute = sa.Table(
    "mute",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "kind"),
    *columns(sa.JSON, "matcher"),
    *columns(UtcDateTime, "start"),
    *columns(UtcDateTime, "end", index=True),
    *columns(sa.Text, "by", "reason"),
    *columns(UtcDateTime, "recorded_at"),
    *columns(sa.Boolean, "is_end_reported"),
)
used_link = sa.Table(
    "used_link",
    metadata,
    *columns(sa.Text, "digest", primary_key=True),
    *columns(UtcDateTime, "used_at"),
)
# One row: part of every Message-ID, so that a rebuilt database does not repeat those of the old one.
store_identity = sa.Table(
    "store_identity",
    metadata,
    *columns(sa.Text, "id", primary_key=True),
)
channel = sa.Table(
    "channel",
    metadata,
    *columns(sa.Text, "name", primary_key=True),
    *columns(sa.Boolean, "ok"),
    *columns(UtcDateTime, "since", "checked_at"),
    *columns(sa.BigInteger, "failures"),
    *columns(sa.Text, "detail"),
    *columns(UtcDateTime, "alarmed_at", nullable=True),
)
document = sa.Table(
    "document",
    metadata,
    *columns(sa.Text, "kind", "key", primary_key=True),
    *columns(sa.Integer, "version", primary_key=True),
    *columns(sa.JSON, "body"),
    *columns(UtcDateTime, "created_at"),
    *columns(UtcDateTime, "checked_at", nullable=True),
)
# What flags and hourly values were before: kept for ever, never changed. The present state is in the time-series database.
flag_rule = sa.Table(
    "flag_rule",
    metadata,
    *columns(sa.Text, "digest", primary_key=True),
    *columns(sa.Text, "test", "version"),
    *columns(sa.JSON, "figures"),
)
flag_change = sa.Table(
    "flag_change",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "level", "network", "station_id"),
    *columns(sa.Text, "instrument_id", nullable=True),
    *columns(sa.Text, "parameter", "test"),
    *columns(UtcDateTime, "start"),
    *columns(sa.Integer, "flag"),
    *columns(sa.Text, "reason"),
    *columns(sa.Integer, "flag_before"),
    *columns(sa.Text, "reason_before"),
    *columns(UtcDateTime, "end_before", nullable=True),
    sa.Column("rule", sa.ForeignKey("flag_rule.digest"), nullable=False),
    *columns(sa.Text, "run_id"),
    *columns(UtcDateTime, "recorded_at"),
    sa.Index(None, "station_id", "parameter", "start"),
)
screened = sa.Table(
    "screened",
    metadata,
    *columns(sa.Text, "network", "station_id", primary_key=True),
    *columns(UtcDateTime, "start", primary_key=True),
    *columns(UtcDateTime, "end"),
)
hour_revision = sa.Table(
    "hour_revision",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "network", "station_id", "parameter"),
    *columns(UtcDateTime, "hour"),
    *columns(sa.Integer, "revision"),
    *columns(sa.Float, "value", nullable=True),
    *columns(sa.Integer, "count", "flag"),
    *columns(sa.Float, "std", "completeness", "uncertainty", nullable=True),
    *columns(sa.Text, "run_id"),
    *columns(UtcDateTime, "recorded_at"),
    sa.UniqueConstraint("station_id", "parameter", "hour", "network", "revision"),
)
# Digests of a station's month: native values by day, limits and instruments.
judged_month = sa.Table(
    "judged_month",
    metadata,
    *columns(sa.Text, "network", "station_id", primary_key=True),
    *columns(UtcDateTime, "month", primary_key=True),
    *columns(sa.Text, "rules"),
    *columns(sa.JSON, "days"),
    *columns(sa.Text, "run_id"),
    *columns(UtcDateTime, "judged_at"),
)
# the figures too: a station that sends a result again with other figures has sent another result
_CHECK_KEY = ("station_id", "instrument_id", "parameter", "kind", "gas", "at", "reference", "response")
calibration = sa.Table(
    "calibration",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "network", "station_id", "instrument_id", "parameter"),
    *columns(UtcDateTime, "at"),
    *columns(sa.Text, "kind"),
    *columns(sa.Float, "reference", "response"),
    *columns(sa.Text, "gas"),
    *columns(UtcDateTime, "received_at", "recorded_at"),
    *columns(sa.Text, "outcome", nullable=True),
    *columns(sa.Float, "drift", nullable=True),
    *columns(UtcDateTime, "judged_at", nullable=True),
    sa.UniqueConstraint(*_CHECK_KEY, name="uq_calibration_result"),
    sa.Index(None, "network", "at"),
)
correction = sa.Table(
    "correction",
    metadata,
    *columns(ID, "id", primary_key=True, autoincrement=True),
    *columns(sa.Text, "network", "station_id", "instrument_id", "parameter"),
    *columns(UtcDateTime, "start", "end"),
    *columns(sa.Float, "zero_start", "zero_end", "gain_start", "gain_end"),
    *columns(sa.Text, "who", "why"),
    *columns(UtcDateTime, "recorded_at"),
    *columns(sa.Text, "reverted_by", "reverted_why", nullable=True),
    *columns(UtcDateTime, "reverted_at", nullable=True),
    sa.Index(None, "network", "station_id"),
)
process = sa.Table(
    "process",
    metadata,
    *columns(sa.Text, "name", primary_key=True),
    *columns(sa.Text, "host"),
    *columns(sa.Integer, "pid"),
    *columns(UtcDateTime, "started_at", "beat_at"),
    *columns(sa.Float, "every_s"),
    *columns(sa.Integer, "restarts"),
    *columns(sa.Text, "complaint"),
)
