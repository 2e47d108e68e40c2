"""A passkey in software: builds and signs what a browser would send."""

import hashlib
import json
import os
import struct
from base64 import urlsafe_b64encode

from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestedCredentialData

SIGN_IN = "/admin/account/two-step/passkeys/sign-in/"
ADD = "/admin/account/two-step/passkeys/add/"
HOST = "testserver"
# Authenticator flags: user present, user verified, attested credential data included.
TOUCHED, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


class Passkey:
    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._id = os.urandom(32)

    def of(self, user):
        """A passkey that is registered for `user` as a discoverable credential."""
        Authenticator.objects.create(
            user=user, type="webauthn", data={"name": "Blue key", "credential": self.made("")}
        )
        return self

    def made(self, challenge):
        """The response to a registration request."""
        public = ES256.from_cryptography_key(self._key.public_key())
        about = AttestedCredentialData.create(Aaguid(bytes(16)), self._id, public)
        attested = cbor.encode(
            {"fmt": "none", "attStmt": {}, "authData": self._data(TOUCHED | WITH_KEY) + bytes(about)}
        )
        response = {
            "clientDataJSON": text(client_data("webauthn.create", challenge)),
            "attestationObject": text(attested),
        }
        return {**self._named(response), "clientExtensionResults": {"credProps": {"rk": True}}}

    def answer(self, challenge, user, *, verified):
        """The response to an authentication request, as the form sends it."""
        client = client_data("webauthn.get", challenge)
        data = self._data(TOUCHED | VERIFIED if verified else TOUCHED)
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        response = {
            "clientDataJSON": text(client),
            "authenticatorData": text(data),
            "signature": text(signature),
            "userHandle": text(user_pk_to_url_str(user).encode()),
        }
        return json.dumps({**self._named(response), "clientExtensionResults": {}})

    def _named(self, response):
        return {"id": text(self._id), "rawId": text(self._id), "type": "public-key", "response": response}

    def _data(self, flags):
        return hashlib.sha256(HOST.encode()).digest() + struct.pack(">BI", flags, 1)


def text(raw):
    return urlsafe_b64encode(raw).decode().rstrip("=")


def client_data(kind, challenge):
    return json.dumps({"type": kind, "challenge": challenge, "origin": f"https://{HOST}"}).encode()


def challenge_of(client):
    """The challenge that the last page asks the passkey to sign."""
    return client.session["mfa.webauthn.state"]["challenge"]


def begin(client):
    """Requests a challenge, as the sign-in page's script does."""
    return client.get(SIGN_IN, HTTP_ACCEPT="application/json")


def sign_in(client, passkey, user, *, verified=True):
    begin(client)
    return client.post(SIGN_IN, {"credential": passkey.answer(challenge_of(client), user, verified=verified)})
