"""Reviewers who take the next case at the same moment, again and again: from a queue of several, and the last one.

Begins with an empty database.
"""

from typing import Any

from django.contrib.auth.models import Group
from django.core.management import call_command
from django.utils import timezone

from tests.conftest import Road
from tests.faults.racing import race, wait_for_all
from verification import workflow
from verification.actions import claim
from verification.models import AuditEvent, StaffUser, Verification
from verification.rules import decision
from verification.states import Outcome

CASES, RACES, FOR_THE_LAST = 4, 200, 40
REVIEWERS = ("one", "two")


def run(repetitions: int) -> dict[str, Any]:
    call_command("migrate", verbosity=0)
    cases = _in_review()
    for name in (*REVIEWERS, "third"):
        StaffUser.objects.create(username=name).groups.add(Group.objects.get(name="Reviewer"))
    several = _race(RACES)
    for case in cases[1:]:
        claim.claim(case, by=StaffUser.objects.get(username="third"), now=timezone.now())
    return {
        "races": RACES,
        "several": several,
        "for_the_last": _race(FOR_THE_LAST),
        "last": cases[0].public_id,
        "claimed": AuditEvent.objects.filter(kind="case.claimed", actor_id__in=REVIEWERS).count(),
    }


def _in_review() -> list[Verification]:
    """Cases in review because the vendor could not answer."""
    given_up = decision.Decision(decision.Next.REVIEW, Outcome.VENDOR_FAILED, ("vendor_unavailable",))
    road, cases = Road(), []
    for _number in range(CASES):
        attempt = road.submit(road.with_photo())
        workflow.conclude(attempt, given_up, now=timezone.now(), code="")
        cases.append(Verification.objects.get(pk=attempt.verification_id))
    return cases


def _race(rounds: int) -> list[list[str]]:
    """The cases that each reviewer got, by round; "" for none."""
    return race(_take_often, [(name, rounds) for name in REVIEWERS])


def _take_often(name: str, rounds: int) -> list[str]:
    by, got = StaffUser.objects.get(username=name), []
    for _round in range(rounds):
        wait_for_all()
        case = claim.take_next(by=by, now=timezone.now())
        got.append(case.public_id if case else "")
        wait_for_all()
        if case:
            claim.release(case, by=by, now=timezone.now())
    return got
