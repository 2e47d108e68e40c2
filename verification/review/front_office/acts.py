"""Inviting one person, a new link, and the end of a link."""

from django.contrib import messages as notices
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from verification import messages
from verification.actions import link as link_action
from verification.actions.invite import DuplicateReference, invite
from verification.invitations.case import PolicyNotAdopted, open_case
from verification.models import Policy, Verification
from verification.review.front_office.forms import InviteForm
from verification.review.front_office.page import cases
from verification.review.page import acting, signed_in
from verification.states import ENDED

_ENDED = gettext_lazy("This invitation has ended. Invite the person anew.")


@require_http_methods(["GET", "HEAD", "POST"])
def new_invitation(request: HttpRequest) -> HttpResponse:
    sends = messages.sends_invitations(Policy.current())
    if request.method != "POST":
        return _form_page(request, InviteForm(sends=sends, initial={"send": True}))
    form = InviteForm(request.POST, sends=sends)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        made = invite(**form.wanted, by=acting(signed_in(request)), now=timezone.now())
    except PolicyNotAdopted as refused:
        form.add_error(None, str(refused))
        return _form_page(request, form, status=409)
    except DuplicateReference as error:
        existing = open_case(form.wanted["reference"], form.wanted["client"])
        if existing is None:
            form.add_error("reference", str(error))
        return _form_page(request, form, status=409, existing=existing)
    if made.message is not None:
        notices.success(request, _("Invited. The link goes out as a message now."))
        return redirect("admin:invitation", made.verification.public_id)
    return _shown_once(request, made.verification, made.link, title=_("Invited"))


def _form_page(
    request: HttpRequest, form: InviteForm, *, status: int = 200, existing: Verification | None = None
) -> HttpResponse:
    context = {"title": _("Invite one person"), "form": form, "existing": existing}
    return TemplateResponse(request, "review/front_office/invite.html", context, status=status)


def _shown_once(request: HttpRequest, case: Verification, link: str, *, title: str) -> HttpResponse:
    case.refresh_from_db()
    context = {"title": title, "case": case, "link": link}
    answer = TemplateResponse(request, "review/front_office/link.html", context)
    answer["Cache-Control"] = "no-store"
    return answer


@require_POST
def new_link(request: HttpRequest, public_id: str) -> HttpResponse:
    case = get_object_or_404(cases(), public_id=public_id)
    try:
        link = link_action.renew(case, by=acting(signed_in(request)), now=timezone.now())
    except link_action.CaseEnded:
        return _refused(request, case, str(_ENDED))
    return _shown_once(request, case, link, title=_("New link"))


@require_POST
def send_link(request: HttpRequest, public_id: str) -> HttpResponse:
    """A new link that goes out as a message and is shown to nobody."""
    case = get_object_or_404(cases(), public_id=public_id)
    if not messages.can_send_link(case):
        sentence = _("There is no address to send to, or the policy of the case sends no invitations.")
        return _refused(request, case, sentence)
    try:
        link_action.renew(case, by=acting(signed_in(request)), now=timezone.now(), send=True)
    except link_action.CaseEnded:
        return _refused(request, case, str(_ENDED))
    notices.success(request, _("A new link goes out as a message now. The old one has ended."))
    return redirect("admin:invitation", case.public_id)


@require_POST
def revoke(request: HttpRequest, public_id: str) -> HttpResponse:
    case = get_object_or_404(cases(), public_id=public_id)
    if case.status in ENDED:
        return _refused(request, case, str(_ENDED))
    link_action.revoke(case, by=acting(signed_in(request)), now=timezone.now())
    notices.success(request, _("The link no longer works, in any browser."))
    return redirect("admin:invitation", case.public_id)


def _refused(request: HttpRequest, case: Verification, sentence: str) -> HttpResponse:
    """Back to the page of the invitation, which alone shows it: each look at it is an event."""
    notices.error(request, sentence)
    return redirect("admin:invitation", case.public_id)
