"""Agreement of quality control with reviewers over stored data. Reads only.

Errors: `store.error.StoreError`, `qc.limits.load.ThresholdError`, `ValueError` for an invalid query.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec
import pandas as pd

from qc.review.reviewer_agreement import ReviewerAgreement, reviewed_series, reviewer_agreement
from qc.review.threshold_proposal import LimitProposal, propose_limits, to_overrides
from qc.run.limits import thresholds_of
from qc.run.review.query import checked, read_flags, read_reviewed
from store.influx.store import InfluxStore
from store.state import StateStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qc.review.reviewer_agreement import ReviewedSeries
    from qc.review.threshold_proposal import Native
    from qc.run.review.query import ReviewQuery
    from schemas.network import Network
    from store.settings import SharedSettings


class ScoreReport(msgspec.Struct, frozen=True, kw_only=True):
    """Scores and proposals over the reviewed hours of a network.

    Attributes
    ----------
    reviewed, invalid : int
        Hours that review made valid or invalid, and invalid ones.
    version : str
        Of the thresholds in force.
    """

    network: str
    start: datetime
    end: datetime
    reviewed: int
    invalid: int
    version: str
    scores: tuple[ReviewerAgreement, ...]
    proposals: tuple[LimitProposal, ...]

    def overrides(self) -> str:
        """The proposed limits as a file of thresholds."""
        span = f"{self.start:%Y-%m-%d}..{self.end:%Y-%m-%d}"
        source = (
            f"learnt from reviews of {span}: {self.reviewed} hours, {self.invalid} invalid; thresholds {self.version}"
        )
        return to_overrides(self.proposals, source)


def score_reviews(settings: SharedSettings, query: ReviewQuery) -> ScoreReport:
    """Precision and recall of every test, and better limits where reviews show them."""
    query = checked(settings, query)
    thresholds = thresholds_of(settings)
    with closing(InfluxStore(settings)) as store, StateStore(settings.state_url) as state:
        found, flags = read_reviewed(store, state, query), read_flags(store, query)
        series = [item for item in reviewed_series(found, flags, query.network) if item.parameter in query.parameters]
        # Which native values are needed is known only now: those of the channels that have reviews.
        native = _read_native(store, settings.stations, series, (query.start, query.end))
    # Limits may change by month: those in the middle of the interval are taken.
    middle = (query.start + (query.end - query.start) / 2).astimezone(settings.stations.timezone)
    return ScoreReport(
        network=query.network,
        start=query.start,
        end=query.end,
        reviewed=sum(int((item.truth >= 0).sum()) for item in series),
        invalid=sum(int((item.truth == 1).sum()) for item in series),
        version=thresholds.version,
        scores=tuple(reviewer_agreement(series)),
        proposals=tuple(propose_limits(series, native, thresholds, middle.month)),
    )


def _read_native(
    store: InfluxStore, network: Network, series: Sequence[ReviewedSeries], span: tuple[datetime, datetime]
) -> dict[tuple[str, str], list[Native]]:
    native: dict[tuple[str, str], list[Native]] = {}
    for item in series:
        for instrument in network.stations[item.station_id].instruments_of(item.network):
            if item.parameter not in instrument.parameters:
                continue
            frame = store.read_native(item.network, item.station_id, instrument.id, *span, parameters=(item.parameter,))
            if item.parameter in frame and len(frame):
                times = pd.DatetimeIndex(frame.index).tz_localize(None).to_numpy()
                native.setdefault((item.station_id, item.parameter), []).append(
                    (frame[item.parameter].to_numpy(dtype=float), times)
                )
    return native
