"""Reports of a day, a month, a year or another span of days for a city, a province or the stations of files. Pure.

The way of a report: `evidence.gather_evidence` (hours to days of the place), `build.build_report` (sections in one language),
`page.html_page`, `pdf.pdf_file`, `workbook.workbook_file` (what is given out), `revision.revised` (what changed since it was published).

How to add a section
--------------------
1. One module in ``section/``: a function that takes `evidence.ReportEvidence` and a language and returns a `document.ReportSection`, or
   a `document.ReportSentence` with the reason why the report has none. What it needs beyond the six pollutants is in `products`. Each table names its columns with unit and digits, and each row has its ``n``.
2. One line in ``SECTIONS`` of ``build.py``; the order there is the order in the report.
3. Words in ``schemas/words/{en,zh}.po``: ``report.city.section.<key>`` (title), ``report.city.table.<key>``,
   ``report.city.picture.<key>`` (drawn in ``chart/``), ``report.city.column.<key>``, and a key for each sentence.
4. A test in ``tests/analysis/report/city``.
"""
