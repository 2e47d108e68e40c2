"""What follows if another applicant sent the same photo or recording, or one like it. No other module decides this.

The policy's switch adds to what holds anyway: a recording that was sent before or copied goes to a person under every
policy, whoever sent it first.
"""

from django.db.models import Q

from verification.models import RiskFlag, Verification
from verification.rules.queue_marks import Noticed
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


def is_for_a_person(flag: Noticed, setting: str) -> bool:
    """Must a person see this flag before an approval?"""
    return flag.code in FOR_A_PERSON or (flag.elsewhere and holds(setting))


def about(case: Verification) -> Q:
    """The flags of the case, and those that other applicants' later photos got because of its own: of two who sent the
    same photo, neither is known to be the one whose it is. Of two recordings the earlier one is no copy."""
    return Q(verification=case) | Q(other=case, code__in=PHOTOS)


def noticed(case: Verification) -> list[Noticed]:
    """What the flags about the case say."""
    flags = RiskFlag.objects.filter(about(case)).values_list("code", "other")
    return [Noticed(code, other is not None) for code, other in flags]


def for_a_person(case: Verification) -> Q:
    """The flags about the case for which `is_for_a_person` holds."""
    if holds(case.policy.shared_evidence):
        return about(case) & (Q(code__in=FOR_A_PERSON) | Q(other__isnull=False))
    return Q(verification=case, code__in=FOR_A_PERSON)
