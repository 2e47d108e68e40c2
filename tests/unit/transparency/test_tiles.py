"""The log's hashes in tiles: as if the tree had been made at once, however the leaves came."""

import random

import pytest

from verification.transparency import merkle, tiles


class Kept:
    """Tiles in memory."""

    def __init__(self) -> None:
        self.size = 0
        self.held: dict[tuple[int, int], bytes] = {}

    def read(self, level: int, index: int) -> bytes:
        return self.held.get((level, index), b"")

    def append(self, leaves: list[bytes]) -> None:
        for tile in list(tiles.appended(self.size, leaves, self.read)):
            assert tile.hashes.startswith(self.read(tile.level, tile.index))
            self.held[tile.level, tile.index] = tile.hashes
        self.size += len(leaves)


def leaves_of(count: int) -> list[bytes]:
    return [merkle.leaf_hash(number.to_bytes(4, "big")) for number in range(count)]


@pytest.mark.parametrize("seed", range(6))
def test_tiles_give_the_roots_of_the_tree_at_every_size(seed: int) -> None:
    chance, kept, leaves = random.Random(seed), Kept(), leaves_of(1500)
    while kept.size < len(leaves):
        step = chance.choice([1, 7, 255, 256, 257, 600])
        kept.append(leaves[kept.size : kept.size + step])
        for size in (kept.size, chance.randint(1, kept.size)):
            assert merkle.root(size, tiles.nodes(kept.read)) == merkle.root_of(leaves[:size])


def test_tiles_prove_entries_of_a_log_of_three_levels() -> None:
    kept, leaves = Kept(), leaves_of(66_000)
    kept.append(leaves)
    root = merkle.root_of(leaves)
    for index in (0, 255, 256, 65_535, 65_536, 65_999):
        proof = merkle.inclusion_proof(index, kept.size, tiles.nodes(kept.read))
        merkle.check_inclusion(leaves[index], index, kept.size, proof, root)
    assert {level for level, _index in kept.held} == {0, 1, 2}


def test_a_tile_that_is_cut_off_gives_no_hash() -> None:
    kept = Kept()
    kept.append(leaves_of(300))
    kept.held[0, 1] = kept.held[0, 1][:-32]
    with pytest.raises(LookupError):
        merkle.root(300, tiles.nodes(kept.read))


@pytest.mark.parametrize(
    ("kind", "index", "width", "path"),
    [
        ("0", 0, 256, "tile/0/000"),
        ("1", 7, 256, "tile/1/007"),
        ("entries", 1234067, 256, "tile/entries/x001/x234/067"),
        ("0", 1000, 12, "tile/0/x001/000.p/12"),
    ],
)
def test_a_tile_is_published_where_c2sp_has_it(kind: str, index: int, width: int, path: str) -> None:
    assert tiles.path(kind, index, width) == path
