"""What other pages tell of messages: those of one case, those that were not sent, and that nothing can be sent."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.utils.translation import ngettext

from verification import messages, permissions
from verification.models import Message, MessageState, Policy, StaffUser, Verification
from verification.review.message_pages.words import badge
from verification.review.queue.counts import MAX_COUNTED_OF_MANY, UpTo

# Older failures are history; the page lists them all.
LATELY: Final = timedelta(days=7)
MAX_OF_CASE: Final = 6


def of_case(case: Verification, now: datetime) -> list[dict[str, Any]]:
    """The latest messages of the case, and what is planned."""
    found = Message.objects.filter(verification=case).order_by("-created_at", "-pk")[:MAX_OF_CASE]
    return [{"message": message, **badge(message, now)} for message in found]


def not_sent(user: StaffUser, now: datetime) -> dict[str, str] | None:
    """For the work board of those who may do something about it; None if all is well."""
    if not permissions.can_mend_messages(user):
        return None
    stuck = Message.objects.filter(state=MessageState.FAILED, created_at__gt=now - LATELY)
    number = stuck.order_by()[: MAX_COUNTED_OF_MANY + 1].count()
    if not number:
        return None
    what = ngettext(
        "%(number)s message to an applicant was not sent in the last 7 days.",
        "%(number)s messages to applicants were not sent in the last 7 days.",
        number,
    )
    return {"what": what % {"number": UpTo(number, MAX_COUNTED_OF_MANY)}}


def nothing_goes_out(policy: Policy) -> bool:
    """Whether the policy says that applicants are told, and e-mail is not set up."""
    return messages.tells(policy) and not settings.EMAIL
