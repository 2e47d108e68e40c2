"""Makes the dossier. The same case with the same rights at the same checkpoint gives the same bytes."""

import json
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Final

from verification import media
from verification.exports.contents import Contents
from verification.exports.dossier import facts, identity, pictures
from verification.models import Checkpoint, Verification

_TEMPLATE: Final = Path(__file__).with_name("dossier.typ")


def make(case: Verification, contents: Contents, checkpoint: Checkpoint) -> bytes:
    """The PDF, signed if the installation has a certificate that was valid when the checkpoint was signed.

    Of the events it shows those that the checkpoint's log holds. Raises OSError or media.MediaUnavailable if a picture
    can't be read or made just now.
    """
    at = checkpoint.signed_at.replace(microsecond=0)
    signer = _signer(at)
    shown = pictures.of(case) if contents.media else {}
    data = facts.of(case, contents, shown, checkpoint, signer=signer.name if signer else "")
    pdf = media.typeset(_TEMPLATE.read_bytes(), json.dumps(data).encode(), pictures.files(shown), at)
    return _signed(pdf, signer, at) if signer else pdf


def _signer(at: datetime) -> identity.Identity | None:
    found = identity.of_settings()
    return found if found and found.is_valid(at) else None


def _signed(pdf: bytes, signer: identity.Identity, at: datetime) -> bytes:
    # Loaded with the first dossier, because it takes a second and 40 MB that no other work of a process needs.
    signed: bytes = import_module("verification.exports.dossier.signature").sign(pdf, signer, at=at)
    return signed
