"""Signed notes and checkpoints, as C2SP describes them: read strictly, and believed for known keys alone."""

import base64

import pytest

from verification.transparency import checkpoints, merkle, notes
from verification.transparency.signers import SeedSigner

ORIGIN = "kyc.example.com/trail"
SIGNER = SeedSigner(ORIGIN, bytes(range(32)))
OTHER = SeedSigner(ORIGIN, bytes(range(1, 33)))
TEXT = f"{ORIGIN}\n4\n{base64.b64encode(b'r' * 32).decode()}\n"
# From the specification.
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"


def note(text: str = TEXT, signer: SeedSigner = SIGNER) -> str:
    return str(notes.sign(text, signer))


def test_the_key_of_the_specification_is_read_and_written() -> None:
    key = notes.PublicKey.parse(EXAMPLE_KEY)
    assert (key.name, key.key_id.hex(), str(key)) == ("example.com/foo", "530d903a", EXAMPLE_KEY)


@pytest.mark.parametrize(
    "vkey",
    [
        "",
        "example.com/foo",
        EXAMPLE_KEY.replace("530d903a", "530d903b"),
        EXAMPLE_KEY.replace("example.com/foo", "example.com/bar"),
        EXAMPLE_KEY[:-1],
        EXAMPLE_KEY.replace("+Ae", "+Be"),
        EXAMPLE_KEY.replace("example.com/foo", "example com/foo"),
        EXAMPLE_KEY + "\n",
    ],
)
def test_what_is_no_key_is_refused(vkey: str) -> None:
    with pytest.raises(notes.BadKey):
        notes.PublicKey.parse(vkey)


def test_a_note_is_written_as_the_specification_has_it() -> None:
    first, _, rest = note().partition("\n\n")
    assert first + "\n" == TEXT
    assert rest.startswith(f"\u2014 {ORIGIN} ")
    assert rest.endswith("\n")
    content = base64.b64decode(rest.split(" ")[2])
    assert (content[:4], len(content)) == (SIGNER.key.key_id, 68)


def test_a_note_that_a_known_key_has_signed_is_opened() -> None:
    opened, signers = notes.open_note(note(), [OTHER.key, SIGNER.key])
    assert (opened.text, signers) == (TEXT, [SIGNER.key])


def test_unknown_signatures_beside_a_known_one_are_passed_over() -> None:
    strange = f"\u2014 witness.example+x {base64.b64encode(b'abcd' + bytes(72)).decode()}\n".replace(
        "+x", "/x"
    )
    opened, _signers = notes.open_note(note() + strange * 16, [SIGNER.key])
    assert len(opened.signatures) == 17


@pytest.mark.parametrize(
    "content",
    [
        "",
        TEXT,
        TEXT + "\n",
        note()[:-1],
        note().replace("\n4\n", "\n5\n"),
        note().replace("\u2014", "-"),
        note().replace("\n\n", "\n"),
        note(signer=OTHER),
        note().replace("4\n", "4\r\n"),
        note() + "more\n",
        note()[:-3] + "A=\n",
        note() * 200,
    ],
)
def test_a_note_that_no_known_key_has_signed_is_refused(content: str) -> None:
    with pytest.raises(notes.BadNote):
        notes.open_note(content, [SIGNER.key])


def test_a_wrong_signature_of_a_known_key_is_refused_beside_a_right_one() -> None:
    wrong = note(TEXT.replace("4", "5"), OTHER).partition("\n\n")[2]
    with pytest.raises(notes.BadNote):
        notes.open_note(note() + wrong, [SIGNER.key, OTHER.key])


@pytest.mark.parametrize("text", ["no end", "a\tb\n", "a\x00b\n", "a\x7fb\n", "a\rb\n"])
def test_a_text_that_no_note_may_hold_is_not_signed(text: str) -> None:
    with pytest.raises(notes.BadNote):
        notes.sign(text, SIGNER)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    made = checkpoints.Checkpoint(ORIGIN, 4, b"r" * 32)
    assert str(made) == TEXT
    assert checkpoints.open_checkpoint(note(), ORIGIN, [SIGNER.key]) == made


@pytest.mark.parametrize(
    "text",
    [
        TEXT.replace("\n4\n", "\n04\n"),
        TEXT.replace("\n4\n", "\n-4\n"),
        TEXT.replace("\n4\n", "\n٤\n"),
        TEXT.replace("\n4\n", "\n99999999999999999999\n"),
        TEXT.replace("cnJy", "cnJ", 1),
        TEXT.replace("=", ""),
        f"{ORIGIN}\n4\n",
        TEXT.replace(ORIGIN, "another.example/trail"),
        TEXT + "\nmore\n",
    ],
)
def test_what_is_no_checkpoint_of_this_log_is_refused(text: str) -> None:
    with pytest.raises((checkpoints.BadCheckpoint, notes.BadNote)):
        checkpoints.open_checkpoint(note(text), ORIGIN, [SIGNER.key])


def test_a_proof_shows_its_entry_and_no_other() -> None:
    leaves = [merkle.leaf_hash(bytes([number])) for number in range(5)]
    signed = note(str(checkpoints.Checkpoint(ORIGIN, 5, merkle.root_of(leaves))))
    hashes = merkle.inclusion_proof(
        3, 5, lambda level, at: merkle.root_of(leaves[at << level : (at + 1) << level])
    )
    found = checkpoints.Proof(3, tuple(hashes), signed)
    assert str(found).startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert found.check(b"\x03", ORIGIN, [SIGNER.key]).size == 5
    with pytest.raises(merkle.NotProven):
        found.check(b"\x04", ORIGIN, [SIGNER.key])
