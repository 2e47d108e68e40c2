"""Who may do what. Each rule is defined here once, so that a button and the address behind it can't disagree.

`check_x` raises `Denied` with a sentence for the user; `can_x` returns the same answer as a boolean. Rights come from
groups alone: a superuser without a group has none. Whether the status of a case allows an act is the business of
`workflow`. docs/permissions.md is generated from RIGHTS, `addresses` and `situations`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from verification.models import ChangeKind, SavedFilter, StaffChange, StaffUser, Verdict, Verification
from verification.states import ENDED

User = StaffUser | AnonymousUser


class Denied(Exception):
    """The user may not do this; the message is a sentence for them."""


class ConflictOfInterest(Denied):
    """The case is about the user or somebody they know; or the account is, or counts as, their own."""


class OwnProposal(Denied):
    """The user proposed the verdict, wrote the policy or proposed the change to staff, with this account or another
    one that counts as theirs: somebody else has to confirm it."""


class VerdictSeen(Denied):
    """The user read what the proposer thinks of the case, so they can't judge it as if they had not."""


class Group(StrEnum):
    """The names of the groups in the database."""

    REVIEWER = "Reviewer"
    SENIOR = "Senior reviewer"
    AUDITOR = "Auditor"
    OPERATOR = "Operator"
    FRONT_OFFICE = "Front office"
    # For auditors, in addition: it opens no page by itself.
    SENSITIVE = "Sensitive exports"


@dataclass(frozen=True)
class Right:
    """The groups that have the right, and the sentence for everybody else."""

    groups: frozenset[Group]
    sentence: Any


def _right(sentence: Any, *groups: Group) -> Right:
    return Right(frozenset(groups), sentence)


REVIEWER, SENIOR, AUDITOR, OPERATOR = Group.REVIEWER, Group.SENIOR, Group.AUDITOR, Group.OPERATOR
FRONT_OFFICE, SENSITIVE = Group.FRONT_OFFICE, Group.SENSITIVE

RIGHTS: dict[str, Right] = {
    "view_queue": _right(_("Only reviewers see the review queue."), REVIEWER, SENIOR),
    "view_case": _right(_("Only reviewers and auditors see cases."), REVIEWER, SENIOR, AUDITOR),
    "view_evidence": _right(
        _("Only reviewers and auditors see photos and recordings."), REVIEWER, SENIOR, AUDITOR
    ),
    "reveal": _right(_("Only reviewers and auditors see personal details."), REVIEWER, SENIOR, AUDITOR),
    "decide": _right(_("Only reviewers decide cases."), REVIEWER, SENIOR),
    "decide_escalated": _right(_("Only senior reviewers decide escalated cases."), SENIOR),
    "assign_others": _right(_("Only senior reviewers assign cases to colleagues."), SENIOR),
    "cancel": _right(_("Only senior reviewers cancel a case."), SENIOR),
    "reopen": _right(_("Only senior reviewers reopen a decided case."), SENIOR),
    "rerun": _right(_("Only senior reviewers have evidence compared again."), SENIOR),
    "view_colleagues": _right(_("Only senior reviewers see what each colleague holds."), SENIOR),
    "share_filter": _right(_("Only senior reviewers share a filter with everybody."), SENIOR),
    "view_dashboard": _right(
        _("Only senior reviewers, auditors and operators see the figures."), SENIOR, AUDITOR, OPERATOR
    ),
    "view_policy": _right(
        _("Only senior reviewers, auditors and operators see the policy."), SENIOR, AUDITOR, OPERATOR
    ),
    "change_policy": _right(_("Only senior reviewers change the policy."), SENIOR),
    "export": _right(_("Only auditors make and download exports."), AUDITOR),
    "export_sensitive": _right(
        _("Only members of Sensitive exports take out reviewers' notes and network addresses."), SENSITIVE
    ),
    "statistics": _right(
        _("Only auditors and senior reviewers make and read statistics for a regulator."), SENIOR, AUDITOR
    ),
    "case_pack": _right(_("Only auditors and senior reviewers make the pack of a case."), SENIOR, AUDITOR),
    "view_trail": _right(_("Only auditors and senior reviewers see the audit trail."), SENIOR, AUDITOR),
    "view_alerts": _right(
        _("Only senior reviewers, auditors and operators see who looked unusually often."),
        SENIOR,
        AUDITOR,
        OPERATOR,
    ),
    "manage_staff": _right(_("Only operators manage staff."), OPERATOR),
    "confirm_staff": _right(
        _("Only operators and senior reviewers confirm a change to staff."), SENIOR, OPERATOR
    ),
    "view_staff": _right(
        _("Only operators, auditors and senior reviewers see who the staff are."), SENIOR, AUDITOR, OPERATOR
    ),
    "view_operations": _right(
        _("Only operators, senior reviewers and auditors see how the vendor account is doing."),
        SENIOR,
        AUDITOR,
        OPERATOR,
    ),
    "manage_brands": _right(_("Only operators make and change brands."), OPERATOR),
    "view_messages": _right(
        _("Only the staff in one of the groups see which messages were sent."),
        REVIEWER,
        SENIOR,
        AUDITOR,
        OPERATOR,
        FRONT_OFFICE,
    ),
    "mend_messages": _right(
        _(
            "Only the front office, operators and senior reviewers note that a message came back, or send it again."
        ),
        SENIOR,
        OPERATOR,
        FRONT_OFFICE,
    ),
    "trace": _right(_("Only operators and senior reviewers trace a case."), SENIOR, OPERATOR),
    "operate": _right(_("Only operators start the system's work by hand."), OPERATOR),
    "probe_account": _right(_("Only operators have a paused account probed."), OPERATOR),
    # Nobody who decides: whoever holds an applicant's link could give the evidence that they then judge.
    "invite": _right(
        _("Only the front office and operators invite people and make links."), OPERATOR, FRONT_OFFICE
    ),
    "manage_clients": _right(_("Only operators manage API clients and their keys."), OPERATOR),
}


def groups_of(user: User) -> frozenset[str]:
    """Names of the user's groups; empty if signed out or deactivated. Queries the database once per user object."""
    if not isinstance(user, StaffUser) or not user.is_active:
        return frozenset()
    if "groups" not in getattr(user, "_prefetched_objects_cache", {}):
        prefetch_related_objects([user], "groups")
    return frozenset(group.name for group in user.groups.all())


def can(user: User, right: str) -> bool:
    """Whether a group of `user` has this right of RIGHTS."""
    return bool(groups_of(user) & RIGHTS[right].groups)


def check(user: User, right: str) -> None:
    """Raises Denied, with the right's sentence, unless a group of `user` has it."""
    if not can(user, right):
        raise Denied(str(RIGHTS[right].sentence))


def refusal(check: Callable[..., None], *about: object) -> str:
    """The sentence with which a check refuses, or "" if it does not."""
    try:
        check(*about)
    except Denied as denied:
        return str(denied)
    return ""


check_view_queue = partial(check, right="view_queue")
check_export_sensitive = partial(check, right="export_sensitive")
check_reveal = partial(check, right="reveal")
check_decide = partial(check, right="decide")
check_decide_escalated = partial(check, right="decide_escalated")
check_assign_others = partial(check, right="assign_others")
check_cancel = partial(check, right="cancel")
check_reopen = partial(check, right="reopen")
check_share_filter = partial(check, right="share_filter")
check_manage_staff = partial(check, right="manage_staff")
check_confirm_staff = partial(check, right="confirm_staff")
check_view_staff = partial(check, right="view_staff")
check_change_policy = partial(check, right="change_policy")

can_view_queue = partial(can, right="view_queue")
can_view_case = partial(can, right="view_case")
can_view_evidence = partial(can, right="view_evidence")
can_reveal = partial(can, right="reveal")
can_decide = partial(can, right="decide")
can_decide_escalated = partial(can, right="decide_escalated")
can_assign_others = partial(can, right="assign_others")
can_cancel = partial(can, right="cancel")
can_reopen = partial(can, right="reopen")
can_view_colleagues = partial(can, right="view_colleagues")
can_share_filter = partial(can, right="share_filter")
can_view_dashboard = partial(can, right="view_dashboard")
can_view_policy = partial(can, right="view_policy")
can_change_policy = partial(can, right="change_policy")
can_export = partial(can, right="export")
can_export_sensitive = partial(can, right="export_sensitive")
can_statistics = partial(can, right="statistics")
can_view_trail = partial(can, right="view_trail")
can_view_alerts = partial(can, right="view_alerts")
can_manage_staff = partial(can, right="manage_staff")
can_view_staff = partial(can, right="view_staff")
can_view_messages = partial(can, right="view_messages")
can_mend_messages = partial(can, right="mend_messages")
can_view_operations = partial(can, right="view_operations")
can_manage_brands = partial(can, right="manage_brands")
can_trace = partial(can, right="trace")
can_operate = partial(can, right="operate")
can_probe_account = partial(can, right="probe_account")
can_invite = partial(can, right="invite")
can_manage_clients = partial(can, right="manage_clients")


# Rules about one case


def check_no_conflict(user: StaffUser, case: Verification) -> None:
    """Nobody works on their own case, or on a case that they stepped aside from, with any of their accounts."""
    accounts = user.accounts()
    emails = {account.email.casefold() for account in accounts if account.email}
    if case.applicant.email.casefold() in emails:
        raise ConflictOfInterest(_("This case is about you. A colleague decides it."))
    if case.reviews.filter(by__in=accounts, verdict=Verdict.STEP_ASIDE).exists():
        raise ConflictOfInterest(_("You stepped aside from this case. A colleague decides it."))


def check_work_on(user: StaffUser, case: Verification) -> None:
    """Whether this reviewer may claim, judge or reassign this case."""
    check_decide(user)
    if case.escalated_at is not None:
        check_decide_escalated(user)
    check_no_conflict(user, case)
    check_third(user, case)


def check_third(user: StaffUser, case: Verification) -> None:
    """Once two people judged a case differently, neither of them works on it any more."""
    if case.proposal is None or case.dissent is None:
        return
    if user.person() in {case.proposal.by.person(), case.dissent.by.person()}:
        raise ConflictOfInterest(
            _(
                "You and a colleague came to different verdicts. A senior reviewer who is neither of you decides."
            )
        )


def check_assign(user: StaffUser, to: StaffUser) -> None:
    """Reviewers keep a case for themselves; seniors also for others."""
    check_decide(user)
    if to != user:
        check_assign_others(user)


def check_write_note(user: StaffUser, case: Verification) -> None:
    """Whoever decides cases may write about this one; not who has an interest in it. Auditors read only."""
    check_decide(user)
    check_no_conflict(user, case)


def check_case_pack(user: StaffUser, case: Verification) -> None:
    """Who decides cases makes the pack only once this one has ended, because it holds what others found; and nobody
    makes that of their own case."""
    check(user, "case_pack")
    check_no_conflict(user, case)
    if case.status not in ENDED and can_decide(user):
        raise Denied(_("This case is not decided yet. Until then, only auditors make its pack."))


def can_case_pack(user: StaffUser, case: Verification) -> bool:
    return not refusal(check_case_pack, user, case)


def check_cancel_case(user: StaffUser, case: Verification) -> None:
    check_cancel(user)
    check_no_conflict(user, case)
    check_third(user, case)


def check_reopen_case(user: StaffUser, case: Verification) -> None:
    check_reopen(user)
    check_no_conflict(user, case)


def check_rerun(user: StaffUser, case: Verification) -> None:
    """Whether this user may have the evidence of the case compared again."""
    check(user, "rerun")
    check_no_conflict(user, case)
    check_third(user, case)


def check_confirm(user: StaffUser, case: Verification) -> None:
    """Whether this reviewer may be the second person of the verdict that is proposed on the case."""
    check_work_on(user, case)
    if case.proposal is not None:
        if case.proposal.by_id == user.pk:
            raise OwnProposal(_("You proposed this verdict. A colleague has to confirm it."))
        check_two_people(user, case.proposal.by)


def check_delete_filter(user: StaffUser, kept: SavedFilter) -> None:
    """The owner may; so may those who may share, if it is shared: it would outlive its owner's account otherwise."""
    if kept.owner_id != user.pk and not (kept.shared and can_share_filter(user)):
        raise Denied(_("Only the person who saved a filter deletes it."))


def can_delete_filter(user: StaffUser, kept: SavedFilter) -> bool:
    return not refusal(check_delete_filter, user, kept)


def check_activate(user: StaffUser, drafted_by: StaffUser | None) -> None:
    """Whether this user may activate a policy that `drafted_by` wrote or was the last to change."""
    check_change_policy(user)
    if drafted_by is None:
        raise OwnProposal(
            _("Nobody is known to have written this draft. Save it; a colleague activates it then.")
        )
    if drafted_by.pk == user.pk:
        raise OwnProposal(_("You wrote this draft. A colleague has to activate it."))
    check_two_people(user, drafted_by)


# Rules about the accounts of staff


def check_two_people(user: StaffUser, other: StaffUser) -> None:
    """Two accounts are not two people if one person alone made one of them or renewed its credentials."""
    if user.person() == other.person():
        raise OwnProposal(
            _(
                "%(one)s and %(other)s count as one person, because one person alone made one of these accounts or "
                "renewed its credentials. Two others must vouch first."
            )
            % {"one": user.get_username(), "other": other.get_username()}
        )


def check_propose_change(user: StaffUser, about: StaffUser | None) -> None:
    """Whether this user may propose a change to the account `about`, or (None) a new one."""
    check_manage_staff(user)
    if about is not None and about.person() == user.person():
        raise ConflictOfInterest(
            _("This is your own account, or counts as yours. Another operator proposes changes to it.")
        )


def check_confirm_change(user: StaffUser, change: StaffChange) -> None:
    """Whether this user may be the second person of the change."""
    check_confirm_staff(user)
    if change.user is not None and change.user.person() == user.person():
        raise ConflictOfInterest(
            _("This is your own account, or counts as yours. Somebody else has to confirm the change.")
        )
    if change.proposed_by is None or change.proposed_by_id == user.pk:
        raise OwnProposal(_("You proposed this change. Somebody else has to confirm it."))
    check_two_people(user, change.proposed_by)
    if change.kind == ChangeKind.VOUCH and change.user is not None:
        check_two_people(change.proposed_by, change.user)


def check_see_change(user: StaffUser, change: StaffChange) -> None:
    """Who reads the staff list sees and stops each change; anybody else those of their own account."""
    if change.user_id != user.pk:
        check_view_staff(user)


def can_confirm_change(user: StaffUser, change: StaffChange) -> bool:
    return not refusal(check_confirm_change, user, change)
