"""What may stand in an organisation's details: one rule for the installation's settings and for brands."""

import unicodedata
from collections.abc import Mapping
from typing import Final

from django.utils.translation import gettext as _

from verification.brands import colours
from verification.brands.contacts import UnfitContact, contact, is_page
from verification.models import MAX_LEGAL_BASIS, MAX_NAME

NAMES: Final = ("name", "contact", "privacy_notice", "legal_basis", "data_protection_contact", "colour")


class UnfitDetails(ValueError):
    """`problems` has a sentence for each detail that does not fit, by its name."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


def check(details: Mapping[str, str]) -> None:
    """`details` has a text for each of NAMES. Raises UnfitDetails."""
    found = {
        "name": unfit_text(details["name"], MAX_NAME),
        "contact": unfit_contact(details["contact"]),
        "privacy_notice": unfit_page(details["privacy_notice"]),
        "legal_basis": unfit_text(details["legal_basis"], MAX_LEGAL_BASIS),
        "data_protection_contact": unfit_contact(details["data_protection_contact"]),
        "colour": unfit_colour(details["colour"]),
    }
    problems = {name: problem for name, problem in found.items() if problem}
    if problems:
        raise UnfitDetails(problems)


def unfit_text(text: str, most: int) -> str:
    """Why `text` can't be a name or a legal basis, "" if nothing speaks against it.

    Every script and emoji may stand in it. What is invisible, or turns the direction of the words around it, may not.
    """
    if not any(unicodedata.category(character)[0] in "LNS" for character in text):
        return _("Write a few words.")
    if len(text) > most:
        return _("It may have at most %(most)d characters.") % {"most": most}
    return "" if text.isprintable() else _("It has a character that can't be seen. Type it again by hand.")


def unfit_contact(text: str) -> str:
    try:
        contact(text)
    except UnfitContact:
        return _("Write an e-mail address, a telephone number that begins with +, or an https address.")
    return ""


def unfit_page(text: str) -> str:
    return "" if is_page(text) else _("Write the https address of a page.")


def unfit_colour(colour: str) -> str:
    try:
        if colour:
            colours.check(colour)
    except colours.UnfitColour as problem:
        return colours.words(problem)
    return ""
