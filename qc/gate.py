"""The gate: a batch of hours against its suite, by Great Expectations (its only user in the project).

The library takes seconds to import, so it is imported when a batch is judged. Nothing leaves the machine: its analytics
are off, and links to content-delivery networks are taken out of the pages it writes.

Errors::

    GateError    the suite or its evaluation is broken: a program or installation error, not a matter of the data
"""

from __future__ import annotations

import fcntl
import json
import logging
import re
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import msgspec

from qc.batch import BASE_COLUMNS
from qc.suite import Expectation, Severity, read_suite
from store.state import GateOutcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    import pandas as pd

#: Validations kept, with their pages, for each network.
KEEP_VALIDATIONS = 90
_SITE = "data_docs"
_DATASOURCE = "hourly"
_STYLE = """<style>body{font-family:sans-serif;margin:1rem;color:#222}table{border-collapse:collapse}
td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left}a{color:#0a5}.d-none,.modal{display:none}
img{max-width:2rem}</style>"""
_OUTSIDE = re.compile(
    r"<script[^>]*src=[\"']https?://[^>]*>\s*</script>|<link[^>]*href=[\"']https?://[^>]*>|<img[^>]*src=[\"']https?://[^>]*>",
    re.IGNORECASE,
)


class GateError(RuntimeError):
    """A suite cannot be read or evaluated; the message names it."""


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation that failed, in words with figures."""

    id: str
    severity: Severity
    en: str
    zh: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """Outcome for one batch.

    Attributes
    ----------
    failures : tuple of Failure
        Critical ones first.
    evaluated : int
    skipped : tuple of str
        Ids of expectations about columns that hold no value: not evaluated.
    page : str
        The validation's page of the Data Docs.
    """

    result: GateOutcome
    failures: tuple[Failure, ...]
    evaluated: int
    skipped: tuple[str, ...]
    page: str


def judge(batch: pd.DataFrame, network: str, expected: Sequence[str], *, run_dir: Path, now: datetime) -> Verdict:
    """Judge a batch and add its page to the Data Docs.

    Parameters
    ----------
    batch : DataFrame
        Of `qc.batch.make_batch`.
    network : str
    expected : sequence of str
        Parameters that the network's stations are configured to report.
    run_dir : Path
        Validations are kept under ``gx/<network>``, pages under ``data_docs/<network>``.
    now : datetime
        Of the run, aware.

    Raises
    ------
    GateError
    """
    chosen, skipped = choose(read_suite(network), batch, expected)
    docs, kept = (run_dir / _SITE / network).resolve(), (run_dir / "gx" / network).resolve()
    with _locked(kept), _quiet():
        results, page = _validate(batch, network, chosen, docs=docs, kept=kept, now=now)
        _prune(kept, docs)
        _localise(docs)
    _write_index(docs.parent)
    failures = sorted(
        (_failure(one, result) for one, result in zip(chosen, results, strict=True) if not result["success"]),
        key=lambda item: (item.severity is not Severity.CRITICAL, item.id),
    )
    return Verdict(
        result=_result(failures), failures=tuple(failures), evaluated=len(chosen), skipped=tuple(skipped), page=page
    )


def choose(
    suite: Sequence[Expectation], batch: pd.DataFrame, expected: Sequence[str]
) -> tuple[list[Expectation], list[str]]:
    """Expectations that can be evaluated on a batch, and the ids of those that cannot.

    Parameters outside ``expected`` are not asked for; a column without any value gives nothing to judge.
    """
    chosen: list[Expectation] = []
    skipped: list[str] = []
    asked = {*BASE_COLUMNS, *expected}
    for one in suite:
        if one.id == "columns":
            names = [name for name in one.kwargs["column_set"] if name in asked]
            chosen.append(msgspec.structs.replace(one, kwargs={**one.kwargs, "column_set": names}))
        elif all(name in batch and batch[name].notna().any() for name in one.columns):
            chosen.append(one)
        elif set(one.columns) & {*batch.columns, *expected}:
            skipped.append(one.id)
    return chosen, skipped


def _validate(
    batch: pd.DataFrame, network: str, chosen: Sequence[Expectation], *, docs: Path, kept: Path, now: datetime
) -> tuple[list[dict[str, Any]], str]:
    import great_expectations as gx
    from great_expectations.core.run_identifier import RunIdentifier
    from great_expectations.exceptions import GreatExpectationsError

    context = _context(docs, kept)
    configured = [
        {"type": one.type, "kwargs": one.kwargs, "severity": one.severity.value, "meta": {"id": one.id}}
        for one in chosen
    ]
    try:
        suite = context.suites.add_or_update(gx.ExpectationSuite(name=network, expectations=configured))
        if len(suite.expectations) != len(chosen):
            # The library only logs an expectation that it cannot read.
            msg = f"suite {network}: {len(chosen) - len(suite.expectations)} expectations are not understood"
            raise GateError(msg)
        asset = context.data_sources.add_pandas(_DATASOURCE).add_dataframe_asset(network)
        definition = gx.ValidationDefinition(
            name=network, data=asset.add_batch_definition_whole_dataframe("hours"), suite=suite
        )
        definition = context.validation_definitions.add_or_update(definition)
        outcome = definition.run(
            batch_parameters={"dataframe": batch},
            result_format="SUMMARY",
            run_id=RunIdentifier(run_name=f"{now:%Y%m%dT%H%M%SZ}", run_time=now),
        )
        context.build_data_docs(site_names=[_SITE])
    except GreatExpectationsError as error:
        msg = f"suite {network}: {error}"
        raise GateError(msg) from error
    by_id = {result.expectation_config.meta["id"]: result.to_json_dict() for result in outcome.results}
    return [by_id[one.id] for one in chosen], _newest_page(docs)


def _context(docs: Path, kept: Path) -> Any:  # noqa: ANN401 - the library is not typed for us
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        FilesystemStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs)},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
    }
    config = DataContextConfig(
        store_backend_defaults=FilesystemStoreBackendDefaults(root_directory=str(kept)),
        data_docs_sites={_SITE: site},
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False),
    )
    return gx.get_context(mode="ephemeral", project_config=config)


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One gate a network at a time, across processes: the pages of a network are written together."""
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "lock").open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence what the library says about itself and its own dependencies, nothing else."""
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


def _result(failures: Sequence[Failure]) -> GateOutcome:
    if any(item.severity is Severity.CRITICAL for item in failures):
        return GateOutcome.HOLD
    return GateOutcome.WARN if failures else GateOutcome.PASS


def _failure(one: Expectation, result: dict[str, Any]) -> Failure:
    exception = result.get("exception_info") or {}
    if exception.get("raised_exception") or any(isinstance(item, dict) for item in exception.values()):
        msg = f"expectation {one.id}: cannot be evaluated: {json.dumps(exception)[:500]}"
        raise GateError(msg)
    en, zh = _figures(one, result.get("result", {}))
    return Failure(id=one.id, severity=one.severity, en=f"{one.en} ({en})", zh=f"{one.zh}（{zh}）")


def _figures(one: Expectation, result: dict[str, Any]) -> tuple[str, str]:
    bounds = f"{_bound(one.kwargs.get('min_value'))} .. {_bound(one.kwargs.get('max_value'))}"
    missing = (result.get("details") or {}).get("mismatched", {}).get("missing")
    if missing:
        return f"missing: {', '.join(missing)}", f"缺少：{'、'.join(missing)}"
    if "unexpected_count" in result:
        share, count = result.get("unexpected_percent") or 0.0, result["unexpected_count"]
        examples = ", ".join(_bound(value) for value in result.get("partial_unexpected_list", [])[:3])
        return (
            f"{count} rows, {share:.1f} %, e.g. {examples}; expected {bounds}",
            f"{count} 行，占 {share:.1f} %，例如 {examples}；应在 {bounds}",
        )
    return (
        f"found {_bound(result.get('observed_value'))}, expected {bounds}",
        f"实际 {_bound(result.get('observed_value'))}，应在 {bounds}",
    )


def _bound(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:.6g}"
    return "…" if value is None else str(value)


def _newest_page(docs: Path) -> str:
    pages = sorted(docs.glob("validations/**/*.html"), key=lambda path: path.stat().st_mtime)
    return str(pages[-1]) if pages else ""


def _prune(kept: Path, docs: Path) -> None:
    for directory, pattern in ((kept, "**/validations/**/*.json"), (docs, "validations/**/*.html")):
        files = sorted(directory.glob(pattern), key=lambda path: path.stat().st_mtime)
        for path in files[:-KEEP_VALIDATIONS]:
            path.unlink()


def _localise(docs: Path) -> None:
    """Take links to foreign hosts out of the pages, and give them a plain style instead."""
    for path in docs.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        local = _OUTSIDE.sub("", text)
        if local != text:
            path.write_text(local.replace("</head>", _STYLE + "</head>", 1), encoding="utf-8")


def _write_index(site: Path) -> None:
    names = sorted(path.parent.name for path in site.glob("*/index.html"))
    items = "".join(f'<li><a href="{name}/index.html">{name}</a></li>' for name in names)
    page = (
        f"<!doctype html><html lang='zh'><head><meta charset='utf-8'><title>skyground data docs</title>{_STYLE}</head>"
    )
    (site / "index.html").write_text(
        f"{page}<body><h1>数据质量关卡 Data gate</h1><ul>{items}</ul></body></html>", encoding="utf-8"
    )
