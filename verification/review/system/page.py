"""The System page, and what an operator starts from it."""

from datetime import datetime
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from verification import clock, health, permissions
from verification.actions import keys, operate
from verification.health import Fact, Tone
from verification.review.page import Site, acting, signed_in
from verification.review.sign_in import fresh

# Where the page of a section has more.
_MORE = {"vendor": "admin:vendor", "work": "admin:vendor"}


def urls(site: Site) -> list[URLPattern]:
    fresh_page = partial(fresh, methods={"POST"}, back="admin:system")
    return [
        path("system/", site.page(system), name="system"),
        path("system/sweep", site.page(sweep), name="ask_for_sweep"),
        path("system/rewrap", site.page(fresh_page(rewrap)), name="rewrap_keys"),
    ]


@require_safe
def system(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), clock.now()
    sections = health.facts(now=now)
    asking = health.asking(sections)
    may_operate = permissions.can_operate(user)
    context = {
        "title": _("System"),
        "now": now,
        "asking": asking,
        "tone": asking[0].tone if asking else Tone.GOOD,
        "sections": [
            {"title": one.title, "name": one.name, "facts": lines, "more": _MORE.get(one.name)}
            for one, lines in sections
        ],
        "may_operate": may_operate,
        "may_rewrap": may_operate and _has(sections, "keys.rewrap"),
    }
    return TemplateResponse(request, "review/system/page.html", context)


def _has(sections: list[tuple[Any, list[Fact]]], code: str) -> bool:
    return any(fact.code == code for _section, lines in sections for fact in lines)


@require_POST
def sweep(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    operate.ask_for_sweep(by=user, acting_as=acting(user, "operator"), now=timezone.now())
    messages.success(request, _("A sweep was asked for. A worker does it at once, if one answers."))
    return redirect("admin:system")


@require_POST
def rewrap(request: HttpRequest) -> HttpResponse:
    """As many as fit into a page's time; the rest with the next press."""
    now: datetime = timezone.now()
    number, failed = keys.rewrap(by=acting(signed_in(request), "operator"), now=now, most=keys.MAX_BY_PAGE)
    said = ngettext("%d data key is wrapped anew.", "%d data keys are wrapped anew.", number) % number
    messages.success(request, said)
    if failed:
        sentence = ngettext(
            "%(n)d data key does not open: take no entry off the ring. The first is %(key)s, wrapped with %(entry)s.",
            "%(n)d data keys do not open: take no entry off the ring. The first is %(key)s, wrapped with %(entry)s.",
            len(failed),
        )
        values = {"n": len(failed), "key": failed[0].public_id, "entry": failed[0].key_id}
        messages.error(request, sentence % values)
    return redirect("admin:system")
