"""The statistics for a regulator as pages: ask for those of a period, see how far they are, read and download them.

HTTP and forms only; `actions.export` decides what may be asked for and writes the trail.
"""

from datetime import datetime

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from verification import storage
from verification.actions import export as action
from verification.exports.period.table import Period
from verification.exports.statistics import pack, showing
from verification.models import Export, ExportKind
from verification.review import exports
from verification.review.page import Site, acting, signed_in
from verification.review.sign_in import fresh, to_confirm


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("statistics/", site.page(statistics), name="statistics"),
        path("statistics/<slug:public_id>/", site.page(figures), name="statistics_of"),
        path("statistics/<slug:public_id>/cancel", site.page(cancel), name="statistics_cancel"),
        path(
            "statistics/<slug:public_id>/download",
            site.page(fresh(download, back="admin:statistics")),
            name="statistics_download",
        ),
    ]


@require_http_methods(["GET", "HEAD", "POST"])
def statistics(request: HttpRequest) -> HttpResponseBase:
    user, now = signed_in(request), timezone.now()
    if request.method != "POST":
        return _page(request, exports.DaysForm(initial=exports.usual_days(now)), now)
    form = exports.DaysForm(request.POST)
    if confirm := to_confirm(request):
        # The page itself asks to confirm: a redirect would lose what was typed.
        return _page(request, form, now, status=403, confirm=confirm)
    if not form.is_valid():
        return _page(request, form, now, status=422)
    fields = form.cleaned_data
    try:
        asked = action.ask(
            kind=ExportKind.STATISTICS,
            period=Period.of_days(fields["first"], fields["last"]),
            formats=(),
            by=acting(user),
            purpose=fields["purpose"],
            reason=fields["reason"],
            now=now,
        )
    except action.UnusableRequest as refused:
        form.add_error(None, str(refused))
        return _page(request, form, now, status=409)
    return redirect("admin:statistics_of", asked.public_id)


@require_safe
def figures(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """The figures as they are in the pack; while it is made, how far it is."""
    export, now = _of(public_id), timezone.now()
    context = {"title": _("Statistics"), "row": exports.shown(export, signed_in(request), now)}
    if action.is_ready(export, now):
        try:
            with storage.open_checked(export.file_name, sha256=export.file_sha256) as file:
                context |= showing.context(pack.figures(file))
        except (storage.IntegrityError, OSError) as error:
            return exports.unreadable(request, export, error)
    return TemplateResponse(request, "review/statistics/figures.html", context)


@require_POST
def cancel(request: HttpRequest, public_id: str) -> HttpResponseBase:
    export = _of(public_id)
    exports.cancel_it(request, export, by=acting(signed_in(request)))
    return redirect("admin:statistics_of", export.public_id)


@require_safe
def download(request: HttpRequest, public_id: str) -> HttpResponseBase:
    return exports.file_of(request, _of(public_id), "statistics", by=acting(signed_in(request)))


def _of(public_id: str) -> Export:
    return get_object_or_404(Export, public_id=public_id, kind=ExportKind.STATISTICS)


def _page(
    request: HttpRequest, form: exports.DaysForm, now: datetime, *, status: int = 200, confirm: str = ""
) -> HttpResponseBase:
    context = {
        "title": _("Statistics for a regulator"),
        "form": form,
        "confirm": confirm,
        **exports.listed(ExportKind.STATISTICS, signed_in(request), now),
    }
    return TemplateResponse(request, "review/statistics/list.html", context, status=status)
