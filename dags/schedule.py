"""What every schedule has in common: no overlap, no history run unasked, and a report of each end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import dag

from dags.report import report_failure, report_success
from dags.window import DEFAULT_ARGS, WINDOW_PARAMS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from airflow.sdk import Asset


def scheduled(
    when: str | list[Asset] | None, *, doc: str, tag: str, params: Mapping[str, Any] | None = WINDOW_PARAMS
) -> Callable[..., Any]:
    """Decorator that makes a DAG of a function of its name.

    Parameters
    ----------
    when : str or list of Asset or None
        Cron expression in UTC, or the assets that it follows; None where it runs only when it is triggered.
    doc : str
        What it makes, when it is healthy, what to do when it fails.
    tag : str
    params : mapping of str to Param, optional
        What a person may set at a triggered run.
    """
    decorator: Callable[..., Any] = dag(
        schedule=when,
        catchup=False,
        max_active_runs=1,
        params=params,
        default_args={**DEFAULT_ARGS, "on_failure_callback": report_failure},
        on_success_callback=report_success,
        doc_md=doc,
        tags=[tag],
    )
    return decorator
