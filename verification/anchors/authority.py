"""A time-stamp authority (RFC 3161): its token proves that the checkpoint existed at that time."""

import base64
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar, Final

from cryptography import x509
from django.conf import settings
from rfc3161_client import HashAlgorithm, TimestampRequestBuilder, VerifierBuilder, decode_timestamp_response

from verification import webhooks
from verification.anchors.place import Newest, NotTaken, Statement, Taken
from verification.models import Attestation

# Public authorities ask not to be asked every minute.
EVERY: Final = timedelta(hours=1)
MAX_ANSWER: Final = 64 * 1024  # bytes
_HEADERS: Final = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}


@dataclass(frozen=True)
class Authority:
    address: str
    url: str
    every: ClassVar[timedelta] = EVERY

    def take(self, newest: Newest, before: int) -> Taken:
        """The whole answer is kept, because `openssl ts -verify -in` reads just that."""
        content = newest.note.encode()
        request = TimestampRequestBuilder(content, HashAlgorithm.SHA256).build()
        answer = webhooks.post(self.url, request.as_bytes(), _HEADERS, most=MAX_ANSWER)
        if answer.status != 200:
            raise NotTaken(f"answered_{answer.status}")
        try:
            response = decode_timestamp_response(answer.body)
            verifier = VerifierBuilder.from_request(request)
            for root in roots(settings.TRAIL_TSA_CA_FILE):
                verifier = verifier.add_root_certificate(root)
            verifier.build().verify_message(response, content)
            at = response.tst_info.gen_time
        except Exception:  # whatever the library raises about an answer that is none, or of somebody else
            raise NotTaken("not_stamped") from None
        return Taken(Statement(Attestation.Kind.TIMESTAMP, base64.b64encode(answer.body).decode(), at))


def roots(path: str) -> list[x509.Certificate]:
    """The certificates in that PEM file. Raises OSError or ValueError; without any, ValueError."""
    return x509.load_pem_x509_certificates(Path(path).read_bytes())
