"""An applicant at a step of the flow, brought there by plain requests, because pages before it are not under test."""

import base64
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from playwright.sync_api import Page

from kyc_portal.sandbox.drawing import draw_clip
from tests.browser.conftest import SEED, Applicant
from tests.browser.faults.page_time import PageTime

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
def time(page: Page) -> PageTime:
    return PageTime(page)


@pytest.fixture
def nothing_breaks(applicant: Applicant) -> Iterator[None]:
    """Fails a test after which the browser has reported an error."""
    yield
    assert applicant.faults == []


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


# Keeps a recording in the browser as the page does when it has made one.
KEEP = """async (recording) => {
  const main = document.querySelector("main").dataset;
  const token = document.cookie.match(/csrftoken=([^;]+)/)[1];
  const asked = await fetch(main.challenge, {method: "POST", headers: {"X-CSRFToken": token}});
  const {attempt, nonce} = await asked.json();
  const bytes = Uint8Array.from(atob(recording), (letter) => letter.charCodeAt(0));
  const until = performance.now() + 90_000;
  const blob = new Blob([bytes], {type: "video/mp4"});
  const type = "video/mp4;codecs=avc1.42E01E";
  const take = {attempt, nonce, blob, type, signals: {}, until, begun: false, arrived: 0};
  const kept = await import("/static/kept.js");
  await kept.keep(document.body.dataset.case, take, Number(main.sendWithin) * 1000);
}"""
_takes = itertools.count(1)
Recorded = Callable[..., bytes]


def drawn_recording(bit_rate: int = 1_500_000) -> bytes:
    """As long and as large as a recording of a phone, in a smaller picture; no two are the same."""
    take = 1000 + next(_takes)
    return draw_clip(seed=SEED, take=take, size=(320, 240), fps=15, fragmented=True, bit_rate=bit_rate)


@pytest.fixture
def recorded(applicant: Applicant, at_step: AtStep) -> Recorded:
    """Brings the applicant to the playback of a recording that nobody waited for; returns its bytes."""

    def record() -> bytes:
        at_step("capture", "SILENT")
        recording = drawn_recording()
        words = base64.b64encode(recording).decode()
        applicant.page.evaluate(KEEP, words)
        applicant.page.on("dialog", lambda dialog: dialog.accept())
        applicant.page.reload()
        applicant.panel("playback")
        return recording

    return record
