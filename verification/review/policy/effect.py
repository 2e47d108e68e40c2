"""Sentences on what a draft would have changed in the past 30 days, for the terms whose effect past cases can show."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from verification.actions.policy import difference
from verification.counts import reviews, vendor, work
from verification.models import Policy, Verdict
from verification.review import words
from verification.review.dashboard import simulation
from verification.review.policy import words as policy_words
from verification.rules import document_check, shared_evidence
from verification.states import DocumentCheckFor

DAYS = 30
_DOCUMENTS = {"document_check", "document_share"}
_SECOND = {"second_for_override", "second_for_flags", "second_below", "shared_evidence"}


@dataclass(frozen=True)
class Line:
    """`tone` is "warn" for an effect that lowers security."""

    sentence: str
    tone: str = ""


def of(draft: Policy, in_force: Policy, now: datetime) -> list[Line]:
    """A line for each changed term whose effect can be counted. Queries only for these terms."""
    differing = {term for term, _old, _new in difference(draft, in_force)}
    start = work.start_of(DAYS, now)
    return [
        *(_threshold(draft, in_force, start, differing) if differing & {"approve_at", "qa_share"} else []),
        *(_documents(draft, in_force, start) if differing & _DOCUMENTS else []),
        *(_attempts(draft, in_force, start) if "max_attempts" in differing else []),
        *(_second(draft, in_force, start) if differing & _SECOND else []),
        *(_declines(draft, start) if "second_for_declines" in differing else []),
        *(_shared(draft, in_force, start) if "shared_evidence" in differing else []),
        *(_second_share(draft, in_force, start) if "second_share" in differing else []),
        *(_hours(draft, in_force, start) if "review_hours" in differing else []),
    ]


def _threshold(draft: Policy, in_force: Policy, start: datetime, differing: set[str]) -> list[Line]:
    passes = vendor.passes(start)
    found = simulation.simulate(passes, draft.approve_at, in_force.approve_at)
    lines = []
    if "approve_at" in differing:
        lines.append(Line(policy_words.effect(found, in_force.approve_at)))
        if found.below_nist:
            lines.append(Line(policy_words.below_nist(words.score(draft.approve_at)), "warn"))
    if "qa_share" in differing:
        numbers = {
            "all": found.by_itself,
            "new": simulation.share_of(found.by_itself, draft.qa_share),
            "old": simulation.share_of(found.by_itself, in_force.qa_share),
        }
        sentence = _(
            "Of the %(all)s that would pass by themselves, about %(new)s would be spot checks, not %(old)s."
        )
        lines.append(Line(sentence % numbers))
    return lines


def _documents(draft: Policy, in_force: Policy, start: datetime) -> list[Line]:
    """How many more would wait can be counted only where nobody waited for this so far."""
    if DocumentCheckFor.NEVER not in (draft.document_check, in_force.document_check):
        return [Line(document_check.means(draft))]
    if draft.document_check == DocumentCheckFor.NEVER:
        return [Line(document_check.means(draft), "warn")]
    found = simulation.simulate(vendor.passes(start), draft.approve_at, in_force.approve_at)
    share = draft.document_share if draft.document_check == DocumentCheckFor.SHARE else Decimal(100)
    numbers = {"all": found.by_itself, "new": simulation.share_of(found.by_itself, share)}
    sentence = _(
        "Of the %(all)s that would pass by themselves, about %(new)s would wait for a person who checks the document."
    )
    return [Line(sentence % numbers)]


def _attempts(draft: Policy, in_force: Policy, start: datetime) -> list[Line]:
    if draft.max_attempts > in_force.max_attempts:
        return [Line(_("What more attempts would have brought can't be told from the past."))]
    everything, later = work.passes_after_attempt(start, draft.max_attempts)
    numbers = {"all": everything, "later": later, "max": draft.max_attempts}
    sentence = _(
        "Of %(all)s automatic passes, %(later)s needed more than %(max)s attempts: they would be in review."
    )
    return [Line(sentence % numbers)]


def _second(draft: Policy, in_force: Policy, start: datetime) -> list[Line]:
    approvals = reviews.approvals(start)
    numbers = {
        "all": approvals.total(),
        "new": simulation.taking_two(approvals, draft),
        "old": simulation.taking_two(approvals, in_force),
    }
    sentence = _(
        "Of %(all)s approvals by people, %(new)s would take a second person by rule; now it is %(old)s."
    )
    lines = [Line(sentence % numbers)]
    if in_force.second_for_override and not draft.second_for_override:
        lines.append(
            Line(
                _(
                    "One person alone could approve what the vendor did not pass, unless another rule "
                    "asks for a second."
                ),
                "warn",
            )
        )
    if in_force.second_for_flags and not draft.second_for_flags:
        lines.append(Line(_("One person alone could approve a recording that was sent before."), "warn"))
    return lines


def _declines(draft: Policy, start: datetime) -> list[Line]:
    declined = sum(
        count for (verdict, _reason), count in reviews.reasons(start).items() if verdict == Verdict.DECLINE
    )
    if draft.second_for_declines:
        sentence = _("All %(all)s refusals by people would have waited for a second person.")
        return [Line(sentence % {"all": declined})]
    sentence = _("One person alone could decline, as in %(all)s refusals of these days.")
    return [Line(sentence % {"all": declined}, "warn")]


def _shared(draft: Policy, in_force: Policy, start: datetime) -> list[Line]:
    before, after = (shared_evidence.holds(policy.shared_evidence) for policy in (in_force, draft))
    if after and not before:
        sentence = _(
            "%(count)s cases were approved by themselves although another applicant sent the same photo or recording, "
            "or one like it: they would be in review."
        )
        return [Line(sentence % {"count": reviews.by_itself_although_shared(start)})]
    if before and not after:
        sentence = _(
            "%(count)s cases were in review only because another applicant sent the same photo or one like it, or a "
            "recording like theirs: they would be decided by themselves."
        )
        return [Line(sentence % {"count": reviews.held_for_shared(start)}, "warn")]
    return []


def _second_share(draft: Policy, in_force: Policy, start: datetime) -> list[Line]:
    decided = work.times(start)[True].total
    numbers = {
        "all": decided,
        "new": _sampled(decided, draft.second_share),
        "old": _sampled(decided, in_force.second_share),
    }
    sentence = _(
        "Of %(all)s decisions by people, about %(new)s would be selected for a second person; now it is %(old)s."
    )
    return [Line(sentence % numbers)]


def _sampled(count: int, per_cent: Decimal) -> int:
    return simulation.share_of(count, per_cent)


def _hours(draft: Policy, in_force: Policy, start: datetime) -> list[Line]:
    late, late_now = work.slower_than(start, [draft.review_hours, in_force.review_hours])
    sentence = _("%(late)s decisions by people took longer than %(new)s; %(now)s took longer than %(old)s.")
    numbers = {
        "late": late,
        "new": policy_words.value("review_hours", draft.review_hours),
        "now": late_now,
        "old": policy_words.value("review_hours", in_force.review_hours),
    }
    return [Line(sentence % numbers)]
