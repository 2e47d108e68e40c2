"""The search box: finds the case of any id, or of the beginning of a reference.

Look-ups by index only: a part from the middle of a reference would need an index that SQLite does not have. The text
may be personal, so it is sent by POST and appears in no URL; the trail gets only the kind of id and the number of cases
found. The session keeps the keys of these cases and the browser is redirected, so that "back" and "reload" work.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from verification.audit import viewing
from verification.models import (
    Applicant,
    Document,
    ProviderCall,
    Review,
    RiskFlag,
    Verification,
    VerificationAttempt,
)
from verification.review import words
from verification.review.page import Site, acting, signed_in

MAX_QUERY = 200
MAX_RESULTS = 20
MIN_PART = 3  # characters of a reference's beginning
# Session key: the primary keys of the cases that the last search found.
FOUND = "search_found"
# Session key: whether it found them by the beginning of a reference.
BY_PART = "search_by_part"

_PUBLIC_ID = re.compile(r"([a-z]{3,4})_[a-z2-7]{24}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class LookUp:
    """`field` of `model` holds the id; `case` is the lookup path to the primary key of its case."""

    kind: str
    model: type[Model]
    field: str
    case: str

    def cases(self, text: str) -> set[int]:
        rows: Any = self.model._default_manager
        # The partial indexes exclude the empty text; SQLite uses them only if the query excludes it too.
        found = rows.exclude(**{self.field: ""}).filter(**{self.field: text}).order_by()
        return set(found.values_list(self.case, flat=True)[: MAX_RESULTS + 1])


PUBLIC_IDS = {
    look_up.kind: look_up
    for look_up in (
        LookUp("ver", Verification, "public_id", "pk"),
        LookUp("att", VerificationAttempt, "public_id", "verification"),
        LookUp("doc", Document, "public_id", "verification"),
        LookUp("call", ProviderCall, "public_id", "attempt__verification"),
        LookUp("rev", Review, "public_id", "verification"),
        LookUp("flg", RiskFlag, "public_id", "verification"),
        LookUp("app", Verification, "applicant__public_id", "pk"),
    )
}
FILES = (
    LookUp("photo", Document, "original_sha256", "verification"),
    LookUp("recording", VerificationAttempt, "original_sha256", "verification"),
)
REFERENCE = LookUp("reference", Verification, "applicant__reference", "pk")
PART = "reference_part"
REQUEST_ID = LookUp("request_id", ProviderCall, "request_id", "attempt__verification")


def is_public_id(text: str) -> bool:
    """By its form."""
    return _PUBLIC_ID.fullmatch(text) is not None


def urls(site: Site) -> list[URLPattern]:
    return [path("search", site.page(search), name="search")]


@require_http_methods(["GET", "HEAD", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    user = signed_in(request)
    if request.method != "POST":
        return _page(request)
    text = request.POST.get("q", "").replace("\x00", "").strip()
    if not 0 < len(text) <= MAX_QUERY:
        request.session.pop(FOUND, None)
        return redirect("admin:search")
    kinds, keys = _find(text)
    facts = {"looked_for": kinds, "cases": len(keys)}
    viewing.record(viewing.SEARCH, by=acting(user), subject=user, now=timezone.now(), **facts)
    cases = _cases(keys)
    # A case that the beginning of its reference found may not be the one that was meant: it is listed, not opened.
    if len(cases) == 1 and kinds != [PART]:
        return redirect("admin:case", cases[0].public_id)
    request.session[FOUND] = [case.pk for case in cases]
    request.session[BY_PART] = kinds == [PART]
    return redirect("admin:search")


def _find(text: str) -> tuple[list[str], set[int]]:
    """(kinds, keys): the kinds of id that found a case, or else those that were tried; the keys of the cases."""
    found = {
        look_up.kind: look_up.cases(text.lower() if look_up in FILES else text) for look_up in _look_ups(text)
    }
    kinds = [kind for kind, keys in found.items() if keys]
    if kinds:
        return kinds, set().union(*found.values())
    if len(text) >= MIN_PART and (begun := _begun_with(text)):
        return [PART], begun
    return list(found), set()


def _begun_with(text: str) -> set[int]:
    """The cases of references that begin with the text as it is written, or in capitals. Any of them, if there are more
    than MAX_RESULTS: sorting them would read them all."""
    found: set[int] = set()
    for beginning in dict.fromkeys((text, text.upper())):
        applicants = Applicant.objects.filter(_begins(beginning)).order_by().values("pk")
        cases = Verification.objects.filter(
            applicant__in=list(applicants.values_list("pk", flat=True)[: MAX_RESULTS + 1])
        )
        found |= set(cases.order_by("-pk").values_list("pk", flat=True)[: MAX_RESULTS + 1])
    return found


def _begins(text: str) -> Q:
    if connection.vendor == "postgresql":
        return Q(reference__startswith=text)
    # SQLite compares bytes, but uses no index for LIKE with an escape.
    return Q(reference__gte=text, reference__lt=text + "\U0010ffff")


def _look_ups(text: str) -> list[LookUp]:
    """The reference is always tried, because API clients may choose references that look like our ids."""
    by_its_form = _PUBLIC_ID.fullmatch(text)
    if by_its_form and by_its_form[1] in PUBLIC_IDS:
        return [PUBLIC_IDS[by_its_form[1]], REFERENCE]
    return [*FILES, REFERENCE] if _SHA256.fullmatch(text) else [REFERENCE, REQUEST_ID]


def _cases(keys: Collection[int]) -> list[Verification]:
    """The newest cases, one more than MAX_RESULTS, which tells whether there are more."""
    found = Verification.objects.filter(pk__in=keys).select_related("applicant__client").order_by("-pk")
    return list(found[: MAX_RESULTS + 1])


def _page(request: HttpRequest) -> TemplateResponse:
    """The results of the last search. It shows masked names only, like the queue, so it is no look for the trail."""
    keys = request.session.get(FOUND)
    cases = _cases(keys or [])
    context = {
        "title": _("Search"),
        "searched": keys is not None,
        "rows": [{"case": case, "name": words.mask(case.applicant.name)} for case in cases[:MAX_RESULTS]],
        "more": len(cases) > MAX_RESULTS,
        "by_part": bool(cases) and request.session.get(BY_PART, False),
    }
    return TemplateResponse(request, "review/queue/search.html", context)
