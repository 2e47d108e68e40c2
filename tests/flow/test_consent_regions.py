"""The consent names every region that the applicant's photo and video may be sent to."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from tests.conftest import Road
from tests.flow.test_applicant_pages import agree, opened, shown_hash
from verification.brands.organisation import installation
from verification.consent_text import consent_text
from verification.models import Consent


@pytest.fixture
def client(road: Road) -> Client:
    return opened(road.invitation(now=timezone.now()))


@pytest.mark.parametrize(
    ("others", "words"),
    [
        ([], "to Tencent Cloud in Singapore. Its service"),
        (
            ["ap-hongkong"],
            "to Tencent Cloud in Singapore or, when that cannot be reached, in Hong Kong. Its service",
        ),
        (
            ["ap-hongkong", "ap-bangkok"],
            "cannot be reached, in Hong Kong or in Bangkok, Thailand. Its service",
        ),
        (["ap-singapore"], "to Tencent Cloud in Singapore. Its service"),
    ],
)
def test_the_text_names_them_all(client: Client, settings: Any, others: list[str], words: str) -> None:
    settings.FACEID_FALLBACK_REGIONS = others
    assert words in client.get("/verify/consent").content.decode()


def test_another_region_makes_another_text(road: Road, settings: Any) -> None:
    policy = road.invited().policy
    before = consent_text(policy, installation()).sha256
    settings.FACEID_FALLBACK_REGIONS = ["ap-bangkok"]
    assert consent_text(policy, installation()).sha256 != before


def test_nobody_agrees_to_a_region_that_was_not_on_their_page(client: Client, settings: Any) -> None:
    read = shown_hash(client)
    settings.FACEID_FALLBACK_REGIONS = ["ap-bangkok"]
    answer = {"answer": "agree", "agree": "yes", "text_sha256": read}
    response = client.post("/verify/consent", answer)
    assert (response.status_code, Consent.objects.count()) == (422, 0)
    assert "Bangkok" in response.content.decode()
    agree(client)
    assert Consent.objects.get().text_sha256 != read
