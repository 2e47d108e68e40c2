"""The signature on a dossier, checked as a PDF reader does."""

import io
import random
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from tests import pdf
from tests.certificates import Signer, SigningAuthority
from tests.conftest import Road
from tests.flow.test_dossier import ALL, sealed
from verification.exports import dossier
from verification.models import Verification

pytestmark = pytest.mark.django_db
YEAR = timedelta(days=365)
AUTHORITY = SigningAuthority()
KINDS = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
}


@pytest.fixture
def case(road: Road) -> Verification:
    return road.invited()


def with_certificate(settings: Any, signer: Signer) -> None:
    settings.DOSSIER_CERTIFICATE = signer.pem


def signatures(content: bytes) -> list[Any]:
    return list(PdfFileReader(io.BytesIO(content)).embedded_signatures)


def judged(content: bytes, authority: SigningAuthority = AUTHORITY) -> PdfSignatureStatus:
    root = asn1.Certificate.load(authority.of_its_own.public_bytes(Encoding.DER))
    return validate_pdf_signature(signatures(content)[0], ValidationContext(trust_roots=[root]))


@pytest.mark.parametrize("kind", KINDS)
def test_a_reader_that_trusts_the_authority_shows_a_valid_signature(
    case: Verification, settings: Any, kind: str
) -> None:
    with_certificate(settings, AUTHORITY.signer(ends=YEAR, key=KINDS[kind]()))
    checkpoint = sealed()
    made = dossier.make(case, ALL, checkpoint)
    status = judged(made)
    assert status.bottom_line
    assert status.coverage == SignatureCoverageLevel.ENTIRE_FILE
    assert status.signer_reported_dt == checkpoint.signed_at.replace(microsecond=0)
    assert dossier.make(case, ALL, checkpoint) == made


def test_the_signed_file_is_sound_and_still_one_for_archives(case: Verification, settings: Any) -> None:
    with_certificate(settings, AUTHORITY.signer(ends=YEAR))
    signed = dossier.make(case, ALL, sealed())
    assert pdf.is_sound(signed)
    assert signed.count(b"<pdfaid:part>2<") == 1
    assert "This file is signed by “Example Bank”." in pdf.text_of(signed)


def test_a_reader_that_does_not_know_the_authority_says_so(case: Verification, settings: Any) -> None:
    with_certificate(settings, AUTHORITY.signer(ends=YEAR))
    status = judged(dossier.make(case, ALL, sealed()), SigningAuthority())
    assert status.intact
    assert not status.trusted


def test_every_changed_byte_is_found(case: Verification, settings: Any) -> None:
    with_certificate(settings, AUTHORITY.signer(ends=YEAR))
    made = dossier.make(case, ALL, sealed())
    signature = signatures(made)[0]
    first, length, second, rest = signature.byte_range
    covered = [*range(first, first + length), *range(second, second + rest)]
    draw = random.Random(17)
    for place in draw.sample(covered, 60):
        changed = bytearray(made)
        changed[place] ^= 1 << draw.randrange(8)
        assert not _holds(bytes(changed)), place


def _holds(content: bytes) -> bool:
    """A file that can't be read any more is found too: pyHanko raises many kinds of errors for one."""
    try:
        return judged(content).bottom_line
    except (PdfError, ValueError, LookupError, TypeError, AttributeError, OSError):
        return False


def test_without_a_certificate_the_file_says_that_it_bears_no_signature(
    case: Verification, settings: Any
) -> None:
    settings.DOSSIER_CERTIFICATE = ""
    made = dossier.make(case, ALL, sealed())
    assert signatures(made) == []
    assert "This file bears no signature of its own." in pdf.text_of(made)


def test_a_certificate_that_has_ended_signs_nothing(case: Verification, settings: Any) -> None:
    with_certificate(settings, AUTHORITY.signer(ends=-timedelta(days=30)))
    made = dossier.make(case, ALL, sealed())
    assert signatures(made) == []
    assert "This file bears no signature of its own." in pdf.text_of(made)
