"""Names of real people pass; text that can't be a name, or imitates another, is refused with a code."""

import unicodedata

import pytest

from verification import validators


def code_of(rule: object, text: str) -> str:
    with pytest.raises(validators.UnfitText) as caught:
        rule(text)  # type: ignore[operator]
    return caught.value.code


@pytest.mark.parametrize(
    "name",
    [
        "O'Brien", "Nguyễn Văn Á", "李小龙", "𠮷野家", "Jean–Luc", "X Æ A-12", "Q", "Suharto", "سمية", "נָעֳמִי",
        "می‌ترا", "ක්‍රිස්තියානි", "Dvořák", "D`Angelo", "ʻOkina", "André 3000", "\U0002ebf0野", "Раураl", "བསྟན་འཛིན་",
        "<script>alert(1)</script>", '"><img onerror=x>', "{{7*7}}", "${jndi:ldap://x}", "'; DROP TABLE x; --",
        "%s%n", "=1+1", "+cmd", "-2", "@SUM(A1)", "＝1",
    ],
)  # fmt: skip
def test_a_name_comes_back_as_it_was(name: str) -> None:
    assert validators.person_name(f"  {name} ") == unicodedata.normalize("NFC", name)


def test_both_spellings_of_a_name_are_one() -> None:
    assert validators.person_name("Amélie") == validators.person_name("Ame\u0301lie")


@pytest.mark.parametrize("text", ["", "   ", "\t", "\u200b", "\u3164", "\u200b\u3164 ", "\u200d", "\u0301"])
def test_a_name_nobody_can_see(text: str) -> None:
    assert code_of(validators.person_name, text) == "name_required"


@pytest.mark.parametrize(
    "text",
    [
        "a\u202eb", "a\u2066b\u2069", "a\x00b", "a\r\nX: y", "a\x7fb", "a\u2028b", "a\ud800", "a\ue000b", "😀", "a👍🏽",
        "A\u200d", "\u200dA", "A\u200d B", "a\u3164b", "a\u200bb", "a\ufeffb", "a\ufdd0b", "\U0002ffffa", "♥a",
    ],
)  # fmt: skip
def test_characters_that_are_no_part_of_a_name(text: str) -> None:
    assert code_of(validators.person_name, text) == "invalid_character"


def test_a_pile_of_marks() -> None:
    assert code_of(validators.person_name, "Z" + "\u0335" * 1000) == "too_many_marks"
    assert code_of(validators.person_name, "Z" + "\u0335" * 7) == "too_many_marks"


def test_the_longest_name() -> None:
    assert validators.person_name("a" * 200) == "a" * 200
    assert code_of(validators.person_name, "a" * 201) == "too_long"
    assert code_of(validators.person_name, "a" * 1_000_000) == "too_long"


def test_a_reference_is_any_printable_text() -> None:
    assert validators.reference(" customer/4711 ") == "customer/4711"
    assert code_of(validators.reference, " ") == "reference_required"
    assert code_of(validators.reference, "a\nb") == "invalid_character"
    assert code_of(validators.reference, "a" * 201) == "too_long"
