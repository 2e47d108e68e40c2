"""What follows if another applicant sent the same photo or recording, or one like it. No other module decides this.

The policy's switch adds to what holds anyway: a recording that was sent before or copied goes to a person under every
policy, whoever sent it first.
"""

from django.db.models import Q

from verification.states import FOR_A_PERSON, Flag, SharedEvidence

# The rule of each setting, for statements that read the policy of many cases.
HOLD = (SharedEvidence.REVIEW, SharedEvidence.REVIEW_BY_TWO)
# The flags that may be about another applicant: on photos and on recordings.
PHOTOS = frozenset({Flag.SHARED_PHOTO, Flag.ALIKE_PHOTO})
RECORDINGS = frozenset({Flag.REUSED_VIDEO, Flag.SIMILAR_VIDEO, Flag.ALIKE_VIDEO})


def holds(setting: str) -> bool:
    """Does a person look before such a case is approved?"""
    return setting in HOLD


def takes_two(setting: str) -> bool:
    """Do approvals of such a case take two people?"""
    return setting == SharedEvidence.REVIEW_BY_TWO


def is_for_a_person(code: str, *, elsewhere: bool, setting: str) -> bool:
    """Must a person see this flag before an approval? `elsewhere`: it is about another applicant."""
    return code in FOR_A_PERSON or (elsewhere and holds(setting))


def for_a_person(setting: str) -> Q:
    """The flags for which `is_for_a_person` holds, for a query."""
    always = Q(code__in=FOR_A_PERSON)
    return always | Q(other__isnull=False) if holds(setting) else always
