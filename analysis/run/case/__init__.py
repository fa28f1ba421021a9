"""Case files of stored data: read, compute, store. Documents of kind ``case``, key ``{station}/{parameter}/{start}``.

`cases_of_span` computes the events of some hours, `case_at` the one at a moment, `first_cases` those of alerts that begin. Each
further run renews the document of its event; earlier answers stay as its versions. Docs: ``docs/attribution.md``.
"""

from analysis.run.case.case_data import CaseSources
from analysis.run.case.case_document import find_case, stored_cases
from analysis.run.case.job import CaseSummary, case_at, cases_of_span, first_cases
from analysis.run.case.moment import EventWindow, NoEventError

__all__ = [
    "CaseSources",
    "CaseSummary",
    "EventWindow",
    "NoEventError",
    "case_at",
    "cases_of_span",
    "find_case",
    "first_cases",
    "stored_cases",
]
