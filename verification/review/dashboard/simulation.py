"""Simulates another policy on past cases. Pure functions from counts to counts.

It knows only what happened, not how applicants would have behaved under other terms, nor which cases a sample would
have contained; SAYS_NOT and the texts of the pages state that.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from django.utils.translation import gettext_lazy as _

from verification.counts.vendor import Passes
from verification.rules.four_eyes import Approval, Terms, rules_on_approval

# The decision of a reviewer on a case, or that none was made yet.
APPROVED, DECLINED, ASKED_AGAIN, OPEN = "approve", "decline", "ask_again", ""
LOWEST, HIGHEST = Decimal(70), Decimal(100)
USUAL = (Decimal(75), Decimal(80), Decimal(85))
# NIST SP 800-63A-4 requires a false match rate of 1 in 10,000 or better; the vendor documents that rate at 80.
NIST_FROM = Decimal(80)

SAYS_NOT = _(
    "It can't know what applicants would have done under other terms, such as trying again, nor which passes "
    "would have been selected for a spot check. The vendor documents error rates at 70 and at 80 only: between and "
    "above them nothing is known."
)


@dataclass(frozen=True)
class Moved:
    """The cases that another threshold treats differently, and the reviewers' decisions on them."""

    approved: int = 0
    declined: int = 0
    asked_again: int = 0
    open: int = 0

    @property
    def count(self) -> int:
        return self.approved + self.declined + self.asked_again + self.open


@dataclass(frozen=True)
class Effect:
    """The past cases under `threshold`, compared with the threshold in force."""

    threshold: Decimal
    by_itself: int
    to_review: int
    more_by_itself: Moved
    more_to_review: Moved

    @property
    def below_nist(self) -> bool:
        return self.threshold < NIST_FROM


def simulate(passes: Iterable[Passes], threshold: Decimal, in_force: Decimal) -> Effect:
    found = list(passes)
    alone = sum(group.count for group in found if _alone(group, threshold))
    everything = sum(group.count for group in found)
    freed = [group for group in found if _alone(group, threshold) and not _alone(group, in_force)]
    caught = [group for group in found if _alone(group, in_force) and not _alone(group, threshold)]
    return Effect(threshold, alone, everything - alone, _moved(freed), _moved(caught))


def _alone(group: Passes, threshold: Decimal) -> bool:
    """Whether these passes would have been approved without review."""
    return not group.held and group.similarity >= threshold


def _moved(groups: list[Passes]) -> Moved:
    counts = {
        decision: sum(group.count for group in groups if group.decision == decision)
        for decision in (APPROVED, DECLINED, ASKED_AGAIN, OPEN)
    }
    return Moved(*counts.values())


def taking_two(approvals: Mapping[Approval, int], terms: Terms) -> int:
    """How many approvals would have needed a second person by rule; the random sample comes on top."""
    return sum(count for approval, count in approvals.items() if rules_on_approval(approval, terms))


def share_of(count: int, per_cent: Decimal) -> int:
    """The expected size of a random sample of `per_cent`."""
    return int((count * per_cent / 100).quantize(Decimal(1), ROUND_HALF_UP))
