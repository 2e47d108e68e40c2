"""Typing mistakes in a value that would otherwise become a part of it."""

import re
import unicodedata
from typing import Final

_QUOTES: Final = "\"'`“”„‟‘’‚‛«»"
# A `#` within a word belongs to the value, as in many secrets.
_NOTE: Final = re.compile(r"\s#|^#(\s|$)")
_UNSEEN: Final = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"}


def flaw(name: str, value: str, *, with_lines: bool = False) -> str:
    """What is wrong with the text of a value, in words that repeat none of it; "" if nothing is.

    `with_lines` allows line ends.
    """
    if unseen := _unseen(value.replace("\n", "") if with_lines else value):
        return f"has an invisible character ({unseen}). Type it again by hand."
    if value != value.strip():
        return "begins or ends with a blank. Remove it."
    if value.startswith(f"{name}="):
        return "has its own name in the value. Write the name once."
    if value and (value[0] in _QUOTES or value[-1] in _QUOTES):
        return "has a quote at one end. Write the value without quotes."
    if _NOTE.search(value):
        return "has a note behind the value. Put the note on a line of its own."
    if "${" in value:
        return "names a variable by ${. Write what it stands for."
    return ""


def _unseen(value: str) -> str:
    """Its number and its place, since it can't be shown."""
    for place, character in enumerate(value, start=1):
        if character != " " and unicodedata.category(character) in _UNSEEN:
            known = unicodedata.name(character, "")
            return f"U+{ord(character):04X}{known and f' {known}'}, at place {place}"
    return ""
