"""The second person judges a case before seeing what the first one said; if they differ, a senior decides."""

import random
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from tests.conftest import undone_later
from tests.flow.conftest import LATER, again
from tests.flow.reviewing import NOTE, approve, decide, hand_back, pass_on, policy, shown
from verification import casework, permissions
from verification.actions import claim, review
from verification.evidence.judged import evidence_hash
from verification.models import AuditEvent, Review, RiskFlag, StaffUser, Stage, Verdict, Verification
from verification.rules.reasons import reasons_for
from verification.states import Flag, Status

pytestmark = pytest.mark.usefixtures("an_hour_later")
SENIOR = "Senior reviewer"
FIRST = "The nose is another one, look at the bridge."
SECOND = "They are the same: a scar over the left brow."


@pytest.fixture
def one(staff):
    return staff("Reviewer", "frieda")


@pytest.fixture
def two(desk_of):
    return desk_of("Reviewer", "second")


@pytest.fixture
def senior(desk_of):
    return desk_of(SENIOR, "third")


@pytest.fixture
def by_two(staff):
    """A policy under which declining takes two people."""
    return policy((staff(SENIOR, "a"), staff(SENIOR, "b")), second_for_declines=True)


@pytest.fixture
def declined(by_two, road, emulator, one):
    """A case that one reviewer wants to decline."""
    case = road.in_review(emulator)
    decide(case, Verdict.DECLINE, "not_live", by=one, note=FIRST)
    case.refresh_from_db()
    return case


@pytest.fixture
def differing(declined, two):
    """The same after a second person came to another verdict."""
    approve(declined, by=two.user, note=SECOND)
    declined.refresh_from_db()
    return declined


def post(client, case, verdict, reason, note=NOTE, **changes: Any):
    fields = {"verdict": verdict, "reason_code": reason, "note": note, **shown(case), **changes}
    return client.post(reverse("admin:decide", args=[case.public_id]), fields)


def page_of(client, case) -> str:
    return client.get(reverse("admin:case", args=[case.public_id])).content.decode()


def hold(client, case):
    claim.claim(case, by=client.user, now=LATER)


# Declining by two


def test_declining_is_a_proposal_where_the_policy_asks_for_two(declined):
    assert (declined.status, declined.proposal.verdict) == (Status.IN_REVIEW, Verdict.DECLINE)
    assert AuditEvent.objects.get(kind="review.proposed").data["second_because"] == ["decline"]


def test_the_first_policy_lets_one_decline(road, emulator, one):
    assert decide(road.in_review(emulator), Verdict.DECLINE, "not_live", by=one).stage == Stage.DECISION


def test_the_second_person_sees_nothing_of_the_first_before_judging(declined, two):
    hold(two, declined)
    page = page_of(two, declined)
    # Every colleague who may see the case can be named in a note, whatever they said.
    without_colleagues = re.sub(r'<input type="checkbox" name="to"[^>]*>\s*[^<]*</label>', "", page)
    assert "frieda" not in without_colleagues
    for hidden in (FIRST, "Proposed", "Verdict proposed", "Confirm", "two to decline"):
        assert hidden not in page, hidden
    assert "You are the second person" in page
    # The reason is one of the choices, as on every case, and none is chosen.
    assert " checked" not in page.split('id="decision"')[1].split("</form>")[0].replace(
        "data-single-keys checked", ""
    )


def test_no_other_page_tells_either(declined, two):
    proposal = declined.proposal
    pages = (
        reverse("admin:index"),
        reverse("admin:queue"),
        reverse("admin:queue") + "?view=second_look",
        reverse("admin:verification_review_changelist"),
        reverse("admin:verification_review_change", args=[proposal.pk]),
    )
    for address in pages:
        page = two.get(address, follow=True).content.decode()
        assert FIRST not in page, address
        assert "not_live" not in page, address
        assert "Not a live recording" not in page, address


def test_the_trail_does_not_tell_a_senior_who_may_be_the_second(declined, senior):
    told = senior.get(reverse("admin:verification_auditevent_changelist")).content.decode()
    assert "review.proposed" not in told
    decide(declined, Verdict.DECLINE, "not_live", by=senior.user)
    told = senior.get(reverse("admin:verification_auditevent_changelist")).content.decode()
    assert "review.proposed" in told


def test_the_auditor_reads_everything(declined, desk_of):
    auditor = desk_of("Auditor", "auditor")
    assert FIRST in page_of(auditor, declined)
    assert (
        FIRST
        in auditor.get(
            reverse("admin:verification_review_change", args=[declined.proposal.pk])
        ).content.decode()
    )


def test_the_same_verdict_takes_effect_at_once_with_both_names(declined, two, one):
    answer = post(two, declined, "decline", "different_person")
    declined.refresh_from_db()
    final = declined.final_review
    assert (answer.status_code, declined.status) == (302, Status.DECLINED)
    assert (final.by, final.proposed_by, final.confirms.note) == (two.user, one, FIRST)
    assert "frieda came to the same verdict" in two.get("/admin/queue/").content.decode()
    page = page_of(two, declined)
    assert FIRST in page
    assert "Proposed: Decline" in page


def test_declining_as_the_second_person_takes_a_note_too(declined, two):
    assert post(two, declined, "decline", "not_live", note="").status_code == 422


@pytest.mark.parametrize("act", ["escalate", "snooze", "ask_again", "step_aside"])
def test_a_second_person_may_pass_it_on_unseen(declined, two, act):
    reason = next(reason.code for reason in reasons_for(act))
    assert post(two, declined, act, reason, hours=4).status_code == 302
    declined.refresh_from_db()
    assert (declined.proposal is None) == (act == "ask_again")


def test_an_escalated_proposal_is_judged_by_a_senior_without_seeing_it(declined, one, senior):
    pass_on(declined, Verdict.ESCALATE, "unsure", by=one, note="It is no live recording, I say.")
    page = page_of(senior, declined)
    assert "It is no live recording" not in page
    assert "You are the second person" in page


def test_handing_back_needs_a_verdict_first(declined, two):
    refused = post(two, declined, "hand_back", "disagree")
    assert refused.status_code == 409
    assert "Give your own verdict first" in refused.content.decode()
    assert FIRST not in refused.content.decode()


def test_a_page_from_before_the_proposal_shows_nothing_of_it_when_it_comes_too_late(
    by_two, road, emulator, one, two
):
    case = road.in_review(emulator)
    hold(two, case)
    before = shown(case)
    Verification.objects.filter(pk=case.pk).update(claimed_by=None, claimed_until=None)
    decide(case, Verdict.DECLINE, "not_live", by=one, note=FIRST)
    late = post(two, case, "approve", "same_person", **before)
    assert late.status_code == 409
    assert FIRST not in late.content.decode()
    case.refresh_from_db()
    assert case.dissent is None


def test_another_account_of_the_proposer_is_no_second_person(declined, two, one):
    StaffUser.objects.filter(pk=two.user.pk).update(same_person_as=one)
    page = page_of(again(two), declined)
    assert "count as one person" in page
    assert post(two, declined, "decline", "not_live").status_code == 403


# Two different verdicts


def test_different_verdicts_go_to_a_senior_and_both_read_both(differing, one, two, desk_of):
    assert (differing.status, differing.dissent.stage) == (Status.IN_REVIEW, Stage.SECOND)
    assert differing.escalated_at == LATER
    assert differing.dissent.differs_from == differing.proposal
    for reader in (two, desk_of("Reviewer", one.username)):
        page = page_of(reader, differing)
        assert FIRST in page
        assert SECOND in page
        assert "Only senior reviewers decide escalated cases" in page


def test_the_event_of_a_difference_names_both_and_tells_no_note(differing):
    event = AuditEvent.objects.get(kind="review.differed")
    assert (event.actor_id, event.data["proposed_by"]) == ("second", "frieda")
    assert SECOND not in str(event.data)


@pytest.mark.parametrize(("verdict", "with_whom"), [("approve", "second"), ("decline", "frieda")])
def test_the_senior_reads_both_and_shares_one(differing, senior, verdict, with_whom):
    hold(senior, differing)
    page = page_of(senior, differing)
    assert FIRST in page
    assert SECOND in page
    reason = {"approve": "same_person", "decline": "not_live"}[verdict]
    assert post(senior, differing, verdict, reason).status_code == 302
    differing.refresh_from_db()
    final = differing.final_review
    assert (final.verdict, final.confirms.by.username, final.by) == (verdict, with_whom, senior.user)


def test_a_senior_who_was_one_of_the_two_does_not_decide_between_them(declined, desk_of):
    second = desk_of(SENIOR, "second")
    approve(declined, by=second.user)
    declined.refresh_from_db()
    assert "neither of you decides" in page_of(second, declined)
    for verdict, reason in (
        ("approve", "same_person"),
        ("decline", "not_live"),
        ("hand_back", "disagree"),
        ("ask_again", "video_unclear"),
        ("step_aside", "own_interest"),
    ):
        assert post(second, declined, verdict, reason).status_code == 403
    with pytest.raises(permissions.ConflictOfInterest):
        claim.claim(declined, by=second.user, now=LATER)
    assert declined not in casework.open_to(second.user, now=LATER)


def test_the_page_says_when_no_third_person_is_left(differing, desk_of, senior):
    assert "No other senior reviewer" not in page_of(senior, differing)
    StaffUser.objects.filter(groups__name=SENIOR).update(is_active=False)
    assert "No other senior reviewer can decide" in page_of(desk_of("Auditor", "auditor"), differing)


def test_a_senior_may_hand_two_verdicts_back_and_the_next_reads_neither(differing, senior, desk_of):
    hand_back(differing, by=senior.user, reason="reason_unclear", note="Neither of you looked at the ears.")
    differing.refresh_from_db()
    assert (differing.proposal, differing.status) == (None, Status.IN_REVIEW)
    page = page_of(desk_of("Reviewer", "fourth"), differing)
    for hidden in (FIRST, SECOND, "Neither of you looked"):
        assert hidden not in page
    assert "shown after your own verdict" in page


def test_new_evidence_ends_two_verdicts(differing, senior):
    flag(differing)
    assert post(senior, differing, "approve", "same_person").status_code == 409
    differing.refresh_from_db()
    assert (differing.proposal, differing.dissent) == (None, None)


def test_who_read_an_earlier_verdict_of_the_proposer_is_no_second_person(declined, one, desk_of):
    """The evidence changed, so the case is judged anew; but the second person knows what the first thinks of it."""
    second, third = desk_of(SENIOR, "second"), desk_of(SENIOR, "third")
    approve(declined, by=second.user)
    hand_back(declined, by=third.user)
    StaffUser.objects.get(pk=one.pk).groups.set(second.user.groups.all())
    decide(declined, Verdict.DECLINE, "not_live", by=StaffUser.objects.get(pk=one.pk))
    for reader in (second, third):
        with pytest.raises(permissions.VerdictSeen):
            decide(declined, Verdict.DECLINE, "not_live", by=reader.user)
        assert "You have read an earlier verdict" in page_of(reader, declined)
        assert claim.take_next(by=reader.user, now=LATER) is None


def test_the_database_refuses_a_second_verdict_that_does_not_differ(declined, two):
    for changed in (
        {"verdict": Verdict.DECLINE},
        {"by": declined.proposal.by},
        {"evidence_sha256": "0" * 64},
    ):
        fields = {
            "verification": declined,
            "stage": Stage.SECOND,
            "verdict": Verdict.APPROVE,
            "reason_code": "same_person",
            "evidence_sha256": declined.proposal.evidence_sha256,
            "differs_from": declined.proposal,
            "proposed_by": declined.proposal.by,
            "by": two.user,
            "at": LATER,
            **changed,
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            Review.objects.create(**fields)
    with pytest.raises(IntegrityError), transaction.atomic():
        Review.objects.create(**(fields | {"differs_from": None, "proposed_by": None} | {"by": two.user}))


def flag(case):
    RiskFlag.objects.create(
        verification=case, attempt=case.attempts.last(), code=Flag.ALIKE_VIDEO, facts={}, raised_at=LATER
    )


# No sequence of acts leads past it


ACTS = (*("approve", "decline", "look") * 4, "hand_back", "escalate", "step_aside", "ask_again", "evidence")


@dataclass
class Walk:
    """A walk through random acts of six people on one case. `read` has the notes that each of them has had before
    their eyes, in the order of the acts."""

    case: Verification
    desks: dict[str, Any]
    choose: random.Random
    read: dict[str, set[str]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def step(self, number: int) -> None:
        name, act = self.choose.choice(list(self.desks)), self.choose.choice(ACTS)
        self.log.append(f"{name}: {act}")
        if act == "evidence":
            flag(self.case)
            return
        desk = self.desks[name]
        if act == "look":
            self.look(desk)
        else:
            self.act(desk, act, f"Note {number:03} of {name}.")
        self.look(self.choose.choice(list(self.desks.values())))

    def act(self, desk: Any, act: str, note: str) -> None:
        self.case.refresh_from_db()
        reasons = [reason.code for reason in reasons_for(act)]
        own = self.case.proposal is not None and self.case.proposal.by_id == desk.user.pk
        reason = "withdrawn" if act == "hand_back" and own else reasons[0]
        before = set(self.read.get(desk.user.username, set()))
        post(desk, self.case, act, reason, note=note)
        made = self.case.reviews.filter(note=note).first()
        if made is not None:
            self.check(made, before)

    def look(self, desk: Any) -> None:
        page = page_of(desk, self.case)
        self.read.setdefault(desk.user.username, set()).update(
            said.note for said in self.case.reviews.all() if said.note in page
        )

    def check(self, made: Review, read: set[str]) -> None:
        """Whoever judged as the second person had read no verdict of the first in this round."""
        if made.stage == Stage.SECOND:
            assert self.verdicts_of(made.differs_from.by, made).isdisjoint(read), self.log
        elif made.confirms is not None and made.confirms.stage != Stage.SECOND:
            proposal = made.confirms
            dissent = Review.objects.filter(differs_from=proposal).first()
            if dissent is None:
                assert self.verdicts_of(proposal.by, made).isdisjoint(read), self.log
            else:
                assert made.by not in {proposal.by, dissent.by}, self.log
                assert made.by.groups.filter(name=SENIOR).exists(), self.log
        elif made.confirms is not None:
            assert made.by not in {made.confirms.by, made.confirms.differs_from.by}, self.log

    def verdicts_of(self, author: StaffUser, before: Review) -> set[str]:
        begun = self.case.reviews.filter(
            pk__lt=before.pk, verdict__in=[Verdict.ASK_AGAIN, Verdict.REOPEN]
        ).last()
        said = self.case.reviews.filter(by=author, pk__lt=before.pk, pk__gt=begun.pk if begun else 0)
        return set(said.filter(stage__in=[Stage.PROPOSAL, Stage.SECOND]).values_list("note", flat=True))


@pytest.fixture
def six(desk_of):
    who = {"r1": "Reviewer", "r2": "Reviewer", "r3": "Reviewer", "s1": SENIOR, "s2": SENIOR, "s3": SENIOR}
    return {name: desk_of(group, name) for name, group in who.items()}


def test_no_sequence_of_acts_ends_with_a_second_person_who_knew_the_first_verdict(
    by_two, road, emulator, six
):
    case, ends = road.in_review(emulator), []
    for seed in range(24):
        with undone_later():
            walk = Walk(Verification.objects.get(pk=case.pk), six, random.Random(seed))
            for number in range(12):
                walk.step(number)
                walk.case.refresh_from_db()
                if walk.case.status != Status.IN_REVIEW:
                    break
            final = walk.case.final_review
            ends.append((walk.case.status, final.confirms.stage if final else ""))
            # Under this policy nobody approves against the vendor or declines alone.
            assert final is None or final.confirms is not None
            transaction.set_rollback(True)
    # The walks reach each of the ends, or the test would show nothing.
    assert {end for _status, end in ends} == {"", Stage.PROPOSAL, Stage.SECOND}, ends


def test_evidence_of_the_second_verdict_is_the_one_proposed_on(differing):
    assert differing.dissent.evidence_sha256 == evidence_hash(differing)


def test_who_proposes_against_a_void_proposal_starts_anew(declined, two, one):
    flag(declined)
    with pytest.raises(review.ProposalVoid):
        decide(declined, Verdict.DECLINE, "not_live", by=two.user)
    assert decide(declined, Verdict.DECLINE, "not_live", by=two.user).stage == Stage.PROPOSAL
    assert decide(declined, Verdict.DECLINE, "not_live", by=one).confirms is not None
