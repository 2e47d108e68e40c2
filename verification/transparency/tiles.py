"""The log's hashes in tiles (C2SP tlog-tiles): 256 hashes of one level side by side, as they are stored and published.

Level 0 has the leaf hashes, and each hash of the next level is the root over a full tile of the one below.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from verification.transparency.merkle import HASH_BYTES, Nodes, root_of

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT

# The hashes of a tile, one after the other, by level and index; at least as many as the log needs.
ReadTile = Callable[[int, int], bytes]


@dataclass(frozen=True)
class Tile:
    """`hashes` has 1 to WIDTH hashes of 32 bytes."""

    level: int
    index: int
    hashes: bytes

    @property
    def width(self) -> int:
        return len(self.hashes) // HASH_BYTES


def width(level: int, index: int, size: int) -> int:
    """How many hashes the tile has in a log of `size` leaves."""
    return max(0, min(WIDTH, (size >> HEIGHT * level) - index * WIDTH))


def appended(size: int, leaves: Sequence[bytes], read: ReadTile) -> Iterator[Tile]:
    """The tiles that are new or longer once these leaf hashes follow the first `size`, each from its start."""
    level, new = 0, list(leaves)
    while new:
        first = size >> HEIGHT * level
        index, begun = divmod(first, WIDTH)
        held = read(level, index)[: begun * HASH_BYTES] if begun else b""
        hashes = held + b"".join(new)
        new = []
        for at in range(0, len(hashes), WIDTH * HASH_BYTES):
            tile = Tile(level, index, hashes[at : at + WIDTH * HASH_BYTES])
            yield tile
            index += 1
            if tile.width == WIDTH:
                new.append(root_of(split(tile.hashes)))
        level += 1


def nodes(read: ReadTile) -> Nodes:
    """The hash of any complete subtree of a log whose tiles `read` gives."""
    once = lru_cache(maxsize=64)(read)

    def node(level: int, index: int) -> bytes:
        row, inside = divmod(level, HEIGHT)
        tile, at = divmod(index << inside, WIDTH)
        hashes = once(row, tile)[at * HASH_BYTES : (at + (1 << inside)) * HASH_BYTES]
        if len(hashes) != HASH_BYTES << inside:
            raise LookupError(f"Tile {tile} of level {row} is too short.")
        return root_of(split(hashes))

    return node


def path(kind: str, index: int, width_: int = WIDTH) -> str:
    """Where the tile is published: `kind` is its level or `entries`."""
    digits = f"{index:d}"
    parts = [
        digits.rjust(-(-len(digits) // 3) * 3, "0")[at : at + 3]
        for at in range(0, -(-len(digits) // 3) * 3, 3)
    ]
    name = "/".join([*(f"x{part}" for part in parts[:-1]), parts[-1]])
    return f"tile/{kind}/{name}" + (f".p/{width_}" if width_ < WIDTH else "")


def split(joined: bytes) -> list[bytes]:
    return [joined[at : at + HASH_BYTES] for at in range(0, len(joined), HASH_BYTES)]
