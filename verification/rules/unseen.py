"""What colleagues said of a case in review that a reviewer must not read yet: everybody judges for themselves first.

Whoever has given a verdict reads what was said up to it. A second verdict that differs from a proposal also opens what
was said to the proposer, and to the seniors, one of whom decides. What was said before the case last came into review
is no secret: it was decided, or its evidence was replaced. Reads one case and changes nothing.
"""

from collections.abc import Iterable

from verification.models import Review, StaffUser, Stage, Verdict, Verification
from verification.states import Status

# They tell what their author thinks of the evidence.
_TELLING = frozenset({Stage.PROPOSAL, Stage.BLIND, Stage.SECOND})
_BEGINS_ANEW = frozenset({Verdict.ASK_AGAIN, Verdict.REOPEN})


def from_reader(case: Verification, reader: StaffUser, *, senior: bool) -> list[Review]:
    """The reviews of the case that this reviewer must not read yet, the oldest first."""
    said = _of_this_round(case)
    read_up_to = _read_up_to(said, reader, senior)
    telling = {review.by.person() for review in said if _tells(review)}
    authors = telling - {reader.person()}
    # Also why they escalated or snoozed it: that tells as much.
    return [review for review in said if review.pk > read_up_to and review.by.person() in authors]


def knows_proposer(case: Verification, proposal: Review, reader: StaffUser, *, senior: bool) -> bool:
    """Has this reviewer read an earlier verdict of the proposer, on the evidence as it was or is?

    Then they are no second person for the proposal.
    """
    said = _of_this_round(case)
    read_up_to, proposer = _read_up_to(said, reader, senior), proposal.by.person()
    return any(
        _tells(review) and review.pk <= read_up_to and review.by.person() == proposer for review in said
    )


def knows_a_verdict(case: Verification, reader: StaffUser, *, senior: bool) -> bool:
    """Has this reviewer given a verdict on the case, or read one, since it last came into review?"""
    said = _of_this_round(case)
    read_up_to = _read_up_to(said, reader, senior)
    return any(
        _tells(review) and (review.pk <= read_up_to or review.by.person() == reader.person())
        for review in said
    )


def _of_this_round(case: Verification) -> list[Review]:
    """What was said since the case last came into review; nothing if it is not in review."""
    if case.status != Status.IN_REVIEW:
        return []
    related = ("by__same_person_as", "proposed_by__same_person_as")
    said = list(case.reviews.select_related(*related).order_by("pk"))
    begins = max((at for at, review in enumerate(said, 1) if review.verdict in _BEGINS_ANEW), default=0)
    return said[begins:]


def _tells(review: Review) -> bool:
    return review.stage in _TELLING or review.verdict == Verdict.HAND_BACK


def _read_up_to(said: Iterable[Review], reader: StaffUser, senior: bool) -> int:
    """The primary key of the newest review that the reader may read, 0 if there is none."""
    return max((review.pk for review in said if _opens(review, reader, senior)), default=0)


def _opens(review: Review, reader: StaffUser, senior: bool) -> bool:
    """Does this review let the reader read what was said before it, and itself?"""
    if review.by.person() == reader.person():
        return _tells(review) and review.stage != Stage.BLIND
    if review.stage != Stage.SECOND or review.proposed_by is None:
        return False
    return senior or review.proposed_by.person() == reader.person()
