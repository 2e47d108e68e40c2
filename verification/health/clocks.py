"""How far a host's clock is from the database's, in words."""

from typing import Final

from django.utils.translation import gettext as _

# Milliseconds. The portal goes by the database's clock, but codes of authenticator apps and signatures of calls by the
# host's own: both bear some seconds.
OFF: Final = 2_000


def is_off(ahead_ms: int) -> bool:
    return abs(ahead_ms) > OFF


def in_words(ahead_ms: int) -> str:
    """What is within a tenth of a second is right: the way to the database takes its time too."""
    if abs(ahead_ms) < 100:
        return _("clock right")
    seconds = f"{abs(ahead_ms) / 1000:.1f}"
    if ahead_ms > 0:
        return _("clock %(seconds)s s ahead of the database's") % {"seconds": seconds}
    return _("clock %(seconds)s s behind the database's") % {"seconds": seconds}
