"""The worked example of docs/trail.md is true, and its script finds every change of it."""

from pathlib import Path

import pytest

from tests import trail_by_hand
from verification.exports import verify_pack
from verification.transparency import checkpoints, notes

ENTRY, PROOF, KEY = trail_by_hand.ENTRY[:-1].encode(), trail_by_hand.PROOF, trail_by_hand.KEY[:-1]


def test_the_example_is_proven_by_hand_and_by_our_own_code(tmp_path: Path) -> None:
    shown = trail_by_hand.check(tmp_path, ENTRY, PROOF, KEY)
    assert shown.returncode == 0, shown.stderr
    for sentence in shown.stdout.splitlines():
        assert sentence in trail_by_hand.DOCUMENT.read_text(encoding="utf-8")
    name, checkpoint = KEY.partition("+")[0], PROOF.partition("\n\n")[2]
    found = checkpoints.open_checkpoint(checkpoint, name, [notes.PublicKey.parse(KEY)])
    trail = verify_pack.Trail(name, found.size, found.root)
    assert verify_pack.check_proof(PROOF.encode(), ENTRY, trail, checkpoint.encode(), "the example") == 1


@pytest.mark.parametrize(
    ("entry", "proof", "key"),
    [
        (ENTRY.replace(b"phone", b"tablet"), PROOF, KEY),
        (ENTRY + b"\n", PROOF, KEY),
        (ENTRY, PROOF.replace("index 1", "index 0"), KEY),
        (ENTRY, PROOF.replace("index 1", "index 5"), KEY),
        (ENTRY, PROOF.replace("AttmHW", "BttmHW"), KEY),
        (ENTRY, PROOF.replace("\n3\n", "\n4\n"), KEY),
        (ENTRY, PROOF.replace("HBgxKNO5", "HBgxKNO6"), KEY),
        (ENTRY, PROOF, KEY.replace("AfUtAV", "AfUtAW")),
    ],
)
def test_a_change_of_anything_is_found_by_hand(tmp_path: Path, entry: bytes, proof: str, key: str) -> None:
    assert trail_by_hand.check(tmp_path, entry, proof, key).returncode != 0
