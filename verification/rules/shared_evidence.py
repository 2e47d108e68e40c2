"""What follows if another applicant sent the same photo or recording, or one like it. No other module decides this.

The policy's switch adds to what holds anyway: a recording that was sent before or copied goes to a person under every
policy, whoever sent it first.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from verification.models import Policy, RiskFlag, Verification
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


@dataclass(frozen=True)
class Raised:
    """A flag about a case: its code, whether it is about another applicant, whether it stands on the case itself (and
    not on the other applicant's), and when it was raised."""

    code: str
    elsewhere: bool
    own: bool
    at: datetime


def raised(case: Verification) -> list[Raised]:
    """The flags about the case, in the order of their codes."""
    rows = RiskFlag.objects.filter(about(case)).order_by("code")
    fields = rows.values_list("code", "other", "verification", "raised_at")
    return [Raised(code, other is not None, own == case.pk, at) for code, other, own, at in fields]


def to_judge(flags: Iterable[Raised], policy: Policy, asked_again_at: datetime | None) -> tuple[str, ...]:
    """The codes of the flags that a person must judge before an approval.

    A reviewer who asked again saw the flags so far. They count again only if an approval past them takes two people.
    """
    setting = policy.shared_evidence
    found = [flag for flag in flags if _counts(flag, setting)]
    if asked_again_at is not None and not policy.second_for_flags:
        again = takes_two(setting)
        found = [flag for flag in found if flag.at > asked_again_at or (again and flag.elsewhere)]
    return tuple(dict.fromkeys(flag.code for flag in found))


def _counts(flag: Raised, setting: str) -> bool:
    return (flag.own or holds(setting)) and is_for_a_person(Noticed(flag.code, flag.elsewhere), setting)
