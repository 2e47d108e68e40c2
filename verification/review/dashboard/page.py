"""The dashboard page: charts and numbers of the work, and a simulation of other thresholds.

Read-only aggregates: the `*_counts` modules query them, the `*_charts` modules turn them into figures.
"""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from verification import permissions
from verification.charts import Figure
from verification.counts import reviews, vendor, work
from verification.models import Policy
from verification.review.dashboard import review_charts, simulation, vendor_charts, work_charts
from verification.review.page import Site, signed_in

PERIODS = (7, 30, 90)
USUAL_PERIOD = 30


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("figures/", site.page(dashboard), name="dashboard")]


class ThresholdForm(forms.Form):
    """A threshold to try out."""

    at = forms.DecimalField(
        label=gettext_lazy("Another threshold"),
        min_value=simulation.LOWEST,
        max_value=simulation.HIGHEST,
        max_digits=5,
        decimal_places=2,
        required=False,
        widget=forms.NumberInput(attrs={"inputmode": "decimal"}),
    )


@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    user, now = signed_in(request), timezone.now()
    days = _period(request)
    form = ThresholdForm(request.GET)
    typed = form.cleaned_data["at"] if form.is_valid() else None
    start, in_force = work.start_of(days, now), Policy.current().approve_at
    people = work.times(start)
    reviewers = reviews.by_reviewer(start)
    context = {
        "title": _("Figures"),
        "now": now,
        "start": start,
        "days": days,
        "periods": PERIODS,
        "form": form,
        **_simulator(start, in_force, typed, days),
        **_parts(start, now, in_force, people, reviewers, names=permissions.can_view_trail(user)),
    }
    return TemplateResponse(request, "review/dashboard/page.html", context)


def _period(request: HttpRequest) -> int:
    wanted = request.GET.get("days", "")
    return next((days for days in PERIODS if wanted == str(days)), USUAL_PERIOD)


def _simulator(start: datetime, in_force: Decimal, typed: Decimal | None, days: int) -> dict[str, Any]:
    passes = vendor.passes(start)
    wanted = sorted({*simulation.USUAL, in_force, *([typed] if typed is not None else [])})
    effects = [simulation.simulate(passes, threshold, in_force) for threshold in wanted]
    return {
        "simulator": vendor_charts.simulator(effects, in_force, days),
        "effects": vendor_charts.sentences(effects, in_force),
        "warning": vendor_charts.warning(effects),
    }


def _parts(
    start: datetime,
    now: datetime,
    in_force: Decimal,
    times: dict[bool, work.Times],
    reviewers: list[reviews.Reviewer],
    *,
    names: bool,
) -> dict[str, Any]:
    """All figures but the simulator, in their order, and the numbers at the top of the page."""
    days = work.days_of(start, now)
    flow, backlog, percentiles = (
        work.flow(start),
        work.backlog(now),
        work.percentiles(start),
    )
    shown: list[Figure] = [
        work_charts.flow(flow, days),
        work_charts.backlog(backlog),
        work_charts.times(times, percentiles),
        work_charts.in_time(times[True]),
        review_charts.bands(reviews.bands(start)),
        vendor_charts.similarities(vendor.similarities(start), in_force),
        vendor_charts.codes(vendor.codes(start)),
        review_charts.agreement(reviewers, names=names),
        review_charts.overrides(reviews.overrides(start)),
        review_charts.why(reviews.reasons(start)),
        vendor_charts.cost(vendor.calls(start), days, settings.FACEID_PRICE),
    ]
    heads = work_charts.heads(flow, backlog, times, percentiles)
    return {"shown": shown, "heads": heads}
