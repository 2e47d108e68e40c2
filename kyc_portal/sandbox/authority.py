"""The demo's own authority, and the certificate under which the demo signs dossiers."""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

YEARS: Final = timedelta(days=3650)
# The demo's cases have a past, and so has its certificate.
BEFORE: Final = timedelta(days=365)
_NO_USAGE: Final = dict.fromkeys(
    (
        *(
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
        ),
        *("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    ),
    False,
)


def dossier_certificate() -> str:
    """A private key, its certificate, and the authority's, as PEM. The authority's key is not kept."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = _name("Authority of this demo")
    certificate = _certificate(_name("Example Bank, dossiers of this demo"), key, issuer, authority)
    own = _certificate(issuer, authority, issuer, authority)
    parts = (
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        *(each.public_bytes(Encoding.PEM) for each in (certificate, own)),
    )
    return b"".join(parts).decode()


def _certificate(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    authority: ec.EllipticCurvePrivateKey,
) -> x509.Certificate:
    now, is_authority = datetime.now(UTC), subject == issuer
    uses = ("key_cert_sign", "crl_sign") if is_authority else ("digital_signature", "content_commitment")
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BEFORE)
        .not_valid_after(now + YEARS)
        .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**_NO_USAGE | dict.fromkeys(uses, True)), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key()), critical=False
        )
    )
    return builder.sign(authority, hashes.SHA256())


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
