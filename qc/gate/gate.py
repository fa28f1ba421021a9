"""The gate: a batch of hours against its suite, by Great Expectations (its only user in the project).

The library takes seconds to import, so it is imported when a batch is evaluated. Nothing leaves the machine: its analytics
are off, and links to content-delivery networks are taken out of the pages it writes.

Errors::

    GateError    the suite or its evaluation is broken: a program or installation error, not a matter of the data
"""

from __future__ import annotations

import json
import logging
import warnings
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

from qc.gate.expectation import Expectation, Suite
from qc.gate.outcome import SCREENS, Failure, GateReport, choose, conclude, screen, to_evaluate, to_failure
from schemas.gate import GateOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

__all__ = ["EvaluatedBatch", "Failure", "GateError", "GateReport", "evaluate", "render_page", "worth_a_page"]
_DATASOURCE = "hourly"


class GateError(RuntimeError):
    """A suite cannot be read or evaluated; the message names it."""


class EvaluatedBatch(msgspec.Struct, frozen=True, kw_only=True):
    """A batch with its report, and the expectations that its page of the Data Docs shows."""

    report: GateReport
    batch: pd.DataFrame
    shown: tuple[Expectation, ...]


def evaluate(batch: pd.DataFrame, suite: Suite, expected: Sequence[str] | None) -> EvaluatedBatch:
    """Evaluate a batch against its suite.

    Parameters
    ----------
    batch : DataFrame
        Of `qc.gate.batch.make_batch` or `qc.gate.batch_product`.
    suite : Suite
        Of a network or a product.
    expected : sequence of str or None
        Parameters that the network's stations are configured to report; None for a product.

    Raises
    ------
    GateError
    """
    chosen, skipped = choose(suite.expectations, batch, expected)
    counted, broken = screen(batch, chosen)
    # The screens' own columns exist only now.
    chosen += [one for one in suite.expectations if one.id in SCREENS and one not in chosen and len(counted)]
    asked = to_evaluate(chosen, broken)
    with _quiet(), _explained(suite.name):
        held = [item["success"] for item in _run(counted, asked, brief=True)]
        # A screen that fails is not reported: the limits behind it are.
        failed = [one for one, good in zip(asked, held, strict=True) if not good and one.id not in SCREENS]
        results = _run(counted, failed, brief=False) if failed else []
    failures_found = [to_failure(one, result["result"]) for one, result in zip(failed, results, strict=True)]
    outcome, failures = conclude(failures_found)
    report = GateReport(
        result=outcome,
        failures=failures,
        evaluated=len(chosen),
        skipped=tuple(one for one in skipped if one not in SCREENS),
        suite_version=suite.version,
    )
    return EvaluatedBatch(report=report, batch=counted, shown=tuple(asked))


def evaluate_all(batches: Sequence[pd.DataFrame], suite: Suite, expected: Sequence[str] | None) -> list[EvaluatedBatch]:
    """Evaluate batches one by one; see `evaluate`.

    An empty batch has nothing to hold back: its outcome is at most a warning, and the silence watch reports it.
    """
    return [
        _not_held(evaluate(batch, suite, expected)) if batch.empty else evaluate(batch, suite, expected)
        for batch in batches
    ]


def _not_held(evaluated: EvaluatedBatch) -> EvaluatedBatch:
    if evaluated.report.result is not GateOutcome.HOLD:
        return evaluated
    return msgspec.structs.replace(evaluated, report=msgspec.structs.replace(evaluated.report, result=GateOutcome.WARN))


def worth_a_page(evaluated: Sequence[EvaluatedBatch]) -> list[EvaluatedBatch]:
    """Batches that get a page, of one suite in their order: those that are held, and the newest."""
    return [item for item in evaluated[:-1] if item.report.result is GateOutcome.HOLD] + list(evaluated[-1:])


def render_page(item: EvaluatedBatch, name: str, now: datetime) -> str:
    """The library's HTML page of one batch.

    Parameters
    ----------
    item : EvaluatedBatch
    name : str
        Of the suite.
    now : datetime
        Of the run, aware.

    Raises
    ------
    GateError
    """
    with _quiet(), _explained(name):
        return _page(item, name, now)


def _page(item: EvaluatedBatch, name: str, now: datetime) -> str:
    from great_expectations.core import expectationSuiteValidationResultSchema
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.render.renderer.page_renderer import ValidationResultsPageRenderer
    from great_expectations.render.view import DefaultJinjaPageView

    outcome = _validate(item.batch, item.shown, "SUMMARY")
    outcome.suite_name = name
    outcome.meta["run_id"] = RunIdentifier(run_name=f"{now:%Y-%m-%d %H:%M}Z", run_time=now)
    outcome.meta["validation_time"] = now
    # Through JSON and back, as from a store: the renderer does not take numpy's numbers.
    plain = expectationSuiteValidationResultSchema.load(json.loads(json.dumps(outcome.to_json_dict())))
    rendered = ValidationResultsPageRenderer(run_info_at_end=False).render(plain)
    return str(DefaultJinjaPageView().render(rendered))


@cache
def _hours() -> Any:  # noqa: ANN401 - the library is not typed for us
    """The library's definition of a batch, made once a process: its context takes longer than an evaluation."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    config = DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    context = gx.get_context(mode="ephemeral", project_config=config)
    return _definition(context, "hours")


def _definition(context: Any, name: str) -> Any:  # noqa: ANN401 - as above
    asset = context.data_sources.add_pandas(_DATASOURCE).add_dataframe_asset(name)
    return asset.add_batch_definition_whole_dataframe("hours")


def _run(batch: pd.DataFrame, asked: Sequence[Expectation], *, brief: bool) -> list[dict[str, Any]]:
    """Results in the order of ``asked``; brief ones state only success, in half the time."""
    outcome = _validate(batch, asked, "BOOLEAN_ONLY" if brief else "SUMMARY")
    by_id = {result.expectation_config.meta["id"]: result for result in outcome.results}
    found = []
    for one in asked:
        result = by_id[one.id]
        _check_raised(one, result.exception_info)
        found.append({"success": result.success, "result": {} if brief else result.to_json_dict().get("result", {})})
    return found


def _validate(batch: pd.DataFrame, asked: Sequence[Expectation], form: str) -> Any:  # noqa: ANN401 - as above
    suite = _suite("batch", asked)
    # The library copies and hashes the whole frame: it gets no column that nothing asks for.
    wanted = {column for one in asked for column in one.columns}
    narrow = batch if any(one.id == "columns" for one in asked) else batch[[name for name in batch if name in wanted]]
    return _hours().get_batch(batch_parameters={"dataframe": narrow}).validate(suite, result_format=form)


def _suite(name: str, asked: Sequence[Expectation]) -> Any:  # noqa: ANN401 - as above
    import great_expectations as gx

    configured = [
        {"type": one.type, "kwargs": one.kwargs, "severity": one.severity.value, "meta": {"id": one.id}}
        for one in asked
    ]
    suite = gx.ExpectationSuite(name=name, expectations=configured)
    if len(suite.expectations) != len(asked):
        # The library only logs an expectation that it cannot read.
        msg = f"{len(asked) - len(suite.expectations)} expectations are not understood"
        raise GateError(msg)
    return suite


def _check_raised(one: Expectation, exception: Any) -> None:  # noqa: ANN401 - one record, or one a metric
    raised = exception or {}
    if raised.get("raised_exception") or any(isinstance(item, dict) for item in raised.values()):
        msg = f"expectation {one.id}: cannot be evaluated: {json.dumps(raised, default=str)[:500]}"
        raise GateError(msg)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    from great_expectations.exceptions import GreatExpectationsError

    try:
        yield
    except (GateError, GreatExpectationsError) as error:
        msg = f"suite {name}: {error}"
        raise GateError(msg) from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the library's messages about itself and its own dependencies, nothing else."""
    logger = logging.getLogger("great_expectations")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="module 'sre_", category=DeprecationWarning)
            warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"great_expectations\..*")
            warnings.filterwarnings("ignore", category=FutureWarning, module=r"great_expectations\..*")
            yield
    finally:
        logger.setLevel(level)
