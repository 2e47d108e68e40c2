"""The period of a count: from `start` until `end`, the end itself not included; without an end up to now."""

from datetime import datetime

from django.db.models import Q


def within(field: str, start: datetime, end: datetime | None) -> Q:
    after = Q(**{f"{field}__gte": start})
    return after & Q(**{f"{field}__lt": end}) if end is not None else after
