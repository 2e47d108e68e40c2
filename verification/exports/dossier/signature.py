"""Signs a dossier as PDF readers expect it: PAdES B-B, by an incremental update that leaves the PDF/A as it is.

The same PDF, identity and time give the same bytes. The library is slow to load and big: import this module when there
is something to sign.
"""

import hashlib
import io
from datetime import datetime
from typing import Any, Final

from asn1crypto import x509 as asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from verification.exports.dossier.identity import Identity

FIELD: Final = "Signature"
DIGEST: Final = "sha256"
# Hexadecimal digits kept for the signature with its certificates: two for each byte, of which four RSA ones take 8,000.
ROOM: Final = 24_000


def sign(pdf: bytes, identity: Identity, *, at: datetime) -> bytes:
    metadata = signers.PdfSignatureMetadata(
        field_name=FIELD, md_algorithm=DIGEST, subfilter=fields.SigSeedSubFilter.PADES, name=identity.name
    )
    signed = _AtATime(metadata, _Signer(identity), at=at).sign_pdf(
        _Update(io.BytesIO(pdf)), output=io.BytesIO(), bytes_reserved=ROOM
    )
    content: bytes = signed.getvalue()
    return content


class _AtATime(signers.PdfSigner):  # type: ignore[misc, unused-ignore]
    """Signs at a time that it is given. The library itself takes the clock's."""

    def __init__(self, metadata: Any, signer: signers.Signer, *, at: datetime) -> None:
        super().__init__(metadata, signer)
        self._at = at

    def init_signing_session(self, *arguments: Any, **options: Any) -> Any:
        session = super().init_signing_session(*arguments, **options)
        session.system_time = self._at
        return session


class _Update(IncrementalPdfFileWriter):  # type: ignore[misc, unused-ignore]
    """An update whose id follows from the file, and that keeps the file's own dates and producer."""

    @classmethod
    def _handle_id(cls, prev: Any) -> generic.ArrayObject:
        prev.stream.seek(0)
        changing = hashlib.sha256(prev.stream.read()).digest()[:16]
        first, _second = prev.trailer["/ID"]
        return generic.ArrayObject([first, generic.ByteStringObject(changing)])

    def _update_meta(self) -> None:
        return


class _Signer(signers.Signer):  # type: ignore[misc, unused-ignore]
    def __init__(self, identity: Identity) -> None:
        certificates = [_asn1(each) for each in (identity.certificate, *identity.chain)]
        super().__init__(
            signing_cert=certificates[0],
            cert_registry=SimpleCertificateStore.from_certs(certificates),  # type: ignore[no-untyped-call]
            embed_roots=False,
        )
        self._key = identity.key

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        # RFC 6979: no random number, so that the signature follows from the data.
        return self._key.sign(data, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


def _asn1(certificate: Any) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))
