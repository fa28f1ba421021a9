"""Columns of one type, by their names: a table is written as groups of them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
"""Type of a row's number: SQLite counts up an INTEGER only."""


def columns(kind: Any, *names: str, nullable: bool = False, **options: Any) -> list[sa.Column[Any]]:  # noqa: ANN401 - as `sa.Column`
    """Columns of a type.

    Parameters
    ----------
    kind : type or instance of a SQLAlchemy type, or a foreign key
    names : str
    nullable : bool
        Whether a row may leave them out.
    options
        Of `sqlalchemy.Column`.
    """
    return [sa.Column(name, kind, nullable=nullable, **options) for name in names]
