"""Saved filters of the queue, for oneself or for all reviewers."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from verification import audit, permissions
from verification.models import QueueStart, SavedFilter, StaffUser

MAX_PER_PERSON = 30
MAX_NAME = 60
MAX_QUERY = 300


class UnusableFilter(ValueError):
    """It has no name, or one that is too long, or there are too many."""


@transaction.atomic
def save(*, name: str, query: str, shared: bool, by: StaffUser, now: datetime) -> SavedFilter:
    """Save `query` under `name`, in place of this person's filter of that name.

    Raises permissions.Denied, UnusableFilter.
    """
    permissions.check_view_queue(by)
    if shared:
        permissions.check_share_filter(by)
    # The lock on their own row serialises their saves, so that two at once can't exceed the limit.
    StaffUser.objects.select_for_update().get(pk=by.pk)
    name = " ".join(name.replace("\x00", "").split())
    _check(name, query, by)
    fields = {
        "query": query,
        "shared": shared,
        "created_at": now,
        **({} if shared else {"opens_for_all": False}),
    }
    saved, _made = SavedFilter.objects.update_or_create(owner=by, name=name, defaults=fields)
    audit.record("filter.saved", by=audit.By.staff(by), subject=saved, at=now, query=query, shared=shared)
    return saved


@transaction.atomic
def open_with(saved: SavedFilter | None, *, for_all: bool, by: StaffUser, now: datetime) -> None:
    """The queue opens with this filter, or with all of it: for this person, or for everybody who chose nothing.

    For everybody it takes a shared filter, and those who may share. Raises permissions.Denied, UnusableFilter.
    """
    permissions.check_view_queue(by)
    if not for_all:
        QueueStart.objects.update_or_create(user=by, defaults={"saved": saved})
        return
    permissions.check_share_filter(by)
    if saved is not None and not saved.shared:
        raise UnusableFilter(_("Only a filter that is shared can be everybody's."))
    # One row has the mark, so it is taken from the other first.
    SavedFilter.objects.filter(opens_for_all=True).update(opens_for_all=False)
    if saved is not None:
        SavedFilter.objects.filter(pk=saved.pk).update(opens_for_all=True)
    facts = {"query": saved.query if saved else ""}
    audit.record("filter.opens_for_all", by=audit.By.staff(by), subject=by, at=now, **facts)


def _check(name: str, query: str, by: StaffUser) -> None:
    if not name:
        raise UnusableFilter(_("Give the filter a name."))
    if len(name) > MAX_NAME:
        raise UnusableFilter(_("The name may have at most %d characters.") % MAX_NAME)
    if not query or len(query) > MAX_QUERY:
        raise UnusableFilter(_("Choose a view, a band, a mark, a reason or an owner first."))
    if by.saved_filters.exclude(name=name).count() >= MAX_PER_PERSON:
        raise UnusableFilter(_("You have %d filters already. Delete one first.") % MAX_PER_PERSON)


@transaction.atomic
def delete(saved: SavedFilter, *, by: StaffUser, now: datetime) -> None:
    """Raises permissions.Denied."""
    permissions.check_delete_filter(by, saved)
    facts = {"query": saved.query, "shared": saved.shared}
    audit.record("filter.deleted", by=audit.By.staff(by), subject=saved, at=now, **facts)
    saved.delete()
