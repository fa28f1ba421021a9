"""Mutes and maintenance windows: what is not reported for a time. They end by themselves. Used acknowledge links."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import insert, to_type
from store.state.table import mute, used_link


class MuteKind(StrEnum):
    """Why nothing is reported."""

    MUTE = "mute"
    MAINTENANCE = "maintenance"
    """Work at the stations: their values are not believed either."""


class MuteMatcher(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Patterns (``fnmatch``) of what a mute covers; an empty list covers all.

    ``stations``, ``cities``, ``networks``, ``parameters`` and ``rules`` all have to match; ``cases`` are ids.
    """

    stations: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    cases: tuple[str, ...] = ()


class Mute(msgspec.Struct, frozen=True, kw_only=True):
    """A mute, ``[start, end)`` in UTC; ``id`` 0 before it is stored.

    ``is_end_reported``: whether its end was reported to those whom it concerned.
    """

    kind: MuteKind
    matcher: MuteMatcher
    start: datetime
    end: datetime
    by: str
    reason: str
    recorded_at: datetime
    is_end_reported: bool = False
    id: int = 0


class MuteStore(StateTables):
    """Functions on mutes and on links that were used."""

    def add(self, item: Mute) -> Mute:
        """Store a mute; returns it with its id."""
        values = msgspec.structs.asdict(item) | {"kind": item.kind.value, "matcher": msgspec.to_builtins(item.matcher)}
        del values["id"]
        with self.database.writing() as connection:
            stored = connection.execute(sa.insert(mute).values(values).returning(mute.c.id)).scalar_one()
        return msgspec.structs.replace(item, id=int(stored))

    def end(self, mute_id: int, *, now: datetime) -> bool:
        """End a mute before its time; False when it has ended or there is none."""
        active = sa.and_(mute.c.id == mute_id, mute.c.end > now)
        # one that had not begun covers nothing
        start = sa.case((mute.c.start > now, now), else_=mute.c.start)
        return self.database.change(sa.update(mute).where(active).values(start=start, end=now)) == 1

    def active(self, at: datetime) -> list[Mute]:
        """Mutes in force at a moment, in the order in which they were stored."""
        question = sa.select(mute).where(mute.c.start <= at, mute.c.end > at).order_by(mute.c.id)
        return [to_type(row, Mute) for row in self.database.rows(question)]

    def take_ended(self, now: datetime) -> list[Mute]:
        """Mutes that have ended and whose end is not reported yet: each is returned to one caller once."""
        over = sa.and_(mute.c.end <= now, mute.c.is_end_reported.is_(False))
        with self.database.writing() as connection:
            rows = connection.execute(sa.update(mute).where(over).values(is_end_reported=True).returning(mute))
            return [to_type(row, Mute) for row in rows.mappings()]

    def use_link(self, digest: str, *, now: datetime) -> bool:
        """Use an acknowledge link up; False when it was used before."""
        with self.database.writing() as connection:
            statement = insert(connection, used_link).values(digest=digest, used_at=now).on_conflict_do_nothing()
            return connection.execute(statement.returning(used_link.c.digest)).scalar() is not None

    def is_link_used(self, digest: str) -> bool:
        """Whether an acknowledge link was used."""
        return self.database.first(sa.select(used_link.c.digest).where(used_link.c.digest == digest)) is not None

    def list(self, *, ended_from: datetime | None = None, limit: int = 200) -> list[Mute]:
        """Mutes, the newest first; with ``ended_from`` only those that end after it."""
        question = sa.select(mute).order_by(mute.c.id.desc()).limit(limit)
        if ended_from is not None:
            question = question.where(mute.c.end > ended_from)
        return [to_type(row, Mute) for row in self.database.rows(question)]
