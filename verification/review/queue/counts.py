"""Counting no further than people read: a board costs the same at a thousand cases and at a million."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet, Subquery

from verification.models import StaffUser

MAX_COUNTED = 1000
# Where many lists are counted on one page.
MAX_COUNTED_OF_MANY = 100


@dataclass(frozen=True)
class UpTo:
    """A number that is known up to `most`; `found` is one more where there are more."""

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
    """How many rows each list has, up to the number beside it. One query, on the row of the one who asks.

    The lists keep their order: that leads the database along the index that the page itself goes along.
    """
    columns = [_Count(rows.values("pk")[: most + 1]) for rows, most in lists.values()]
    found = StaffUser.objects.filter(pk=user.pk).values_list(*columns).get()
    return {name: UpTo(number, most) for (name, (_, most)), number in zip(lists.items(), found, strict=True)}
