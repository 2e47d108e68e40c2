"""A pack: a zip whose every byte follows from its files, with a manifest that the trail's key has signed.

The same files at the same checkpoint give the same bytes. Files are written one after the other, block by block, so a
pack may be larger than the memory. `verify_pack` is the other half: it has the layout of the zip, and is given to
auditors as it is.
"""

import base64
import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final, Self

from verification.audit import log, trail_keys
from verification.exports import verify_pack
from verification.exports.verify_pack import DEFLATED, STORED, Packed
from verification.models import Checkpoint, TrailKey
from verification.transparency import merkle, notes, tiles
from verification.transparency.canonical import canonical

CASE, PERIOD, STATISTICS = verify_pack.CASE, verify_pack.PERIOD, verify_pack.STATISTICS
# The fastest: the tables of an export shrink to a tenth by it, and to a twelfth by the slowest.
LEVEL: Final = 1
MAX_NAME: Final = 200
_RESERVED: Final = (
    verify_pack.CHECKPOINT,
    verify_pack.CONSISTENCY,
    verify_pack.KEYS,
    verify_pack.MANIFEST,
    verify_pack.SIGNED_MANIFEST,
    verify_pack.VERIFIER,
)
_VERIFIER: Final = Path(verify_pack.__file__)

Content = bytes | Iterable[bytes]


class BadFile(ValueError):
    """A file can't be put into a pack: by its name, or because it is too large to be stored as it is."""


@dataclass(frozen=True)
class Trail:
    """The checkpoint as of which a pack is made, what shows whose it is, and who signs the manifest.

    `earlier`: sizes of the log at earlier checkpoints; the pack proves that the log still begins with what it held.
    """

    checkpoint: Checkpoint
    signer: notes.Signer
    keys: Sequence[TrailKey]
    earlier: Sequence[int] = ()

    @classmethod
    def at(cls, checkpoint: Checkpoint, earlier: Iterable[int] = ()) -> Self:
        """Raises trail_keys.NotIntroduced unless the ring's first key is one of the trail's."""
        signer = next(iter(trail_keys.ring().values()))
        keys = trail_keys.of_this_name()
        if str(signer.key) not in {key.vkey for key in keys}:
            raise trail_keys.NotIntroduced(
                "The key that would sign was not introduced yet: seal the trail first."
            )
        sizes = {size for size in earlier if 0 < size < checkpoint.size}
        return cls(checkpoint, signer, keys, sorted(sizes))

    @property
    def origin(self) -> str:
        return self.signer.key.name

    def facts(self) -> dict[str, Any]:
        return {"origin": self.origin, "size": self.checkpoint.size, "root": self.checkpoint.root}

    def files(self) -> dict[str, bytes]:
        """What a verifier needs of the trail."""
        found = {verify_pack.CHECKPOINT: log.cosigned(self.checkpoint).encode()}
        if self.earlier:
            proofs = [{"from": size, "hashes": self._proof(size)} for size in self.earlier]
            found[verify_pack.CONSISTENCY] = canonical({"proofs": proofs})
        keys = [{"vkey": key.vkey, "introduction": key.introduction, "since": key.since} for key in self.keys]
        return {**found, verify_pack.KEYS: canonical({"keys": keys})}

    def _proof(self, size: int) -> list[str]:
        return _in_text(log.consistency(size, self.checkpoint.size))


def range_facts(first: int, end: int, size: int) -> bytes:
    """`trail/range.json`: by these hashes, the log's root of `size` events follows from those at `first` to `end`."""
    hashes = merkle.range_proof(first, end, size, tiles.nodes(log.read_tile))
    return canonical({"first": first, "end": end, "hashes": _in_text(hashes)})


def _in_text(hashes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(each).decode() for each in hashes]


@dataclass
class Writer:
    """Writes a pack into `file`, which is seekable and empty. Leaving the context normally completes it.

    Every pack brings the verifier, and what that needs of the trail. `kind` is one of the three above; `facts` say what
    the pack is about, and may be completed until the end.
    """

    file: IO[bytes]
    kind: str
    facts: dict[str, Any]
    trail: Trail
    _listed: list[dict[str, Any]] = field(default_factory=list)
    _central: list[bytes] = field(default_factory=list)
    _names: set[str] = field(default_factory=lambda: set(_RESERVED))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, *_more: object) -> None:
        if failed is None:
            self._complete()

    def add(self, name: str, content: Content, *, deflate: bool = False) -> None:
        """Write the next file. What is not deflated may have 4 GiB at most. Raises BadFile."""
        if (
            not verify_pack.FILE_NAME.fullmatch(name)
            or len(name) > MAX_NAME
            or name.casefold() in self._names
        ):
            raise BadFile("The name can't be that of a file in a pack, or is taken.")
        self._names.add(name.casefold())
        self._list(name, [content] if isinstance(content, bytes) else content, deflate)

    def _list(self, name: str, content: Iterable[bytes], deflate: bool) -> None:
        self._listed.append(self._write(name, content, deflate))

    def _complete(self) -> None:
        self._list(verify_pack.VERIFIER, [_VERIFIER.read_bytes()], True)
        for name, content in self.trail.files().items():
            self._list(name, [content], False)
        whole = {
            "facts": self.facts,
            "files": self._listed,
            "kind": self.kind,
            "trail": self.trail.facts(),
            "v": verify_pack.VERSION,
        }
        manifest = canonical(whole) + b"\n"
        note = notes.sign(verify_pack.manifest_text(self.trail.origin, manifest), self.trail.signer)
        self._write(verify_pack.MANIFEST, [manifest], False)
        self._write(verify_pack.SIGNED_MANIFEST, [str(note).encode()], False)
        start, central = self.file.tell(), b"".join(self._central)
        self.file.write(central + verify_pack.end_of_zip(len(self._central), len(central), start))

    def _write(self, name: str, content: Iterable[bytes], deflate: bool) -> dict[str, Any]:
        at, method = self.file.tell(), DEFLATED if deflate else STORED
        # The header is written again once the sizes are known: it has its length already.
        self.file.write(verify_pack.local_header(Packed(name, method, 0, 0, 0)))
        body = _deflated(self.file, content) if deflate else _stored(self.file, content)
        if not deflate and body.size >= verify_pack.TOO_LARGE:
            raise BadFile("A file that is not deflated may have 4 GiB at most.")
        packed, end = Packed(name, method, body.crc, body.size, body.packed), self.file.tell()
        self.file.seek(at)
        self.file.write(verify_pack.local_header(packed))
        self.file.seek(end)
        self._central.append(verify_pack.central_header(packed, at))
        listed = {"name": name, "size": body.size, "sha256": body.sha256}
        return (
            {**listed, "deflated": {"size": body.packed, "sha256": body.packed_sha256}} if deflate else listed
        )


@dataclass(frozen=True)
class _Body:
    crc: int
    size: int
    sha256: str
    packed: int
    packed_sha256: str


def _stored(file: IO[bytes], content: Iterable[bytes]) -> _Body:
    crc, size, sha256 = 0, 0, hashlib.sha256()
    for block in content:
        crc, size = zlib.crc32(block, crc), size + len(block)
        sha256.update(block)
        file.write(block)
    return _Body(crc, size, sha256.hexdigest(), size, sha256.hexdigest())


def _deflated(file: IO[bytes], content: Iterable[bytes]) -> _Body:
    crc, size, packed, sha256, packed_sha256 = 0, 0, 0, hashlib.sha256(), hashlib.sha256()
    stream = zlib.compressobj(LEVEL, zlib.DEFLATED, -15)

    def write(block: bytes) -> int:
        packed_sha256.update(block)
        return file.write(block)

    for block in content:
        crc, size = zlib.crc32(block, crc), size + len(block)
        sha256.update(block)
        packed += write(stream.compress(block))
    packed += write(stream.flush())
    return _Body(crc, size, sha256.hexdigest(), packed, packed_sha256.hexdigest())
