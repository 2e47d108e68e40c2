"""The case page: shows one case as far as the user may see it, and records the look in the trail.

`acts` has the views of its forms, `dossier` its content.
"""

from datetime import datetime
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from verification import casework, permissions
from verification.actions import reveal as revealing
from verification.actions.reveal import Details, Purpose
from verification.audit import viewing
from verification.models import StaffUser, Verification
from verification.review import words
from verification.review.case import choices, conversation, document_card, dossier, rerun_ledger
from verification.review.case.forms import DecisionForm, DocumentForm, RevealForm
from verification.review.message_pages import notices as message_notices
from verification.review.page import Site, acting, signed_in


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("case/<slug:public_id>/", site.page(case_page), name="case"),
        path("case/<slug:public_id>/reveal", site.page(reveal), name="reveal"),
    ]


def find(public_id: str) -> Verification:
    """The case, or Http404."""
    return get_object_or_404(dossier.find(public_id))


@require_GET
def case_page(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case = find(public_id)
    return page(request, case, user=user, now=now)


def page(
    request: HttpRequest,
    case: Verification,
    *,
    user: StaffUser,
    now: datetime,
    form: forms.Form | None = None,
    details: Details | None = None,
    conflict: str = "",
    confirm: str = "",
) -> TemplateResponse:
    """The page as it is now; records the look. `form` is a refused submission, `conflict` the reason if it came too
    late (409), `confirm` where the user shows first that it is them (403)."""
    viewing.record(viewing.CASE, by=acting(user), subject=case, now=now, version=case.version)
    unread = casework.unread(case, user)
    content = dossier.gather(case, number=request.GET.get("attempt", ""), unread=unread, now=now)
    shown = {"evidence_sha256": content["evidence_sha256"], "blind": content["blind"], "unread": unread}
    mine = choices.of(case, **shown, user=user, now=now)
    card = document_card.of(
        case,
        content["document"],
        works=mine["may_decide"] and not content["blind"],
        wanted=bool(request.GET.get("document")),
        unread=unread,
        form=form if isinstance(form, DocumentForm) else None,
    )
    if card is not None and card.name:
        viewing.record(viewing.NAME, by=acting(user), subject=case, now=now)
    context = {
        **content,
        **mine,
        "document_card": card,
        **conversation.of(case, unread=unread, blind=content["blind"], user=user, now=now),
        "title": case.applicant.reference,
        "person": _person(case, details),
        "purposes": Purpose.choices,
        "may_reveal": permissions.can_reveal(user) and details is None,
        "form": form or DecisionForm(),
        "may_see": permissions.can_view_evidence(user),
        **rerun_ledger.of(case, content["shown"], blind=content["blind"], unread=unread, user=user),
        "confirm": confirm,
        "told": message_notices.of_case(case, now),
        "may_open_codes": permissions.can_view_operations(user),
        "may_pack": permissions.can_case_pack(user, case),
        "conflict": conflict,
    }
    return TemplateResponse(
        request, "review/case/page.html", context, status=_status(form, conflict, confirm)
    )


def _status(form: forms.Form | None, conflict: str, confirm: str) -> int:
    if confirm:
        return 403
    if conflict:
        return 409
    return 422 if form is not None and form.errors else 200


def _person(case: Verification, details: Details | None) -> dict[str, Any]:
    """The personal fields, masked unless `details` were revealed."""
    if details is not None:
        return {
            "name": details.name,
            "email": details.email,
            "ip_addresses": details.ip_addresses,
            "shown": True,
        }
    name, email = case.applicant.name, case.applicant.email
    return {"name": words.mask(name), "email": words.mask_email(email), "ip_addresses": (), "shown": False}


@require_POST
def reveal(request: HttpRequest, public_id: str) -> HttpResponse:
    """The page with the personal fields in clear, this once; JSON of the fields for a script."""
    user, now = signed_in(request), timezone.now()
    case, form = find(public_id), RevealForm(request.POST)
    if not form.is_valid():
        return page(request, case, user=user, now=now, form=form)
    purpose = Purpose(form.cleaned_data["purpose"])
    details = revealing.reveal(case, purpose=purpose, by=user, acting_as=acting(user), now=now)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse(
            {"name": details.name, "email": details.email, "ip_addresses": ", ".join(details.ip_addresses)}
        )
    return page(request, case, user=user, now=now, details=details)
