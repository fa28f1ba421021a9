"""A report as PDF: the HTML page in its print style, laid out by WeasyPrint with embedded subsets of the fonts."""

from __future__ import annotations


def pdf_file(html: str) -> bytes:
    """PDF of a page of `analysis.report.city.page.html_page`; it fetches nothing.

    Raises
    ------
    ValueError
        The page names a file or host.
    """
    from weasyprint import HTML

    return bytes(HTML(string=html, url_fetcher=_refuse).write_pdf())


def _refuse(url: str, *_: object, **__: object) -> None:
    msg = f"{url}: a report is complete in itself"
    raise ValueError(msg)
