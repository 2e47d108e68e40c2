"""The page on which a case pack is asked for; it answers with the file."""

from datetime import datetime
from typing import Any

import structlog
from django import forms
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from verification import media, permissions, storage
from verification.actions import case_pack as action
from verification.actions import seal
from verification.exports.case_pack import Contents
from verification.models import StaffUser, Verification
from verification.review.case.page import find
from verification.review.page import Site, acting, refusal, signed_in
from verification.review.sign_in import to_confirm

log = structlog.get_logger(__name__)

# The trail is sealed by a worker all the time; here only what is left.
SEALING = 5.0  # seconds


class PackForm(forms.Form):
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), choices=[("", gettext_lazy("Choose one")), *action.Purpose.choices]
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=action.MAX_REASON,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Who asked for it. It stays in the trail for good, so name no applicant."),
    )
    with_media = forms.BooleanField(
        label=gettext_lazy("Photos, recordings and frames"),
        required=False,
        help_text=gettext_lazy("Otherwise their hashes alone."),
    )
    with_names = forms.BooleanField(
        label=gettext_lazy("Name, e-mail and IP addresses"),
        required=False,
        help_text=gettext_lazy("Otherwise the asking system's reference alone."),
    )
    with_notes = forms.BooleanField(
        label=gettext_lazy("Reviewers' notes"),
        required=False,
        help_text=gettext_lazy("What they wrote for colleagues. Notes may name people."),
    )
    earlier = forms.IntegerField(
        label=gettext_lazy("Events at a checkpoint that the reader kept"),
        required=False,
        min_value=1,
        max_value=2**53,
        help_text=gettext_lazy(
            "The number in its second line. The pack then proves that the trail still begins as it did."
        ),
    )

    def __init__(self, *args: Any, sensitive: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not sensitive:
            del self.fields["with_names"], self.fields["with_notes"]

    def asked(self) -> action.Asked:
        given = self.cleaned_data
        contents = Contents(*(given.get(f"with_{name}", False) for name in ("media", "names", "notes")))
        return action.Asked(action.Purpose(given["purpose"]), given["reason"], contents, given["earlier"])


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("case/<slug:public_id>/pack", site.page(pack), name="case_pack")]


@require_http_methods(["GET", "HEAD", "POST"])
def pack(request: HttpRequest, public_id: str) -> HttpResponseBase:
    user, case = signed_in(request), find(public_id)
    permissions.check_case_pack(user, case)
    sensitive = permissions.can(user, "export_sensitive")
    if request.method != "POST":
        return _page(request, case, PackForm(initial={"with_media": True}, sensitive=sensitive))
    form = PackForm(request.POST, sensitive=sensitive)
    if confirm := to_confirm(request):
        # The page itself asks to confirm: a redirect would lose what was typed.
        return _page(request, case, form, status=403, confirm=confirm)
    if not form.is_valid():
        return _page(request, case, form, status=422)
    try:
        return _file(_make(case, form.asked(), user, timezone.now()))
    except action.UnusableRequest as refused:
        form.add_error(None, str(refused))
        return _page(request, case, form, status=409)
    except action.NotMade as reason:
        return _later(request, str(reason))
    except (storage.Unavailable, media.MediaUnavailable) as error:
        log.error("case_pack.not_made", error=type(error).__name__)
        return _later(request, _("The pack can't be made right now. Please try again in a minute."))


def _make(case: Verification, asked: action.Asked, user: StaffUser, now: datetime) -> action.Made:
    seal.seal(clock=timezone.now, stretch=SEALING)
    return action.for_staff(case, asked, by=user, acting_as=acting(user), now=now)


def _page(
    request: HttpRequest, case: Verification, form: PackForm, *, status: int = 200, confirm: str = ""
) -> HttpResponseBase:
    context = {
        "title": _("Case pack"),
        "case": case,
        "applicant": case.applicant,
        "form": form,
        "confirm": confirm,
    }
    return TemplateResponse(request, "review/case/pack.html", context, status=status)


def _file(made: action.Made) -> HttpResponseBase:
    response = FileResponse(made.file, as_attachment=True, filename=made.name, content_type="application/zip")
    response["Content-Length"] = str(made.size)
    response["Cache-Control"] = "no-store"
    return response


def _later(request: HttpRequest, sentence: str) -> HttpResponseBase:
    return refusal(request, status=503, title=_("Please try again"), sentence=sentence)
