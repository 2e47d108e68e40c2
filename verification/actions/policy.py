"""Changing the policy: a draft by one senior reviewer, put into force by another. A policy in force never changes."""

import hashlib
import json
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import Policy, StaffUser
from verification.rules import terms as ruled
from verification.states import Actor

# The terms of a version, in the order in which pages show them.
TERMS = (
    "approve_at",
    "qa_share",
    "document_check",
    "document_share",
    "document_kinds",
    "document_checklist",
    "shared_evidence",
    "second_for_override",
    "second_for_flags",
    "second_below",
    "second_share",
    "second_for_declines",
    "liveness_mode",
    "action_count",
    "max_attempts",
    "link_days",
    "review_hours",
    "retention_days",
    "tell_invitation",
    "tell_reminder",
    "tell_again",
    "tell_result",
    "tell_delay",
)


class DraftExists(Exception):
    """There is a draft already: one at a time, so that two can't overwrite each other."""


class NoDraft(Exception):
    """The draft was discarded or is in force by now."""


class DraftChanged(Exception):
    """The draft is not the one that was read."""


class NothingChanged(ValueError):
    """The draft says what the policy in force says."""


def terms_of(policy: Policy) -> dict[str, Any]:
    return {name: getattr(policy, name) for name in TERMS}


def fingerprint(policy: Policy) -> str:
    """SHA-256 of a draft's terms and reason: what the second person has read is what comes into force."""
    content = {**terms_of(policy), "version": policy.version, "change_reason": policy.change_reason}
    content = {name: ruled.plain(value) for name, value in content.items()}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def difference(policy: Policy, from_policy: Policy) -> list[tuple[str, Any, Any]]:
    """(term, value in `from_policy`, value in `policy`) of each term that differs."""
    old, new = terms_of(from_policy), terms_of(policy)
    return [(name, old[name], new[name]) for name in TERMS if old[name] != new[name]]


def current_draft() -> Policy | None:
    drafts = Policy.objects.filter(activated_at__isnull=True).select_related("drafted_by")
    return drafts.order_by("version").last()


@transaction.atomic
def draft(*, by: StaffUser, now: datetime) -> Policy:
    """A new version that says what the policy in force says. Raises DraftExists."""
    permissions.check_change_policy(by)
    in_force = _lock()
    if current_draft() is not None:
        raise DraftExists(_("There is a draft already. Go on with that one, or discard it."))
    made = Policy.objects.create(
        **terms_of(in_force), version=in_force.version + 1, drafted_by=by, drafted_at=now
    )
    _record("policy.drafted", made, by, now)
    return made


@transaction.atomic
def change(
    policy: Policy, *, terms: dict[str, Any], reason: str, seen: str, by: StaffUser, now: datetime
) -> None:
    """Write `terms` (a value for each of TERMS) into the draft whose fingerprint is `seen`.

    The person who changes it last can't activate it. Raises DraftChanged or NoDraft.
    """
    permissions.check_change_policy(by)
    row = _draft(policy, seen)
    for name in TERMS:
        setattr(row, name, terms[name])
    row.change_reason, row.drafted_by, row.drafted_at = reason.strip(), by, now
    row.save()
    _record("policy.changed", row, by, now)


@transaction.atomic
def discard(policy: Policy, *, seen: str, by: StaffUser, now: datetime) -> None:
    """Let the draft go. Raises DraftChanged or NoDraft."""
    permissions.check_change_policy(by)
    row = _draft(policy, seen)
    _record("policy.discarded", row, by, now)
    row.delete()


@transaction.atomic
def activate(policy: Policy, *, seen: str, by: StaffUser, now: datetime) -> None:
    """Put the draft into force for all cases invited from now on. One that changes nothing adopts the terms that came
    with the software. Raises permissions.OwnProposal for its last writer, DraftChanged, NoDraft or NothingChanged."""
    in_force = _lock()
    row = _draft(policy, seen)
    permissions.check_activate(by, row.drafted_by)
    if in_force.is_adopted and not difference(row, in_force):
        raise NothingChanged(_("This draft changes nothing."))
    if not row.change_reason:
        raise NothingChanged(_("Say first why the policy is changed."))
    row.activated_by, row.activated_at = by, now
    row.save()
    _record("policy.activated", row, by, now, [row], replaces=in_force.version)


def _lock() -> Policy:
    """The policy in force, locked until the transaction ends: it serialises drafts and activations."""
    return Policy.objects.select_for_update().filter(activated_at__isnull=False).latest("version")


def _draft(policy: Policy, seen: str) -> Policy:
    _lock()
    row = Policy.objects.select_related("drafted_by").filter(pk=policy.pk, activated_at__isnull=True).first()
    if row is None:
        raise NoDraft(_("This draft is gone: it was discarded, or it is in force by now."))
    if fingerprint(row) != seen:
        raise DraftChanged(_("The draft was changed since you opened it. Read it again."))
    return row


def _record(kind: str, policy: Policy, by: StaffUser, now: datetime, commits: Any = (), **facts: Any) -> None:
    terms = {name: ruled.plain(value) for name, value in terms_of(policy).items()}
    senior = audit.By.staff(by, acting_as=Actor.SENIOR_REVIEWER)
    audit.record(
        kind,
        by=senior,
        subject=policy,
        at=now,
        commits=commits,
        version=policy.version,
        terms=terms,
        fingerprint=fingerprint(policy),
        **facts,
    )
