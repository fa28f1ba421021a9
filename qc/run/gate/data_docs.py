"""The pages of the gate on disk: without outside links, listed in an index, bounded in number.

The library's pages load styles and scripts from content-delivery networks. Those links are replaced by a style of our own,
so that the pages work without internet access and on a phone.
"""

from __future__ import annotations

import html
import re
from datetime import datetime
from typing import TYPE_CHECKING

from qc.gate.gate import render_page
from schemas.gate import GateOutcome
from schemas.words import LANGUAGES, sentence, words
from store.file_lock import exclusive

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from qc.gate.gate import EvaluatedBatch
    from qc.gate.outcome import GateReport

SITE = "data_docs"
#: Pages kept for each network or product.
KEEP_PAGES = 90
_SHOWN_IN_INDEX = 20
_META = '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
_STYLE = """<style>
:root{color-scheme:light dark}body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;margin:0 auto;padding:1rem;max-width:75rem}
table{border-collapse:collapse;display:block;max-width:100%;overflow-x:auto}
td,th{border:1px solid #8886;padding:.3rem .6rem;text-align:left;overflow-wrap:anywhere;vertical-align:top}
h1{font-size:1.4rem}h2{font-size:1.1rem;margin-top:1.6rem}a{color:#0b7285}
.d-none,.modal,.navbar,.nav,[data-toggle=collapse],[data-toggle=modal],.card:has(input[type=radio]){display:none}
a[href*="/expectations/"]{pointer-events:none;color:inherit;text-decoration:none}
.fa-check-circle::before{content:"✔";color:#2b8a3e}.fa-times::before{content:"✘";color:#c92a2a}
.fa-exclamation-triangle::before{content:"!";color:#b35900}th{white-space:nowrap}ul{padding-left:1.2rem}img{max-width:2rem}
.hold{color:#c92a2a;font-weight:600}.warn{color:#b35900;font-weight:600}.pass{color:#2b8a3e}
</style>"""
_OUTSIDE = re.compile(
    r"<script[^>]*src=[\"']https?://[^>]*>\s*</script>|<link[^>]*href=[\"'](https?:|[./]*static/)[^>]*>|<img[^>]*src=[\"'](https?:|[./]*static/)[^>]*>",
    re.IGNORECASE,
)
#: Scripts, and footers with outside links; elements that need scripts are hidden by the style.
_SCRIPT = re.compile(r"<(script|footer)\b.*?</\1>", re.IGNORECASE | re.DOTALL)
_OUTCOME = re.compile(r'<p class="(\w+)"')


def write_page(directory: Path, name: str, page: str, report: GateReport) -> Path:
    """Write a page with the outcome above the library's tables; the oldest beyond `KEEP_PAGES` are deleted.

    Parameters
    ----------
    directory : Path
        Of the network or product.
    name : str
        Of the page, ascending in time; an equal name is replaced.
    page : str
        HTML of the library.
    report : GateReport
    """
    local = _SCRIPT.sub("", _OUTSIDE.sub("", page)).replace("</head>", f"{_META}{_STYLE}</head>", 1)
    path = directory / "validations" / f"{name}.html"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(re.sub(r"(<body[^>]*>)", lambda found: found[1] + _head(report), local, count=1), encoding="utf-8")
    for old in sorted(path.parent.glob("*.html"))[:-KEEP_PAGES]:
        old.unlink()
    return path


def _head(report: GateReport) -> str:
    outcome = report.result.value
    texts = [[html.escape(sentence(item.reason, language)) for language in ("zh", "en")] for item in report.failures]
    failures = "".join(f"<li>{'<br>'.join(both)}</li>" for both in texts)
    about = _both("suite", version=html.escape(report.suite_version), count=report.evaluated)
    return (
        f'<p><a href="../../index.html">{_both("title")}</a></p><p class="{outcome}">{_outcome_text(outcome)}</p>'
        f"<ul>{failures}</ul><p>{about}</p>"
    )


def _both(key: str, **arguments: object) -> str:
    """A text in both languages: the pages are files without a reader's choice."""
    return " · ".join(words(language, "page.datadocs")(key, **arguments) for language in LANGUAGES)


def _outcome_text(outcome: str) -> str:
    return _both(outcome) if outcome in tuple(GateOutcome) else ""


def write_index(site: Path) -> None:
    """List the newest pages of every network and product, each with its outcome."""
    parts = "".join(_listed(directory) for directory in sorted(path for path in site.iterdir() if path.is_dir()))
    head = f"<meta charset='utf-8'><title>skyground data docs</title>{_META}{_STYLE}"
    body = f"<p><a href='/'>← skyground</a></p><h1>{_both('title')}</h1>{parts}"
    # Replaced at once: the console may read it at any moment.
    made = site / ".index.html"
    made.write_text(f"<!doctype html><html lang='zh'><head>{head}</head><body>{body}</body></html>\n", encoding="utf-8")
    made.replace(site / "index.html")


def _listed(directory: Path) -> str:
    pages = sorted((directory / "validations").glob("*.html"), reverse=True)[:_SHOWN_IN_INDEX]
    items = "".join(
        f'<li><a href="{directory.name}/validations/{page.name}">{_when(page.stem)}</a> '
        f'<span class="{outcome}">{_outcome_text(outcome)}</span></li>'
        for page in pages
        for outcome in [_outcome_of(page)]
    )
    name = directory.name
    titles = (words(language, "page").get(f"network.{name}", "") for language in LANGUAGES)
    return f"<h2>{html.escape(' · '.join([*filter(None, titles), name]))}</h2><ul>{items}</ul>"


def _when(stem: str) -> str:
    """Time of a page, from its name; of several of one time, their number too."""
    moment, _, number = stem.partition("-")
    at = datetime.strptime(moment, "%Y%m%dT%H%M%S%z")
    return f"{at:%Y-%m-%d %H:%M:%S} UTC" + (f" ({int(number) + 1})" if int(number) else "")


def _outcome_of(page: Path) -> str:
    found = _OUTCOME.search(page.read_text(encoding="utf-8"))
    return found[1] if found else ""


def publish(evaluated: Sequence[EvaluatedBatch], name: str, *, run_dir: Path, now: datetime) -> list[str]:
    """Add the pages of batches of one suite to the Data Docs; returns them, relative to ``data_docs``.

    Raises
    ------
    qc.gate.gate.GateError
    """
    pages = [render_page(item, name, now) for item in evaluated]
    site = (run_dir / SITE).resolve()
    with exclusive(site / ".lock"):  # pages are listed together, and the oldest go
        written = [
            write_page(site / name, f"{now:%Y%m%dT%H%M%S}Z-{number:02}", page, item.report)
            for number, (item, page) in enumerate(zip(evaluated, pages, strict=True))
        ]
        write_index(site)
    return [str(page.relative_to(site)) for page in written]
