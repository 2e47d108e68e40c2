"""The page of codes: what the system does with each answer of the vendor, from `vendor_accounts.code_guide`."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification.vendor_accounts import code_guide

MAX_SEARCH = 128


@require_safe
def codes_page(request: HttpRequest) -> HttpResponse:
    wanted = request.GET.get("q", "").strip()[:MAX_SEARCH]
    found = code_guide.sections(wanted)
    context = {
        "title": _("Codes"),
        "wanted": wanted,
        "sections": found,
        "unlisted": code_guide.unlisted(wanted) if not found else [],
        "fallbacks": code_guide.fallbacks(),
        "no_code": code_guide.NO_CODE.values(),
        "twins": code_guide.TWINS,
        "fallback": code_guide.FALLBACK,
        "failing": code_guide.FAILING,
    }
    return TemplateResponse(request, "review/vendor_pages/codes.html", context)
