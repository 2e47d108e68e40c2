"""The view with which a senior has the evidence of an attempt compared again."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from verification import permissions
from verification.actions import ask_rerun
from verification.review.case import page as case_page
from verification.review.case.forms import RerunForm
from verification.review.page import Site, signed_in
from verification.review.sign_in import to_confirm


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("case/<slug:public_id>/rerun", site.page(rerun), name="rerun")]


@require_POST
def rerun(request: HttpRequest, public_id: str) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    case, form = case_page.find(public_id), RerunForm(request.POST)
    permissions.check_rerun(user, case)
    if confirm := to_confirm(request):
        # The page itself asks to confirm: a redirect would lose what was typed.
        return case_page.page(request, case, user=user, now=now, form=form, confirm=confirm)
    if not form.is_valid():
        return case_page.page(request, case, user=user, now=now, form=form)
    try:
        ask_rerun.ask(case, by=user, now=now, **form.words())
    except ask_rerun.ReasonRequired as missing:
        form.add_error("rerun_reason", str(missing))
        return case_page.page(request, case, user=user, now=now, form=form)
    except ask_rerun.RerunRefused as refused:
        return case_page.page(request, case, user=user, now=now, form=form, conflict=str(refused))
    messages.success(
        request, _("The evidence is compared again. The answer stands below; it decides nothing.")
    )
    return redirect("admin:case", public_id)
