"""Tables of the state database. A change here needs a migration; a test compares the two."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

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
_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

quarantine_message = sa.Table(
    "quarantine_message",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("network", sa.Text),
    sa.Column("format", sa.Text),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("payload_bytes", sa.BigInteger, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sqlite_autoincrement=True,
)
quarantine = sa.Table(
    "quarantine",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("message_id", sa.ForeignKey("quarantine_message.id"), nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, index=True),
    sa.Column("instrument_id", sa.Text),
    sa.Column("parameter", sa.Text),
    sa.Column("reason", sa.Text, nullable=False, index=True),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("interval_start", UtcDateTime),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("state_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("message_id", "digest"),
    sqlite_autoincrement=True,
)
quarantine_expired = sa.Table(
    "quarantine_expired",
    metadata,
    sa.Column("reason", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
)
balance = sa.Table(
    "balance",
    metadata,
    sa.Column("hour", UtcDateTime, primary_key=True),
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("instrument_id", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)
balance_sheet = sa.Table(
    "balance_sheet",
    metadata,
    sa.Column("hour", UtcDateTime, primary_key=True),
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("instrument_id", sa.Text, primary_key=True),
    sa.Column("figures", sa.JSON, nullable=False),
    sa.Column("rest", sa.BigInteger, nullable=False),
    sa.Column("settled_at", UtcDateTime, nullable=False),
)
instrument_state = sa.Table(
    "instrument_state",
    metadata,
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("instrument_id", sa.Text, primary_key=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("last_seq", sa.BigInteger),
    sa.Column("last_start", UtcDateTime),
    sa.Column("last_end", UtcDateTime),
    sa.Column("last_received_at", UtcDateTime),
    sa.Column("skew_s", sa.Float),
    sa.Column("clock", sa.Text, nullable=False),
    sa.Column("clock_since", UtcDateTime),
    sa.Column("held", sa.BigInteger, nullable=False),
)
gap = sa.Table(
    "gap",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text, nullable=False),
    sa.Column("start", UtcDateTime, nullable=False),
    sa.Column("end", UtcDateTime, nullable=False),
    sa.Column("missing", sa.Integer, nullable=False),
    sa.Column("found_by", sa.Text, nullable=False),
    sa.Column("found_at", UtcDateTime, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    sa.Column("state_at", UtcDateTime, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.UniqueConstraint("station_id", "instrument_id", "start", "end"),
)
revision = sa.Table(
    "revision",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text, nullable=False),
    sa.Column("first", UtcDateTime, nullable=False),
    sa.Column("last", UtcDateTime, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("origin", sa.Text, nullable=False),
    sa.Column("readings", sa.Integer, nullable=False),
    sa.Column("before", sa.JSON, nullable=False),
    sa.UniqueConstraint("station_id", "instrument_id", "first", "last", "received_at"),
    sa.Index(None, "station_id", "instrument_id", "last"),
)
contender = sa.Table(
    "contender",
    metadata,
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("instrument_id", sa.Text, primary_key=True),
    sa.Column("start", UtcDateTime, primary_key=True),
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("is_exact", sa.Boolean, nullable=False),
    sa.Column("seq", sa.BigInteger),
    sa.Column("part", sa.Integer, nullable=False),
    sa.Column("is_answer", sa.Boolean, nullable=False),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("changed_at", UtcDateTime, nullable=False, index=True),
    sa.Index(None, "start"),
)
reopened_hour = sa.Table(
    "reopened_hour",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("hour", UtcDateTime, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
finding = sa.Table(
    "finding",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False, index=True),
    sa.Column("station_id", sa.Text),
    sa.Column("instrument_id", sa.Text),
    sa.Column("facts", sa.JSON, nullable=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    sa.Column("first_at", UtcDateTime, nullable=False),
    sa.Column("last_at", UtcDateTime, nullable=False),
)
run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("network", sa.Text),
    sa.Column("start", UtcDateTime),
    sa.Column("end", UtcDateTime),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False, index=True),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("process", sa.Text),
)
gate_result = sa.Table(
    "gate_result",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("start", UtcDateTime, nullable=False),
    sa.Column("end", UtcDateTime, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("detail", sa.JSON, nullable=False),
    sa.Column("run_id", sa.Text),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index(None, "network", "start"),
)
# Append-only: triggers of the migration refuse to change or delete a row.
gate_decision = sa.Table(
    "gate_decision",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("result_id", sa.ForeignKey("gate_result.id"), nullable=False, index=True),
    sa.Column("ruling", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
# Append-only likewise; each row holds the digest of the one before.
review_record = sa.Table(
    "review_record",
    metadata,
    sa.Column("position", _Id, primary_key=True, autoincrement=False),
    sa.Column("review_id", sa.Text, nullable=False, index=True),
    sa.Column("bulk_id", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("network", sa.Text),
    sa.Column("station_id", sa.Text),
    sa.Column("instrument_id", sa.Text),
    sa.Column("parameter", sa.Text),
    sa.Column("start", UtcDateTime),
    sa.Column("end", UtcDateTime),
    sa.Column("verdict", sa.Text),
    sa.Column("reason", sa.Text),
    sa.Column("basis", sa.Text),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False, unique=True),
    sa.Index(None, "network", "station_id", "parameter", "start"),
)
transition = sa.Table(
    "transition",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("alert_key", sa.Text, nullable=False),
    sa.Column("rule", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("severity", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False, index=True),
    sa.Column("parameter", sa.Text),
    sa.Column("from_state", sa.Text, nullable=False),
    sa.Column("to_state", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False, index=True),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("threshold", sa.Float),
    sa.Column("unit", sa.Text),
    sa.Column("evidence", sa.JSON, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text),
    sa.UniqueConstraint("alert_key", "at", "from_state", "to_state"),
)
alert = sa.Table(
    "alert",
    metadata,
    sa.Column("alert_key", sa.Text, primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("transition_id", sa.ForeignKey("transition.id"), nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("acknowledged_at", UtcDateTime),
    sa.Column("note", sa.Text),
    sa.Column("extreme", sa.Float),
    sa.Column("extreme_at", UtcDateTime),
    sa.Column("latest", sa.Float),
    sa.Column("latest_at", UtcDateTime),
)
acknowledgement = sa.Table(
    "acknowledgement",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("alert_key", sa.Text, nullable=False, index=True),
    sa.Column("transition_id", sa.ForeignKey("transition.id"), nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
)
delivery = sa.Table(
    "delivery",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("transition_id", sa.ForeignKey("transition.id"), nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("worker", sa.Text),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at", UtcDateTime, nullable=False),
    sa.Column("finished_at", UtcDateTime),
    sa.Column("detail", sa.Text, nullable=False),
    sa.UniqueConstraint("transition_id", "channel"),
    sa.Index(None, "channel", "state", "due_at"),
)
channel = sa.Table(
    "channel",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("ok", sa.Boolean, nullable=False),
    sa.Column("since", UtcDateTime, nullable=False),
    sa.Column("checked_at", UtcDateTime, nullable=False),
    sa.Column("failures", sa.BigInteger, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("alarmed_at", UtcDateTime),
)
document = sa.Table(
    "document",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("body", sa.JSON, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)
# What flags and hourly values were before: kept for ever, never changed. The present state is in the time-series database.
flag_rule = sa.Table(
    "flag_rule",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("test", sa.Text, nullable=False),
    sa.Column("version", sa.Text, nullable=False),
    sa.Column("figures", sa.JSON, nullable=False),
)
flag_change = sa.Table(
    "flag_change",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("level", sa.Text, nullable=False),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text),
    sa.Column("parameter", sa.Text, nullable=False),
    sa.Column("test", sa.Text, nullable=False),
    sa.Column("start", UtcDateTime, nullable=False),
    sa.Column("flag", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("flag_before", sa.Integer, nullable=False),
    sa.Column("reason_before", sa.Text, nullable=False),
    sa.Column("end_before", UtcDateTime),
    sa.Column("rule", sa.ForeignKey("flag_rule.digest"), nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Index(None, "station_id", "parameter", "start"),
)
screened = sa.Table(
    "screened",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("start", UtcDateTime, primary_key=True),
    sa.Column("end", UtcDateTime, nullable=False),
)
hour_revision = sa.Table(
    "hour_revision",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False),
    sa.Column("parameter", sa.Text, nullable=False),
    sa.Column("hour", UtcDateTime, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("value", sa.Float),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("flag", sa.Integer, nullable=False),
    sa.Column("std", sa.Float),
    sa.Column("completeness", sa.Float),
    sa.Column("uncertainty", sa.Float),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("station_id", "parameter", "hour", "network", "revision"),
)
# Digests of a station's month: native values by day, limits and instruments.
judged_month = sa.Table(
    "judged_month",
    metadata,
    sa.Column("network", sa.Text, primary_key=True),
    sa.Column("station_id", sa.Text, primary_key=True),
    sa.Column("month", UtcDateTime, primary_key=True),
    sa.Column("rules", sa.Text, nullable=False),
    sa.Column("days", sa.JSON, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("judged_at", UtcDateTime, nullable=False),
)
calibration = sa.Table(
    "calibration",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text, nullable=False),
    sa.Column("parameter", sa.Text, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("reference", sa.Float, nullable=False),
    sa.Column("response", sa.Float, nullable=False),
    sa.Column("gas", sa.Text, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("outcome", sa.Text),
    sa.Column("drift", sa.Float),
    sa.Column("judged_at", UtcDateTime),
    # the figures too: a station that sends a result again with other figures has sent another result
    sa.UniqueConstraint(
        "station_id",
        "instrument_id",
        "parameter",
        "kind",
        "gas",
        "at",
        "reference",
        "response",
        name="uq_calibration_result",
    ),
    sa.Index(None, "network", "at"),
)
correction = sa.Table(
    "correction",
    metadata,
    sa.Column("id", _Id, primary_key=True, autoincrement=True),
    sa.Column("network", sa.Text, nullable=False),
    sa.Column("station_id", sa.Text, nullable=False),
    sa.Column("instrument_id", sa.Text, nullable=False),
    sa.Column("parameter", sa.Text, nullable=False),
    sa.Column("start", UtcDateTime, nullable=False),
    sa.Column("end", UtcDateTime, nullable=False),
    sa.Column("zero_start", sa.Float, nullable=False),
    sa.Column("zero_end", sa.Float, nullable=False),
    sa.Column("gain_start", sa.Float, nullable=False),
    sa.Column("gain_end", sa.Float, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
    sa.Column("reverted_by", sa.Text),
    sa.Column("reverted_why", sa.Text),
    sa.Column("reverted_at", UtcDateTime),
    sa.Index(None, "network", "station_id"),
)
process = sa.Table(
    "process",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.Integer, nullable=False),
    sa.Column("started_at", UtcDateTime, nullable=False),
    sa.Column("beat_at", UtcDateTime, nullable=False),
    sa.Column("every_s", sa.Float, nullable=False),
    sa.Column("restarts", sa.Integer, nullable=False),
    sa.Column("complaint", sa.Text, nullable=False),
)
