"""The keyring is parsed strictly, never prints its keys, and wraps each data key for one owner only."""

import base64
import secrets
import traceback
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verification.crypto import BadKeyring, Keyring, NotUnwrapped, UnknownKey, new_data_key, new_entry


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


KEYS = [encoded(secrets.token_bytes(32)) for _ in range(3)]
OLD, NEW = f"old:{KEYS[0]}", f"new:{KEYS[1]}"
DATA_KEY = new_data_key()


@pytest.mark.parametrize("template", ["{},{}", "{}\n{}\n", "{}\r\n{}\r\n", " {} ,\n\n {},"])
def test_entries_stand_behind_commas_or_on_lines(template: str) -> None:
    ring = Keyring.parse(template.format(NEW, OLD))
    assert list(ring.keys) == ["new", "old"]
    assert ring.primary == "new"


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("", "empty"),
        (" ,\n,", "empty"),
        ("{0}", "Entry 1 of the keyring has no id"),
        (":{0}", "Entry 1 of the keyring has no id"),
        ("two words:{0}", "Entry 1 of the keyring has no id"),
        ("-x:{0}", "Entry 1 of the keyring has no id"),
        (f"{'x' * 41}:{{0}}", "Entry 1 of the keyring has no id"),
        ("old:{0},old:{1}", "Entry 2 of the keyring has no id of its own"),
        ("old:{0},new:{0}", "one key under two ids"),
        ("old:{0},new:", "Entry 2 of the keyring is not 32 bytes"),
        ("old:{0},new", "Entry 2 of the keyring is not 32 bytes"),
        ("old:{0}x", "Entry 1 of the keyring is not 32 bytes"),
        ("old: {0}", "Entry 1 of the keyring is not 32 bytes"),
        ("old:{0}:{1}", "Entry 1 of the keyring is not 32 bytes"),
        (f"old:{encoded(bytes(range(31)))}", "Entry 1 of the keyring is not 32 bytes"),
        (f"old:{encoded(bytes(range(33)))}", "Entry 1 of the keyring is not 32 bytes"),
        (f"old:{'ä' * 44}", "Entry 1 of the keyring is not 32 bytes"),
        (f"old:{encoded(bytes(32))}", "no random key"),
        (f"old:{encoded(b'change' * 5 + b'me')}", "no random key"),
    ],
)
def test_what_is_no_keyring_is_refused_in_a_sentence(template: str, sentence: str) -> None:
    with pytest.raises(BadKeyring, match=sentence):
        Keyring.parse(template.format(*KEYS))


@given(st.text())
def test_any_text_is_a_keyring_or_refused(text: str) -> None:
    for entry in (text, f"old:{text}", f"{OLD},{text}"):
        with suppress(BadKeyring):
            assert Keyring.parse(entry).keys


@pytest.mark.parametrize("template", ["{}x", "x{}", "{}=", " {0}{0}", "{}:"])
def test_a_refusal_never_repeats_a_key(template: str) -> None:
    with pytest.raises(BadKeyring) as refused:
        Keyring.parse("old:" + template.format(KEYS[2]))
    text = "".join(traceback.format_exception(refused.value, chain=True))
    assert KEYS[2][:8] not in text


def test_a_keyring_shows_no_key() -> None:
    ring = Keyring.parse(OLD)
    shown = f"{ring!r} {ring} {vars(type(ring))}"
    assert KEYS[0] not in shown
    assert repr(base64.b64decode(KEYS[0])) not in shown


def test_a_data_key_is_unwrapped_for_its_owner() -> None:
    ring = Keyring.parse(OLD)
    key_id, wrapped = ring.wrap(DATA_KEY, "ann")
    assert key_id == "old"
    assert ring.unwrap(key_id, wrapped, "ann") == DATA_KEY
    assert len(wrapped) <= 120


@pytest.mark.parametrize("owner", ["bob", "", "ann ", "ann\0"])
def test_a_data_key_is_not_unwrapped_for_another(owner: str) -> None:
    ring = Keyring.parse(OLD)
    with pytest.raises(NotUnwrapped):
        ring.unwrap(*ring.wrap(DATA_KEY, "ann"), owner)


def test_wrapping_twice_never_looks_the_same() -> None:
    ring = Keyring.parse(OLD)
    wrapped = [base64.b64decode(ring.wrap(DATA_KEY, "ann")[1]) for _ in range(100)]
    assert len({one[:12] for one in wrapped}) == len({one[12:] for one in wrapped}) == 100


@given(st.data())
def test_every_bit_of_a_wrapped_key_counts(data: st.DataObject) -> None:
    ring = Keyring.parse(OLD)
    key_id, wrapped = ring.wrap(DATA_KEY, "ann")
    changed = bytearray(base64.b64decode(wrapped))
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    with pytest.raises(NotUnwrapped):
        ring.unwrap(key_id, base64.b64encode(changed).decode(), "ann")


@given(st.text(max_size=130))
def test_what_was_never_wrapped_is_not_unwrapped(wrapped: str) -> None:
    with pytest.raises(NotUnwrapped):
        Keyring.parse(OLD).unwrap("old", wrapped, "ann")


def test_a_rotated_ring_unwraps_the_old_and_wraps_with_the_new() -> None:
    before, between, after = Keyring.parse(OLD), Keyring.parse(f"{NEW},{OLD}"), Keyring.parse(NEW)
    assert between.unwrap(*before.wrap(DATA_KEY, "ann"), "ann") == DATA_KEY
    assert after.unwrap(*between.wrap(DATA_KEY, "ann"), "ann") == DATA_KEY
    with pytest.raises(UnknownKey):
        after.unwrap(*before.wrap(DATA_KEY, "ann"), "ann")


def test_another_key_under_a_known_id_does_not_unwrap() -> None:
    wrapped = Keyring.parse(OLD).wrap(DATA_KEY, "ann")
    with pytest.raises(NotUnwrapped):
        Keyring.parse(f"old:{KEYS[2]}").unwrap(*wrapped, "ann")


def test_a_new_entry_is_fit_for_the_ring() -> None:
    entries = [new_entry(f"2026-{month:02}") for month in range(1, 13)]
    assert Keyring.parse(",".join(entries)).primary == "2026-01"


@pytest.mark.parametrize("key_id", ["", "a b", "a:b", "a,b", "x" * 41, "ä"])
def test_a_new_entry_needs_a_proper_id(key_id: str) -> None:
    with pytest.raises(BadKeyring, match="1 to 40"):
        new_entry(key_id)
