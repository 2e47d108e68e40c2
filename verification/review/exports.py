"""The auditors' page: make an export of a period, list the exports with who made them and why, download one.

HTTP and forms only; `actions.export` decides what an export contains and writes the trail.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import structlog
from django import forms
from django.contrib import messages
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods, require_safe

from verification import storage
from verification.actions import export as action
from verification.exports.period.table import Period
from verification.models import Export, StaffUser
from verification.review.page import Site, acting, refusal, signed_in
from verification.review.sign_in import fresh, to_confirm

log = structlog.get_logger(__name__)

SHOWN = 50
USUAL_DAYS = 30


class _Day(forms.DateInput):
    input_type = "date"


class PeriodForm(forms.Form):
    first = forms.DateField(label=gettext_lazy("First day"), widget=_Day)
    last = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=_Day,
        help_text=gettext_lazy("Included. Days are in UTC."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=action.MAX_REASON,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Who asked for it and what for. It stays with the export."),
    )
    notes = forms.BooleanField(
        label=gettext_lazy("With reviewers' notes"),
        required=False,
        help_text=gettext_lazy("What they wrote for colleagues. Notes may name people."),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day must not be before the first."))
        elif last == date.max:
            self.add_error("last", _("Choose an earlier day."))
        return found


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("exports/", site.page(exports), name="exports"),
        path(
            "exports/<slug:public_id>/download",
            site.page(fresh(download, back="admin:exports")),
            name="export_download",
        ),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def exports(request: HttpRequest) -> HttpResponseBase:
    user, now = signed_in(request), timezone.now()
    if request.method != "POST":
        return _page(request, PeriodForm(initial=_usual(now)), now)
    form = PeriodForm(request.POST)
    if confirm := to_confirm(request):
        # The page itself asks to confirm: a redirect would lose what was typed.
        return _page(request, form, now, status=403, confirm=confirm)
    if not form.is_valid():
        return _page(request, form, now, status=422)
    try:
        _make(request, form, user, now)
    except OSError as error:
        log.error("export.not_made", error=type(error).__name__)
        return _unavailable(request, _("The export can't be made right now. Please try again in a minute."))
    return redirect("admin:exports")


@require_safe
def download(request: HttpRequest, public_id: str) -> HttpResponseBase:
    user, now = signed_in(request), timezone.now()
    made = get_object_or_404(Export, public_id=public_id)
    try:
        file = action.download(made, by=acting(user, "auditor"), now=now)
    except action.ExportExpired:
        sentence = _("This export is no longer kept. Make a new one.")
        return refusal(request, status=410, title=_("Export expired"), sentence=sentence)
    except storage.IntegrityError:
        sentence = _("The file is missing or is not what was stored. Make a new one, and tell an operator.")
        return refusal(request, status=409, title=_("Export is damaged"), sentence=sentence)
    except OSError as error:
        log.error("export.unavailable", export=made.public_id, error=type(error).__name__)
        sentence = _("The file can't be read right now. Nothing is lost: please try again in a minute.")
        return _unavailable(request, sentence)
    period = Period(made.period_start, made.period_end)
    name = f"audit-{period.first_day}-to-{period.last_day}-{made.public_id}.zip"
    response = FileResponse(file, as_attachment=True, filename=name, content_type="application/zip")
    response["Cache-Control"] = "no-store"
    return response


def _page(
    request: HttpRequest, form: PeriodForm, now: datetime, *, status: int = 200, confirm: str = ""
) -> HttpResponseBase:
    context = {
        "title": _("Exports"),
        "form": form,
        "confirm": confirm,
        "exports": [_shown(made, now) for made in Export.objects.exclude(file_name="")[:SHOWN]],
        "days": action.KEPT.days,
    }
    return TemplateResponse(request, "review/exports.html", context, status=status)


def _make(request: HttpRequest, form: PeriodForm, user: StaffUser, now: datetime) -> None:
    fields = form.cleaned_data
    made = action.export(
        period=Period.of_days(fields["first"], fields["last"]),
        notes=fields["notes"],
        by=acting(user, "auditor"),
        reason=fields["reason"],
        now=now,
    )
    sentence = ngettext("The export is ready: %d row.", "The export is ready: %d rows.", made.rows)
    messages.success(request, sentence % made.rows)


def _unavailable(request: HttpRequest, sentence: str) -> HttpResponseBase:
    return refusal(request, status=503, title=_("Please try again"), sentence=sentence)


def _shown(made: Export, now: datetime) -> dict[str, Any]:
    kept = made.state == "ready" and made.expires_at > now
    return {"export": made, "period": Period(made.period_start, made.period_end), "kept": kept}


def _usual(now: datetime) -> dict[str, date]:
    last = now.astimezone(UTC).date()
    return {"first": last - timedelta(days=USUAL_DAYS - 1), "last": last}
