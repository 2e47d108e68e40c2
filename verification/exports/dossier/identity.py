"""The certificate under which dossiers are signed, and its private key: from one PEM text, or none."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, Self

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import NameOID
from django.conf import settings

MIN_RSA_BITS: Final = 2048
# What PDF readers know. Ed25519 is not among it.
CURVES: Final = ("secp256r1", "secp384r1", "secp521r1")
_BEGIN: Final = "-----BEGIN"
_END: Final = "-----END"

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class UnfitIdentity(ValueError):
    """No dossier can be signed with it. The message says why, and holds nothing of it."""


@dataclass(frozen=True)
class Identity:
    """`chain` are the certificates of the authorities between the signer's and one that readers trust."""

    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]
    key: Key = field(repr=False)

    @classmethod
    def parse(cls, pem: str) -> Self:
        """From a private key without a password, its certificate and those of the chain. Raises UnfitIdentity."""
        blocks = _blocks(pem)
        keys = [block for block in blocks if "PRIVATE KEY-----" in block.partition("\n")[0]]
        certificates = [_certificate(block) for block in blocks if block not in keys]
        if len(keys) != 1 or not certificates:
            raise UnfitIdentity("It needs one private key and its certificate, each in PEM.")
        key = _key(keys[0])
        if certificates[0].public_key() != key.public_key():
            raise UnfitIdentity("The private key is not that of the first certificate.")
        _check_usage(certificates[0])
        return cls(certificates[0], tuple(certificates[1:]), key)

    @property
    def name(self) -> str:
        """Who signs, as a PDF reader shows it."""
        names = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return str(names[0].value) if names else self.certificate.subject.rfc4514_string()

    def is_valid(self, at: datetime) -> bool:
        certificate = self.certificate
        return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def of_settings() -> Identity | None:
    """The installation's; None if it has none. Raises UnfitIdentity."""
    return _parsed(settings.DOSSIER_CERTIFICATE) if settings.DOSSIER_CERTIFICATE else None


_parsed = lru_cache(maxsize=2)(Identity.parse)


def _blocks(pem: str) -> Sequence[str]:
    parts = pem.split(_BEGIN)[1:]
    return [
        f"{_BEGIN}{part.partition(_END)[0]}{_END}{part.partition(_END)[2].partition(chr(10))[0]}\n"
        for part in parts
    ]


def _certificate(block: str) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(block.encode())
    except ValueError:
        raise UnfitIdentity("Besides the private key it has something that is no certificate.") from None


def _key(block: str) -> Key:
    try:
        key = load_pem_private_key(block.encode(), password=None)
    except (ValueError, TypeError):  # a password is asked for by TypeError
        raise UnfitIdentity("The private key can't be read, or has a password.") from None
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size >= MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.name in CURVES:
        return key
    raise UnfitIdentity(
        f"The key is neither RSA with {MIN_RSA_BITS} bits or more, nor on a curve of NIST (P-256 to P-521)."
    )


def _check_usage(certificate: x509.Certificate) -> None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise UnfitIdentity("The certificate is not for signing: its key usage lacks digital signatures.")
