"""The page that lists a user's sessions and ends them."""

from datetime import datetime
from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from verification.models import StaffUser
from verification.review.page import acting, signed_in
from verification.review.sign_in import devices, lifetime
from verification.staffing import access


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def sessions(request: HttpRequest) -> HttpResponseBase:
    user, now = signed_in(request), timezone.now()
    if request.method == "POST":
        _end(request, user, now)
        return redirect("usersessions_list")
    listed = UserSession.objects.purge_and_list(user)
    shown = [_shown(one) for one in listed if not lifetime.is_over(one, now)]
    shown.sort(key=lambda one: (one["here"], one["seen"]), reverse=True)
    return TemplateResponse(request, "usersessions/usersession_list.html", {"sessions": shown})


def _end(request: HttpRequest, user: StaffUser, now: datetime) -> None:
    """End the chosen session, or all but the current one."""
    ended = access.end_sessions(
        user,
        by=acting(user),
        now=now,
        why="ended_by_owner",
        but=request.session.session_key or "",
        only=request.POST.get("session", ""),
    )
    if ended:
        sentence = ngettext("%d session was ended.", "%d sessions were ended.", ended) % ended
        messages.success(request, sentence)
    else:
        messages.info(request, _("That session had ended already."))


def _shown(one: Any) -> dict[str, Any]:
    return {
        "id": one.pk,
        "device": devices.in_words(one.user_agent),
        "address": one.ip,
        "since": one.created_at,
        "seen": one.last_seen_at,
        "here": one.is_current(),
    }
