"""The Merkle tree of RFC 6962, section 2.1: hashes, roots, and the two proofs, made and checked.

Pure: bytes in, bytes out. A tree is read through a function that gives the hash of a complete subtree, so a proof needs
about two reads for each level, however large the tree is.
"""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

HASH_BYTES: Final = 32
EMPTY: Final = hashlib.sha256(b"").digest()

# The hash over the leaves from `index * 2**level` to `(index + 1) * 2**level`, by level and index.
Nodes = Callable[[int, int], bytes]


class NotProven(ValueError):
    """The proof does not show what it should. The message says what is wrong, in words for an auditor."""


class Step(NamedTuple):
    """A hash of a proof, on which side of the one so far it stands, and the hash over both."""

    on_the_left: bool
    beside: bytes
    both: bytes


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(size: int, nodes: Nodes) -> bytes:
    """The root of the first `size` leaves."""
    return _subtree(0, size, nodes) if size else EMPTY


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes, of which there is at least one."""
    level = list(leaves)
    while len(level) > 1:
        pairs = [node_hash(*level[at : at + 2]) for at in range(0, len(level) - 1, 2)]
        # An odd one out goes up as it is: the right part of a tree is as deep as its own leaves need.
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """The hashes beside the way from leaf `index` to the root of `size` leaves, from the leaf up."""
    if not 0 <= index < size:
        raise ValueError("The tree has no such leaf.")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_subtree(middle, end, nodes))
            end = middle
        else:
            proof.append(_subtree(start, middle, nodes))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """The hashes that show that a tree of `new` leaves begins with the `old` leaves of an earlier one."""
    if not 0 <= old <= new:
        raise ValueError("The earlier tree is not the smaller one.")
    if old in {0, new}:
        return []
    proof: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_subtree(middle, end, nodes))
            end = middle
        else:
            proof.append(_subtree(start, middle, nodes))
            start, whole = middle, False
    if not whole:
        proof.append(_subtree(start, end, nodes))
    return proof[::-1]


def range_proof(first: int, end: int, size: int, nodes: Nodes) -> list[bytes]:
    """The hashes, from left to right, that lead from the leaves `first` to `end` to the root of `size` leaves."""
    if not 0 <= first <= end <= size:
        raise ValueError("The tree has no such leaves.")
    return list(_beside(0, size, first, end, nodes)) if size else []


def _beside(start: int, stop: int, first: int, end: int, nodes: Nodes) -> Iterator[bytes]:
    if stop <= first or start >= end:
        yield _subtree(start, stop, nodes)
    elif not (first <= start and stop <= end):
        middle = start + _split(stop - start)
        yield from _beside(start, middle, first, end, nodes)
        yield from _beside(middle, stop, first, end, nodes)


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raises NotProven unless the tree of that size and root has this leaf hash at `index` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        raise NotProven("The index lies outside the tree.")
    found = leaf
    for step in way(leaf, index, size, proof):
        found = step.both
    if found != root:
        raise NotProven("The entry is not in the tree of this root.")


def way(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> Iterator[Step]:
    """Each hash of the proof, on the way from the leaf to the root. Raises NotProven if their number is wrong."""
    found = leaf
    for on_the_left, each in _sides(index, size - 1, proof):
        found = node_hash(each, found) if on_the_left else node_hash(found, each)
        yield Step(on_the_left, each, found)


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raises NotProven unless the larger tree begins with the smaller one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        raise NotProven("The earlier tree is not the smaller one.")
    if old in {0, new}:
        _check_without_proof(old, proof, old_root, new_root)
        return
    hashes = list(proof) if old & (old - 1) else [old_root, *proof]
    if not hashes:
        raise NotProven("The proof is empty.")
    # The lowest complete subtree that ends where the smaller tree does.
    level = ((old - 1) ^ old).bit_length() - 1
    before = after = hashes[0]
    for on_the_left, each in _sides((old - 1) >> level, (new - 1) >> level, hashes[1:]):
        before = node_hash(each, before) if on_the_left else before
        after = node_hash(each, after) if on_the_left else node_hash(after, each)
    if before != old_root:
        raise NotProven("The earlier tree is not the one of this root.")
    if after != new_root:
        raise NotProven("The later tree is not the one of this root.")


def _check_without_proof(old: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Two trees of one size, or an empty one and any other."""
    if proof:
        raise NotProven("No proof belongs here.")
    if old_root != (new_root if old else EMPTY):
        raise NotProven("The roots differ.")


def _sides(at: int, last: int, proof: Sequence[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Each hash of the proof, and whether it stands on the left, on the way up from node `at` of 0 to `last`."""
    for each in proof:
        if last == 0:
            raise NotProven("The proof is longer than the tree is deep.")
        on_the_left = at % 2 == 1 or at == last
        yield on_the_left, each
        while on_the_left and at and not at % 2:
            at, last = at >> 1, last >> 1
        at, last = at >> 1, last >> 1
    if last:
        raise NotProven("The proof is shorter than the tree is deep.")


def _split(count: int) -> int:
    """The largest power of two below `count`."""
    return int(1 << (count - 1).bit_length() - 1)


def _subtree(start: int, end: int, nodes: Nodes) -> bytes:
    """The hash over the leaves from `start` to `end`; `start` is a multiple of every complete part of it."""
    count = end - start
    level = count.bit_length() - 1
    if count == 1 << level:
        return nodes(level, start >> level)
    middle = start + _split(count)
    return node_hash(_subtree(start, middle, nodes), _subtree(middle, end, nodes))
