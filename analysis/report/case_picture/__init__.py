"""The picture of a case file: the series with the wind, a small map, and the shares of the sources, one below the other.

Narrow on purpose: letters stay readable at the width of a phone. `case_picture` is the door.
"""

from analysis.report.case_picture.picture import case_picture

__all__ = ["case_picture"]
