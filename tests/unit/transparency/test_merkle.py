"""The tree: roots as RFC 6962's reference tests have them, and proofs that show only what is so."""

import random
from collections.abc import Callable

import pytest

from verification.transparency import merkle

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def nodes_of(hashes: list[bytes]) -> merkle.Nodes:
    return lambda level, index: merkle.root_of(hashes[index << level : (index + 1) << level])


@pytest.fixture(scope="module")
def hashes() -> list[bytes]:
    return [merkle.leaf_hash(bytes([number])) for number in range(70)]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_the_one_of_the_reference(size: int) -> None:
    leaves = [merkle.leaf_hash(leaf) for leaf in LEAVES[:size]]
    assert merkle.root_of(leaves).hex() == ROOTS[size - 1]
    assert merkle.root(size, nodes_of(leaves)).hex() == ROOTS[size - 1]


def test_the_root_of_nothing_is_the_hash_of_nothing() -> None:
    assert merkle.root(0, nodes_of([])).hex().startswith("e3b0c44298fc1c149afbf4c8996fb924")


def test_each_leaf_of_each_tree_is_proven(hashes: list[bytes]) -> None:
    for size in range(1, len(hashes) + 1):
        root = merkle.root_of(hashes[:size])
        for index in range(size):
            proof = merkle.inclusion_proof(index, size, nodes_of(hashes))
            merkle.check_inclusion(hashes[index], index, size, proof, root)


def test_each_tree_is_shown_to_begin_with_each_smaller_one(hashes: list[bytes]) -> None:
    roots = [merkle.EMPTY, *(merkle.root_of(hashes[:size]) for size in range(1, len(hashes) + 1))]
    for new in range(len(hashes) + 1):
        for old in range(new + 1):
            proof = merkle.consistency_proof(old, new, nodes_of(hashes))
            merkle.check_consistency(old, new, proof, roots[old], roots[new])


def bend(chance: random.Random, proof: list[bytes]) -> list[bytes]:
    """Another list of hashes."""
    bent = list(proof)
    ways: list[Callable[[], object]] = [lambda: bent.append(chance.randbytes(32))]
    if bent:
        at = chance.randrange(len(bent))
        ways += [
            lambda: bent.pop(at),
            lambda: bent.insert(at, bent[at]),
            lambda: bent.__setitem__(at, bytes([bent[at][0] ^ 1]) + bent[at][1:]),
        ]
    if len(set(bent)) > 1:
        ways.append(lambda: bent.reverse())
    chance.choice(ways)()
    return bent


@pytest.mark.parametrize("seed", range(200))
def test_a_bent_proof_shows_nothing(hashes: list[bytes], seed: int) -> None:
    chance = random.Random(seed)
    size = chance.randint(1, len(hashes))
    index, old = chance.randrange(size), chance.randint(1, size)
    root, nodes = merkle.root_of(hashes[:size]), nodes_of(hashes)
    proof = bend(chance, merkle.inclusion_proof(index, size, nodes))
    with pytest.raises(merkle.NotProven):
        merkle.check_inclusion(hashes[index], index, size, proof, root)
    between = bend(chance, merkle.consistency_proof(old, size, nodes))
    with pytest.raises(merkle.NotProven):
        merkle.check_consistency(old, size, between, merkle.root_of(hashes[:old]), root)


@pytest.mark.parametrize("seed", range(50))
def test_a_proof_is_of_its_leaf_place_size_and_root_alone(hashes: list[bytes], seed: int) -> None:
    chance = random.Random(seed)
    size = chance.randint(2, len(hashes) - 1)
    index = chance.randrange(size)
    other = (index + chance.randrange(1, size)) % size
    root, nodes = merkle.root_of(hashes[:size]), nodes_of(hashes)
    proof = merkle.inclusion_proof(index, size, nodes)
    for leaf, at, of, where in (
        (hashes[other], index, size, root),
        (hashes[index], other, size, root),
        (hashes[index], index, size, merkle.root_of(hashes[: size + 1])),
        (hashes[index], size, size, root),
        (hashes[index], -1, size, root),
    ):
        with pytest.raises(merkle.NotProven):
            merkle.check_inclusion(leaf, at, of, proof, where)


def test_a_tree_is_not_consistent_with_one_that_forked(hashes: list[bytes]) -> None:
    forked = [*hashes[:30], merkle.leaf_hash(b"another"), *hashes[31:]]
    proof = merkle.consistency_proof(31, 60, nodes_of(hashes))
    with pytest.raises(merkle.NotProven):
        merkle.check_consistency(31, 60, proof, merkle.root_of(forked[:31]), merkle.root_of(hashes[:60]))
    proof = merkle.consistency_proof(31, 60, nodes_of(forked))
    with pytest.raises(merkle.NotProven):
        merkle.check_consistency(31, 60, proof, merkle.root_of(hashes[:31]), merkle.root_of(forked[:60]))
