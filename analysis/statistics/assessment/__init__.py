"""Assessment of a place over a month, a year or any span of civil days: validity, means, percentiles, exceedances, composite index.

A place is a station, a city (the mean of its stations day by day) or a province (the mean of its cities day by day): `mean_of`.
Limits and rules are those in force on each day; where the editions change within the span, figures that need one limit
(comparison with an annual limit, composite index) are left to `Assessment.parts`, one a span of one edition.

References
----------
GB 3095-2026 Table 4 (days of a valid month and year; the same in 2012). Percentiles and composite index: HJ 663, not
verified; ``data/assessment.toml`` has every figure with its status.
"""

from analysis.statistics.assessment.assess import assess as assess
from analysis.statistics.assessment.compare import changes as changes
from analysis.statistics.assessment.compare import compared as compared
from analysis.statistics.assessment.compare import ranking as ranking
from analysis.statistics.assessment.place import POLLUTANTS as POLLUTANTS
from analysis.statistics.assessment.place import STATIONS as STATIONS
from analysis.statistics.assessment.place import mean_of as mean_of
from analysis.statistics.assessment.result import Assessment as Assessment
from analysis.statistics.assessment.result import PollutantAssessment as PollutantAssessment
from analysis.statistics.assessment.span import months_of as months_of
from analysis.statistics.assessment.span import year_before as year_before
from analysis.statistics.assessment.span import years_of as years_of
