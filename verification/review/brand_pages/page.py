"""The list of brands, the page of one, and how an applicant sees it."""

from typing import Any, Final

from django.contrib import messages
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from verification import consent_text, media
from verification.actions import brand as action
from verification.brands import logos
from verification.brands.details import UnfitDetails
from verification.brands.organisation import installation, of_brand
from verification.models import Brand, Policy
from verification.review.brand_pages.forms import BrandForm, ClientsForm
from verification.review.page import Site, acting, signed_in
from verification.review.sign_in import to_confirm

# In the place of a brand's id.
OWN: Final = "installation"


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [
        path("brands/", site.page(brands), name="brands"),
        path("brands/new", site.page(new), name="new_brand"),
        path("brands/<slug:public_id>/", site.page(one), name="brand"),
        path("brands/<slug:public_id>/preview", site.page(preview), name="brand_preview"),
    ]


@require_safe
def brands(request: HttpRequest) -> HttpResponse:
    found = Brand.objects.annotate(shown_by=Count("clients"))[: action.MAX_BRANDS]
    context = {
        "title": _("Brands"),
        "own": installation(),
        "own_id": OWN,
        "brands": [(brand, of_brand(brand)) for brand in found],
    }
    return TemplateResponse(request, "review/brands/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return _form_page(request, BrandForm())
    form = BrandForm(request.POST, request.FILES)
    return _written(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    brand = get_object_or_404(Brand.objects.select_related("logo"), public_id=public_id)
    if request.method != "POST":
        return _form_page(request, BrandForm(brand=brand), brand)
    if "of_clients" in request.POST:
        return _assigned(request, brand)
    return _written(request, BrandForm(request.POST, request.FILES, brand=brand), brand)


@require_safe
def preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """The words and the look of the applicants' first page. Nothing on it can be sent."""
    brand = None if public_id == OWN else get_object_or_404(Brand, public_id=public_id)
    asker = of_brand(brand) if brand else installation()
    context = {
        "organisation": asker,
        "brand": brand,
        "text": consent_text.consent_text(Policy.current(), asker),
    }
    return TemplateResponse(request, "review/brands/preview.html", context)


def _form_page(
    request: HttpRequest, form: BrandForm, brand: Brand | None = None, *, status: int = 200, confirm: str = ""
) -> HttpResponse:
    clients = ClientsForm(brand=brand) if brand else None
    context = {
        "title": brand.name if brand else _("New brand"),
        "form": form,
        "brand": brand,
        "seen": request.POST.get("seen") or (action.seen(brand) if brand else ""),
        "clients": clients,
        "clients_seen": action.shown(clients.listed) if clients else "",
        "shown": of_brand(brand) if brand else None,
        "confirm": confirm,
        "choose_again": bool(request.FILES),
    }
    return TemplateResponse(request, "review/brands/form.html", context, status=status)


def _written(request: HttpRequest, form: BrandForm, brand: Brand | None) -> HttpResponse:
    """Make the brand, or change it."""
    if confirm := to_confirm(request):
        return _form_page(request, form, brand, status=403, confirm=confirm)
    if not form.is_valid():
        return _form_page(request, form, brand, status=422)
    try:
        kept = _write(request, form, brand)
    except UnfitDetails as unfit:
        form.blame(unfit)
    except media.UnusableMedia as unusable:
        form.add_error("logo", logos.words(unusable))
    except media.MediaUnavailable:
        form.add_error("logo", _("The picture can't be looked at right now. Please try again in a minute."))
    except (action.BrandChanged, action.TooManyBrands) as error:
        form.add_error(None, str(error))
    else:
        messages.success(request, _("Saved. Applicants see it from now on."))
        return redirect("admin:brand", kept.public_id)
    return _form_page(request, form, brand, status=422)


def _write(request: HttpRequest, form: BrandForm, brand: Brand | None) -> Brand:
    user = signed_in(request)
    how: dict[str, Any] = {"by": user, "acting_as": acting(user, "operator"), "now": timezone.now()}
    if brand is None:
        return action.create(form.details, logo=form.picture, **how)
    drop = bool(form.cleaned_data.get("drop_logo"))
    seen = request.POST.get("seen", "")
    return action.change(brand, form.details, seen_at=seen, logo=form.picture, drop_logo=drop, **how)


def _assigned(request: HttpRequest, brand: Brand) -> HttpResponse:
    if confirm := to_confirm(request):
        return _form_page(request, BrandForm(brand=brand), brand, status=403, confirm=confirm)
    form = ClientsForm(request.POST, brand=brand)
    if not form.is_valid():
        return _form_page(request, BrandForm(brand=brand), brand, status=422)
    user = signed_in(request)
    how: dict[str, Any] = {"by": user, "acting_as": acting(user, "operator"), "now": timezone.now()}
    ticked, as_shown = list(form.cleaned_data["clients"]), request.POST["of_clients"]
    try:
        changed = action.share_out(brand, ticked, listed=form.listed, as_shown=as_shown, **how)
    except action.BrandChanged as error:
        messages.error(request, str(error))
        return redirect("admin:brand", brand.public_id)
    if changed:
        messages.success(request, _("Saved. The cases of these clients show it from now on."))
    else:
        messages.info(request, _("There was nothing to do."))
    return redirect("admin:brand", brand.public_id)
