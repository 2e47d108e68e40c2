"""The auditors' pages: ask for an export of a period, see how far it is, cancel it, download it.

HTTP and forms only; `actions.export` decides what may be asked for and writes the trail.
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
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from verification import audit, permissions, storage
from verification.actions import export as action
from verification.exports.period.table import Period
from verification.models import Export, ExportFormat, ExportKind, ExportState, Purpose, StaffUser
from verification.review.page import Site, acting, forbidden, refusal, signed_in
from verification.review.sign_in import fresh, to_confirm

log = structlog.get_logger(__name__)

SHOWN = 50
USUAL_DAYS = 30
COUNTS = ("rows", "rows_counted", "log_size", "earlier_log_size")
# The pages of each kind: one, its download, and cancelling it.
PAGES: dict[str, dict[str, str]] = {
    ExportKind.PERIOD: {"page": "export", "download": "export_download", "cancel": "export_cancel"},
    ExportKind.STATISTICS: {
        "page": "statistics_of",
        "download": "statistics_download",
        "cancel": "statistics_cancel",
    },
}
FAULTS = {
    "lost": gettext_lazy(
        "The process that made it ended several times. An operator finds the reason in the log."
    ),
    "not_sealed": gettext_lazy("The trail can't be sealed. The System page tells operators why."),
    "no_room": gettext_lazy("There is no room for temporary files. An operator has to make some."),
    "store_away": gettext_lazy("The store could not be reached. Try again in a few minutes."),
}


class _Day(forms.DateInput):
    input_type = "date"


class DaysForm(forms.Form):
    """What every kind of export asks for."""

    first = forms.DateField(label=gettext_lazy("First day"), widget=_Day)
    last = forms.DateField(
        label=gettext_lazy("Last day"),
        widget=_Day,
        help_text=gettext_lazy("Included. Days are in UTC."),
    )
    purpose = forms.ChoiceField(
        label=gettext_lazy("Purpose"), choices=[("", gettext_lazy("Choose one")), *Purpose.choices]
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=action.MAX_REASON,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Who asked for it and what for. It stays with the export."),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if first and last and last < first:
            self.add_error("last", _("The last day must not be before the first."))
        elif last == date.max:
            self.add_error("last", _("Choose an earlier day."))
        return found


class PeriodForm(DaysForm):
    formats = forms.MultipleChoiceField(
        label=gettext_lazy("Formats"),
        choices=ExportFormat.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("JSON lines are always in it: the verifier reads them."),
    )
    notes = forms.BooleanField(
        label=gettext_lazy("With reviewers' notes"),
        required=False,
        help_text=gettext_lazy("What they wrote for colleagues. Notes may name people."),
    )
    addresses = forms.BooleanField(
        label=gettext_lazy("With network addresses"),
        required=False,
        help_text=gettext_lazy("From where and with which browser applicants consented."),
    )

    @property
    def wants_sensitive(self) -> bool:
        return bool(self.cleaned_data["notes"] or self.cleaned_data["addresses"])


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("exports/", site.page(exports), name="exports"),
        path("exports/<slug:public_id>/", site.page(progress), name="export"),
        path("exports/<slug:public_id>/cancel", site.page(cancel), name="export_cancel"),
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
        return _page(request, PeriodForm(initial={**usual_days(now), "formats": [ExportFormat.CSV]}), now)
    form = PeriodForm(request.POST)
    if confirm := to_confirm(request):
        # The page itself asks to confirm: a redirect would lose what was typed.
        return _page(request, form, now, status=403, confirm=confirm)
    if not form.is_valid():
        return _page(request, form, now, status=422)
    if form.wants_sensitive and (refused := permissions.refusal(permissions.check_export_sensitive, user)):
        return forbidden(request, refused)
    try:
        asked = _ask(form, user, now)
    except action.UnusableRequest as refused:
        form.add_error(None, str(refused))
        return _page(request, form, now, status=409)
    return redirect("admin:export", asked.public_id)


@require_safe
def progress(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """How far one export is; the page keeps itself up to date while it is under way."""
    export, now = _of(public_id), timezone.now()
    context = {"title": _("Export"), "row": shown(export, signed_in(request), now)}
    return TemplateResponse(request, "review/exports/progress.html", context)


@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponseBase:
    export = _of(public_id)
    cancel_it(request, export, by=acting(signed_in(request), "auditor"))
    return redirect("admin:export", export.public_id)


def cancel_it(request: HttpRequest, export: Export, *, by: audit.By) -> None:
    try:
        action.cancel(export, by=by, now=timezone.now())
    except action.NotUnderWay:
        messages.warning(request, _("It was finished or cancelled already."))
    else:
        messages.success(request, _("It is cancelled. Nothing of it is kept."))


@require_safe
def download(request: HttpRequest, public_id: str) -> HttpResponseBase:
    user, made = signed_in(request), _of(public_id)
    if not _may_take(user, made):
        return forbidden(request, permissions.refusal(permissions.check_export_sensitive, user))
    return file_of(request, made, "audit", by=acting(user, "auditor"))


def file_of(request: HttpRequest, made: Export, name: str, *, by: audit.By) -> HttpResponseBase:
    """The file for download; its name begins with `name`. Or a page that says why there is none."""
    try:
        file = action.download(made, by=by, now=timezone.now())
    except action.ExportExpired:
        sentence = _("This export is no longer kept. Make a new one.")
        return refusal(request, status=410, title=_("Export expired"), sentence=sentence)
    except (storage.IntegrityError, OSError) as error:
        return unreadable(request, made, error)
    period = Period(made.period_start, made.period_end)
    filename = f"{name}-{period.first_day}-to-{period.last_day}-{made.public_id}.zip"
    response = FileResponse(file, as_attachment=True, filename=filename, content_type="application/zip")
    response["Cache-Control"] = "no-store"
    return response


def unreadable(request: HttpRequest, made: Export, error: Exception) -> HttpResponseBase:
    if isinstance(error, storage.IntegrityError):
        sentence = _("The file is missing or is not what was stored. Make a new one, and tell an operator.")
        return refusal(request, status=409, title=_("Export is damaged"), sentence=sentence)
    log.error("export.unavailable", export=made.public_id, error=type(error).__name__)
    sentence = _("The file can't be read right now. Nothing is lost: please try again in a minute.")
    return refusal(request, status=503, title=_("Please try again"), sentence=sentence)


def _of(public_id: str) -> Export:
    return get_object_or_404(Export, public_id=public_id, kind=ExportKind.PERIOD)


def _page(
    request: HttpRequest, form: PeriodForm, now: datetime, *, status: int = 200, confirm: str = ""
) -> HttpResponseBase:
    user = signed_in(request)
    if not permissions.can_export_sensitive(user):
        for name in ("notes", "addresses"):
            form.fields[name].disabled = True
    context = {
        "title": _("Exports"),
        "form": form,
        "confirm": confirm,
        "may_take_sensitive": permissions.can_export_sensitive(user),
        **listed(ExportKind.PERIOD, user, now),
    }
    return TemplateResponse(request, "review/exports/list.html", context, status=status)


def listed(kind: ExportKind, user: StaffUser, now: datetime) -> dict[str, Any]:
    """The newest of a kind, for the page that asks for them."""
    made = Export.objects.filter(kind=kind)[:SHOWN]
    return {"rows": [shown(each, user, now) for each in made], "most": SHOWN, "days": action.KEPT.days}


def _ask(form: PeriodForm, user: StaffUser, now: datetime) -> Export:
    fields = form.cleaned_data
    return action.ask(
        period=Period.of_days(fields["first"], fields["last"]),
        formats=fields["formats"],
        notes=fields["notes"],
        addresses=fields["addresses"],
        by=acting(user, "auditor"),
        purpose=fields["purpose"],
        reason=fields["reason"],
        now=now,
    )


def _may_take(user: StaffUser, export: Export) -> bool:
    is_sensitive = export.with_notes or export.with_addresses
    return not is_sensitive or permissions.can_export_sensitive(user)


def shown(export: Export, user: StaffUser, now: datetime) -> dict[str, Any]:
    formats = dict(ExportFormat.choices)
    is_over = export.state == ExportState.READY and not action.is_ready(export, now)
    return {
        "export": export,
        "period": Period(export.period_start, export.period_end),
        # One whose days are over counts as expired before the sweep has been there.
        "state": ExportState.EXPIRED if is_over else export.state,
        "under_way": export.state in action.UNDER_WAY,
        "before": _before(export),
        "is_packing": 0 < export.rows_counted <= export.rows,
        **{name: f"{getattr(export, name) or 0:,}" for name in COUNTS},
        "percent": min(100, 100 * export.rows // max(1, export.rows_counted)),
        "fault": FAULTS.get(export.fault, ""),
        "formats": [formats[each] for each in export.formats if each in formats],
        "may_take": _may_take(user, export),
        **{
            name: reverse(f"admin:{page}", args=[export.public_id])
            for name, page in PAGES[export.kind].items()
        },
    }


def _before(export: Export) -> int:
    """How many are made before this one."""
    if export.state != ExportState.WAITING:
        return 0
    return Export.objects.filter(state__in=action.UNDER_WAY, created_at__lt=export.created_at).count()


def usual_days(now: datetime) -> dict[str, date]:
    last = now.astimezone(UTC).date()
    return {"first": last - timedelta(days=USUAL_DAYS - 1), "last": last}
