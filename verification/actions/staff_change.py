"""Appointing staff and changing their rights and credentials: one operator proposes, a second person confirms.

The second person is an operator or a senior reviewer who counts as another person (`permissions.check_two_people`). If
there is none (`staffing.alone`), the proposer may put the change into effect alone after ALONE_AFTER. Seniors,
auditors, operators and the owner of the account read of each change on all their pages until they have seen it, and
each of them can stop it while it waits.

A first password is shown to the proposer, an enrolment code to the person who confirms. Whoever comes to know both,
which is possible only alone, could use the account: it then counts as another account of theirs until somebody vouches
for it.
"""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import ChangeKind, ChangeState, StaffChange, StaffUser
from verification.staffing import access, alone, effects

ALONE_AFTER = timedelta(hours=24)
MAX_REASON = 200
_SHOWN_FOR = timedelta(days=30)


@transaction.atomic
def propose(
    kind: ChangeKind,
    about: StaffUser | None,
    *,
    wanted: dict[str, Any],
    reason: str,
    by: StaffUser,
    acting_as: audit.By,
    now: datetime,
) -> StaffChange:
    """Propose a change to `about`, or with APPOINT a new account. Raises permissions.Denied or effects.NotPossible."""
    permissions.check_propose_change(by, about)
    effects.check_room(by, now)
    effects.check_can_be_proposed(kind, about, wanted, now)
    effects.end_what_ran_out(now)
    by_one = alone.may_become_alone(kind, about, wanted, by=by, now=now)
    change = StaffChange(kind=kind, user=about, wanted=wanted, reason=reason, proposed_by=by, proposed_at=now)
    change.alone_until = now + ALONE_AFTER if by_one else None
    _save_once(change)
    facts = {"change": kind.value, "user": change.username, "alone": by_one}
    if "groups" in wanted:
        facts["groups"] = wanted["groups"]
    audit.record("staff.change_proposed", by=acting_as, subject=change, at=now, **facts)
    return change


def _save_once(change: StaffChange) -> None:
    """Of two equal proposals at the same moment the database takes one."""
    change.target = effects.target_of(change.user, change.wanted)
    try:
        with transaction.atomic():
            change.save()
    except IntegrityError:
        raise effects.waits_already(change.user) from None


@transaction.atomic
def confirm(change: StaffChange, *, by: StaffUser, acting_as: audit.By, now: datetime) -> str:
    """Put the change into effect, as its second person or, after the wait, alone.

    Returns the enrolment code that `by` hands to the user; "" if the change needs none. Raises permissions.Denied or
    NotPossible.
    """
    row = _locked_open(change, now)
    by_one = row.proposed_by_id == by.pk
    if by_one:
        _check_alone(row, by, now)
    else:
        permissions.check_confirm_change(by, row)
    if row.proposed_by is None or not permissions.can_manage_staff(row.proposed_by):
        raise effects.NotPossible(_("Whoever proposed this is no operator any more."))
    row.state, row.ended_at, row.confirmed_by = ChangeState.DONE, now, None if by_one else by
    effects.apply(row, acting_as, now)
    code = _give_code(row, by, by_one, now) if _needs_code(row) else ""
    row.save()
    if by_one:  # Whoever has seen the proposal reads of it again.
        row.seen_by.clear()
    return code


def _check_alone(change: StaffChange, by: StaffUser, now: datetime) -> None:
    permissions.check_manage_staff(by)
    kind, until = ChangeKind(change.kind), change.alone_until
    if until is None or not alone.may_become_alone(kind, change.user, change.wanted, by=by, now=now):
        raise permissions.OwnProposal(_("You proposed this change. Somebody else has to confirm it."))
    if now < until:
        raise effects.NotPossible(_("The wait is not over yet."))


def may_act_alone(change: StaffChange, *, by: StaffUser, now: datetime) -> bool:
    """Whether its proposer may put a change that waits into effect now, without a second person."""
    try:
        _check_alone(change, by, now)
    except (permissions.Denied, effects.NotPossible):
        return False
    return True


def _needs_code(change: StaffChange) -> bool:
    if change.kind == ChangeKind.PASSWORD:
        return not access.second_steps(effects.account_of(change))
    return change.kind in {ChangeKind.APPOINT, ChangeKind.SECOND_STEP}


def _give_code(change: StaffChange, by: StaffUser, by_one: bool, now: datetime) -> str:
    user = effects.account_of(change)
    if by_one and change.kind == ChangeKind.APPOINT:
        effects.set_person(user, by.person())
    seen_by = user.first_password_seen_by
    # One that ran out counts too: a session that it opened may live longer.
    if access.has_first_password(user):
        _check_not_both(user, seen_by, by, by_one)
    return access.give_enrolment_code(user, seen_by=by, now=now)


def _check_not_both(user: StaffUser, other_seen_by: StaffUser | None, by: StaffUser, by_one: bool) -> None:
    """Who knows one half of an account's credentials is shown the other half only alone, and then stands for it."""
    if other_seen_by is None or other_seen_by.person() != by.person():
        return
    if not by_one:
        raise permissions.OwnProposal(
            _("You know the other half of this account's credentials. Somebody else has to do this.")
        )
    effects.set_person(user, by.person())


@transaction.atomic
def hand_out(change: StaffChange, *, by: StaffUser, acting_as: audit.By, now: datetime) -> str:
    """The first password of a change that is in effect, once, for its proposer to hand to the user.

    It replaces the present password and ends the sessions. Raises permissions.Denied or NotPossible.
    """
    permissions.check_manage_staff(by)
    row = _locked(change)
    if row.proposed_by_id != by.pk:
        raise permissions.Denied(_("Only the person who proposed the change hands out the password."))
    if not waits_for_hand_out(row, now):
        raise effects.NotPossible(_("There is no password to hand out, or it was handed out already."))
    user = effects.account_of(row)
    if access.enrolment_in_force(user, now):
        _check_not_both(user, user.enrolment_seen_by, by, row.confirmed_by is None)
    # The password alone opens an account without a second step, whatever became of its code.
    if row.confirmed_by is None and not access.second_steps(user):
        effects.set_person(user, by.person())
    password = access.give_first_password(user, seen_by=by, now=now)
    access.end_sessions(user, by=acting_as, now=now, why="password_changed")
    row.handed_out_at = now
    row.save(update_fields=["handed_out_at"])
    audit.record("staff.password_reset", by=acting_as, subject=user, at=now, **effects.acting_persons(row))
    return password


def waits_for_hand_out(change: StaffChange, now: datetime) -> bool:
    """Whether a first password is still to be handed out, within OPEN_FOR."""
    return (
        change.state == ChangeState.DONE
        and change.kind in {ChangeKind.APPOINT, ChangeKind.PASSWORD}
        and change.proposed_by_id is not None
        and change.handed_out_at is None
        and change.ended_at is not None
        and now < change.ended_at + effects.OPEN_FOR
    )


@transaction.atomic
def stop(change: StaffChange, *, by: StaffUser, acting_as: audit.By, now: datetime) -> None:
    """Whoever reads of a waiting change may stop it. Raises permissions.Denied or NotPossible."""
    permissions.check_see_change(by, change)
    row = _locked_open(change, now)
    row.state, row.ended_at, row.stopped_by = ChangeState.STOPPED, now, by
    row.save()
    facts = {"change": row.kind, "stopped_by": by.get_username(), **effects.acting_persons(row)}
    audit.record("staff.change_stopped", by=acting_as, subject=row, at=now, **facts)


def _locked(change: StaffChange) -> StaffChange:
    """The change and its account as they are now, for this transaction alone.

    Two changes of one account wait for each other: of its two halves, each act has to know who got the other one.
    """
    row = StaffChange.objects.select_for_update().get(pk=change.pk)
    if row.user_id is not None:
        row.user = StaffUser.objects.select_for_update(no_key=True).get(pk=row.user_id)
    return row


def _locked_open(change: StaffChange, now: datetime) -> StaffChange:
    row = _locked(change)
    if not effects.is_open(row, now):
        raise effects.NotPossible(
            _("This change does not wait any more: it is in effect, was stopped, or ran out.")
        )
    return row


# Notices


def unseen(user: StaffUser, now: datetime) -> QuerySet[StaffChange]:
    """The changes of the last 30 days that `user` may see, had no part in and has not marked as seen."""
    lately = visible(user).filter(proposed_at__gte=max(now - _SHOWN_FOR, user.date_joined))
    part = Q(proposed_by=user) | Q(confirmed_by=user) | Q(stopped_by=user) | Q(seen_by=user)
    return lately.exclude(part).exclude(kind=ChangeKind.APPOINT, user=user)


def visible(user: StaffUser) -> QuerySet[StaffChange]:
    """All changes for who reads the staff list; for anybody else those of their own account."""
    found = StaffChange.objects.select_related("user", "proposed_by", "confirmed_by", "stopped_by")
    return found if permissions.can_view_staff(user) else found.filter(user=user)


def as_shown(change: StaffChange) -> str:
    """The change in its present state. A change that took effect meanwhile is not the one that was shown."""
    return f"{change.public_id}.{change.state}"


@transaction.atomic
def mark_seen(shown: Collection[str], *, by: StaffUser, now: datetime) -> None:
    """Mark those that a page showed (`as_shown`), and no others."""
    for change in unseen(by, now):
        if as_shown(change) in shown:
            change.seen_by.add(by)
