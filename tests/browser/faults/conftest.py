"""An applicant at a step of the flow, brought there by plain requests, because pages before it are not under test."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.browser.conftest import Applicant

HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]+)">')
AtStep = Callable[..., dict[str, Any]]


def _submit(applicant: Applicant, fields: dict[str, Any]) -> None:
    """Send the form of the current step as a browser would, and follow the answer."""
    request = applicant.page.context.request
    page = request.get(f"{applicant.portal.url}/verify/").text()
    form = re.search(r'<form[^>]*method="post"[^>]*action="([^"]+)"(.*?)</form>', page, re.DOTALL)
    assert form, page
    address = applicant.portal.url + form[1].replace("&amp;", "&")
    content = encode_multipart(BOUNDARY, {**dict(HIDDEN.findall(form[2])), **fields})
    answer = request.post(
        address, data=content, headers={"Referer": address, "Content-Type": MULTIPART_CONTENT}
    )
    assert answer.ok, answer.text()


@pytest.fixture
def at_step(applicant: Applicant) -> AtStep:
    """Brings the applicant to "consent", "document" or "capture" and opens that page; returns the case."""

    def go(step: str, mode: str = "ACTION") -> dict[str, Any]:
        case = applicant.portal.invite(mode)
        applicant.page.context.request.get(case["link"])
        if step != "consent":
            _submit(applicant, {"agree": "yes"})
        if step == "capture":
            with applicant.photo.open("rb") as photo:
                _submit(applicant, {"photo": photo})
        applicant.page.goto(f"{applicant.portal.url}/verify/")
        applicant.step(step)
        return case

    return go
