"""Reviews of hours: rulings, reasons and states. Levels of review as practised: propose, confirm, sign."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum

import msgspec


class ReviewVerdict(StrEnum):
    """Ruling of a reviewer on an interval; a closed list."""

    VALID = "valid"
    """The values are valid, whatever the tests found."""
    INVALID = "invalid"
    """The values are not to be used."""
    SUSPECT = "suspect"
    """The values stay, with doubt."""
    AS_FLAGGED = "as_flagged"
    """Looked at: the flags of the tests are right as they are."""


class ReviewReason(StrEnum):
    """Why; a closed list."""

    ROUTINE_CHECK = "routine_check"
    REAL_EVENT = "real_event"
    FALSE_ALARM = "false_alarm"
    INSTRUMENT_FAULT = "instrument_fault"
    CALIBRATION = "calibration"
    MAINTENANCE = "maintenance"
    SAMPLING_FAULT = "sampling_fault"
    COMMUNICATION_FAULT = "communication_fault"
    CONFIGURATION_FAULT = "configuration_fault"
    LOCAL_CONTAMINATION = "local_contamination"
    INTERFERENCE = "interference"
    UNRESOLVED = "unresolved"
    OTHER = "other"
    """Needs a note."""


_OF_DATA = frozenset({ReviewReason.LOCAL_CONTAMINATION, ReviewReason.INTERFERENCE, ReviewReason.OTHER})
REASONS_OF = {
    ReviewVerdict.VALID: frozenset(
        {ReviewReason.ROUTINE_CHECK, ReviewReason.REAL_EVENT, ReviewReason.FALSE_ALARM, ReviewReason.OTHER}
    ),
    ReviewVerdict.INVALID: _OF_DATA
    | {
        ReviewReason.INSTRUMENT_FAULT,
        ReviewReason.CALIBRATION,
        ReviewReason.MAINTENANCE,
        ReviewReason.SAMPLING_FAULT,
        ReviewReason.COMMUNICATION_FAULT,
        ReviewReason.CONFIGURATION_FAULT,
    },
    ReviewVerdict.SUSPECT: _OF_DATA | {ReviewReason.UNRESOLVED},
    ReviewVerdict.AS_FLAGGED: frozenset({ReviewReason.ROUTINE_CHECK, ReviewReason.OTHER}),
}
"""Which reasons go with a verdict."""


class ReviewAction(StrEnum):
    """What a record of the trail does."""

    PROPOSE = "propose"
    CONFIRM = "confirm"
    SIGN = "sign"
    RETURN = "return"
    WITHDRAW = "withdraw"


class ReviewState(StrEnum):
    """State of a review."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    SIGNED = "signed"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"


ACTIVE = frozenset({ReviewState.PROPOSED, ReviewState.CONFIRMED, ReviewState.SIGNED})
"""States in which a review applies to its hours."""
NEXT_STATE = {
    ReviewAction.CONFIRM: (frozenset({ReviewState.PROPOSED}), ReviewState.CONFIRMED),
    ReviewAction.SIGN: (frozenset({ReviewState.CONFIRMED}), ReviewState.SIGNED),
    ReviewAction.RETURN: (frozenset({ReviewState.PROPOSED, ReviewState.CONFIRMED}), ReviewState.RETURNED),
    ReviewAction.WITHDRAW: (ACTIVE, ReviewState.WITHDRAWN),
}
"""From which states an action leads, and where to."""


class ReviewCode(IntEnum):
    """How far an hour is reviewed, the column ``<p>__review`` of level L2."""

    NONE = 0
    PROPOSED = 1
    CONFIRMED = 2
    SIGNED = 3
    STALE = 8
    """Reviewed, but its value or flag has changed since: the verdict does not count."""


CODE_OF = {
    ReviewState.PROPOSED: ReviewCode.PROPOSED,
    ReviewState.CONFIRMED: ReviewCode.CONFIRMED,
    ReviewState.SIGNED: ReviewCode.SIGNED,
}


class ReviewTarget(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """The hours ``[start, end)`` of one parameter at one station that a review is about.

    Attributes
    ----------
    start, end : datetime
        UTC, full hours.
    instrument_id : str or None
        The instrument the reviewer named; recorded, not used to choose hours.
    """

    network: str
    station_id: str
    parameter: str
    start: datetime
    end: datetime
    instrument_id: str | None = None


class ReviewDraft(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal before it is recorded.

    Attributes
    ----------
    basis : str
        Digests of the hours it was made upon, `qc.review.basis.basis_of`.
    """

    target: ReviewTarget
    verdict: ReviewVerdict
    reason: ReviewReason
    basis: str


class ReviewStep(msgspec.Struct, frozen=True, kw_only=True):
    """One record of a review's history; ``position`` counts from 1 in the whole trail."""

    position: int
    action: ReviewAction
    who: str
    at: datetime
    note: str


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """A review with its history: steps, oldest first, the first one proposes. Reviews of one act have the same ``bulk_id``."""

    id: str
    bulk_id: str
    target: ReviewTarget
    verdict: ReviewVerdict
    reason: ReviewReason
    basis: str
    state: ReviewState
    steps: tuple[ReviewStep, ...]

    @property
    def proposed(self) -> ReviewStep:
        """The first step."""
        return self.steps[0]
