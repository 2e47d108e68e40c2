"""Brands: what applicants of an API client read and see of who asks them. What they agreed to under one stays kept."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from verification import audit, media, permissions
from verification.brands import details as rules
from verification.models import ApiClient, Brand, Logo, StaffUser

MAX_BRANDS: Final = 100


class TooManyBrands(Exception):
    """There are MAX_BRANDS already."""


class BrandChanged(Exception):
    """Somebody has changed the brand, or who shows it, since it was read."""


def seen(brand: Brand) -> str:
    """What a page that shows the brand sends back: it is another as soon as the brand is."""
    return brand.changed_at.isoformat()


@transaction.atomic
def create(
    details: Mapping[str, str], *, logo: bytes | None, by: StaffUser, acting_as: audit.By, now: datetime
) -> Brand:
    """`details` are those of `brands.details`. Raises UnfitDetails, TooManyBrands, and what `media.check_logo` does."""
    permissions.check(by, "manage_brands")
    if Brand.objects.count() >= MAX_BRANDS:
        raise TooManyBrands(_("There are %d brands already. No more can be made.") % MAX_BRANDS)
    brand = Brand(created_at=now, changed_at=now)
    _write(brand, details, logo, now)
    audit.record("brand.created", by=acting_as, subject=brand, at=now, **_facts(brand))
    return brand


@transaction.atomic
def change(
    brand: Brand,
    details: Mapping[str, str],
    *,
    seen_at: str,
    logo: bytes | None,
    drop_logo: bool = False,
    by: StaffUser,
    acting_as: audit.By,
    now: datetime,
) -> Brand:
    """`logo` replaces the one that is there, if there is a new one. Raises BrandChanged, and as `create`."""
    permissions.check(by, "manage_brands")
    row = Brand.objects.select_for_update().get(pk=brand.pk)
    if seen(row) != seen_at:
        raise BrandChanged(_("Somebody has changed this brand since you opened it. Read it again."))
    before, replaced = _facts(row), row.logo
    if drop_logo:
        row.logo = None
    row.changed_at = now
    _write(row, details, logo, now)
    if replaced is not None and not replaced.brands.exists():
        replaced.delete()
    after = _facts(row)
    fields = sorted(name for name, value in after.items() if value != before[name])
    audit.record("brand.changed", by=acting_as, subject=row, at=now, fields=fields, **after)
    return row


@transaction.atomic
def assign(
    clients: Collection[ApiClient], brand: Brand | None, *, by: StaffUser, acting_as: audit.By, now: datetime
) -> int:
    """From now on all cases of these clients show the brand, or (None) the installation's organisation.

    Returns how many had another one before.
    """
    permissions.check(by, "manage_brands")
    rows = ApiClient.objects.select_for_update(of=("self",)).filter(pk__in=[client.pk for client in clients])
    changed = [client for client in rows.order_by("pk") if client.brand_id != (brand.pk if brand else None)]
    for client in changed:
        client.brand = brand
        client.save(update_fields=["brand"])
        named = brand.public_id if brand else ""
        audit.record("api_client.brand_assigned", by=acting_as, subject=client, at=now, brand=named)
    return len(changed)


def shown(clients: Iterable[ApiClient]) -> str:
    """What a page that lists these clients sends back: it is another as soon as one of them shows another brand."""
    pairs = sorted((client.pk, client.brand_id) for client in clients)
    return hashlib.sha256(repr(pairs).encode()).hexdigest()


@transaction.atomic
def share_out(
    brand: Brand,
    ticked: Collection[ApiClient],
    *,
    listed: Collection[ApiClient],
    as_shown: str,
    by: StaffUser,
    acting_as: audit.By,
    now: datetime,
) -> int:
    """Of the clients of a list, those that are ticked show the brand from now on; the others do so no more.

    `as_shown` is what `shown` said of the list. Returns how many had another brand before. Raises BrandChanged.
    """
    rows = ApiClient.objects.select_for_update(of=("self",)).filter(pk__in=[client.pk for client in listed])
    locked = list(rows.order_by("pk"))
    if shown(locked) != as_shown:
        raise BrandChanged(
            _("Somebody has changed who shows which brand since you opened this page. Look again.")
        )
    how: dict[str, Any] = {"by": by, "acting_as": acting_as, "now": now}
    taken = [client for client in locked if client.brand_id == brand.pk and client not in ticked]
    return assign(ticked, brand, **how) + assign(taken, None, **how)


def _write(brand: Brand, details: Mapping[str, str], logo: bytes | None, now: datetime) -> None:
    rules.check(details)
    for name in rules.NAMES:
        setattr(brand, name, details[name])
    if logo is not None:
        brand.logo = _kept(media.check_logo(logo), now)
    try:
        with transaction.atomic():
            brand.save()
    except IntegrityError:
        problem = _("There is a brand of this name already.")
    else:
        return
    raise rules.UnfitDetails({"name": problem})


def _kept(logo: media.NormalisedLogo, now: datetime) -> Logo:
    made = {"png": logo.png, "width": logo.width, "height": logo.height, "stored_at": now}
    return Logo.objects.get_or_create(sha256=hashlib.sha256(logo.png).hexdigest(), defaults=made)[0]


def _facts(brand: Brand) -> dict[str, str]:
    return {**{name: getattr(brand, name) for name in rules.NAMES}, "logo": brand.logo_id or ""}
