"""Organisations for tests: a brand with every detail, and an API client whose cases show it."""

import io
from typing import Any

from PIL import Image

from tests.conftest import NOW
from verification import audit
from verification.actions import brand as action
from verification.models import ApiClient, Brand, StaffUser

DETAILS = {
    "name": "Second Bank",
    "contact": "+1 (201) 555-0123",
    "privacy_notice": "https://second.example/privacy",
    "legal_basis": "The law against money laundering",
    "data_protection_contact": "data@second.example",
    "colour": "#0b3d91",
}
BY = audit.By("operator", "operator")


def logo(width: int = 300, height: int = 100, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "navy").save(out, kind)
    return out.getvalue()


def made(operator: StaffUser, *, picture: bytes | None = None, **details: Any) -> Brand:
    return action.create({**DETAILS, **details}, logo=picture, by=operator, acting_as=BY, now=NOW)


def client_of(operator: StaffUser, brand: Brand, name: str = "crm") -> ApiClient:
    client = ApiClient.objects.create(name=name, created_at=NOW)
    action.assign([client], brand, by=operator, acting_as=BY, now=NOW)
    client.refresh_from_db()
    return client
