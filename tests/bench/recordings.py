"""An applicant without a browser, who sends a recording as the page does, and notes when its last byte left.

All times are of the machine's clock: `time.time()`.
"""

import base64
import hashlib
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

import httpx


@dataclass(frozen=True)
class Sent:
    """When the last byte of the recording left, and when the last part and the form after it were answered."""

    last_byte: float
    part_answered: float
    answered: float


class Applicant:
    """One person with their link, on one connection."""

    def __init__(self, url: str, link: str) -> None:
        self._http = httpx.Client(base_url=url, follow_redirects=True, timeout=30)
        page = self._http.get(urlsplit(link).path).text
        self._text, self._mark = (
            re.search(pattern, page)[1]
            for pattern in (r'name="text_sha256" value="([0-9a-f]{64})"', r'data-case="([0-9a-f]+)"')
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._http.close()

    def come_to_recording(self, photo: bytes) -> str:
        """Give consent and the photo, and ask for a challenge; returns the attempt's id."""
        agreed = {"answer": "agree", "agree": "on", "text_sha256": self._text}
        self._send("POST", "consent", data=agreed)
        self._send("POST", "document", files={"photo": ("id.jpg", photo, "image/jpeg")})
        page = self._send("GET", "capture").text
        self._part_size = int(re.search(r'data-part-size="(\d+)"', page)[1])
        self._challenge = self._send("POST", "challenge").json()
        return str(self._challenge["attempt"])

    def send(self, recording: bytes) -> Sent:
        """The parts in their order, then the form."""
        for offset in range(0, len(recording), self._part_size):
            last_byte = self._send_part(recording, offset)
        part_answered = time.time()
        fields = {name: self._challenge[name] for name in ("attempt", "nonce")} | {"signals": json.dumps({})}
        self._send("POST", "recording", files={name: (None, value) for name, value in fields.items()})
        return Sent(last_byte, part_answered, time.time())

    def _send_part(self, recording: bytes, offset: int) -> float:
        """When the part's last byte was handed to the kernel."""
        piece = recording[offset : offset + self._part_size]
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Length": str(len(piece)),
            "Content-Digest": _digest(piece),
            "Repr-Digest": _digest(recording),
            "Upload-Offset": str(offset),
            "Upload-Length": str(len(recording)),
            "Upload-Attempt": self._challenge["attempt"],
            "Upload-Nonce": self._challenge["nonce"],
        }
        left: list[float] = []
        self._send("PUT", "recording/parts", content=_noted(piece, left), headers=headers)
        return left[0]

    def _send(
        self, method: str, page: str, headers: dict[str, str] | None = None, **body: Any
    ) -> httpx.Response:
        token = {"X-CSRFToken": self._http.cookies.get("csrftoken", "")}
        path = f"/verify/{page}?case={self._mark}"
        answer = self._http.request(method, path, headers={**token, **(headers or {})}, **body)
        assert answer.is_success, f"{page} answered {answer.status_code}: {answer.text[:500]}"
        return answer


def _noted(piece: bytes, left: list[float]) -> Iterator[bytes]:
    """The bytes for httpx, which asks for more when it has handed all of them to the kernel."""
    yield piece
    left.append(time.time())


def _digest(data: bytes) -> str:
    """In the syntax of RFC 9530."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
