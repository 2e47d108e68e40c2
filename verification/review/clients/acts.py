"""Making a client and keys, revoking a key, and refusing a client.

One operator does each of these: a key reaches the cases of its own client alone, opens no evidence and decides nothing,
and what it may not is refused at once by revoking it. Whoever makes one has shown just before that it is them.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from verification import audit
from verification.actions import api_client as action
from verification.models import ApiClient, ApiKey
from verification.review.clients.forms import ClientForm, KeyForm
from verification.review.clients.page import client_page
from verification.review.page import acting, signed_in
from verification.review.sign_in import to_confirm


@require_http_methods(["GET", "HEAD", "POST"])
def new_client(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, ClientForm())
    form = ClientForm(request.POST)
    if confirm := to_confirm(request):
        return _form_page(request, form, status=403, confirm=confirm)
    if not form.is_valid():
        return _form_page(request, form, status=422)
    try:
        made = action.create_client(**form.cleaned_data, by=_by(request), now=timezone.now())
    except action.NameTaken as taken:
        form.add_error("name", str(taken))
        return _form_page(request, form, status=409)
    return _shown_once(request, made)


def _form_page(
    request: HttpRequest, form: ClientForm, *, status: int = 200, confirm: str = ""
) -> HttpResponse:
    context = {"title": _("New API client"), "form": form, "confirm": confirm}
    return TemplateResponse(request, "review/clients/new.html", context, status=status)


@require_POST
def new_key(request: HttpRequest, public_id: str) -> HttpResponse:
    one = get_object_or_404(ApiClient, public_id=public_id)
    form = KeyForm(request.POST)
    if not form.is_valid():
        return client_page(request, one, form=form, status=422)
    made = action.issue_key(one, **form.cleaned_data, by=_by(request), now=timezone.now())
    return _shown_once(request, made)


@require_POST
def revoke_key(request: HttpRequest, public_id: str, number: int) -> HttpResponse:
    key = get_object_or_404(ApiKey.objects.select_related("client"), pk=number, client__public_id=public_id)
    if action.revoke(key, by=_by(request), now=timezone.now()):
        messages.success(request, _("The key is revoked: the next call with it is refused."))
    else:
        messages.info(request, _("There was nothing to do."))
    return redirect("admin:client", public_id)


@require_POST
def switch(request: HttpRequest, public_id: str) -> HttpResponse:
    one = get_object_or_404(ApiClient, public_id=public_id)
    by, now = _by(request), timezone.now()
    if request.POST.get("to") == "off":
        done, said = (
            action.disable(one, by=by, now=now),
            _("The client is disabled: its next call is refused."),
        )
    else:
        done = request.POST.get("to") == "on" and action.enable(one, by=by, now=now)
        said = _("The client is enabled: its keys work again.")
    if done:
        messages.success(request, said)
    else:
        messages.info(request, _("There was nothing to do."))
    return redirect("admin:client", public_id)


def _by(request: HttpRequest) -> audit.By:
    return acting(signed_in(request), "operator")


def _shown_once(request: HttpRequest, made: action.NewKey) -> HttpResponse:
    context = {"title": _("New key"), "client": made.record.client, "key": made.record, "secret": made.key}
    answer = TemplateResponse(request, "review/clients/key.html", context)
    answer["Cache-Control"] = "no-store"
    return answer
