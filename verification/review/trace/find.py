"""Finding the cases of an id, exactly as it is written. The text is sent by POST and appears in no address."""

from collections.abc import Collection

from verification.models import Verification
from verification.review.queue import search
from verification.review.queue.search import LookUp

# What an operator may have at hand: ids of a case, an applicant, an attempt or a call; no file, no review.
KINDS = ("ver", "app", "att", "call")


def cases_of(text: str) -> tuple[list[str], list[int]]:
    """(kinds, keys): the kinds of id that found a case, or else those that were tried; the keys, the newest first."""
    found = {look_up.kind: look_up.cases(text) for look_up in _look_ups(text)}
    kinds = [kind for kind, keys in found.items() if keys] or list(found)
    keys: set[int] = set().union(*found.values())
    return kinds, sorted(keys, reverse=True)[: search.MAX_RESULTS + 1]


def _look_ups(text: str) -> list[LookUp]:
    """The reference is always tried: systems may choose references that look like our ids."""
    kind = text.partition("_")[0]
    if kind in KINDS and search.is_public_id(text):
        return [search.PUBLIC_IDS[kind], search.REFERENCE]
    return [search.REFERENCE, search.REQUEST_ID]


def rows(keys: Collection[int]) -> list[Verification]:
    found = Verification.objects.filter(pk__in=keys).select_related("applicant", "client").order_by("-pk")
    return list(found[: search.MAX_RESULTS + 1])
