"""What may stand in a person's name, reference, e-mail address and language, from API or command line alike.

Names of real people are wide: letters of every script, marks, apostrophes, digits, one letter alone. Refused
is only what can't be a name or what makes one name look like another on a reviewer's screen. It knows neither
HTTP nor the database; a refusal is a code.
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
    """The text can't be used; `code` says why and the message holds nothing of it."""

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
    """The caller's own id for a person: any printable text, compared in NFC."""
    found = _composed(text)
    if not any(_visible(character) for character in found):
        raise UnfitText("reference_required")
    _check_length(found)
    if not found.isprintable():
        raise UnfitText("invalid_character")
    return found


def email(text: str) -> str:
    """An e-mail address as it was given, or nothing."""
    if len(text) > MAX_EMAIL:
        raise UnfitText("invalid_contact")
    try:
        if text:
            validate_email(text)
    except ValidationError:
        pass
    else:
        return text
    raise UnfitText("invalid_contact")  # outside: as its context, the validator's error would carry the text


def locale(text: str) -> str:
    """The nearest language that the portal speaks: a wish, never a reason to refuse a person."""
    try:
        return get_supported_language_variant(text[:100].lower())
    except LookupError:
        return settings.LANGUAGE_CODE


def _composed(text: str) -> str:
    # Longer texts are refused anyway: composing a megabyte first would only cost time.
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
        return character.isascii()  # the emoji skin tones are the others
    return category not in REFUSED and character not in BLANK_LETTERS


def _letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _newer_han(character: str) -> bool:
    """Planes 2 and 3 grow with each Unicode version, with characters that are in use only in names."""
    return 0x20000 <= ord(character) <= 0x3FFFD and ord(character) & 0xFFFF < 0xFFFE
