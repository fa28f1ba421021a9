"""Documents: JSON by kind and key with all versions."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec
import sqlalchemy as sa

from store.state.database import StateTables
from store.state.statement import to_type, utc_now
from store.state.table import document

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping


_PAGE = 500
"""Documents that one query reads."""
#: First half of the key of the advisory lock under which documents of a kind are put (any constant of our own).
_PUT_LOCK = 0x736B7970


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One version of a document; versions count from 1.

    Attributes
    ----------
    checked_at : datetime or None
        UTC, when it was last made again with an equal body; None: never.
    """

    kind: str
    key: str
    version: int
    body: dict[str, Any]
    created_at: datetime
    checked_at: datetime | None = None


class DocumentHead(msgspec.Struct, frozen=True, kw_only=True):
    """A version of a document without its body.

    Attributes
    ----------
    checked_at : datetime or None
        As of `Document`.
    fields : dict
        Asked-for values of the body by name; None where it has none.
    """

    kind: str
    key: str
    version: int
    created_at: datetime
    checked_at: datetime | None = None
    fields: dict[str, Any] = {}


class DocumentStore(StateTables):
    """Functions on documents."""

    def put(self, kind: str, key: str, body: Mapping[str, Any]) -> int:
        """Keep a new version and return its number; a body equal to the newest makes no new version, and sets its ``checked_at``.

        Parameters
        ----------
        body : mapping
            Plain JSON; raises `TypeError` or `ValueError` for anything else (also NaN).
        """
        with self._putting(kind) as connection:
            return _put(connection, kind, key, body)

    @contextmanager
    def to_renew(
        self, kind: str, prefix: str
    ) -> Iterator[tuple[list[Document], Callable[[str, Mapping[str, Any]], int]]]:
        """Newest versions whose keys begin with ``prefix``, the latest created first, and `put` for their kind, in one transaction.

        Until it ends no other process puts a document of the kind, so a caller that finds none may put the first one. It only
        compares meanwhile: on SQLite all other writers wait.
        """
        with self._putting(kind) as connection:
            question = _page_after(None, kind, prefix, None).limit(None)
            found = [to_type(row, Document) for row in connection.execute(question).mappings()]
            yield found, partial(_put, connection, kind)

    @contextmanager
    def _putting(self, kind: str) -> Iterator[sa.Connection]:
        """A transaction that no other of the kind overlaps; SQLite has one write lock for all."""
        with self.database.writing() as connection:
            if connection.dialect.name == "postgresql":
                lock = sa.func.pg_advisory_xact_lock(_PUT_LOCK, sa.func.hashtext(kind))
                connection.execute(sa.select(lock))
            yield connection

    def get(self, kind: str, key: str) -> Document | None:
        """The newest version, or None."""
        row = self.database.first(_newest(kind, key))
        return to_type(row, Document) if row else None

    def each(self, kind: str, *, prefix: str = "", created_from: datetime | None = None) -> Iterator[Document]:
        """Newest versions of a kind, the latest created first; only keys that begin with ``prefix``. Read by pages, none left out."""
        last: Document | None = None
        while True:
            found = self._documents(_page_after(last, kind, prefix, created_from))
            yield from found
            if len(found) < _PAGE:
                return
            last = found[-1]

    def heads(
        self,
        kind: str,
        fields: Mapping[str, tuple[str | int, ...]] | None = None,
        *,
        keys: Collection[str] | None = None,
        every_version: bool = False,
    ) -> list[DocumentHead]:
        """Newest versions without their bodies, the latest created first: of large documents many are read in no time.

        Parameters
        ----------
        fields : mapping of str to tuple, optional
            Values of the body that are read, as text, by name: the path of each, of names and places in lists. Each costs the reading
            of the body.
        keys : collection of str or None
            Only these.
        every_version : bool
            All versions, those of a key from the newest on.
        """
        wanted = dict(fields or {})
        values = [document.c.body[path].as_string().label(f"field_{name}") for name, path in wanted.items()]
        columns = [document.c[name] for name in ("kind", "key", "version", "created_at", "checked_at")]
        question = sa.select(*columns, *values).where(document.c.kind == kind)
        if keys is not None:
            question = question.where(document.c.key.in_(keys))
        if not every_version:
            question = question.join(*_join_newest(kind, ""))
        order = (document.c.created_at.desc(), document.c.key, document.c.version.desc())
        return [
            DocumentHead(
                kind=row["kind"],
                key=row["key"],
                version=row["version"],
                created_at=row["created_at"],
                checked_at=row["checked_at"],
                fields={name: row[f"field_{name}"] for name in wanted},
            )
            for row in self.database.rows(question.order_by(*order))
        ]

    def get_version(self, kind: str, key: str, version: int) -> Document | None:
        """One version, or None."""
        row = self.database.first(_newest(kind, key).where(document.c.version == version))
        return to_type(row, Document) if row else None

    def list_versions(self, kind: str, key: str) -> list[Document]:
        """All versions of a document, newest first."""
        return self._documents(_newest(kind, key).limit(None))

    def _documents(self, question: sa.Select[Any]) -> list[Document]:
        return [to_type(row, Document) for row in self.database.rows(question)]

    def list(
        self,
        kind: str,
        *,
        prefix: str = "",
        created_from: datetime | None = None,
        limit: int | None = None,
    ) -> list[Document]:
        """As `each`, in a list: all of them, or the first ``limit``."""
        return list(islice(self.each(kind, prefix=prefix, created_from=created_from), limit))


def _put(connection: sa.Connection, kind: str, key: str, body: Mapping[str, Any]) -> int:
    # through JSON and back, so that what is compared is what will be read
    plain = msgspec.json.decode(msgspec.json.encode(dict(body)))
    newest = connection.execute(_newest(kind, key)).mappings().first()
    if newest is not None and newest["body"] == plain:
        own = [document.c[name] == newest[name] for name in ("kind", "key", "version")]
        connection.execute(sa.update(document).where(*own).values(checked_at=utc_now()))
        return int(newest["version"])
    version = 1 if newest is None else int(newest["version"]) + 1
    row = {"kind": kind, "key": key, "version": version, "body": plain, "created_at": utc_now()}
    connection.execute(sa.insert(document).values(row))
    return version


def _newest(kind: str, key: str) -> sa.Select[Any]:
    mine = sa.and_(document.c.kind == kind, document.c.key == key)
    return sa.select(document).where(mine).order_by(document.c.version.desc()).limit(1)


def _join_newest(kind: str, prefix: str) -> tuple[sa.Subquery, sa.ColumnElement[bool]]:
    """What narrows documents of a kind to their newest versions."""
    latest = sa.select(document.c.key, sa.func.max(document.c.version).label("version")).where(document.c.kind == kind)
    if prefix:
        latest = latest.where(document.c.key.startswith(prefix, autoescape=True))
    latest_of = latest.group_by(document.c.key).subquery()
    same = sa.and_(
        document.c.kind == kind, document.c.key == latest_of.c.key, document.c.version == latest_of.c.version
    )
    return latest_of, same


def _page_after(last: Document | None, kind: str, prefix: str, created_from: datetime | None) -> sa.Select[Any]:
    question = sa.select(document).join(*_join_newest(kind, prefix))
    if created_from is not None:
        question = question.where(document.c.created_at >= created_from)
    if last is not None:
        is_older = document.c.created_at < last.created_at
        is_same_moment = sa.and_(document.c.created_at == last.created_at, document.c.key > last.key)
        question = question.where(sa.or_(is_older, is_same_moment))
    return question.order_by(document.c.created_at.desc(), document.c.key).limit(_PAGE)
