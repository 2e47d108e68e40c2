"""A policy in words: the value of each term, the differences of two versions, and the results of a simulation.

Pure functions of a policy's fields; no queries.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from verification.actions.policy import TERMS, difference
from verification.models import Policy
from verification.review import words
from verification.review.dashboard.simulation import Effect, Moved
from verification.states import DocumentCheckFor, DocumentKind, DocumentQuestion, Mode, SharedEvidence

Text = str | Promise

# What each term does, as shown beside it.
DOES: dict[str, Text] = {
    "approve_at": gettext_lazy(
        "From this similarity a recording that the vendor passed is approved with no person looking. Below it, a "
        "reviewer looks."
    ),
    "qa_share": gettext_lazy(
        "Of what would pass by itself, this share goes to a person who judges it before the score is shown. "
        "Its applicants wait as long as for any review."
    ),
    "document_check": gettext_lazy(
        "Comparing faces does not tell whether the picture is an ID, or whose. Never: nobody looks at it when a pass is"
        " clear. A share or always: a person works through the list below before anybody is approved."
    ),
    "document_share": gettext_lazy("With “A share”: so many of all cases, selected at random."),
    "document_kinds": gettext_lazy("What counts as an ID of an accepted kind."),
    "document_checklist": gettext_lazy("What the person confirms about the document."),
    "shared_evidence": gettext_lazy(
        "What follows if another applicant sent the same photo or recording, or one like it: it is shown with the "
        "case; or a person looks; or approving takes two besides."
    ),
    "second_for_override": gettext_lazy("Approving what the vendor did not pass takes a second person."),
    "second_for_flags": gettext_lazy(
        "Approving a case whose recording was sent before, or was copied, takes a second person."
    ),
    "second_below": gettext_lazy(
        "Approving below this similarity takes a second person. Empty: none is asked for."
    ),
    "second_share": gettext_lazy(
        "So many of all approvals and refusals take a second person, selected at random."
    ),
    "second_for_declines": gettext_lazy(
        "Declining takes a second person, who judges before seeing the first verdict."
    ),
    "liveness_mode": gettext_lazy("What the applicant is asked to do, unless the invitation says otherwise."),
    "action_count": gettext_lazy("How many movements the applicant is asked for, one after the other."),
    "max_attempts": gettext_lazy("After so many recordings that failed, a reviewer looks."),
    "link_days": gettext_lazy("How long an invitation can be used."),
    "review_hours": gettext_lazy("How long a case may wait for a reviewer before it is overdue."),
    "retention_days": gettext_lazy(
        "How long applicants are told that photo and video are kept. Nothing is deleted by itself yet."
    ),
    "tell_invitation": gettext_lazy("Applicants with an e-mail address get their link by e-mail."),
    "tell_reminder": gettext_lazy("They are reminded once before their link ends."),
    "tell_again": gettext_lazy("They are told when they are asked for something again."),
    "tell_result": gettext_lazy("They are told when their case is decided."),
    "tell_delay": gettext_lazy("They are told once when a review takes longer than it should."),
}
_SHARES = ("qa_share", "second_share", "document_share")
CHOICES: dict[str, type[TextChoices]] = {
    "liveness_mode": Mode,
    "document_check": DocumentCheckFor,
    "shared_evidence": SharedEvidence,
}
LISTS: dict[str, type[TextChoices]] = {
    "document_kinds": DocumentKind,
    "document_checklist": DocumentQuestion,
}


@dataclass(frozen=True)
class Term:
    """One term of a version: its name, its value, and what it does."""

    code: str
    label: str
    value: str
    does: str


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str


def label(term: str) -> str:
    names: dict[str, Any] = {field.name: field.verbose_name for field in Policy._meta.fields}
    return str(capfirst(names[term]))


def value(term: str, setting: Any) -> str:
    """The value of a term with its unit."""
    if isinstance(setting, bool):
        return _("yes") if setting else _("no")
    if term in LISTS:
        return "; ".join(str(LISTS[term](code).label) for code in setting) or _("none")
    if setting is None:
        return _("none")
    if term in _SHARES:
        return _("%(number)s %%") % {"number": words.score(setting)}
    if isinstance(setting, Decimal):
        return words.score(setting)
    return _counted(term, setting)


def _counted(term: str, setting: Any) -> str:
    if term in CHOICES:
        return str(CHOICES[term](setting).label)
    if term.endswith("_days"):
        return str(ngettext("%d day", "%d days", setting) % setting)
    if term.endswith("_hours"):
        return str(ngettext("%d hour", "%d hours", setting) % setting)
    return str(setting)


def terms(policy: Policy) -> list[Term]:
    return [Term(term, label(term), value(term, getattr(policy, term)), str(DOES[term])) for term in TERMS]


def changes(policy: Policy, from_policy: Policy) -> list[Change]:
    return [
        Change(label(term), value(term, old), value(term, new))
        for term, old, new in difference(policy, from_policy)
    ]


def below_nist(*scores: str) -> str:
    return _(
        "Below 80 (%s): NIST SP 800-63A-4 asks that at most 1 in 10,000 strangers be accepted. The vendor documents "
        "that rate from 80, and about 1 in 1,000 at 70."
    ) % ", ".join(scores)


def effect(found: Effect, in_force: Decimal) -> str:
    """What another threshold would have changed, and the reviewers' decisions on the cases concerned."""
    score = words.score(found.threshold)
    if found.threshold == in_force:
        return _("At %(score)s, as now, %(alone)s pass by themselves and %(review)s go to review.") % {
            "score": score,
            "alone": found.by_itself,
            "review": found.to_review,
        }
    if found.more_by_itself.count:
        more = found.more_by_itself
        values = {"score": score, "count": more.count, "what": _decisions(more)}
        return _("At %(score)s, %(count)s more would pass by themselves: %(what)s.") % values
    if found.more_to_review.count:
        more = found.more_to_review
        values = {"score": score, "count": more.count, "what": _decisions(more, unseen=True)}
        return _("At %(score)s, %(count)s more would go to review: %(what)s.") % values
    return _("At %(score)s, nothing would change.") % {"score": score}


def _decisions(moved: Moved, *, unseen: bool = False) -> str:
    counts = [
        (moved.approved, _("approved %d")),
        (moved.declined, _("declined %d")),
        (moved.asked_again, _("asked %d for more")),
    ]
    parts = []
    if moved.count > moved.open:
        parts.append(_("people %s") % ", ".join(sentence % count for count, sentence in counts if count))
    if moved.open:
        parts.append((_("nobody looked at %d") if unseen else _("%d not decided yet")) % moved.open)
    return ", ".join(parts)
