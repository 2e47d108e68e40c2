"""The page of messages, the newest first, and the two acts on one: it came back, and send it again."""

import re
from datetime import datetime
from typing import Any

from django.conf import settings
from django.contrib import messages as notices
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from verification import messages, permissions
from verification.models import Channel, Message, MessageState
from verification.review.message_pages.words import badge, happened
from verification.review.page import Site, acting, signed_in
from verification.review.paging import page_of

PAGE_SIZE = 50
# A message that came back names itself in its Message-ID.
_ID = re.compile(r"(ver|msg)_[a-z0-9]{1,36}")
# What was dropped was no longer true, but for this reason.
_NOT_SET_UP = "not_set_up"


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("messages/", site.page(messages_page), name="messages"),
        path("messages/<slug:message>/returned", site.page(returned), name="message_returned"),
        path("messages/<slug:message>/again", site.page(again), name="message_again"),
    ]


@require_GET
def messages_page(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    state, case = _chosen(request)
    rows = Message.objects.select_related("verification__applicant", "verification__kept_link")
    rows = rows.filter(**({"state": state} if state else {}))
    if case:
        by = "public_id" if case.startswith("msg_") else "verification__public_id"
        rows = rows.filter(**{by: case})
    place = {name: request.GET.get(name, "") for name in ("after", "before")}
    page = page_of(rows, "created_at", **place, size=PAGE_SIZE, newest_first=True)
    rights = {"may_mend": permissions.can_mend_messages(user), "may_invite": permissions.can_invite(user)}
    context = {
        "title": _("Messages"),
        "rows": [_row(message, now, **rights) for message in page.rows],
        "page": page,
        "case": case,
        "is_message": case.startswith("msg_"),
        "state": state,
        "states": _states(state, case),
        "query": _query(state, case),
        "may_open_case": permissions.can_view_case(user),
        "set_up": bool(settings.EMAIL),
    }
    return TemplateResponse(request, "review/message_pages/page.html", context)


@require_POST
def returned(request: HttpRequest, message: str) -> HttpResponse:
    found = get_object_or_404(Message.objects.select_related("verification"), public_id=message)
    try:
        with transaction.atomic():
            messages.came_back(found, by=acting(signed_in(request)), now=timezone.now())
    except messages.CameBack as error:
        notices.error(request, str(error))
    else:
        notices.success(
            request,
            _("Noted. Nothing more goes to this address until the message, or a new link, is sent to it."),
        )
    return _to_case(found)


@require_POST
def again(request: HttpRequest, message: str) -> HttpResponse:
    found = get_object_or_404(Message.objects.select_related("verification"), public_id=message)
    try:
        with transaction.atomic():
            messages.send_again(found, by=acting(signed_in(request)), now=timezone.now())
    except messages.NotNow as error:
        notices.error(request, str(error))
    else:
        notices.success(request, _("The message goes out in a moment."))
    return _to_case(found)


def _to_case(message: Message) -> HttpResponse:
    """To the messages of the case, where the one acted on stands."""
    return redirect(f"{reverse('admin:messages')}?{_query('', message.verification.public_id)}")


def _chosen(request: HttpRequest) -> tuple[str, str]:
    """The state, and the id of a case or a message, of the address; "" for what is missing or none."""
    state, typed = request.GET.get("state", ""), request.GET.get("case", "")
    case = typed.strip().strip("<>").partition("@")[0]
    return state if state in MessageState.values else "", case if _ID.fullmatch(case) else ""


def _query(state: str, case: str) -> str:
    return urlencode({name: value for name, value in (("state", state), ("case", case)) if value})


def _states(chosen: str, case: str) -> list[dict[str, Any]]:
    every = [("", _("All")), *((state.value, state.label) for state in MessageState)]
    return [{"label": label, "query": _query(value, case), "here": value == chosen} for value, label in every]


def _row(message: Message, now: datetime, *, may_mend: bool, may_invite: bool) -> dict[str, Any]:
    sent_by_mail = message.state == MessageState.SENT and message.channel == Channel.EMAIL
    case = message.verification
    stuck = message.state in {MessageState.FAILED, MessageState.BOUNCED} or message.error == _NOT_SET_UP
    stuck = stuck and not messages.why_not(message, case, now=now)
    lacks_link = messages.lacks_link(message, case)
    return {
        "message": message,
        **badge(message, now),
        "happened": happened(message, now),
        "may_return": may_mend and sent_by_mail,
        "may_send": may_mend and stuck and not lacks_link,
        "may_send_link": may_invite and stuck and lacks_link,
    }
