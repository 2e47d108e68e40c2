"""The answers to a browser that may not go on: the case is open elsewhere, or another case is open here.

They show when a device was used and of which class it is, and nothing that was entered or recorded on it.
"""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from verification import links
from verification.actions import bind
from verification.models import Verification
from verification.pages import errors, times


def elsewhere(request: HttpRequest, verification: Verification, session: links.Session) -> HttpResponse:
    """The case is open in another browser: the page offers to go on here, if this browser may."""
    history = links.history(verification)
    lost = links.had(verification, session)
    facts = {
        "mark": links.mark(verification),
        "newest": history.newest,
        "since": times.element(history.newest.at) if history.newest else "",
        "lost": lost,
        "first": history.began(session),
        "changes_left": bind.changes_left(history),
        "reference": verification.public_id,
    }
    fault = errors.LINK_LOST if lost else errors.LINK_IN_USE
    if not bind.may_take_over(history, session):
        fault = errors.LINK_USED_UP
    return errors.answer(request, fault, next_=reverse("pages:home"), **facts)


def other_case(request: HttpRequest, open_here: Verification) -> HttpResponse:
    """The request is for another case than the one that is open in this browser."""
    facts = {"reference": open_here.public_id}
    # No case has this mark, so the page that the script opens explains the same.
    next_ = f"{reverse('pages:home')}?{links.MARK}=other"
    return errors.answer(request, errors.OTHER_CASE, next_=next_, **facts)
