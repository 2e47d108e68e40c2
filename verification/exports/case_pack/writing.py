"""Writing a case pack from what was gathered."""

from collections.abc import Iterable
from typing import IO, Any

from verification.exports import container, dossier, verify_pack
from verification.exports.case_pack import events, guide, media
from verification.exports.case_pack.gathering import Gathered
from verification.transparency.canonical import canonical


def write(file: IO[bytes], gathered: Gathered, *, earlier: Iterable[int] = ()) -> None:
    """Write the pack into `file`, which is seekable and empty.

    `earlier`: sizes of checkpoints that the reader may have kept. Raises storage.Unavailable,
    media.MediaUnavailable or trail_keys.NotIntroduced.
    """
    trail = container.Trail.at(gathered.checkpoint, earlier)
    with container.Writer(file, container.CASE, _facts(gathered), trail) as pack:
        pack.add("VERIFY.md", guide.words(gathered, trail).encode())
        pack.add("dossier.pdf", dossier.make(gathered.case, gathered.contents, gathered.checkpoint))
        for name, content in gathered.files.items():
            pack.add(name, content)
        pack.add("media.json", _media(pack, gathered))
        for event_id, proof in events.proofs(gathered.events, gathered.checkpoint):
            pack.add(f"{verify_pack.PROOFS}{event_id}.tlog-proof", proof)


def _facts(gathered: Gathered) -> dict[str, Any]:
    return {
        "case": gathered.case.public_id,
        "status": gathered.case.status,
        "contents": gathered.contents.as_list(),
        **events.counts(gathered.events),
    }


def _media(pack: container.Writer, gathered: Gathered) -> bytes:
    """Writes the media that may come along; which there are, with why one is missing."""
    listed = []
    for piece in gathered.pieces:
        missing = verify_pack.NOT_ASKED_FOR
        if gathered.contents.media:
            content, missing = media.read(piece)
            if not missing:
                pack.add(piece.file, content)
        listed.append(piece.as_json(missing))
    return canonical({"media": listed, "erased": gathered.erased}) + b"\n"
