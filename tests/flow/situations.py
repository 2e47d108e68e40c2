"""The situations of a case in the permission matrix, each reached through real actions."""

from collections.abc import Callable

from kyc_portal.sandbox.emulator import EmulatorServer
from tests.conftest import NOW, VENDOR_CLOCK, Road
from tests.flow.conftest import LATER
from tests.flow.matrix import EMAIL
from tests.flow.reviewing import NOTE, approve, decide, pass_on, policy, seen
from verification import audit, casework
from verification.actions import assign, claim, erase, reopen, review
from verification.models import ApiClient, RiskFlag, StaffUser, Verdict, Verification
from verification.states import Flag

Act = Callable[[Verification, StaffUser, StaffUser], object]

# Within the lease, so that a renewal changes `claimed_until`.
_EARLIER = LATER - casework.CLAIM_LEASE / 2


def _about_me(case: Verification, me: StaffUser, other: StaffUser) -> None:
    me.email = EMAIL.title()
    me.save(update_fields=["email"])


def _void(case: Verification, me: StaffUser, other: StaffUser) -> None:
    approve(case, by=other)
    attempt = case.attempts.get()
    RiskFlag.objects.create(
        verification=case, attempt=attempt, code=Flag.SIMILAR_VIDEO, facts={}, raised_at=LATER
    )


def _differing(case: Verification, me: StaffUser, other: StaffUser) -> None:
    approve(case, by=other)
    decide(case, Verdict.DECLINE, "different_person", by=me)


def _differing_without_me(case: Verification, me: StaffUser, other: StaffUser) -> None:
    _differing(case, StaffUser.objects.get(username="third"), other)


def _blind(verdict: Verdict) -> Act:
    def judge(case: Verification, me: StaffUser, other: StaffUser) -> None:
        review.judge_blind(case, verdict=verdict, note="", by=me, now=_EARLIER, shown=seen(case))

    return judge


def _declined(case: Verification, me: StaffUser, other: StaffUser) -> None:
    decide(case, Verdict.DECLINE, "different_person", by=other)
    case.refresh_from_db()


def _approved(case: Verification, me: StaffUser, other: StaffUser) -> None:
    _blind(Verdict.APPROVE)(case, other, other)
    approve(case, by=other)
    case.refresh_from_db()


def _declined_about_me(case: Verification, me: StaffUser, other: StaffUser) -> None:
    _about_me(case, me, other)
    _declined(case, me, other)


def _reopened(case: Verification, me: StaffUser, other: StaffUser) -> None:
    _declined(case, me, other)
    reopen.reopen(case, reason_code="appeal", note=NOTE, version=case.version, by=other, now=LATER)


def _erased(case: Verification, me: StaffUser, other: StaffUser) -> None:
    _declined(case, me, other)
    erase.erase(case.applicant, by=audit.By.shell(), reason="asked for", now=LATER)


def _nothing(case: Verification, me: StaffUser, other: StaffUser) -> None:
    """Does nothing: the case begins in this situation."""


LEADS_TO: dict[str, Act] = {
    "free": _nothing,
    "held by me": lambda case, me, other: claim.claim(case, by=me, now=_EARLIER),
    "held by another": lambda case, me, other: claim.claim(case, by=other, now=LATER),
    "kept for me": lambda case, me, other: assign.assign(case, to=me, by=me, now=_EARLIER),
    "kept for another": lambda case, me, other: assign.assign(case, to=other, by=other, now=_EARLIER),
    "escalated": lambda case, me, other: pass_on(case, Verdict.ESCALATE, "unsure", by=other),
    "back from the applicant": _nothing,
    "snoozed": lambda case, me, other: pass_on(case, Verdict.SNOOZE, "fresh_eyes", by=other, hours=4),
    "proposed by me": lambda case, me, other: approve(case, by=me),
    "proposed by another": lambda case, me, other: approve(case, by=other),
    "judged differently by me": _differing,
    "judged differently by two others": _differing_without_me,
    "proposal void": _void,
    "stepped aside": lambda case, me, other: pass_on(case, Verdict.STEP_ASIDE, "knows_applicant", by=me),
    "about me": _about_me,
    "spot check": _nothing,
    "judged blind": _blind(Verdict.APPROVE),
    "doubted blind": _blind(Verdict.DECLINE),
    "document to check": _nothing,
    "page out of date": _nothing,
    "with the applicant": lambda case, me, other: decide(case, Verdict.ASK_AGAIN, "video_unclear", by=other),
    "approved": _approved,
    "declined": _declined,
    "declined, page out of date": _declined,
    "declined about me": _declined_about_me,
    "reopened": _reopened,
    "erased": _erased,
}
# The kind of case a situation begins with, if that is no plain case in review.
_BEGINS = {
    "back from the applicant": "back",
    "spot check": "drawn",
    "judged blind": "drawn",
    "doubted blind": "drawn",
    "document to check": "to check",
    "approved": "drawn",
    # A rollback does not restore deleted files, so this case has its own.
    "erased": "to be erased",
}


class Cases:
    """One case of each kind with which a situation begins."""

    def __init__(
        self, road: Road, emulator: EmulatorServer, seniors: tuple[StaffUser, StaffUser], caller: ApiClient
    ) -> None:
        self._made = {
            "plain": road.in_review(emulator, seed=1, email=EMAIL, client=caller),
            "to be erased": road.in_review(emulator, seed=2, email=EMAIL),
            "back": _back(road, emulator, seniors[0]),
        }
        # A policy applies to later cases only, so these come last.
        policy(seniors, qa_share=100)
        self._made["drawn"] = road.judged(emulator, {"sim": 93.7}, seed=4, email=EMAIL)
        policy(seniors, qa_share=0, document_check="always")
        self._made["to check"] = road.judged(emulator, {"sim": 93.7}, seed=5, email=EMAIL)

    def __getitem__(self, situation: str) -> Verification:
        return self._made[_BEGINS.get(situation, "plain")]

    @property
    def unrelated(self) -> Verification:
        """A different case, for the evidence hash of a page that is out of date."""
        return self._made["to be erased"]


def _back(road: Road, emulator: EmulatorServer, senior: StaffUser) -> Verification:
    case = road.in_review(emulator, seed=3, email=EMAIL)
    pass_on(case, Verdict.ESCALATE, "unsure", by=senior)
    decide(case, Verdict.ASK_AGAIN, "video_unclear", by=senior)
    emulator.script(result="FailedOperation.CompareLowSimilarity", sim=42.0)
    VENDOR_CLOCK.at = LATER
    road.record(case, now=LATER)
    VENDOR_CLOCK.at = NOW
    return case
