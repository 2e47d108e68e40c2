"""The media of a case: photo, recording and frame as people judged them and as the vendor got them.

What the applicant's own device sent is never handed out, because a hostile file could hurt whoever opens it. Its hash
is in the trail, as are those of the copies.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from verification import storage
from verification.audit import facts
from verification.exports import verify_pack
from verification.models import Document, VerificationAttempt


@dataclass(frozen=True)
class Piece:
    """A stored object. `record` and `fact` name the hash that an event committed to."""

    file: str
    record: str
    fact: str
    sha256: str
    stored: str

    def as_json(self, missing: str) -> dict[str, Any]:
        listed = {"file": self.file, "record": self.record, "fact": self.fact, "sha256": self.sha256}
        return {**listed, "missing": missing} if missing else listed


def pieces(documents: Iterable[Document], attempts: Iterable[VerificationAttempt]) -> Iterator[Piece]:
    for document in documents:
        name, sha256 = document.normalised_name, document.normalised_sha256
        file = f"media/{document.public_id}-photo.jpg"
        yield Piece(file, facts.name(document), "normalised_sha256", sha256, name)
    for attempt in attempts:
        of = facts.name(attempt)
        if attempt.normalised_name:
            file, sha256 = f"media/{attempt.public_id}-recording.mp4", attempt.normalised_sha256
            yield Piece(file, of, "normalised_sha256", sha256, attempt.normalised_name)
        if attempt.best_frame_name:
            file, sha256 = f"media/{attempt.public_id}-frame.jpg", attempt.best_frame_sha256
            yield Piece(file, of, "best_frame_sha256", sha256, attempt.best_frame_name)


def read(piece: Piece) -> tuple[bytes, str]:
    """The bytes that were stored, and "", or why there are none: ERASED or DAMAGED.

    Raises storage.Unavailable: a pack is not made without what it should hold.
    """
    try:
        return storage.read(piece.stored, sha256=piece.sha256), ""
    except storage.KeyDestroyed:
        return b"", verify_pack.ERASED
    except storage.IntegrityError:
        return b"", verify_pack.DAMAGED
