"""Counts with an upper limit: the cost is the same at a thousand cases and at a million."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from verification.models import StaffUser

MAX_COUNTED = 1000
# For pages that count many lists.
MAX_COUNTED_OF_MANY = 100


@dataclass(frozen=True)
class UpTo:
    """A count that is exact up to `most`; `found` is `most` + 1 if there are more."""

    found: int
    most: int

    def __str__(self) -> str:
        return f"{self.most:,}+" if self.found > self.most else f"{self.found:,}"

    def __bool__(self) -> bool:
        return self.found > 0


class _Count(Subquery):
    template = "(SELECT COUNT(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def counted(lists: Mapping[str, tuple[QuerySet[Any], int]], user: StaffUser) -> dict[str, UpTo]:
    """Counts each list up to the limit beside it, in one query with a subquery per list.

    The lists keep their order, so that the database uses the same index as for the page.
    """
    columns = [_Count(rows.values("pk")[: most + 1]) for rows, most in lists.values()]
    found = StaffUser.objects.filter(pk=user.pk).values_list(*columns).get()
    return {name: UpTo(number, most) for (name, (_, most)), number in zip(lists.items(), found, strict=True)}
