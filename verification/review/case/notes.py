"""Notes and questions to colleagues on the page of a case."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from verification import casework, permissions, workflow
from verification.actions import note as noting
from verification.review.case import page as case_page
from verification.review.case.forms import NoteForm
from verification.review.page import Site, signed_in


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("case/<slug:public_id>/note", site.page(write_note), name="write_note")]


@require_POST
def write_note(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case = case_page.find(public_id)
    permissions.check_write_note(user, case)
    readable = casework.readable_notes(case, user, casework.unread(case, user)).select_related("by")
    form = NoteForm(request.POST, colleagues=casework.colleagues(case, user), notes=readable)
    if not form.is_valid():
        return case_page.page(request, case, user=user, now=now, form=form)
    try:
        noting.write(case, by=user, now=now, **form.words())
    except noting.UnusableNote as unusable:
        form.add_error("text", str(unusable))
        return case_page.page(request, case, user=user, now=now, form=form)
    except workflow.IllegalMove as refused:
        messages.warning(request, str(refused))
    else:
        messages.success(request, _("Your note is on the case."))
    return redirect("admin:case", public_id)
