"""The page of codes: what each answer of the vendor comes to. All of it is told by `handling`; this is its frame."""

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from verification import handling, permissions
from verification.review.page import signed_in

LONGEST_SEARCH = 128


@require_safe
def codes_page(request: HttpRequest) -> HttpResponse:
    permissions.check_view_operations(signed_in(request))
    wanted = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    found = handling.sections(wanted)
    context = {
        "title": _("Codes"),
        "wanted": wanted,
        "sections": found,
        "unlisted": handling.unlisted(wanted) if not found else [],
        "fallbacks": handling.fallbacks(),
        "no_code": handling.NO_CODE.values(),
        "twins": handling.TWINS,
        "fallback": handling.FALLBACK,
        "failing": handling.FAILING,
    }
    return TemplateResponse(request, "review/codes.html", context)
