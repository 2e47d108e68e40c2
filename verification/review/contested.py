"""Which links were used on too many devices, in words with what to do, for the work board."""

from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from verification import permissions
from verification.models import StaffUser, Verification
from verification.review.queue.counts import MAX_COUNTED_OF_MANY, UpTo
from verification.states import ENDED

MAX_NAMED: Final = 5  # cases; with a new link for one of them, the next is named


def notice(user: StaffUser) -> dict[str, Any] | None:
    """The open cases with such a link, the oldest first: their ids are shown, as links for who may go on with them."""
    open_ones = Verification.objects.filter(link_contested_at__isnull=False, link_revoked_at__isnull=True)
    found = open_ones.exclude(status__in=ENDED).order_by("link_contested_at", "pk")
    ids = list(found.values_list("public_id", flat=True)[: MAX_COUNTED_OF_MANY + 1])
    if not ids:
        return None
    what = ngettext(
        "The link of %(number)s case was used on too many devices.",
        "The links of %(number)s cases were used on too many devices.",
        len(ids),
    )
    return {
        "what": what % {"number": UpTo(len(ids), MAX_COUNTED_OF_MANY)},
        "to_do": _(
            "Somebody else may have it. The front office or an operator makes a new one, on the page of its invitation:"
        ),
        "ids": ids[:MAX_NAMED],
        "more": len(ids) > MAX_NAMED,
        "page": _page_for(user),
    }


def _page_for(user: StaffUser) -> str:
    """Where this user may go on with such a case: to make a new link, or else to look."""
    if permissions.can_invite(user):
        return "admin:invitation"
    return "admin:case" if permissions.can_view_case(user) else ""
