"""The tables of an export. The order of the columns is part of the format: new ones go to the end.

No column holds a name or an e-mail address. The reference is the asking system's own id of the person: with it, an
auditor finds a case again. What reviewers typed, and network addresses, come only if somebody who may asked for them.
"""

from typing import Any

from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, Value, When

from verification.exports.period.table import Column, Period, Sensitivity, Table
from verification.models import (
    AuditEvent,
    Consent,
    ConsentText,
    DocumentCheck,
    Policy,
    ProviderCall,
    Review,
    Verification,
    VerificationAttempt,
)
from verification.rules import reasons

_DECIDED_BY = Case(
    When(final_review__isnull=False, then=Value("reviewer")),
    When(passing_call__isnull=False, then=Value("policy")),
    default=Value(""),
)


def _events(period: Period) -> QuerySet[Any]:
    return AuditEvent.objects.filter(period.holds("at")).order_by("pk")


def _listed(period: Period) -> QuerySet[Verification]:
    return Verification.objects.filter(period.holds("created_at") | period.holds("decided_at"))


def _of_listed(period: Period) -> Q:
    """What belongs to a verification that the export lists comes whole, however early it was written.

    By a join: PostgreSQL runs a subquery inside an OR once for each row, if its result does not fit into memory.
    """
    return period.holds("verification__created_at") | period.holds("verification__decided_at")


def _verifications(period: Period) -> QuerySet[Any]:
    last = VerificationAttempt.objects.filter(verification=OuterRef("pk"), similarity__isnull=False)
    return (
        _listed(period)
        .annotate(
            last_similarity=Subquery(last.order_by("-number").values("similarity")[:1]),
            decided_by=_DECIDED_BY,
            reason_in_words=F("final_review__reason_code"),
        )
        .order_by("created_at", "pk")
    )


def _reviews(period: Period) -> QuerySet[Any]:
    made = Review.objects.filter(period.holds("at") | _of_listed(period))
    return made.annotate(reason_in_words=F("reason_code")).order_by("at", "pk")


def _document_checks(period: Period) -> QuerySet[Any]:
    return DocumentCheck.objects.filter(period.holds("at") | _of_listed(period)).order_by("at", "pk")


def _policies(_period: Period) -> QuerySet[Any]:
    """Every version that was ever in force, because a case keeps the one that it was invited under."""
    return Policy.objects.filter(activated_at__isnull=False).order_by("version")


def _consents(period: Period) -> QuerySet[Any]:
    return Consent.objects.filter(period.holds("at") | _of_listed(period)).order_by("at", "pk")


def _consent_texts(period: Period) -> QuerySet[Any]:
    used = _consents(period).order_by().values("text_sha256")
    return ConsentText.objects.filter(sha256__in=used).order_by("first_used_at", "pk")


def _attempts(period: Period) -> QuerySet[Any]:
    # A comparison that was made again for a senior reviewer is none of the attempt's own calls.
    own = Q(calls__rerun__isnull=True)
    last = ProviderCall.objects.filter(attempt=OuterRef("pk"), rerun__isnull=True).order_by("-number")
    return (
        VerificationAttempt.objects.filter(
            period.holds("issued_at") | period.holds("finished_at") | _of_listed(period)
        )
        .annotate(
            call_count=Count("calls", filter=own), last_request_id=Subquery(last.values("request_id")[:1])
        )
        .order_by("issued_at", "pk")
    )


def _column(name: str, kind: str, meaning: str, source: str = "", **further: Any) -> Column:
    return Column(name, source or name, kind, meaning, **further)


def _staff(name: str, meaning: str, source: str = "") -> Column:
    return _column(name, "text", meaning, source, sensitivity=Sensitivity.STAFF)


def _reference(source: str) -> Column:
    meaning = "The asking system's own id of the person."
    return _column("reference", "text", meaning, source, sensitivity=Sensitivity.REFERENCE)


def _note() -> Column:
    meaning = "What they wrote for colleagues; empty in exports without notes."
    return _column("note", "text", meaning, sensitivity=Sensitivity.NOTES)


def _from_where(name: str, meaning: str) -> Column:
    return _column(
        name, "text", f"{meaning}; empty in exports without addresses.", sensitivity=Sensitivity.ADDRESSES
    )


EVENTS = Table(
    "events",
    "Every event of the audit trail in the period, in the order in which it was written.",
    (
        _column("id", "integer", "Place in the trail; it only ever rises.", "pk"),
        _column("at", "time", "When it happened."),
        _column("kind", "text", "What happened."),
        _column("actor_kind", "text", "Who did it: applicant, system, client, shell or a role of staff."),
        _staff("actor_id", "Their public id, or the user name of staff; empty for system and shell."),
        _column("subject_kind", "text", "The kind of record it happened to."),
        _column("subject_id", "text", "That record's public id, or its number if it has none."),
        _column("data", "json", "Facts of the event: ids, codes and hashes."),
        _column("log_index", "integer", "Place in the sealed log, from 0 on."),
    ),
    _events,
    in_log=True,
)
VERIFICATIONS = Table(
    "verifications",
    "Every verification that was created or decided in the period, as it stood when the export was made.",
    (
        _column("verification_id", "text", "Public id of the verification.", "public_id"),
        _column("applicant_id", "text", "The portal's id of the person.", "applicant__public_id"),
        _column("client_id", "text", "The system that asked for it; empty for staff.", "client__public_id"),
        _column("mode", "text", "Liveness mode: ACTION or SILENT."),
        _column("status", "text", "Where it stood."),
        _column("outcome", "text", "What the attempt that finished last came to; empty before that."),
        _column("reasons", "json", "Codes of why it was sent to a person or back to the applicant, as a list."),
        _column("policy_version", "integer", "Version of the policy it was judged under.", "policy__version"),
        _column("attempts_used", "integer", "Attempts that counted."),
        _column("similarity", "decimal", "Similarity found last, 0.00 to 100.00.", "last_similarity", unit="points"),
        _column("created_at", "time", "When it was created."),
        _column("decided_at", "time", "When it was approved or declined."),
        _column("decided_by", "text", "Who decided: policy or reviewer; empty if nobody did."),
        _column("review_id", "text", "The review that decided; empty if policy did.", "final_review__public_id"),
        _column(
            "request_id", "text", "RequestId of the vendor call by which policy approved; empty if a reviewer decided.",
            "passing_call__request_id",
        ),
        _reference("applicant__reference"),
        _staff(
            "decider", "User name of who decided; of two, the second; empty if policy did.",
            "final_review__by__username",
        ),
        _staff(
            "proposer", "User name of whose verdict the decider confirmed; empty if one person was enough.",
            "final_review__proposed_by__username",
        ),
        _column("reason", "text", "Code of the reviewer's reason.", "final_review__reason_code"),
        _column("reason_in_words", "text", "That reason in words.", words=reasons.label),
        _column(
            "evidence_sha256", "text", "Hash of all that the decider judged; empty if policy decided.",
            "final_review__evidence_sha256",
        ),
    ),
    _verifications,
)  # fmt: skip
ATTEMPTS = Table(
    "attempts",
    "Every attempt that was begun or finished in the period, and all of the verifications listed, as it stood when the "
    "export was made.",
    (
        _column("attempt_id", "text", "Public id of the attempt.", "public_id"),
        _column("verification_id", "text", "The verification it belongs to.", "verification__public_id"),
        _column("number", "integer", "First, second, … of its verification."),
        _column("status", "text", "Where it stood."),
        _column("mode", "text", "Liveness mode: ACTION or SILENT."),
        _column("actions", "text", "Movements asked for: 1 mouth, 2 blink, 3 nod, 4 shake."),
        _column("issued_at", "time", "When the challenge was given out."),
        _column("submitted_at", "time", "When the recording arrived."),
        _column("finished_at", "time", "When its outcome was known."),
        _column("outcome", "text", "What it came to; empty until finished."),
        _column("counted", "boolean", "Whether it used up one of the person's attempts."),
        _column("similarity", "decimal", "Similarity the vendor found, 0.00 to 100.00.", unit="points"),
        _column(
            "result_code", "text", "The vendor's code for the result, or the portal's without an answer."
        ),
        _column("calls", "integer", "Calls made to the vendor.", "call_count"),
        _column("request_id", "text", "The vendor's RequestId of the last call.", "last_request_id"),
        _column("photo_sha256", "text", "SHA-256 of the ID photo as uploaded.", "document__original_sha256"),
        _column("recording_sha256", "text", "SHA-256 of the recording as uploaded.", "original_sha256"),
        _column("normalised_sha256", "text", "SHA-256 of the recording as sent to the vendor."),
        _column("best_frame_sha256", "text", "SHA-256 of the best frame."),
    ),
    _attempts,
)
REVIEWS = Table(
    "reviews",
    "Every act of a reviewer in the period, and all on the verifications listed. None of them ever changes.",
    (
        _column("review_id", "text", "Public id of the review.", "public_id"),
        _column("verification_id", "text", "The verification it is about.", "verification__public_id"),
        _reference("verification__applicant__reference"),
        _column("at", "time", "When it was recorded."),
        _staff("by", "User name of the reviewer.", "by__username"),
        _column(
            "stage", "text",
            "decision: it took effect; proposal: it waited for a second person; second: the second person's, which "
            "differs from the proposal; blind: given in a spot check before the score was shown.",
        ),
        _column("verdict", "text", "What the reviewer chose."),
        _column("reason", "text", "Code of the reason.", "reason_code"),
        _column("reason_in_words", "text", "That reason in words.", words=reasons.label),
        _column("reason_list", "integer", "Version of the list of reasons.", "list_version"),
        _note(),
        _column("evidence_sha256", "text", "Hash of the evidence that was judged."),
        _column(
            "policy_version", "integer", "Version of the policy it was judged under.", "verification__policy__version"
        ),
        _column(
            "confirms_id", "text", "The proposal or second verdict that this decision confirms.", "confirms__public_id"
        ),
        _staff("proposer", "User name of whose verdict this one confirms or differs from.", "proposed_by__username"),
        _column(
            "differs_from_id", "text", "The proposal that this second verdict differs from.", "differs_from__public_id"
        ),
    ),
    _reviews,
)  # fmt: skip
DOCUMENT_CHECKS = Table(
    "document_checks",
    "Every check of an ID photo by a person in the period, and all on the verifications listed. None ever changes.",
    (
        _column("check_id", "text", "Public id of the check.", "public_id"),
        _column("verification_id", "text", "The verification it is about.", "verification__public_id"),
        _reference("verification__applicant__reference"),
        _column("at", "time", "When it was recorded."),
        _staff("by", "User name of who checked.", "by__username"),
        _column("document_id", "text", "Public id of the photo that was checked.", "document__public_id"),
        _column("photo_sha256", "text", "SHA-256 of that photo as uploaded.", "document__original_sha256"),
        _column("kind", "text", "The kind of document that the person saw."),
        _column("answers", "json", "The answer to each question that was answered: yes, no or cannot_tell."),
        _column("question_list", "integer", "Version of the list of questions.", "list_version"),
        _note(),
    ),
    _document_checks,
)  # fmt: skip
_TERMS = (
    ("approve_at", "decimal"), ("qa_share", "decimal"), ("document_check", "text"), ("document_share", "decimal"),
    ("document_kinds", "json"), ("document_checklist", "json"), ("shared_evidence", "text"),
    ("second_for_override", "boolean"), ("second_for_flags", "boolean"), ("second_below", "decimal"),
    ("second_share", "decimal"), ("second_for_declines", "boolean"), ("liveness_mode", "text"),
    ("action_count", "integer"), ("max_attempts", "integer"), ("link_days", "integer"), ("review_hours", "integer"),
    ("retention_days", "integer"), ("tell_invitation", "boolean"), ("tell_reminder", "boolean"),
    ("tell_again", "boolean"), ("tell_result", "boolean"), ("tell_delay", "boolean"),
)  # fmt: skip
# Of the terms that are measured.
_UNITS = {
    "approve_at": "points", "second_below": "points", "qa_share": "percent", "document_share": "percent",
    "second_share": "percent", "link_days": "days", "review_hours": "hours", "retention_days": "days",
}  # fmt: skip
_LABELS = {field.name: field.verbose_name for field in Policy._meta.concrete_fields}
POLICIES = Table(
    "policies",
    "Every version of the policy that was ever in force. None of them ever changes.",
    (
        _column("policy_version", "integer", "Its number.", "version"),
        _column("activated_at", "time", "Since when it was in force."),
        _staff("activated_by", "User name of who put it into force; empty for the first.", "activated_by__username"),
        _staff("drafted_by", "User name of who wrote it.", "drafted_by__username"),
        _column("change_reason", "text", "Why it replaced the one before."),
        *(
            _column(name, kind, f"The term “{_LABELS[name]}”.", unit=_UNITS.get(name, "")) for name, kind in _TERMS
        ),
    ),
    _policies,
)  # fmt: skip
CONSENTS = Table(
    "consents",
    "Every answer to the consent text in the period, and all of the verifications listed.",
    (
        _column("verification_id", "text", "The verification it belongs to.", "verification__public_id"),
        _column("at", "time", "When the applicant answered."),
        _column("given", "boolean", "Whether they agreed."),
        _column("text_version", "text", "Version of the consent text."),
        _column("text_sha256", "text", "SHA-256 of the text that was shown."),
        _column("locale", "text", "Its language."),
        _from_where("ip_address", "The network address that the answer came from"),
        _from_where("user_agent", "What the browser said of itself"),
    ),
    _consents,
)
CONSENT_TEXTS = Table(
    "consent_texts",
    "Each text that one of the consents listed was an answer to, word for word, since the portal keeps them.",
    (
        _column("text_sha256", "text", "SHA-256 of the text in UTF-8.", "sha256"),
        _column("text_version", "text", "Version of the consent text.", "version"),
        _column("locale", "text", "Its language."),
        _column("organisation", "text", "The organisation that it names."),
        _column("text", "text", "The text as it was shown."),
        _column("first_used_at", "time", "When it was first answered."),
    ),
    _consent_texts,
)
TABLES = (EVENTS, VERIFICATIONS, ATTEMPTS, REVIEWS, DOCUMENT_CHECKS, POLICIES, CONSENTS, CONSENT_TEXTS)
