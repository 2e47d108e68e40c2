"""Which versions of the policy were in force in the period, from when until when, and their main terms."""

from datetime import datetime
from itertools import zip_longest

from verification.exports.period.table import Period, plain
from verification.exports.statistics.figure import COUNT, TEXT, TIME, YES_NO, Figure, Row, Rows, column
from verification.models import Policy


def collect(period: Period, _now: datetime) -> dict[str, Rows]:
    """The rows of each of FIGURES."""
    adopted = list(Policy.objects.filter(activated_at__lt=period.end).order_by("activated_at", "version"))
    ends = [later.activated_at for later in adopted[1:]]
    return {
        "policies": [
            _version(policy, until)
            for policy, until in zip_longest(adopted, ends)
            if until is None or until > period.start
        ]
    }


def _version(policy: Policy, until: datetime | None) -> Row:
    return {
        "version": policy.version,
        "from": plain(policy.activated_at),
        "until": plain(until),
        "by_two": policy.is_adopted,
        **{name: plain(getattr(policy, name)) for name in TERMS},
    }


TERMS = {
    "approve_at": "Approves at similarity",
    "liveness_mode": "Liveness mode",
    "max_attempts": "Attempts",
    "review_hours": "Review within hours",
    "retention_days": "Keeps evidence for days",
    "qa_share": "Spot checks (%)",
    "second_for_override": "Two to approve against the vendor",
    "second_for_flags": "Two to approve what is flagged",
    "second_below": "Two to approve below",
    "second_share": "Two for a share (%)",
    "second_for_declines": "Two to decline",
    "document_check": "A person looks at documents",
    "document_share": "Share of documents (%)",
    "shared_evidence": "Shared evidence",
}

FIGURES = (
    Figure(
        "policies",
        "Versions of the policy in force",
        "A version is in force from its activation until the next one's, for invitations of that time.",
        "Policies that were activated before the end of the period and were not replaced before its start.",
        (
            column("version", "Version", COUNT),
            column("from", "From", TIME),
            column("until", "Until", TIME, "Empty: in force at the end of the period."),
            column(
                "by_two",
                "By two people",
                YES_NO,
                "Drafted by one and activated by another; the first one came with the software.",
            ),
            *(column(name, words, TEXT) for name, words in TERMS.items()),
        ),
    ),
)
