"""Makes the dossier. The same case with the same rights at the same checkpoint gives the same bytes."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from verification import media
from verification.exports.dossier import facts, pictures
from verification.models import Checkpoint, Verification

_TEMPLATE: Final = Path(__file__).with_name("dossier.typ")


@dataclass(frozen=True)
class Included:
    """What the reader may see besides the facts of the case: pictures, name and e-mail address, reviewers' notes."""

    media: bool
    person: bool
    notes: bool


def make(case: Verification, included: Included, checkpoint: Checkpoint) -> bytes:
    """The PDF. Of the events it shows those that the checkpoint's log holds.

    Raises OSError or media.MediaUnavailable if a picture can't be read or made just now.
    """
    shown = pictures.of(case) if included.media else {}
    data = facts.of(case, shown, checkpoint, person=included.person, notes=included.notes)
    return media.typeset(
        _TEMPLATE.read_bytes(), json.dumps(data).encode(), pictures.files(shown), checkpoint.signed_at
    )
