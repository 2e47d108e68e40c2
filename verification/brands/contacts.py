"""A place to ask a person: an e-mail address, a telephone number or an https page."""

import re
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.html import format_html
from django.utils.safestring import SafeString

from verification.models import MAX_CONTACT

# International, as people write it: +1 (201) 555-0123. A number without its country can't be called from everywhere.
_TELEPHONE: Final = re.compile(r"\+[0-9][0-9 ().\-/]{4,28}[0-9]", re.ASCII)
_PAGE: Final = re.compile(
    r"https://[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::[0-9]{1,5})?(?:[/?#]\S*)?", re.ASCII
)


class UnfitContact(ValueError):
    """The text is no contact. The message never holds the text."""


@dataclass(frozen=True)
class Contact:
    """`words` as people read it, `href` as a browser opens it."""

    words: str
    href: str

    def __str__(self) -> str:
        return self.words

    def __html__(self) -> SafeString:
        return format_html('<a href="{}" dir="ltr">{}</a>', self.href, self.words)

    @property
    def link(self) -> SafeString:
        """For templates, in the middle of a sentence as well."""
        return self.__html__()


def contact(text: str) -> Contact:
    """Raises UnfitContact."""
    if is_page(text):
        return Contact(text.removeprefix("https://").removesuffix("/"), text)
    if len(text) <= MAX_CONTACT and _TELEPHONE.fullmatch(text):
        return Contact(text, f"tel:+{re.sub('[^0-9]', '', text)}")
    if len(text) <= MAX_CONTACT and _is_email(text):
        return Contact(text, f"mailto:{text}")
    raise UnfitContact


def is_page(text: str) -> bool:
    """Whether it is the address of a page that may be linked: https alone, with a host, without a password in it."""
    return len(text) <= MAX_CONTACT and _PAGE.fullmatch(text) is not None


def _is_email(text: str) -> bool:
    """In ASCII, and without what a `mailto:` address would take for its options."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return text.isascii() and not set("?&%") & set(text)
