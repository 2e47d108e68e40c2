"""An applicant without a browser, for tests about reviewers: the same addresses over HTTP."""

import json
import re
from typing import Any

import httpx

from kyc_portal.sandbox.drawing import draw_clip, draw_photo
from tests.browser.conftest import Portal
from tests.faults.waiting import wait_until

SEED = 31
PHOTO = draw_photo(SEED)


class Visitor:
    """One applicant with their link, from invitation to outcome."""

    takes = 0

    def __init__(self, portal: Portal) -> None:
        self.photo = PHOTO
        self._portal = portal
        self.case: dict[str, Any] = portal.invite("SILENT")
        self._http = httpx.Client(base_url=portal.url, follow_redirects=True, timeout=20)

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def send_everything(self, **answer: Any) -> dict[str, Any]:
        """Gives consent, a photo and a recording that gets this answer of the emulator; returns the assessed case."""
        page = self._http.get(self.case["link"]).text
        shown = re.search(r'name="text_sha256" value="([0-9a-f]{64})"', page)
        mark = re.search(r'data-case="([0-9a-f]+)"', page)
        assert shown, "the consent page names its text"
        assert mark, "the consent page names its case"
        self._mark = mark[1]
        self._post("/verify/consent", {"answer": "agree", "agree": "on", "text_sha256": shown[1]})
        self._post("/verify/document", {}, photo=("id.jpg", self.photo, "image/jpeg"))
        return self.record(**answer)

    def record(self, **answer: Any) -> dict[str, Any]:
        """Sends one more recording."""
        self._portal.script(**answer)
        Visitor.takes += 1
        clip = draw_clip(seed=SEED, seconds=3.0, size=(320, 240), fps=15, take=1000 + Visitor.takes)
        challenge = self._post("/verify/challenge", {}).json()
        fields = {"attempt": challenge["attempt"], "nonce": challenge["nonce"], "signals": json.dumps({})}
        self._post("/verify/recording", fields, video=("clip.mp4", clip, "video/mp4"))
        wait_until("the case is judged", lambda: self._status() != "checking")
        return self.case

    def _status(self) -> str:
        return str(self._portal.case(self.case["id"])["status"])

    def _post(self, path: str, fields: dict[str, str], **files: Any) -> httpx.Response:
        fields = {**fields, "csrfmiddlewaretoken": self._http.cookies.get("csrftoken", "")}
        headers = {"Referer": self._portal.url + path, "X-CSRFToken": fields["csrfmiddlewaretoken"]}
        answer = self._http.post(
            f"{path}?case={self._mark}", data=fields, files=files or None, headers=headers
        )
        assert answer.is_success, f"{path} answered {answer.status_code}"
        return answer
