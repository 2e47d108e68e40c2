"""Compare-and-set: a condition that holds as long as nobody has written a row since it was read."""

from django.db.models import Model, Q


def unchanged(row: Model, *fields: str) -> Q:
    """The condition that each of these fields still has the value that `row` has; NULL equals NULL."""
    query = Q()
    for name in fields:
        value = getattr(row, name)
        query &= Q(**({f"{name}__isnull": True} if value is None else {name: value}))
    return query
