"""The consent step: a page of its own, before the browser asks for the camera."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language

from verification import consent_text
from verification.actions import consent
from verification.pages import access, organisation, steps, times
from verification.pages.forms import ConsentForm
from verification.states import Status


@access.methods("GET", "POST")
@access.visitor(Status.INVITED)
def page(request: HttpRequest, visit: access.Visit) -> HttpResponse:
    text = consent_text.consent_text(visit.verification.policy, organisation.shown(request))
    if request.method == "POST":
        return _answer(request, visit, text)
    template = "pages/refuse.html" if request.GET.get("answer") == "refuse" else "pages/consent.html"
    return steps.page(request, template, "consent", visit.verification, _shown(visit, text))


def _shown(visit: access.Visit, text: consent_text.ConsentText) -> dict[str, Any]:
    return {"text": text, "until": times.element(visit.verification.link_expires_at)}


def _answer(request: HttpRequest, visit: access.Visit, text: consent_text.ConsentText) -> HttpResponse:
    form = ConsentForm(request.POST)
    # Consent covers the text that was shown: if the text changed since, the page is shown again with the new one.
    changed = form.data.get("text_sha256") != text.sha256
    if changed or not form.is_valid():
        context = {**_shown(visit, text), "form": form, "changed": changed}
        return steps.page(request, "pages/consent.html", "consent", visit.verification, context, status=422)
    act = consent.give if form.cleaned_data["answer"] == "agree" else consent.refuse
    act(
        visit.verification,
        now=visit.now,
        text_version=consent_text.VERSION,
        text=text.text,
        organisation=text.organisation,
        locale=get_language() or "en",
        ip_address=request.META.get("REMOTE_ADDR", ""),
        user_agent=request.headers.get("User-Agent", ""),
    )
    return redirect("pages:home")
