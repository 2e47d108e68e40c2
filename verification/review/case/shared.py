"""Who shares what with a case: other applicants' cases with the same photo, recording, browser or address range.

Facts about files, browsers and addresses, each found by an index and limited; never that two applicants are the same
person. The page shows no score and no evidence, so it tells nothing to the reviewer of a spot check.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from verification import labels
from verification.audit import viewing
from verification.evidence import photos
from verification.models import AlikePhoto, LinkBinding, RiskFlag, Verification
from verification.review import words
from verification.review.case import dossier
from verification.review.page import Site, acting, signed_in
from verification.review.queue.counts import UpTo
from verification.rules.shared_evidence import RECORDINGS

MAX_SHOWN = 20  # cases of each list
MAX_COUNTED = 100  # of each list: what is beyond is "more than"
MAX_OWN = 20  # photos and browsers of the case itself that are looked up, the newest


@dataclass(frozen=True)
class Found:
    """One thing in common with the case `case` (a primary key): the fact, and when it came to be."""

    case: int
    fact: str
    at: datetime


def urls(site: Site) -> list[URLPattern]:
    """The addresses to put on the staff site."""
    return [path("case/<slug:public_id>/shared", site.page(shared), name="shared")]


@require_GET
def shared(request: HttpRequest, public_id: str) -> HttpResponse:
    case, now = get_object_or_404(dossier.find(public_id)), timezone.now()
    lists = [
        _listed(_("The same photo"), _SAME_PHOTO, _same_photos(case), now),
        _listed(_("A photo that looks the same"), _ALIKE_PHOTO, _alike_photos(case), now),
        _listed(_("The same recording, or one like it"), _RECORDING, _recordings(case), now),
        _listed(_("The same browser"), _BROWSER, _browsers(case), now),
        _listed(_("The same address range"), _ADDRESS, _addresses(case), now),
    ]
    found = sum(len(each["rows"]) for each in lists)
    viewing.record(viewing.SHARED, by=acting(signed_in(request)), subject=case, now=now, cases=found)
    context = {"title": _("Who shares what"), "case": case, "lists": lists, "most": MAX_SHOWN}
    return TemplateResponse(request, "review/case/shared.html", context)


_SAME_PHOTO = gettext_lazy(
    "Somebody sent the same file, or one with the very same pixels, for both. It does not say whose ID it shows."
)
_ALIKE_PHOTO = gettext_lazy(
    "Very likely the same picture, encoded anew or in another size. IDs of one kind share their layout, so those of "
    "two people who look much alike may come near."
)
_RECORDING = gettext_lazy(
    "A recording for one of them was the same as one for the other, copied from it, or looks much like it."
)
_BROWSER = gettext_lazy(
    "One browser had both links, one after the other. Families and offices share a device, and so does a helper who "
    "invites people at a counter. Somebody who clears the browser's data is not found here."
)
_ADDRESS = gettext_lazy(
    "Many people share an address range: a mobile provider, an office, a household. Alone it means little."
)


def _listed(title: str, means: Any, found: Iterable[Found], now: datetime) -> dict[str, Any]:
    """A section of the page: each case once, with its first fact."""
    by_case: dict[int, Found] = {}
    for each in found:
        by_case.setdefault(each.case, each)
    shown = list(by_case.values())[:MAX_SHOWN]
    cases = Verification.objects.select_related("applicant__client").in_bulk([each.case for each in shown])
    return {
        "title": title,
        "means": means,
        "count": UpTo(len(by_case), MAX_COUNTED),
        "more": len(by_case) > MAX_SHOWN,
        "rows": [_row(cases[each.case], each, now) for each in shown],
    }


def _row(case: Verification, found: Found, now: datetime) -> dict[str, Any]:
    return {
        "case": case,
        "name": words.mask(case.applicant.name),
        "fact": found.fact,
        "at": words.moment(found.at, now),
    }


def _some(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The newest rows, one more than is counted."""
    return rows.order_by("-pk")[: MAX_COUNTED + 1]


def _same_photos(case: Verification) -> list[Found]:
    own = case.documents.order_by("-pk")[:MAX_OWN]
    hashes = list(own.values_list("original_sha256", "normalised_sha256"))
    others = photos.of_others(case.applicant_id)
    found = []
    for number, (field, same) in enumerate((("original_sha256", "bytes"), ("normalised_sha256", "pixels"))):
        rows = _some(others.filter(**{f"{field}__in": {pair[number] for pair in hashes}}))
        fact = labels.label(labels.SAME, same)
        found += [Found(pk, fact, at) for pk, at in rows.values_list("verification", "uploaded_at")]
    return found


def _alike_photos(case: Verification) -> list[Found]:
    own = list(case.documents.order_by("-pk").values_list("pk", flat=True)[:MAX_OWN])
    found = []
    for ours, theirs in (("later", "earlier"), ("earlier", "later")):
        rows = _some(AlikePhoto.objects.filter(**{f"{ours}__in": own}))
        values = rows.values_list(f"{theirs}__verification", "bits", "face", f"{theirs}__uploaded_at")
        found += [Found(pk, photos.within(bits, face=face), at) for pk, bits, face, at in values]
    return found


def _recordings(case: Verification) -> list[Found]:
    """By the flags: a recording with the same bytes was refused, so that nothing else is left of it."""
    here = _some(case.flags.filter(code__in=RECORDINGS, other__isnull=False))
    there = _some(case.flags_elsewhere.filter(code__in=RECORDINGS))
    return [
        *(_flagged(flag, flag.other_id) for flag in here if flag.other_id is not None),
        *(_flagged(flag, flag.verification_id) for flag in there),
    ]


def _flagged(flag: RiskFlag, other: int) -> Found:
    fact = flag.get_code_display()
    if "share" in flag.facts:
        fact = _("%(fact)s (%(share)s %% of the pictures)") % {
            "fact": fact,
            "share": round(100 * flag.facts["share"]),
        }
    return Found(other, fact, flag.raised_at)


def _browsers(case: Verification) -> list[Found]:
    own = list(case.bindings.order_by("-pk").values_list("device_hash", flat=True)[:MAX_OWN])
    rows = LinkBinding.objects.filter(device_hash__in=set(own) - {""})
    rows = _some(rows.exclude(verification__applicant=case.applicant_id))
    said = _("opened in the same browser, on %s")
    return [
        Found(binding.verification_id, said % binding.get_device_display(), binding.at) for binding in rows
    ]


def _addresses(case: Verification) -> list[Found]:
    if not case.address_range:
        return []
    rows = Verification.objects.filter(address_range=case.address_range).exclude(address_range="")
    some = _some(rows.exclude(applicant=case.applicant_id))
    fact = _("consent from the same address range")
    return [Found(pk, fact, at) for pk, at in some.values_list("pk", "created_at")]
