"""Validates a person's name, reference, e-mail address and language, for the API and the command line.

Names of real people hold letters of every script, marks, apostrophes and digits, and may be one letter long. Only text
that can't be a name, or that makes one name look like another on a reviewer's screen, is refused. A refusal is a code.
"""

import unicodedata

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import get_supported_language_variant

MAX_LENGTH = 200
MAX_EMAIL = 254
MAX_MARKS = 6  # in a row, on one letter; Tibetan and pointed Hebrew stay below
JOINERS = "\u200c\u200d"  # part of the spelling between letters in Persian and in Indic scripts
BLANK_LETTERS = "\u115f\u1160\u3164\uffa0"  # Hangul fillers: letters by category, nothing to the eye
REFUSED = {"Cc", "Cf", "Cs", "Co", "So", "Zl", "Zp"}


class UnfitText(ValueError):
    """The text can't be used; `code` says why. The message never holds the text."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def person_name(text: str) -> str:
    """`text` in NFC without surrounding space; UnfitText if it can't be the name of a person."""
    name = _composed(text)
    if not any(_visible(character) for character in name):
        raise UnfitText("name_required")
    _check_marks(name)
    _check_length(name)
    if not all(_fits(name, index) for index in range(len(name))):
        raise UnfitText("invalid_character")
    return name


def reference(text: str) -> str:
    """The API client's own id for a person: any printable text, in NFC."""
    found = _composed(text)
    if not any(_visible(character) for character in found):
        raise UnfitText("reference_required")
    _check_length(found)
    if not found.isprintable():
        raise UnfitText("invalid_character")
    return found


def email(text: str) -> str:
    """`text` if it is an e-mail address or empty; UnfitText otherwise."""
    if len(text) > MAX_EMAIL:
        raise UnfitText("invalid_contact")
    try:
        if text:
            validate_email(text)
    except ValidationError:
        pass
    else:
        return text
    # Not raised within `except`: the validator's error would be its context, with the text.
    raise UnfitText("invalid_contact")


def locale(text: str) -> str:
    """The nearest language that the portal has; the default for an unknown one. Never refuses."""
    try:
        return get_supported_language_variant(text[:100].lower())
    except LookupError:
        return settings.LANGUAGE_CODE


def _composed(text: str) -> str:
    # Longer texts are refused anyway, so only this much is composed.
    return unicodedata.normalize("NFC", text[: MAX_LENGTH * MAX_MARKS]).strip()


def _check_length(text: str) -> None:
    if len(text) > MAX_LENGTH:
        raise UnfitText("too_long")


def _check_marks(text: str) -> None:
    run = 0
    for character in text:
        run = run + 1 if unicodedata.category(character).startswith("M") else 0
        if run > MAX_MARKS:
            raise UnfitText("too_many_marks")


def _visible(character: str) -> bool:
    return unicodedata.category(character)[0] in "LNPS" and character not in BLANK_LETTERS


def _fits(text: str, index: int) -> bool:
    character = text[index]
    category = unicodedata.category(character)
    if character in JOINERS:
        return 0 < index < len(text) - 1 and all(_letter(text[near]) for near in (index - 1, index + 1))
    if category == "Cn":
        return _newer_han(character)
    if category == "Sk":
        return character.isascii()  # the non-ASCII ones are emoji skin tones
    return category not in REFUSED and character not in BLANK_LETTERS


def _letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _newer_han(character: str) -> bool:
    """Characters of planes 2 and 3, which each Unicode version extends; many are used only in names."""
    return 0x20000 <= ord(character) <= 0x3FFFD and ord(character) & 0xFFFF < 0xFFFE
