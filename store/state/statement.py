"""Pieces of SQL statements that the tables share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects import sqlite as sqlite_dialect

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import sqlalchemy as sa

_Type = TypeVar("_Type")


def utc_now() -> datetime:
    """The present, aware, UTC."""
    return datetime.now(UTC)


def insert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite_dialect.Insert:
    """INSERT with ``ON CONFLICT`` of the connected database."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite_dialect.insert(table)


def upsert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, Any]],
    changed: Iterable[str] | None = None,
) -> None:
    """Insert rows; where one of the same primary key is there, replace columns of it.

    Parameters
    ----------
    rows : sequence of mapping
        With the same columns; nothing is done where there are none.
    changed : iterable of str or None
        Columns that are replaced; None: all given ones but the key.
    """
    if not rows:
        return
    key = table.primary_key.columns.keys()
    statement = insert(connection, table)
    taken = changed or [name for name in rows[0] if name not in key]
    replaced = {name: statement.excluded[name] for name in taken}
    connection.execute(statement.on_conflict_do_update(index_elements=key, set_=replaced), list(rows))


def narrowed(
    question: sa.Select[Any], *conditions: tuple[sa.ColumnElement[Any], Callable[[Any, Any], Any], object]
) -> sa.Select[Any]:
    """A query with the conditions whose value is given.

    Parameters
    ----------
    conditions : tuple of column, comparison and value
        A comparison of `operator`, such as ``eq`` or ``lt``; a value of None leaves the condition out.
    """
    return question.where(*(compare(column, value) for column, compare, value in conditions if value is not None))


def in_order(question: sa.Select[Any], *columns: sa.ColumnElement[Any], limit: int | None) -> sa.Select[Any]:
    """A query in the order of columns; with a limit the newest so many, newest first."""
    order = columns if limit is None else [column.desc() for column in columns]
    return question.order_by(*order).limit(limit)


def to_type(row: sa.RowMapping, kind: type[_Type]) -> _Type:
    """A row as the type whose fields its columns are named after."""
    # column names are of a subclass of str, which msgspec does not take
    return msgspec.convert({str(name): value for name, value in row.items()}, kind)
