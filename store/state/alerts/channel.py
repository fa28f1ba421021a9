"""State of the alert channels (mail): since when, number of failures, and when the outage was reported elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import insert, to_type
from store.state.table import channel


class ChannelState(msgspec.Struct, frozen=True, kw_only=True):
    """State of one channel: outcome of its last use, and the first use with that outcome (``since``).

    ``failures`` counts the uses that failed, ever [1]; ``detail`` is the last answer or error; ``alarmed_at`` is when the outage
    was last reported elsewhere, None while the channel works.
    """

    name: str
    ok: bool
    since: datetime
    checked_at: datetime
    failures: int
    detail: str
    alarmed_at: datetime | None = None


class ChannelStore(StateTables):
    """Functions on channels."""

    def note(self, name: str, *, ok: bool, detail: str, now: datetime) -> ChannelState:
        """Note the outcome of one use; returns the state before it, or the new one where there was none."""
        with self.database.writing() as connection:
            before = connection.execute(_question(name).with_for_update()).mappings().first()
            values = {"ok": ok, "checked_at": now, "detail": detail}
            if before is None:
                fresh = values | {"name": name, "since": now, "failures": int(not ok)}
                connection.execute(insert(connection, channel).values(fresh).on_conflict_do_nothing())
                return ChannelState(**fresh)  # type: ignore[arg-type]  # the fields by name
            if before["ok"] != ok:
                values |= {"since": now}
            if ok:
                values |= {"alarmed_at": None}
            changed = sa.update(channel).where(channel.c.name == name)
            connection.execute(changed.values(values | {"failures": channel.c.failures + int(not ok)}))
            return to_type(before, ChannelState)

    def note_alarm(self, name: str, *, before: datetime | None, now: datetime | None) -> bool:
        """Claim the report of an outage, or release the claim with None; False when another worker has claimed it since ``before``."""
        same = channel.c.alarmed_at.is_(None) if before is None else channel.c.alarmed_at == before
        change = sa.update(channel).where(channel.c.name == name, channel.c.ok.is_(False), same)
        return self.database.change(change.values(alarmed_at=now)) == 1

    def get(self, name: str) -> ChannelState | None:
        """State of a channel; None before its first use."""
        row = self.database.first(_question(name))
        return to_type(row, ChannelState) if row else None


def _question(name: str) -> sa.Select[Any]:
    return sa.select(channel).where(channel.c.name == name)
